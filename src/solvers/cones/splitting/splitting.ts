/**
 * Operator splitting for cone programs: the alternating direction method of multipliers on
 * min ½xᵀPx + cᵀx, Ax + s = b, s ∈ K, over-relaxed (Boyd and others, "Distributed optimization and statistical
 * learning via the alternating direction method of multipliers", 2011; Stellato and others, "OSQP", 2020), with the
 * multipliers and the slacks in one vector w: by Moreau's decomposition
 *   p = Π_{K*}(w), s = p − w, y = Rp,
 *   x̃ = (P + σI + AᵀRA)⁻¹(σx − c + Aᵀ(R(b − s) − y)),
 *   w⁺ = w + α(Ax̃ + s − b), x⁺ = x + α(x̃ − x),
 * R = diag ρᵢ, equal within each cone that is not a product of lines. Here ρᵢ = 1 but for equalities: another penalty is
 * another unit of the objective.
 */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import { CholeskyFactorisation } from '../../matrices.ts';
import { denseOf } from '../../programs/sparse.ts';
import { complementaryPair } from '../complementary.ts';
import { dualOf } from '../cone.ts';
import type { ConeData } from '../problem.ts';

/** α */
const RELAXATION = 1.6;
/** σ */
export const PROXIMAL = 1e-6;
/** ρᵢ of equalities, whose multipliers have no sign to be found. */
const EQUALITY_PENALTY = 1e3;

/** The iterate. */
export interface SplittingState {
  /** n */
  readonly x: Float64Array;
  /** m */
  readonly w: Float64Array;
}

/** What a sweep has found: the next iterate, with the point it stands for. */
export interface Sweep extends SplittingState {
  /** m; y = Rp. */
  readonly y: Float64Array;
  /** m */
  readonly s: Float64Array;
}

export class Splitting {
  readonly data: ConeData;
  /** ρᵢ, m */
  readonly penalties: Float64Array;
  private readonly dualBlocks: readonly ConeBlock[];
  private readonly denseA: Float64Array;
  private readonly factors: CholeskyFactorisation;

  private constructor(data: ConeData, penalties: Float64Array, denseA: Float64Array, factors: CholeskyFactorisation) {
    this.data = data;
    this.penalties = penalties;
    this.dualBlocks = data.blocks.map(dualOf);
    this.denseA = denseA;
    this.factors = factors;
  }

  /** @returns undefined where P + σI + AᵀRA is not positive definite, so that P is not positive semidefinite */
  static *of(data: ConeData): Interruptible<Splitting | undefined> {
    const { n, m, blocks } = data;
    const penalties = new Float64Array(m).fill(1);
    for (const { type, start, rows } of blocks) {
      if (type === 'zero') penalties.fill(EQUALITY_PENALTY, start, start + rows);
    }
    const denseA = denseOf(data.A);
    const matrix = denseOf(data.P);
    for (let j = 0; j < n; j++) matrix[j * n + j] += PROXIMAL;
    for (let i = 0; i < m; i++) {
      const row = denseA.subarray(i * n, i * n + n);
      for (let j = 0; j < n; j++) {
        const factor = penalties[i] * row[j];
        if (factor === 0) continue;
        for (let k = 0; k <= j; k++) matrix[j * n + k] += factor * row[k];
      }
      if (i % 16 === 15) yield;
    }
    const factors = yield* CholeskyFactorisation.of(n, matrix);
    return factors && new Splitting(data, penalties, denseA, factors);
  }

  /** The point that w stands for. */
  pointOf(w: Float64Array): Pick<Sweep, 'y' | 's'> {
    const { y: p, s } = complementaryPair(this.dualBlocks, w);
    return { y: p.map((value, i) => value * this.penalties[i]), s };
  }

  /** The w that stands for a point. */
  stateOf({ y, s }: { readonly y: Float64Array; readonly s: Float64Array }): Float64Array {
    return y.map((value, i) => value / this.penalties[i] - s[i]);
  }

  sweep({ x, w }: SplittingState): Sweep {
    const { n, m, c, b } = this.data;
    const { denseA, penalties } = this;
    const { y, s } = this.pointOf(w);
    const right = new Float64Array(n);
    for (let j = 0; j < n; j++) right[j] = PROXIMAL * x[j] - c[j];
    for (let i = 0; i < m; i++) {
      const factor = penalties[i] * (b[i] - s[i]) - y[i];
      if (factor === 0) continue;
      const row = i * n;
      for (let j = 0; j < n; j++) right[j] += denseA[row + j] * factor;
    }
    const solution = this.factors.solve(right);
    const nextW = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      const row = i * n;
      let sum = s[i] - b[i];
      for (let j = 0; j < n; j++) sum += denseA[row + j] * solution[j];
      nextW[i] = w[i] + RELAXATION * sum;
    }
    return { x: solution.map((value, j) => x[j] + RELAXATION * (value - x[j])), w: nextW, y, s };
  }
}
