/**
 * Functions that the browser tests of gpu.js call inside the page, whose bundle contains the package. Only JSON-like
 * values cross.
 */
import * as library from 'gpu.js/dist/gpu-browser.js';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import type { GPUJSMode } from '../../src/backends/gpujs/options.ts';
import { digits } from '../../src/data/index.ts';
import { adam, dense, type Engine, evaluate, monotone, open, sequential, train } from '../../src/index.ts';
import { parityCases } from '../parity/cases/index.ts';
import type { ParityCase } from '../parity/cases/parity.ts';
import { solverCases } from '../parity/cases/solvers.ts';
import { createAsk } from '../reference/outcomes.ts';

const load = async (): Promise<unknown> => library;
const cases: readonly ParityCase[] = [...parityCases, ...solverCases];
let backends: Promise<readonly [Backend, Backend]> | undefined;

/** Runs one parity case over WebGL2. Returns the error message, or an empty string. */
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

let engine: Promise<Engine> | undefined;

/** The solutions of a reference problem on WebGL2. */
export const ask = createAsk(() => {
  engine ??= open({ backend: 'gpujs', gpujs: { mode: 'webgl2', load } });
  return engine;
});

export interface DigitsRun {
  readonly backend: string;
  readonly reason: string;
  readonly description: string;
  readonly losses: readonly number[];
  /** Accuracy on the test split, from 0 to 1. */
  readonly accuracy: number;
  /**
   * Live buffers and bytes after step 5 and after the last step but one. The step after each of them is under way then,
   * and holds the state that it started from.
   */
  readonly memory: readonly { readonly buffers: number; readonly bytes: number }[];
  readonly seconds: number;
}

/** Trains a monotone layer on the digits for `steps` steps. */
export async function trainDigits(
  mode: GPUJSMode,
  steps: number,
  width: number,
  batch: number,
  tolerance: number,
): Promise<DigitsRun> {
  const start = performance.now();
  const engine = await open({ backend: 'gpujs', gpujs: { mode, load } });
  try {
    const model = sequential(monotone({ inputs: 64, width, tolerance }), dense({ inputs: width, outputs: 10 }));
    const data = await digits();
    const memory: { buffers: number; bytes: number }[] = [];
    let step = 0;
    const { losses } = await train(engine, model, data, {
      epochs: 1000,
      batch,
      maximumSteps: steps,
      optimiser: adam({ rate: 1e-2 }),
      async onProgress({ kind }) {
        if (kind !== 'step') return;
        step += 1;
        if (step !== 5 && step !== steps - 1) return;
        // Reading a report may start a further read-back, so several rounds are awaited.
        for (let reading = 0; reading < 3; reading++) {
          await engine.idle();
          await new Promise((resolve) => setTimeout(resolve));
        }
        const { buffers, bytes } = engine.memory();
        memory.push({ buffers, bytes });
      },
    });
    const { accuracy } = await evaluate(model, data.test);
    const seconds = (performance.now() - start) / 1000;
    return {
      backend: engine.backend,
      reason: engine.reason,
      description: engine.adapter.description,
      losses,
      accuracy,
      memory,
      seconds,
    };
  } finally {
    engine.close();
  }
}

export interface Choice {
  readonly backend: string;
  readonly reason: string;
  readonly sum: number;
}

/** The error message for a tensor of `numbers` numbers, or an empty string. */
export async function errorOfLarge(numbers: number): Promise<string> {
  const opened = await open({ backend: 'gpujs', gpujs: { mode: 'webgl2', load } });
  try {
    opened.tensor(new Float32Array(numbers), [numbers]);
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    opened.close();
  }
}

/** The choice of open(), and its reason, in a page that has neither WebGPU nor WebAssembly; twice. */
export async function chosenWithoutWebAssembly(): Promise<readonly Choice[]> {
  const kept = globalThis.WebAssembly;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  try {
    return [await choice(), await choice()];
  } finally {
    globalThis.WebAssembly = kept;
  }
}

async function choice(): Promise<Choice> {
  const chosen = await open({ gpujs: { load } });
  const [sum] = await chosen.tensor([1, 2, 3]).sum().data();
  chosen.close();
  return { backend: chosen.backend, reason: chosen.reason, sum };
}
