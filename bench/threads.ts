/**
 * Checks that every engine on WebAssembly gets its threads and the same speed: `node bench/run.mjs threads`. Each run
 * has an engine of its own, in a page or a process of its own.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { findBrowsers } from '../src/cli/browsers.ts';
import { bundleMeasurements } from './bundle.ts';
import { CASES } from './cases.ts';
import { openChrome } from './chrome.ts';
import type { Environment } from './environment.ts';
import { LoadWatch } from './load.ts';
import { openNode } from './node.ts';
import type { Size } from './problems.ts';

const FILE = 'bench/results/threads.json';
const RUNS = 20;
const REPETITIONS = 9;
const SIZES: readonly Size[] = [
  { batch: 128, width: 87 },
  { batch: 256, width: 256 },
  { batch: 256, width: 512 },
];

interface Row extends Size {
  readonly where: string;
  /** 1e9 floating-point operations a second: quartiles of the runs' medians. */
  readonly gigaflops: readonly number[];
  /** Half of the distance between the outer quartiles, relative to the median. */
  readonly spread: number;
  /** The fewest and the most threads that worked in a run. */
  readonly threads: readonly [number, number];
  /** The share of the processors that other programs used. */
  readonly foreign: number | undefined;
}

const bundles = await bundleMeasurements();
const [browser] = findBrowsers();
const environments = [
  ...(browser ? [await openChrome(bundles.chrome, browser, 'software')] : []),
  openNode(`${bundles.node}/measurements.js`, {}),
];
const rows: Row[] = [];
for (const environment of environments) {
  for (const size of SIZES) rows.push(await rowOf(environment, size));
  await environment.close();
}
console.table(
  rows.map(({ where, batch, width, gigaflops, spread, threads, foreign }) => ({
    where,
    size: `${batch} × ${width}`,
    'GFLOP/s': gigaflops[1].toFixed(1),
    quartiles: `${gigaflops[0].toFixed(1)} to ${gigaflops[2].toFixed(1)}`,
    spread: `± ${(100 * spread).toFixed(1)} %`,
    threads: threads.join(' to '),
    foreign: foreign === undefined ? '' : `${(100 * foreign).toFixed(0)} %`,
  })),
);
const processor = { name: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() };
const legend = `50 iterations relu(Wz + b); ${RUNS} engines, each in a page or process of its own, the median of ${REPETITIONS} repetitions of each`;
await writeFile(FILE, `${JSON.stringify({ date: new Date().toISOString(), processor, legend, rows }, null, 2)}\n`);
console.log(`written to ${FILE}`);

async function rowOf(environment: Environment, size: Size): Promise<Row> {
  const watch = new LoadWatch();
  const speeds: number[] = [];
  const threads: number[] = [];
  const shares: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const session = await environment.openSession();
    watch.share(); // discards the load during the opening
    const found = await session.call<{ milliseconds: number[]; threads: number }>('freshRun', size, REPETITIONS);
    const foreign = watch.share();
    if (foreign !== undefined) shares.push(foreign);
    await session.close();
    speeds.push(CASES.relu.operations(size) / quartiles(found.milliseconds)[1] / 1e6);
    threads.push(found.threads);
  }
  const gigaflops = quartiles(speeds);
  return {
    where: environment.version,
    ...size,
    gigaflops,
    spread: (gigaflops[2] - gigaflops[0]) / 2 / gigaflops[1],
    threads: [Math.min(...threads), Math.max(...threads)],
    foreign: shares.length > 0 ? quartiles(shares)[1] : undefined,
  };
}

function quartiles(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))]);
}
