/** The equations of the rows on the margin: [Q_EE + R, y_E; y_Eᵀ, 0](u, b) = (t, h), without y and b where there is no intercept. */
import type { SupportVectorProblem } from './problem.ts';

/** A pivot below this many units of rounding of its diagonal entry, for each row, is 0. */
const ROUNDING = 16;

export interface MarginSolution {
  readonly u: Float64Array;
  readonly b: number;
  /** Relative. */
  readonly residual: number;
}

/**
 * A Cholesky factor of M = Q_EE + R + ρy_Ey_Eᵀ, which is positive definite if and only if Q_EE + R is on {u: y_Eᵀu = 0}.
 * Without an intercept ρ = 0.
 */
export class MarginSystem {
  /** A u ≠ 0 with Q_EE u = 0 and y_Eᵀu = 0; undefined where there is none. */
  readonly dependent: Float64Array | undefined;
  private readonly labels: Float64Array;
  private readonly matrix: Float64Array;
  private readonly factor: Float64Array;
  private readonly rho: number;

  /** @param extra the diagonal of R; 0 where it is left out */
  constructor(
    { margins, intercept }: SupportVectorProblem,
    private readonly places: readonly number[],
    extra?: ArrayLike<number>,
  ) {
    const size = places.length;
    this.labels = Float64Array.from(places, (row) => (intercept ? margins.labels[row] : 0));
    this.matrix = new Float64Array(size * size);
    let trace = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        const value = margins.product(places[i], places[j]) + (i === j ? (extra?.[i] ?? 0) : 0);
        this.matrix[i * size + j] = value;
        this.matrix[j * size + i] = value;
      }
      trace += this.matrix[i * size + i];
    }
    this.rho = intercept ? (trace > 0 ? trace / size : 1) : 0;
    this.factor = this.matrix.map(
      (value, at) => value + this.rho * this.labels[Math.floor(at / size)] * this.labels[at % size],
    );
    this.dependent = this.factorise();
  }

  /** The system must not be dependent. */
  solve(t: ArrayLike<number>, h: number): MarginSolution {
    const first = this.solveOnce(t, h);
    // One step of refinement: ρ may hide digits of Q.
    const missed = this.missed(t, h, first);
    const more = this.solveOnce(missed.t, missed.h);
    const u = first.u.map((value, at) => value + more.u[at]);
    const found = { u, b: first.b + more.b };
    const left = this.missed(t, h, found);
    const size = Math.hypot(h, normOf(t));
    return { ...found, residual: size > 0 ? Math.hypot(left.h, normOf(left.t)) / size : 0 };
  }

  private missed(t: ArrayLike<number>, h: number, { u, b }: Pick<MarginSolution, 'u' | 'b'>) {
    const size = this.places.length;
    const { labels, matrix } = this;
    const left = Float64Array.from(labels, (label, i) => {
      let sum = t[i] - label * b;
      for (let j = 0; j < size; j++) sum -= matrix[i * size + j] * u[j];
      return sum;
    });
    return { t: left, h: this.rho > 0 ? h - labels.reduce((sum, label, i) => sum + label * u[i], 0) : 0 };
  }

  /** u = M⁻¹(t + ρhy − by) with yᵀu = h. */
  private solveOnce(t: ArrayLike<number>, h: number): { u: Float64Array; b: number } {
    const { labels, rho } = this;
    const u = this.substitute(Float64Array.from(labels, (label, i) => t[i] + rho * h * label));
    if (rho === 0 || labels.length === 0) return { u, b: 0 };
    const along = this.substitute(Float64Array.from(labels));
    const product = (x: Float64Array): number => labels.reduce((sum, label, i) => sum + label * x[i], 0);
    const b = (product(u) - h) / product(along);
    return { u: u.map((value, i) => value - b * along[i]), b };
  }

  /** Replaces the lower triangle of M by its factor. @returns a null vector, where a pivot is 0 */
  private factorise(): Float64Array | undefined {
    const { factor, places } = this;
    const size = places.length;
    for (let i = 0; i < size; i++) {
      const diagonal = factor[i * size + i];
      let pivot = diagonal;
      for (let j = 0; j < i; j++) {
        let sum = factor[i * size + j];
        for (let k = 0; k < j; k++) sum -= factor[i * size + k] * factor[j * size + k];
        factor[i * size + j] = sum / factor[j * size + j];
        pivot -= factor[i * size + j] ** 2;
      }
      if (!(pivot > ROUNDING * size * Number.EPSILON * diagonal)) return this.nullVector(i);
      factor[i * size + i] = Math.sqrt(pivot);
    }
    return undefined;
  }

  /** Row i of M depends on those before it: L₁₁ᵀu = −l with l the row of the factor, and uᵢ = 1. */
  private nullVector(i: number): Float64Array {
    const { factor, places } = this;
    const size = places.length;
    const u = new Float64Array(size);
    u[i] = 1;
    for (let j = i - 1; j >= 0; j--) {
      let sum = -factor[i * size + j];
      for (let k = j + 1; k < i; k++) sum -= factor[k * size + j] * u[k];
      u[j] = sum / factor[j * size + j];
    }
    return u;
  }

  private substitute(x: Float64Array): Float64Array {
    const { factor } = this;
    const size = x.length;
    for (let i = 0; i < size; i++) {
      let sum = x[i];
      for (let k = 0; k < i; k++) sum -= factor[i * size + k] * x[k];
      x[i] = sum / factor[i * size + i];
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = x[i];
      for (let k = i + 1; k < size; k++) sum -= factor[k * size + i] * x[k];
      x[i] = sum / factor[i * size + i];
    }
    return x;
  }
}

function normOf(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] ** 2;
  return Math.sqrt(sum);
}
