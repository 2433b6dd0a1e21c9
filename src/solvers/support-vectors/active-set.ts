/**
 * A primal active-set method for the dual of a support vector machine: it ends after finitely many steps, at a solution that
 * is exact up to rounding (J. Nocedal, S. Wright 2006, chapter 16).
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../matrices.ts';
import { MarginSystem } from './margin-system.ts';
import { hingeLoss, type SupportVectorProblem } from './problem.ts';

/** Where each row is: −1 at 0, 1 at its upper bound, 0 strictly inside. */
export type Sides = Int8Array;

export interface SupportVectorResult {
  readonly alpha: Float64Array;
  readonly sides: Sides;
  readonly w: Float64Array;
  /** Where no row is strictly inside, the middle of the interval of all that are optimal, or its finite end. */
  readonly b: number;
  /** By how much b may differ without loss: 0 where a row is strictly inside, or without an intercept. */
  readonly freedom: number;
  /** Qα − 1 + by: 0 on the margin, negative inside of it. */
  readonly slopes: Float64Array;
  /** ½‖w‖² + Σ uᵢ max(0, 1 − yᵢ(xᵢw + b)) */
  readonly objective: number;
  /** That less the value of the dual. */
  readonly gap: number;
  readonly iterations: number;
  /** The largest violation of the optimality conditions, whose scale is 1, and its rounding. */
  readonly residual: number;
  readonly floor: number;
}

export interface ActiveSetOptions {
  /** The largest number of steps. */
  readonly limit: number;
  readonly isCutShort?: (() => boolean) | undefined;
}

/** Rounding of a slope, in units of that of its terms. */
const ROUNDING = 16;
/** After so many steps of length 0 in a row, the first violated row is released in place of the worst (R. Bland 1977). */
const IDLE = 8;

/** @param start in the box, and with yᵀα = 0 where there is an intercept */
export function* solveByActiveSet(
  problem: SupportVectorProblem,
  start: Float64Array,
  { limit, isCutShort }: ActiveSetOptions,
): Interruptible<SupportVectorResult> {
  const state = new ActiveSet(problem, start);
  for (let iterations = 0; ; iterations++) {
    yield;
    const isOver = iterations >= limit || (isCutShort?.() ?? false);
    if (state.step(isOver)) return state.result(iterations);
  }
}

class ActiveSet {
  private readonly sides: Sides;
  private w: Float64Array;
  private b = 0;
  private freedom = 0;
  private slopes: Float64Array;
  private idle = 0;

  constructor(
    private readonly problem: SupportVectorProblem,
    private readonly alpha: Float64Array,
  ) {
    const { upper, margins } = problem;
    this.sides = Int8Array.from(alpha, (value, row) => (value <= 0 ? -1 : value >= upper[row] ? 1 : 0));
    this.w = margins.combine(alpha);
    this.slopes = this.computeSlopes();
  }

  /** @returns whether it has ended. @param isOver whether this is the last step, which releases nothing */
  step(isOver: boolean): boolean {
    const inside = this.rowsAt(0);
    const system = new MarginSystem(this.problem, inside);
    const { dependent } = system;
    if (dependent) {
      if (isOver) return true;
      // Along a null vector the objective is linear: it falls, or stays, up to a bound.
      const slope = inside.reduce((sum, row, at) => sum + this.slopes[row] * dependent[at], 0);
      this.move(inside, slope > 0 ? dependent.map((value) => -value) : dependent, Number.POSITIVE_INFINITY);
      return false;
    }
    const slopes = this.slopes;
    const imbalance = dot(this.problem.margins.labels, this.alpha);
    const { u, b } = system.solve(
      inside.map((row) => -slopes[row]),
      this.problem.intercept ? -imbalance : 0,
    );
    this.b = this.problem.intercept ? b : 0;
    this.freedom = 0;
    if (!this.move(inside, u, 1)) return isOver;
    return isOver || !this.release(inside.length > 0);
  }

  result(iterations: number): SupportVectorResult {
    const { alpha, sides, w, b, freedom, problem } = this;
    const slopes = this.slopes.map((slope, row) => slope + b * problem.margins.labels[row]);
    const Zw = this.slopes.map((slope) => slope + 1);
    const length = dot(w, w);
    const loss = hingeLoss(problem, Zw, b);
    const sum = alpha.reduce((total, value) => total + value, 0);
    let residual = 0;
    for (let row = 0; row < slopes.length; row++) residual = Math.max(residual, this.violationOf(row, slopes[row]));
    const floor = Math.max(...this.roundings());
    return {
      alpha,
      sides,
      w,
      b,
      freedom,
      slopes,
      objective: length / 2 + loss,
      gap: length + loss - sum,
      iterations,
      residual,
      floor,
    };
  }

