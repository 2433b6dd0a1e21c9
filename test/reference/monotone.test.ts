/** The monotone reference problems in Node, on every backend and with every solver. */
import { afterAll, describe } from 'vitest';
import type { BackendName } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';
import { createAsk } from './outcomes.ts';
import { monotoneSuite } from './suites.ts';

/** The solvers that are left out, and where they are covered. */
const WITHOUT: Readonly<Partial<Record<BackendName, (solver: string) => boolean>>> = {
  // The parity cases cover these on the device, at sizes that a software adapter can bear.
  webgpu: (solver) => solver.startsWith('anderson'),
};

describe.each(['cpu', 'wasm', 'gpujs', 'webgpu'] as const)('reference problems on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  const precision = backend === 'cpu' ? 'float64' : 'float32';
  monotoneSuite({ ask: createAsk(engine), precision, without: WITHOUT[backend] });
});
