/** `equilibra train --model contractive`: its options, its checkpoint, and what goes on from it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { contractive, loadCheckpoint, modelFrom, open } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { writeCSV } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('contractive');
const path = (name: string): string => join(folder, name);
const CONTRACTIVE = ['--backend', 'wasm', '--model', 'contractive', '--width', '8', '--batch', '8', '--rate', '3e-2'];
const data = () => ['--data', path('flowers.csv'), '--target', 'species'];
const train = (...more: string[]) => run(['train', ...CONTRACTIVE, ...more]);

beforeAll(async () => {
  writeFileSync(path('flowers.csv'), writeCSV(flowers()));
  const options = ['--contraction', '0.8', '--activation', 'ABS', '--constraint', 'project'];
  const more = ['--epochs', '2', '--checkpoint', path('run'), '--report', path('run.html')];
  const { code, error } = await train(...data(), ...options, ...more);
  expect([code, error]).toEqual([0, '']);
});

describe('--model contractive', () => {
  test('trains the layer with its options, which the checkpoint stores', async () => {
    const checkpoint = loadCheckpoint(readFileSync(path('run')));
    expect(checkpoint.layers.map(({ kind }) => kind)).toEqual(['contractive', 'dense']);
    const wanted = { width: 8, contraction: 0.8, activation: 'abs', constraint: 'project' };
    expect(checkpoint.layers[0].options).toMatchObject(wanted);
    const { options } = checkpoint.extras as { options: Record<string, string> };
    expect(options).toMatchObject({ model: 'contractive', contraction: '0.8', constraint: 'project' });
    expect(options).not.toHaveProperty('margin');
    const engine = await open({ backend: 'cpu' });
    const [A] = modelFrom(checkpoint, engine, { layers: { contractive } }).parameters;
    const numbers = Array.from(await A.value.data());
    for (let row = 0; row < 8; row++) {
      const norm = numbers.slice(8 * row, 8 * row + 8).reduce((sum, one) => sum + Math.abs(one), 0);
      expect(norm).toBeLessThanOrEqual(0.8);
    }
    engine.close();
  });

  test('goes on, predicts and reports', async () => {
    const resumed = await run(['train', '--resume', path('run'), ...data(), '--epochs', '3']);
    expect([resumed.code, resumed.out.match(/^epoch.*iterations/gm)]).toEqual([0, [expect.stringContaining('3/3')]]);
    const predicted = await run(['predict', path('run'), path('flowers.csv'), '--backend', 'cpu']);
    expect(predicted.code).toBe(0);
    expect(predicted.error).toContain('accuracy');
    const report = readFileSync(path('run.html'), 'utf8');
    for (const text of [/contractive \d → 8/, /contraction/, /constraint/]) expect(report).toMatch(text);
    const other = await run(['train', '--resume', path('run'), ...data(), '--contraction', '0.9', '--epochs', '4']);
    expect([other.code, other.error]).toEqual([2, expect.stringContaining('--contraction: it is "0.9"')]);
  });

  test.each([
    [['--contraction', '1'], '--contraction: it is "1"; it must be between 0 and 1'],
    [['--constraint', 'clip'], '--constraint: it is "clip"; it must be one of parametrise, project'],
    [['--activation', 'gelu'], '--activation: gelu is not allowed here: its slope reaches 1.13'],
    [['--activation', 'softmax'], '--activation: softmax is not allowed here: it does not act component by component'],
    [['--solver', 'peaceman-rachford'], '--solver: it is "peaceman-rachford"; it must be one of auto, picard+anderson'],
    [['--margin', '1'], '--margin: it is not for --model contractive'],
    [['--warm-start', 'step'], '--warm-start: it is not for --model contractive'],
    [['--optimiser', 'stochasticGradient', '--theorem3', '--constraint', 'project'], 'covers no projection'],
  ])('%j is bad input', async (options, message) => {
    const { code, error } = await train(...options);
    expect([code, error]).toEqual([2, expect.stringContaining(message)]);
  });

  test('its options are refused for other models', async () => {
    const { code, error } = await run(['train', '--contraction', '0.9']);
    expect([code, error]).toEqual([
      2,
      expect.stringContaining('--contraction: it is for --model contractive; this is monotone'),
    ]);
  });
});
