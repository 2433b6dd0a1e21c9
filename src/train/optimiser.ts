import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Schedule } from './schedules.ts';

/** How parameters follow gradients. */
export interface Optimiser {
  readonly name: string;
  readonly rate: Schedule;
  start(engine: Engine, parameters: readonly Tensor[]): OptimiserState;
}

export interface OptimiserState {
  /** New parameters, in the order of the old ones, which the caller disposes. Enqueued at once. */
  update(values: readonly Tensor[], gradients: readonly Tensor[], epoch: number): Tensor[];
  dispose(): void;
}
