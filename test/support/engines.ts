/** Engines for tests. */
import { openCPU } from '../../src/backends/cpu/index.ts';
import { type BackendName, open } from '../../src/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** An engine that is opened on first use. */
export function engineOn(backend: BackendName): { engine: () => Promise<Engine>; close: () => Promise<void> } {
  let opened: Promise<Engine> | undefined;
  return {
    engine: () => {
      opened ??= open({ backend });
      return opened;
    },
    close: async () => (await opened)?.close(),
  };
}

/** An engine on the oracle. */
export const createOracle = (): Engine => new Engine(openCPU());

/** A function that creates tensors of zeros, given their extents. */
export const zerosOn =
  (engine: Engine) =>
  (...shape: number[]): Tensor =>
    engine.tensor(new Float64Array(shape.reduce((size, extent) => size * extent, 1)), shape);
