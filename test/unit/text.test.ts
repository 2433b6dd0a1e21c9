/** What `console.log` and templates show of tensors and models. */
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, open } from '../../src/index.ts';
import { dense } from '../../src/layers/dense.ts';
import { dropout } from '../../src/layers/dropout.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { sequential } from '../../src/layers/sequential.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'wasm' });
});
afterAll(() => engine.close());

describe('a tensor as text', () => {
  test('has shape and backend, and the numbers once they were read', async () => {
    const x = engine.tensor([1, 2.5, -3, 1e-7, 5, 1 / 3], [2, 3]);
    expect(`${x}`).toBe('Tensor [2, 3] on wasm');
    await x.data();
    expect(`${x}`).toBe('Tensor [2, 3] on wasm: [[1, 2.5, -3], [1e-7, 5, 0.33333]]');
    expect(inspect(x)).toBe(`${x}`);
    expect(inspect({ x })).toBe(`{ x: ${x} }`);
    expect(`${x.reshape([6])}`).toBe('Tensor [6] on wasm: [1, 2.5, -3, 1e-7, 5, 0.33333]');
    const one = x.sum();
    await one.data();
    expect(`${one}`).toMatch(/^Tensor \[\] on wasm: 5\.833/);
  });

  test('shows nothing stale: neither what was overwritten, nor what was disposed', async () => {
    const x = engine.tensor([1, 2]);
    await x.data();
    engine.write(x, [3, 4]);
    expect(`${x}`).toBe('Tensor [2] on wasm');
    const [read] = [await x.data()];
    read[0] = 99; // what was read is the caller's
    expect(`${x}`).toBe('Tensor [2] on wasm: [3, 4]');
    x.dispose();
    expect(`${x}`).toBe('Tensor [2] disposed');
  });

  test('is short for many numbers', async () => {
    const x = engine.tensor(new Float32Array(90_000).fill(0.125), [300, 300]);
    await x.data();
    expect(`${x}`).toMatch(/^Tensor \[300, 300\] on wasm: \[\[(0.125, ){6}…\], /);
    expect(`${x}`.endsWith(', …]')).toBe(true);
    expect(`${x}`.length).toBeLessThan(400);
    const vector = engine.tensor(new Float32Array(9));
    await vector.data();
    expect(`${vector}`).toBe('Tensor [9] on wasm: [0, 0, 0, 0, 0, 0, 0, 0, …]');
  });
});

test('the summary of a model has its layers, shapes and counts', async () => {
  const model = sequential(
    monotone({ inputs: 3, width: 4 }),
    dropout({ inputs: 4, rate: 0.5 }),
    dense({ inputs: 4, outputs: 2 }),
  );
  const lines = model.summary().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^0 +monotone +3 → 4 +\d+ +A \[4, 4\], B \[4, 4\], /);
  expect(lines[2]).toMatch(/^1 +dropout +4 → 4 +0$/);
  expect(lines[3]).toMatch(/^2 +dense +4 → 2 +10 +/);
  const counts = [1, 2, 3].map((line) => Number(lines[line].match(/→ \d+ +(\d+)/)?.[1]));
  const total = counts.reduce((a, b) => a + b);
  expect(lines[4]).toBe(`${total} parameters, not initialised`);
  model.initialise(engine);
  expect(total).toBe(model.parameters.reduce((sum, { value }) => sum + value.size, 0));
  expect(inspect(model)).toContain(`${total} parameters, on wasm`);
  model.dispose();
});
