/** What the browser tests run inside the page. Only JSON-like values cross. */
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { type BackendName, open } from '../../src/index.ts';
import { type ParityCase, parityCases } from '../parity/cases/index.ts';
import { solverCases } from '../parity/cases/solvers.ts';

export { trainSteps } from './training.ts';

const cases: readonly ParityCase[] = [...parityCases, ...solverCases];
let backends: Promise<readonly [Backend, Backend]> | undefined;

/** Runs one parity case on the page's own GPU; returns what went wrong, or an empty string. */
export async function runCase(name: string): Promise<string> {
  backends ??= openWebGPU().then((candidate) => [openCPU(), candidate] as const);
  try {
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`there is no parity case ${name}`);
    await found.run(...(await backends));
    return '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** The message with which open() rejects, or an empty string. */
export async function openError(backend: BackendName): Promise<string> {
  try {
    (await open({ backend })).close();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
