/** A step of bench/gpu.sh: the product of two large square matrices, in each variant of the kernel. */
import { openWebGPU, type WebGPUOptions } from '../../src/backends/webgpu/index.ts';
import { random } from '../../src/data/random.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { product } from '../../src/tensor/kernels.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { differenceOf, median } from '../measure.ts';
import { type AdapterPart, type ProductResult, readPart, writePart } from './parts.ts';

const FORMS: Readonly<Record<string, WebGPUOptions>> = {
  'as the library chooses': {},
  'shared tiles': { kernelForms: 'tiled' },
  'wide tiles': { kernelForms: 'wide' },
  registers: { kernelForms: 'register' },
};
const SIZES = { full: 4096, small: 128 };
const REPETITIONS = { full: 7, small: 3 };
/** Milliseconds that a repetition should take, so that the trip to the device and back is a small part of it. */
const STRETCH = { full: 100, small: 10 };
/** Each result occupies memory until the device has computed it: 64 MB at full size. */
const MAXIMUM_AT_ONCE = 16;
const PROBES = 64;
/** Rounding errors of sums of 4096 products in float32 are about 1e-6 of their size. */
const AGREEMENT = 1e-5;

const extent = (readPart<AdapterPart>('adapter')?.small ?? true) ? 'small' : 'full';
const size = SIZES[extent];
const generator = random(0);
const [a, b] = [0, 1].map(() => Float32Array.from({ length: size ** 2 }, () => 2 * generator.uniform() - 1));
const results: ProductResult[] = [];
for (const [form, options] of Object.entries(FORMS)) {
  for (const transposeB of [false, true]) {
    const found = await measureProduct(options, transposeB).catch((error: Error) => ({ error: error.message }));
    const result: ProductResult = { form, transposeB, size, ...found };
    results.push(result);
    writePart('products', results);
    console.log(lineOf(result));
  }
}
process.exit(0); // ends whatever the adapter still runs

async function measureProduct(options: WebGPUOptions, transposeB: boolean): Promise<Partial<ProductResult>> {
  const engine = new Engine(await openWebGPU(options));
  try {
    const [A, B] = [a, b].map((matrix) => engine.tensor(matrix, [size, size]));
    const multiply = (): Tensor => engine.run('product', [A, B], ([x, y]) => [product(x, y, { transposeB })])[0];
    const first = multiply();
    const difference = differenceAt(await first.data(), transposeB);
    first.dispose();
    if (!(difference <= AGREEMENT))
      return { difference, error: `its result differs by ${difference.toExponential(1)}` };
    const timeProducts = async (count: number): Promise<number> => {
      const started = performance.now();
      for (let each = 0; each < count; each++) multiply().dispose();
      await engine.idle();
      return performance.now() - started;
    };
    await timeProducts(1);
    const count = Math.min(Math.max(Math.ceil(STRETCH[extent] / (await timeProducts(1))), 1), MAXIMUM_AT_ONCE);
    const times: number[] = [];
    while (times.length < REPETITIONS[extent]) times.push((await timeProducts(count)) / count);
    const milliseconds = median(times);
    return { milliseconds, gigaflops: (2 * size ** 3) / (milliseconds * 1e6), difference };
  } finally {
    engine.close();
  }
}

/** Compares entries spread over the whole result. */
function differenceAt(found: ArrayLike<number>, transposeB: boolean): number {
  const choice = random(1);
  const places = Array.from({ length: PROBES }, () => [choice.integer(size), choice.integer(size)]);
  const exact = places.map(([row, column]) => {
    let sum = 0;
    for (let k = 0; k < size; k++)
      sum += a[row * size + k] * (transposeB ? b[column * size + k] : b[k * size + column]);
    return sum;
  });
  return differenceOf(
    places.map(([row, column]) => found[row * size + column]),
    exact,
  );
}

function lineOf({ form, transposeB, milliseconds, gigaflops, error }: ProductResult): string {
  const what = `product ${size}, ${transposeB ? 'A·Bᵀ' : 'A·B'}, ${form}`;
  return error === undefined
    ? `${what}: ${milliseconds?.toFixed(2)} ms, ${gigaflops?.toPrecision(3)} GFLOP/s`
    : `${what}: ${error}`;
}