  private rowsAt(side: number): number[] {
    return [...this.sides.keys()].filter((row) => this.sides[row] === side && this.problem.upper[row] > 0);
  }

  /** Qα − 1 */
  private computeSlopes(): Float64Array {
    return this.problem.margins.times(this.w).map((value) => value - 1);
  }

  /** The rounding of the slope of each row: that of its inner product with w, and of w as a sum. */
  private roundings(): Float64Array {
    const { norms } = this.problem.margins;
    const summed = this.alpha.reduce((sum, value, row) => sum + value * norms[row], 0);
    return norms.map((norm) => ROUNDING * Number.EPSILON * (1 + norm * summed + Math.abs(this.b)));
  }

  private violationOf(row: number, slope: number): number {
    if (!(this.problem.upper[row] > 0)) return 0;
    const side = this.sides[row];
    return side === 0 ? Math.abs(slope) : Math.max(0, side * slope);
  }

  /**
   * Moves along a direction, no further than to a bound, at which the row then stays.
   * @returns whether it went the whole length
   */
  private move(places: readonly number[], direction: Float64Array, length: number): boolean {
    const { alpha, sides } = this;
    const { upper } = this.problem;
    let [reach, blocking] = [length, -1];
    for (const [at, row] of places.entries()) {
      const d = direction[at];
      if (d === 0) continue;
      const distance = (d > 0 ? upper[row] - alpha[row] : -alpha[row]) / d;
      if (distance < reach) [reach, blocking] = [Math.max(distance, 0), at];
    }
    for (const [at, row] of places.entries()) {
      alpha[row] = Math.min(Math.max(alpha[row] + reach * direction[at], 0), upper[row]);
    }
    if (blocking >= 0) {
      const row = places[blocking];
      sides[row] = direction[blocking] > 0 ? 1 : -1;
      alpha[row] = sides[row] > 0 ? upper[row] : 0;
    }
    this.idle = reach > 0 ? 0 : this.idle + 1;
    this.w = this.problem.margins.combine(alpha);
    this.slopes = this.computeSlopes();
    return blocking < 0;
  }

  /** Lets rows at a bound go inside whose slope says that this lowers the objective. @returns whether there are any */
  private release(hasInside: boolean): boolean {
    const { sides, slopes, problem } = this;
    const { labels } = problem.margins;
    const roundings = this.roundings();
    if (problem.intercept && !hasInside) return this.releasePair(roundings);
    let [worst, released] = [0, -1];
    for (let row = 0; row < slopes.length; row++) {
      if (sides[row] === 0) continue;
      const violation = this.violationOf(row, slopes[row] + this.b * labels[row]);
      if (violation <= Math.max(roundings[row], worst)) continue;
      [worst, released] = [violation, row];
      if (this.idle > IDLE) break;
    }
    if (released >= 0) sides[released] = 0;
    return released >= 0;
  }

  /** Without a row inside, b has an interval, which is empty where a pair of rows moves together. */
  private releasePair(roundings: Float64Array): boolean {
    const { sides, slopes, problem } = this;
    const { labels } = problem.margins;
    let [low, lowest, high, highest] = [-Infinity, -1, Infinity, -1];
    for (let row = 0; row < slopes.length; row++) {
      if (!(problem.upper[row] > 0)) continue;
      const bound = -labels[row] * slopes[row];
      const isLower = sides[row] * labels[row] < 0;
      if (isLower && bound > low) [low, lowest] = [bound, row];
      if (!isLower && bound < high) [high, highest] = [bound, row];
    }
    if (lowest >= 0 && highest >= 0 && low > high + Math.max(roundings[lowest], roundings[highest])) {
      sides[lowest] = 0;
      sides[highest] = 0;
      return true;
    }
    this.freedom = Math.max(high - low, 0);
    this.b = Number.isFinite(low) ? (Number.isFinite(high) ? (low + high) / 2 : low) : Number.isFinite(high) ? high : 0;
    return false;
  }
}
