/** Functions that the browser tests call inside the page. Only JSON-like values cross. */
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { type BackendName, type Engine, open } from '../../src/index.ts';
import { factorCases } from '../parity/cases/factorisations.ts';
import { type ParityCase, parityCases } from '../parity/cases/index.ts';
import { solverCases } from '../parity/cases/solvers.ts';
import { createAsk } from '../reference/outcomes.ts';

export { trainSteps } from './training.ts';

const cases: readonly ParityCase[] = [...parityCases, ...factorCases, ...solverCases];
const candidates = { webgpu: () => openWebGPU(), wasm: () => openWasm() };
const opened = new Map<string, Promise<Backend>>();

/** Runs one parity case on a backend of the page. Returns the error message, or an empty string. */
export async function runCase(backend: keyof typeof candidates, name: string): Promise<string> {
  const candidate = opened.get(backend) ?? candidates[backend]();
  opened.set(backend, candidate);
  try {
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`there is no parity case ${name}`);
    await found.run(openCPU(), await candidate);
    return '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

let engine: Promise<Engine> | undefined;

/** The solutions of a reference problem on WebGPU. */
export const ask = createAsk(() => {
  engine ??= open({ backend: 'webgpu' });
  return engine;
});

/** The description of a backend's adapter, once it contains the expected text, or after a timeout. */
export async function description(backend: BackendName, expected: string): Promise<string> {
  const engine = await open({ backend, threads: 2 });
  try {
    for (let wait = 0; wait < 200 && !engine.adapter.description.includes(expected); wait++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return engine.adapter.description;
  } finally {
    engine.close();
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
