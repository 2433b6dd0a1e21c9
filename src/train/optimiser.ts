import { checkFor, has } from '../arguments/check.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Schedule } from './schedules.ts';

/**
 * How the rows of a step are drawn. shuffled: each epoch takes every row once, in random order. independent: every row
 * of every step is drawn uniformly from all rows, whatever was drawn before.
 */
export type Sampling = 'shuffled' | 'independent';

/** How parameters follow gradients. */
export interface Optimiser {
  readonly name: string;
  readonly rate: Schedule;
  /** All that decides its steps, as JSON: a checkpoint records it, and training is taken up again only with the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Default shuffled. */
  readonly sampling?: Sampling;
  /** Set where every step is covered by the convergence theorem: see `stochasticGradient`. */
  readonly theorem3?: boolean;
  /** @param memory what a state before this one remembered; default: nothing yet */
  start(engine: Engine, parameters: readonly Tensor[], memory?: RememberedNumbers): OptimiserState;
}

export const OPTIMISER = /* @__PURE__ */ checkFor(
  'an optimiser, such as adam()',
  (value) => has(value, 'start') && has(value, 'rate') && typeof (value as Optimiser).name === 'string',
);

export interface OptimiserState {
  /**
   * New parameters, in the order of the old ones, which the caller disposes. Enqueued at once.
   * @param epoch epochs done, the one under way counted as a fraction
   * @param step steps done since the start of training
   */
  update(values: readonly Tensor[], gradients: readonly Tensor[], epoch: number, step: number): Tensor[];
  /**
   * What it remembers, by name: one tensor a parameter. These lists are its state: other tensors, put in the place of those
   * that are there, take it back to where it was when these were.
   */
  readonly memory: ReadonlyMap<string, Tensor[]>;
  dispose(): void;
}

/** The numbers of an optimiser's memory, as a checkpoint holds them. */
export type RememberedNumbers = ReadonlyMap<string, readonly ArrayLike<number>[]>;
