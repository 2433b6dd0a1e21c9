/** What runs where it is measured: one bundle, the same in a page and in Node. Only JSON-like values cross. */
import { type AdapterDescription, type BackendName, open } from '../src/index.ts';
import { CASES, type CaseName, type Iterations, type Size } from './cases.ts';
import { type Limits, measured, type Timing } from './measure.ts';

export interface Assignment extends Size {
  readonly backend: BackendName;
  readonly case: CaseName;
  readonly limits: Limits;
}

export interface Finding {
  readonly timing: Timing;
  readonly iterations?: Iterations;
}

/** Rejects where the backend cannot be opened. */
export async function adapterOf(backend: BackendName): Promise<AdapterDescription> {
  const engine = await open({ backend });
  const { adapter } = engine;
  engine.close();
  return adapter;
}

/** Measures one case on an engine of its own, so that none is slowed down or broken by another. */
export async function measure({ backend, case: name, limits, ...size }: Assignment): Promise<Finding> {
  const engine = await open({ backend });
  try {
    const { timing, outcome: iterations } = await measured(CASES[name].work(engine, size), limits);
    return { timing, ...(iterations && { iterations }) };
  } finally {
    engine.close();
  }
}
