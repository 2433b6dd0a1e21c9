/** Numbers that the host computes while work that needs them is already enqueued. */
import { afterAll, describe, expect, test } from 'vitest';
import type { BackendName } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const later = (values: readonly number[], milliseconds = 5): Promise<readonly number[]> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(values), milliseconds);
  });

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);

  test('work that is enqueued before they arrive waits for them, in order', async () => {
    const engine = await engineOf();
    const x = engine.tensorLater(later([1, 2, 3]), [3]);
    const doubled = x.mul(2);
    const given = engine.tensor([10, 20, 30]);
    const sum = doubled.add(given);
    engine.write(given, [0, 0, 0]);
    const rest = given.add(x);
    expect(Array.from(await sum.data())).toEqual([12, 24, 36]);
    expect(Array.from(await rest.data())).toEqual([1, 2, 3]);
    for (const tensor of [x, doubled, given, sum, rest]) tensor.dispose();
  });
  test('they may depend on what was enqueued before', async () => {
    const engine = await engineOf();
    const x = engine.tensor([3, 4]).mul(2);
    const read = x.data();
    const y = engine.tensorLater(
      read.then((numbers) => [Math.hypot(...numbers)]),
      [1],
    );
    const z = engine.tensorLater(
      y
        .add(1)
        .data()
        .then(([value]) => [value, -value]),
      [2],
    );
    expect(Array.from(await z.mul(y).data())).toEqual([110, -110]);
  });
  test('a tensor that is disposed before they arrive disturbs nobody', async () => {
    const engine = await engineOf();
    await engine.idle();
    const { buffers } = engine.memory();
    const x = engine.tensorLater(later([7, 7]), [2]);
    const y = x.add(1);
    x.dispose();
    const other = engine.tensor([1, 1]);
    expect(Array.from(await other.add(0).data())).toEqual([1, 1]);
    expect(Array.from(await y.data())).toEqual([8, 8]);
    await engine.idle();
    expect(engine.memory().buffers - buffers).toBe(3); // y, `other` and their sum
  });
});

test('closing an engine rejects what waits for them', async () => {
  const { engine: engineOf, close } = engineOn('gpujs');
  const engine = await engineOf();
  const reading = engine
    .tensorLater(later([1], 20), [1])
    .mul(2)
    .data();
  const rejected = expect(reading).rejects.toThrow('closed');
  await close();
  await rejected;
});
