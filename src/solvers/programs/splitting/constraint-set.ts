/**
 * The set D of the constraints Ax − b ∈ D of a batch of programs, as a splitting sees it: a box of bounds, or −K for a
 * product K of cones.
 */
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import type { Equilibrated } from './scaling.ts';

/** A point of a splitting, of a program or of an equilibrated one. */
export interface SplittingPoint {
  /** [batch, n] */
  readonly x: Tensor;
  /** A point of D, [batch, m]: Ax − b, or −s of a cone program. */
  readonly z: Tensor;
  /** The multipliers, normal to D at z, [batch, m]. */
  readonly y: Tensor;
}

/** A number for each sample and the sum of the sizes of its terms, by which its rounding is estimated; [batch] each. */
export interface SizedSum {
  readonly value: Tensor;
  readonly terms: Tensor;
}

/** How many times the weight of an equality is larger than that of another row; that of a free row is as much smaller. */
export const EQUALITY = 50;

/** How the rounds of a splitting go. */
export interface SplittingPlan {
  /** Rounds of all samples with one factor, if they share P and A. */
  readonly sharedRounds: number;
  /** After them, rounds of those that are still running, which share a factor too: so many for each on average. */
  readonly pickedRounds: number;
  /** Into how many portions, at most, rounds of samples that are still running divide a batch on a host. */
  readonly portions: number;
  /** Whether rounds that share a factor polish too. */
  readonly polishesShared: boolean;
  /** Iterations of a round that shares a factor, and of another one. */
  readonly shared: number;
  readonly own: number;
  /**
   * A round ends before that at the aim of a sample, which is this in the first round, and falls from round to round; 0:
   * it does not.
   */
  readonly firstAim: number;
  /** After so many rounds in which no residual fell by 10 % a sample is given up. */
  readonly staleRounds: number;
  /** Whether Anderson's method accelerates the iterations. */
  readonly isAccelerated: boolean;
}

export interface ConstraintSet {
  /** b, [batch, m]; absent where it is 0. */
  readonly offset?: Tensor;
  /** The bounds of (x, v), [batch, n + m], where D is a box. */
  readonly bounds?: Readonly<Record<'low' | 'high', Tensor>>;
  readonly plan: SplittingPlan;
  /**
   * Projects (x, v) onto the product of the space of x with D.
   * @param s [batch, n + m]
   */
  project(s: Tensor): Tensor;
  /** By how much each row fails to be in D, [batch, m]. @param moved Ax − b */
  violation(moved: Tensor, point: SplittingPoint): Tensor;
  /** The support function of D at y. */
  support(y: Tensor): SizedSum;
  /** The set whose rows are multiplied by factors, [m] or [batch, m], that `evenOut` would leave as they are. */
  scale(factors: Tensor): ConstraintSet;
  /**
   * Replaces sizes of rows, [m] or [batch, m], by those that rows have in common which only one factor may scale: the
   * rows of a cone that is no orthant.
   */
  evenOut(sizes: Tensor): Tensor;
  /** The set of some of the samples. @param rows picks them of what has a row for each sample */
  pick(rows: (x: Tensor) => Tensor): ConstraintSet;
  /**
   * Weights of the rows relative to the penalty: EQUALITY for equalities, its inverse for free rows, 1 otherwise.
   * @param isOne whether there is one weight for all samples, [m], in place of [batch, m]
   */
  weights(isOne: boolean): Tensor;
  /**
   * Finds a point that is closer to the solution of the equilibrated program, whose set this is, than a point near it.
   */
  polish(context: LoopContext, problem: Equilibrated, point: SplittingPoint): SplittingPoint;
}
