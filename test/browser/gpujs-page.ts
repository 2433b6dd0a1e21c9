/** What the browser tests of gpu.js run inside the page, which has the package in its bundle. Only JSON-like values cross. */
import * as library from 'gpu.js/dist/gpu-browser.js';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { parityCases } from '../parity/cases/index.ts';
import type { ParityCase } from '../parity/cases/parity.ts';
import { solverCases } from '../parity/cases/solvers.ts';

const load = async (): Promise<unknown> => library;
const cases: readonly ParityCase[] = [...parityCases, ...solverCases];
let backends: Promise<readonly [Backend, Backend]> | undefined;

/** Runs one parity case over WebGL2; returns what went wrong, or an empty string. */
export async function runCase(name: string): Promise<string> {
  backends ??= openGPUJS({ mode: 'webgl2', load }).then((candidate) => [openCPU(), candidate] as const);
  try {
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`there is no parity case ${name}`);
    await found.run(...(await backends));
    return '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
