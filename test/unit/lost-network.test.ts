/**
 * A page may lose its network. A part of the library that cannot be fetched then must not be skipped silently, and the
 * work done must not be lost.
 */
import { afterEach, expect, test, vi } from 'vitest';
import { dense, type MonotoneSolution, monotoneFixedPoint, open, sequential, train } from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';

afterEach(() => vi.doUnmock('../../src/implicit/smallest-eigenvalue.ts'));

/** Makes a module impossible to load. */
function loseModule(path: string): void {
  vi.doMock(path, () => {
    throw new Error('the network is gone');
  });
}

test('a margin that cannot be checked certifies nothing: report, solution and gradient reject', async () => {
  loseModule('../../src/implicit/smallest-eigenvalue.ts');
  const engine = await open({ backend: 'cpu' });
  const solve = (onFailedCertificate: 'throw' | 'ignore'): MonotoneSolution =>
    monotoneFixedPoint(engine.tensor([-1], [1, 1]), engine.tensor([1], [1, 1]), {
      activation: 'relu',
      margin: 1,
      onFailedCertificate,
    });
  for (const policy of ['throw', 'ignore'] as const) {
    const solution = solve(policy);
    const message = 'equilibra: what checks the margin of W could not be loaded';
    await expect(solution.report).rejects.toThrow(message);
    await expect(solution.z.data()).rejects.toThrow(message);
    await expect(solution.certificate()).rejects.toThrow(message);
    solution.dispose();
  }
  engine.close();
});

test('the code that writes checkpoints is loaded before the first step ends', async () => {
  loseModule('../../src/train/checkpoint/resume.ts');
  const engine = await open({ backend: 'cpu' });
  const model = sequential(dense({ inputs: 2, outputs: 3 }));
  const onProgress = vi.fn();
  const write = vi.fn();
  const samples = clouds(12);
  const checkpoint = { write };
  await expect(train(engine, model, samples, { epochs: 1, onProgress, checkpoint })).rejects.toThrow(
    'equilibra: what writes checkpoints could not be loaded',
  );
  expect(onProgress).not.toHaveBeenCalled();
  // Without checkpoints the module is not needed.
  await train(engine, model, samples, { epochs: 1, onProgress });
  expect(onProgress).toHaveBeenCalled();
  vi.doUnmock('../../src/train/checkpoint/resume.ts');
  // Once loaded, the module stays available without a network.
  const kept = await train(engine, model, samples, {
    epochs: 2,
    checkpoint,
    onProgress: () => loseModule('../../src/train/checkpoint/resume.ts'),
  });
  expect(kept.epochs).toHaveLength(2);
  expect(write).toHaveBeenCalledTimes(2);
  vi.doUnmock('../../src/train/checkpoint/resume.ts');
  engine.close();
});
