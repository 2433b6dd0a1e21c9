/** An implicit layer inside a network that TensorFlow.js trains: `npm run example -- tfjs`. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from '../../src/index.ts';
import { runInBrowser } from '../browser.ts';
import { compareByArrays, trainByArrays } from './arrays.ts';
import type { PageResult } from './page.ts';
import { loadTensorFlow } from './tensorflow.ts';

const LARGEST_DIFFERENCE = 1e-5;

function judge(where: string, difference: number, losses: readonly number[]): void {
  const [first, last] = [losses[0], losses[losses.length - 1]];
  console.log(
    `${where}: gradients through TensorFlow.js differ by ${difference.toExponential(1)} of the largest; ` +
      `the loss fell from ${first.toFixed(3)} to ${last.toFixed(3)} in ${losses.length} steps`,
  );
  if (!(difference <= LARGEST_DIFFERENCE)) throw new Error(`${where}: more than ${LARGEST_DIFFERENCE}`);
  if (!(last < first / 2)) throw new Error(`${where}: nothing was learnt`);
}

const tf = await loadTensorFlow('cpu');
const engine = await open({ backend: 'wasm', threads: 1 });
try {
  judge('Node, by arrays', await compareByArrays(tf, engine), await trainByArrays(tf, engine, 100));
} finally {
  engine.close();
}

/** The runner bundles this file into dist/. */
const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const { difference, losses, leftBehind } = await runInBrowser<PageResult>(join(folder, 'page.ts'));
judge('Chromium, by buffers on one GPUDevice', difference, losses);
if (leftBehind !== 0) throw new Error(`${leftBehind} buffers were left behind`);
