import { createArgumentCheck, hasMethod } from '../arguments/check.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Schedule } from './schedules.ts';

/**
 * How the samples of a step are drawn. 'shuffled': each epoch takes every sample once, in random order. 'independent':
 * every sample of every step is drawn uniformly from all samples, with replacement.
 */
export type Sampling = 'shuffled' | 'independent';

/** Updates parameters from gradients. */
export interface Optimiser {
  /** The name, such as 'adam'. A checkpoint records it. */
  readonly name: string;
  /** The learning rate over the course of training. */
  readonly rate: Schedule;
  /** All settings as JSON. A checkpoint records them, and training resumes only with the same settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How the samples of a step are drawn. Default 'shuffled'. */
  readonly sampling?: Sampling;
  /** True where a convergence theorem covers every step: see `stochasticGradient`. */
  readonly theorem3?: boolean;
  /**
   * Begins a run.
   * @param parameters the initial parameters
   * @param memory the memory of an earlier state to continue from, in the order of the parameters. Default: none
   */
  start(engine: Engine, parameters: readonly Tensor[], memory?: RememberedNumbers): OptimiserState;
}

export const OPTIMISER = /* @__PURE__ */ createArgumentCheck(
  'an optimiser, such as adam()',
  (value) => hasMethod(value, 'start') && hasMethod(value, 'rate') && typeof (value as Optimiser).name === 'string',
);

/** An optimiser during a run. */
export interface OptimiserState {
  /**
   * Enqueues one update and returns the new parameters, in the order of the old ones, which the caller disposes.
   * @param values the current parameters
   * @param gradients the gradient of the loss in each parameter, in its shape
   * @param epoch finished epochs, with the current one as a fraction
   * @param step finished steps since the start of training
   */
  update(values: readonly Tensor[], gradients: readonly Tensor[], epoch: number, step: number): Tensor[];
  /**
   * The remembered tensors by name, one per parameter. The lists are the complete state: replacing their tensors by
   * those of an earlier step takes the optimiser back to that step.
   */
  readonly memory: ReadonlyMap<string, Tensor[]>;
  /** Frees the remembered tensors. */
  dispose(): void;
}

/**
 * The numbers of an optimiser's memory by name, one list per parameter, as a checkpoint stores them.
 *
 * @inline
 */
export type RememberedNumbers = ReadonlyMap<string, readonly ArrayLike<number>[]>;
