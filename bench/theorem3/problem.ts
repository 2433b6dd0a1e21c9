/** A problem on which the method of Theorem 3 runs: what is trained, and how one sees that its end is critical. */
import type { BatchLoss, Engine, Model, Samples, Tensor } from '../../src/index.ts';

/** A range of derivatives along a direction, over all selections at the kinks that are near. */
export interface DerivativeInterval {
  readonly low: number;
  readonly high: number;
}

/** A problem with its data on an engine, and a model that has been initialised. */
export interface PreparedProblem {
  readonly model: Model;
  readonly samples: Samples;
  readonly loss: BatchLoss;
  /** The objective of the theorem: the mean of the loss over all samples, as a tensor. */
  objective(values: readonly Tensor[]): Tensor;
  /**
   * The ranges of derivatives of the objective at these parameters, over all selections at kinks that are near: 0 is in all
   * of them where the point is critical.
   * @param radius how near a kink has to be, in units of the parameters
   */
  intervals(values: readonly Tensor[], radius: number): Promise<DerivativeInterval[]>;
  dispose(): void;
}

/** A problem, and the steps s·α₀/(k + 1)^p that are taken. */
export interface Problem {
  readonly name: string;
  /** What it is, in words. */
  readonly title: string;
  readonly rate: number;
  readonly power: number;
  /** The interval from which s is drawn. */
  readonly scale: readonly [number, number];
  /** The number of samples that a step draws, with replacement. */
  readonly batch: number;
  /** Each draws as many samples as there are. */
  readonly epochs: number;
  /** Kinks count at the end that are within so many of the last steps. */
  readonly reach: number;
  /** How far 0 may be from the intervals at the end. */
  readonly tolerance: number;
  /** By how much the objective may vary over the last tenth of the epochs. */
  readonly unrest: number;
  prepare(engine: Engine, seed: number): Promise<PreparedProblem>;
}

/** How far 0 is from an interval, 0 where it is inside; infinite where the interval is unknown. */
export function distanceFromZero({ low, high }: DerivativeInterval): number {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return Number.POSITIVE_INFINITY;
  return Math.max(0, low, -high);
}
