/** What runs where it is measured: one bundle, the same in a page and in Node. Only JSON-like values cross. */
import { type AdapterDescription, type BackendName, type Engine, open } from '../src/index.ts';
import { CASES, type CaseName, type Iterations, type Size } from './cases.ts';
import { type Limits, measured, type Timing } from './measure.ts';

export interface Assignment extends Size {
  readonly case: CaseName;
  readonly limits: Limits;
}

export interface Finding {
  readonly timing: Timing;
  readonly iterations?: Iterations;
}

/** One for all cases: compiling shaders takes a software adapter longer than the work itself. */
let engine: Engine | undefined;

/** Opens the engine that `measure` uses. Rejects where the backend is missing. */
export async function openBackend(backend: BackendName): Promise<AdapterDescription> {
  engine = await open({ backend });
  return engine.adapter;
}

export async function measure({ case: name, limits, ...size }: Assignment): Promise<Finding> {
  if (!engine) throw new Error('measure: no backend was opened; call openBackend first');
  const work = CASES[name].work(engine, size);
  try {
    const { timing, outcome: iterations } = await measured(work, limits);
    return { timing, ...(iterations && { iterations }) };
  } finally {
    work.dispose();
  }
}
