/** The output of a network of onnxruntime-web as the input of an implicit layer: `npm run example -- onnxruntime`. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { numbersOf, readNPZ } from '../../src/data/index.ts';
import { open } from '../../src/index.ts';
import { runInBrowser } from '../browser.ts';
import { createLayer, differenceOf } from './layer.ts';
import type { PageResult } from './page.ts';
import type { Runtime } from './runtime.ts';

const LARGEST_DIFFERENCE = 1e-5;

/** The runner bundles this file into dist/. */
const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const arrays = await readNPZ(await readFile(join(folder, 'encoder.npz')));
const [x, expected] = [arrays.get('x'), arrays.get('features')];
if (x?.type !== 'float32' || !expected) throw new Error('encoder.npz: the arrays x and features are missing');

function judge(what: string, difference: number): void {
  console.log(`${what}: the largest difference is ${difference.toExponential(1)}`);
  if (!(difference <= LARGEST_DIFFERENCE)) throw new Error(`${what}: more than ${LARGEST_DIFFERENCE}`);
}

/** Without a GPU: onnxruntime-web on WebAssembly in Node, and its output as an array. */
async function runByArrays(values: Float32Array, shape: readonly number[]): Promise<ArrayLike<number>> {
  const ort = (await import('onnxruntime-web' as string)) as Runtime;
  ort.env.wasm.numThreads = 1;
  const model = await readFile(join(folder, 'encoder.onnx'));
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const { features } = await session.run({ x: new ort.Tensor('float32', values, shape) });
  judge('Node, features against NumPy', differenceOf(features.data, numbersOf(expected as never)));
  const engine = await open({ backend: 'wasm' });
  try {
    const layer = createLayer(engine);
    return await engine.tidy((scope) => layer.forward(scope.tensor(features.data, features.dims)).data());
  } finally {
    engine.close();
    await session.release();
  }
}

const z = await runByArrays(x.values, x.shape);
const packages = join(folder, 'node_modules', 'onnxruntime-web', 'dist');
const page = await runInBrowser<PageResult>(join(folder, 'page.ts'), {
  '/encoder.onnx': join(folder, 'encoder.onnx'),
  '/encoder.npz': join(folder, 'encoder.npz'),
  '/ort-wasm-simd-threaded.jsep.mjs': join(packages, 'ort-wasm-simd-threaded.jsep.mjs'),
  '/ort-wasm-simd-threaded.jsep.wasm': join(packages, 'ort-wasm-simd-threaded.jsep.wasm'),
});
if (page.location !== 'gpu-buffer') throw new Error(`the output of onnxruntime is on ${page.location}`);
judge('Chromium, features on the GPU against NumPy', differenceOf(page.features, numbersOf(expected)));
judge('Chromium, z from the buffer against Node, z from the array', differenceOf(page.z, z));
