/** The kernels of WebAssembly for images and their spectra: on several threads, in slices, and at the largest sizes. */
import { afterAll, expect, test } from 'vitest';
import type { Backend, Program } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import type { Heap } from '../../src/backends/wasm/heap.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { fitsKernel } from '../../src/solvers/maps/convolution/kernel-transform.ts';
import { rootsTable } from '../../src/solvers/maps/convolution/tables.ts';
import { normals, relativeError } from '../support/numbers.ts';

const opened: Backend[] = [];
afterAll(() => {
  for (const backend of opened) backend.close();
});

async function open(options: Parameters<typeof openWasm>[0]): Promise<Backend> {
  const backend = await openWasm(options);
  opened.push(backend);
  return backend;
}

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly batch: number;
  readonly channels: number;
}

/** Images, their spectra, these multiplied by one complex matrix for each frequency, and back to images. */
function createFilter({ rows, columns, batch, channels }: Sizes): { program: Program; inputs: number[][] } {
  const lines = batch * channels;
  const count = rows * (Math.floor(columns / 2) + 1);
  const roots = [...rootsTable({ rows, columns }).values];
  const inputs = [normals(lines * rows * columns, 1), roots, normals(count * channels ** 2, 2)];
  const trace = new Trace('filter');
  const [x, tables, blocks] = inputs.map(({ length }) => trace.input(length));
  const transform = (inverse: boolean) => ({ kernel: 'fourier', lines, rows, columns, inverse }) as CallWithoutSlots;
  const sizes = { batch: count, m: batch, n: channels, k: channels };
  const flags = { transposeA: false, transposeB: true, conjugate: false };
  const product = { kernel: 'complexProduct', ...sizes, ...flags } as CallWithoutSlots;
  const spectrum = trace.call(transform(false), [x, tables], 2 * count * lines);
  const filtered = trace.call(product, [spectrum, blocks, blocks], 2 * count * lines);
  const same = trace.call(transform(true), [spectrum, tables], lines * rows * columns);
  return {
    program: trace.finish([same, trace.call(transform(true), [filtered, tables], lines * rows * columns)]),
    inputs,
  };
}

async function runFilter(backend: Backend, sizes: Sizes): Promise<readonly (Float32Array | Float64Array)[]> {
  const { program, inputs } = createFilter(sizes);
  const outputs = backend.run(
    program,
    inputs.map((values) => backend.upload(values)),
  );
  return Promise.all(outputs.map((output) => backend.download(output)));
}

const bitsOf = (values: Float32Array | Float64Array): string => Buffer.from(values.buffer).toString('base64');

test('three threads, and slices of no length, give the same bits as one thread', async () => {
  const sizes = { rows: 34, columns: 34, batch: 7, channels: 29 };
  const [alone, together, cut] = [
    await open({ threads: 1 }),
    await open({ threads: 3 }),
    await open({ threads: 2, slice: 0 }),
  ];
  const expected = (await runFilter(alone, sizes)).map(bitsOf);
  expect((await runFilter(together, sizes)).map(bitsOf)).toEqual(expected);
  expect((await runFilter(cut, sizes)).map(bitsOf)).toEqual(expected);
  expect(new Set(expected).size).toBe(2);
  // On a busy machine the other threads may start too late to get a share.
  for (let again = 0; again < 50 && together.adapter.threadsUsed === 1; again++) await runFilter(together, sizes);
  expect(together.adapter.threadsUsed).toBeGreaterThan(1);
});

test.each([
  [47, 45],
  [1, 217],
  [194, 1],
  [62, 33],
])('the largest images fit into the workspace of a thread: %d × %d', async (rows, columns) => {
  expect(fitsKernel({ rows, columns })).toBe(true);
  expect(fitsKernel({ rows: rows + 3, columns: columns + 3 })).toBe(false);
  const sizes = { rows, columns, batch: 1, channels: 17 };
  const [found, exact] = [await runFilter(await open({ threads: 1 }), sizes), await runFilter(openCPU(), sizes)];
  for (const [at, values] of found.entries()) expect(relativeError(values, exact[at])).toBeLessThan(1e-6);
  expect(relativeError(found[0], normals(17 * rows * columns, 1))).toBeLessThan(1e-6);
});

test.each([1, 2])('with %i threads the kernels of late modules run above 2 GiB', async (threads) => {
  const sizes = { rows: 6, columns: 5, batch: 3, channels: 2 };
  const below = await open({ threads });
  const above = await open({ threads });
  const { heap } = above as unknown as { heap: Heap };
  // Never written to, so that they cost no memory.
  const lower = [heap.take(heap.freeBytes), heap.take(2 ** 31)];
  const high = await runFilter(above, sizes);
  expect(high.map(bitsOf)).toEqual((await runFilter(below, sizes)).map(bitsOf));
  for (const block of lower) heap.giveBack(block);
});
