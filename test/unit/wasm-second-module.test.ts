/** The kernels that the WebAssembly backend fetches when a Program first needs them. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { binaryOf } from '../../src/backends/wasm/builds.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { normals } from '../support/numbers.ts';

vi.mock(import('../../src/backends/wasm/builds.ts'), async (original) => {
  const builds = await original();
  return { ...builds, binaryOf: vi.fn(builds.binaryOf) };
});

const opened: Backend[] = [];
afterAll(() => {
  for (const backend of opened) backend.close();
});

async function open(options: Parameters<typeof openWasm>[0] = {}): Promise<Backend> {
  const backend = await openWasm(options);
  opened.push(backend);
  return backend;
}

const EPSILON = 2 ** -23;

/** A Cholesky factor of `batch` matrices, and the triangular inverse of it. */
function createFactorising(batch: number, order: number) {
  const trace = new Trace('factorising');
  const size = batch * order * order;
  const [a, b] = [trace.input(size), trace.input(size)];
  const sizes = { batch, order };
  const factor = trace.call({ kernel: 'cholesky', ...sizes, epsilon: EPSILON } as CallWithoutSlots, [a], size + batch);
  const solve = { kernel: 'triangularSolve', ...sizes, columns: order, transposed: false } as CallWithoutSlots;
  const solved = trace.call(solve, [factor, b], size);
  const flags = { transposeA: false, transposeB: true, sharedA: false, sharedB: false };
  const product = {
    ...{ kernel: 'batchedProduct', batch, m: order, n: order, k: order, ...flags, bias: 'none' },
    ...{ activation: 'tanh', activationParameters: [0, 0], proximal: false, residual: false },
  } as CallWithoutSlots;
  const product2 = trace.call(product, [solved, a, -1, -1, -1, -1], size);
  const inverse = { kernel: 'batchedInvert', ...sizes, epsilon: EPSILON } as CallWithoutSlots;
  return trace.finish([factor, solved, product2, trace.call(inverse, [a], size + batch)]);
}

/** 3·I and a smaller symmetric matrix. */
function inputsFor(batch: number, order: number): [Float32Array, Float32Array] {
  const numbers = normals(batch * order * order, 7);
  const a = Float32Array.from({ length: numbers.length }, (_, at) => {
    const [base, i, j] = [Math.floor(at / order ** 2) * order ** 2, Math.floor(at / order) % order, at % order];
    return (i === j ? 3 : 0) + (numbers[base + i * order + j] + numbers[base + j * order + i]) / (2 * Math.sqrt(order));
  });
  return [a, Float32Array.from(numbers)];
}

async function runFactorising(backend: Backend, batch: number, order: number): Promise<Float32Array[]> {
  const outputs = backend.run(
    createFactorising(batch, order),
    inputsFor(batch, order).map((values) => backend.upload(values)),
  );
  return (await Promise.all(outputs.map((output) => backend.download(output)))) as Float32Array[];
}

test('work enqueued after the first Program that needs them runs after it', async () => {
  const backend = await open({ threads: 1 });
  const [batch, order] = [2, 5];
  const size = batch * (order ** 2 + 1);
  const trace = new Trace('doubling');
  const call = {
    ...{ kernel: 'elementwise', operation: 'scale', shape: [1, 1, 1, size], parameters: [2, 0] },
    layouts: [{ offset: 0, strides: [size, size, size, 1] }],
  } as unknown as CallWithoutSlots;
  const doubling = trace.finish([trace.call(call, [trace.input(size)], size)]);
  const inputs = inputsFor(batch, order).map((values) => backend.upload(values));
  const [factor] = backend.run(createFactorising(batch, order), inputs);
  const [twice] = backend.run(doubling, [factor]);
  const [expected, doubled] = await Promise.all([factor, twice].map((each) => backend.download(each)));
  expect(expected.some((value) => value !== 0)).toBe(true);
  expect([...doubled]).toEqual([...expected].map((value) => 2 * value));
});

test('if they cannot be fetched the results reject, and the next Program tries again', async () => {
  const backend = await open({ threads: 1 });
  vi.mocked(binaryOf).mockRejectedValueOnce(new TypeError('no connection'));
  await expect(runFactorising(backend, 1, 3)).rejects.toThrow('wasm: kernels that this needs could not be loaded');
  expect((await runFactorising(backend, 1, 3)).every((values) => values.every(Number.isFinite))).toBe(true);
});

describe('threads load them too', () => {
  test.each([
    [40, 64],
    [3, 150],
  ])('%d matrices of order %d have the same bits as on one thread', async (batch, order) => {
    const [alone, together] = [await open({ threads: 1 }), await open({ threads: 3 })];
    const [expected, seen] = [await runFactorising(alone, batch, order), await runFactorising(together, batch, order)];
    for (const [index, values] of seen.entries())
      expect(Buffer.from(values.buffer).equals(Buffer.from(expected[index].buffer))).toBe(true);
    expect(expected.every((values) => values.every(Number.isFinite))).toBe(true);
    // On a busy machine the other threads may start too late to get a share.
    for (let again = 0; again < 50 && together.adapter.threadsUsed === 1; again++)
      await runFactorising(together, batch, order);
    expect(together.adapter.threadsUsed).toBeGreaterThan(1);
  });
});

test('a long one is interrupted and continued, with the same bits', async () => {
  const [whole, cut] = [await open({ threads: 2, slice: 1e9 }), await open({ threads: 2, slice: 0 })];
  const [batch, order] = [30, 150];
  const expected = await runFactorising(whole, batch, order);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const seen = await runFactorising(cut, batch, order);
  clearInterval(timer);
  for (const [index, values] of seen.entries())
    expect(Buffer.from(values.buffer).equals(Buffer.from(expected[index].buffer))).toBe(true);
  expect(turns).toBeGreaterThan(0);
});
