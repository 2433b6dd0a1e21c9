/** An independent judge of solutions of quadratic programs, in plain float64 and without code of the solver. */

/** A matrix as three lists of the same length: rows, columns, values. */
export type Triplets = readonly [readonly number[], readonly number[], readonly number[]];

/** min ½xᵀPx + qᵀx + constant over l ≤ Ax ≤ u, as files have it: null is an infinite bound, P is full and symmetric. */
export interface ProgramFile {
  readonly name: string;
  readonly n: number;
  readonly m: number;
  readonly P: Triplets;
  readonly q: readonly number[];
  readonly A: Triplets;
  readonly l: readonly (number | null)[];
  readonly u: readonly (number | null)[];
  readonly constant?: number;
}

/** A residual, and the largest Σ|terms| of the sums of which it is the largest. */
export interface Measured {
  readonly value: number;
  readonly terms: number;
}

export interface Residuals {
  /** max(l − Ax, Ax − u, 0) */
  readonly primal: Measured;
  /** |Px + q + Aᵀy|, and any y that points at an infinite bound */
  readonly dual: Measured;
  /** |xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻| */
  readonly gap: Measured;
  /** ½xᵀPx + qᵀx + constant */
  readonly objective: number;
}

export function measureResiduals(
  { n, m, P, q, A, l, u, constant = 0 }: ProgramFile,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): Residuals {
  const Ax = multiply(A, x, m);
  const Px = multiply(P, x, n);
  const Aty = multiply([A[1], A[0], A[2]], y, n);
  const primal = { value: 0, terms: 0 };
  const dual = { value: 0, terms: 0 };
  const gap = { value: 0, terms: 0 };
  let objective = constant;
  for (let i = 0; i < m; i++) {
    const lower = l[i] ?? Number.NEGATIVE_INFINITY;
    const upper = u[i] ?? Number.POSITIVE_INFINITY;
    raise(primal, Math.max(lower - Ax.sums[i], Ax.sums[i] - upper, 0), Ax.sizes[i]);
    if (y[i] === 0) continue;
    const bound = y[i] > 0 ? upper : lower;
    if (Number.isFinite(bound)) {
      gap.value += bound * y[i];
      gap.terms += Math.abs(bound * y[i]);
    } else raise(dual, Math.abs(y[i]), 0);
  }
  for (let j = 0; j < n; j++) {
    raise(dual, Math.abs(Px.sums[j] + q[j] + Aty.sums[j]), Px.sizes[j] + Math.abs(q[j]) + Aty.sizes[j]);
    gap.value += x[j] * Px.sums[j] + q[j] * x[j];
    gap.terms += Math.abs(x[j]) * Px.sizes[j] + Math.abs(q[j] * x[j]);
    objective += 0.5 * x[j] * Px.sums[j] + q[j] * x[j];
  }
  return { primal, dual, gap: { value: Math.abs(gap.value), terms: gap.terms }, objective };
}

/** Whether each residual is at most the tolerance, or at most `units` of ε·Σ|terms| where that is more. */
export function isWithin({ primal, dual, gap }: Residuals, tolerance: number, units = 0): boolean {
  return [primal, dual, gap].every(({ value, terms }) => value <= Math.max(tolerance, units * Number.EPSILON * terms));
}

/** All numbers of a dense matrix, given row by row. */
export function tripletsOf(numbers: ArrayLike<number>, columns: number): Triplets {
  const places = Array.from(numbers, (_, index) => index);
  return [
    places.map((place) => Math.floor(place / columns)),
    places.map((place) => place % columns),
    Array.from(numbers),
  ];
}

/** Products and Σ|terms| of each. */
export function multiply(
  [rows, columns, values]: Triplets,
  x: ArrayLike<number>,
  length: number,
): { readonly sums: Float64Array; readonly sizes: Float64Array } {
  const sums = new Float64Array(length);
  const sizes = new Float64Array(length);
  for (let k = 0; k < values.length; k++) {
    const term = values[k] * x[columns[k]];
    sums[rows[k]] += term;
    sizes[rows[k]] += Math.abs(term);
  }
  return { sums, sizes };
}

function raise(measured: { value: number; terms: number }, value: number, terms: number): void {
  // The maximum of NaN and a number is NaN, whichever comes first.
  measured.value = Math.max(measured.value, value);
  measured.terms = Math.max(measured.terms, terms);
}

/** Residuals relative to 1 + the largest of their terms, in max norms: what an absolute and a relative tolerance allow. */
export interface RelativeResiduals {
  /** To |Ax| and the finite bounds. */
  readonly primal: number;
  /** To |Px|, |q| and |Aᵀy|. */
  readonly dual: number;
  /** To |xᵀPx|, |qᵀx| and |uᵀy⁺ + lᵀy⁻|. */
  readonly gap: number;
}

export function relativeResidualsOf(
  program: ProgramFile,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): RelativeResiduals {
  const { n, m, P, q, A, l, u } = program;
  const { primal, dual, gap } = measureResiduals(program, x, y);
  const Ax = multiply(A, x, m).sums;
  const Px = multiply(P, x, n).sums;
  const Aty = multiply([A[1], A[0], A[2]], y, n).sums;
  const bounds = [...l, ...u].filter((bound) => bound !== null);
  const products = [dot(x, Px), dot(q, x), dot(x, Aty)];
  return {
    primal: primal.value / sizeOf(Ax, bounds),
    dual: dual.value / sizeOf(Px, q, Aty),
    gap: gap.value / sizeOf(products),
  };
}

/** Whether each residual is at most the tolerance. */
export function isAtMost({ primal, dual, gap }: RelativeResiduals, tolerance: number): boolean {
  return primal <= tolerance && dual <= tolerance && gap <= tolerance;
}

/** 1 + the largest absolute value. */
export function sizeOf(...lists: readonly ArrayLike<number>[]): number {
  const largest = (most: number, numbers: ArrayLike<number>): number =>
    Array.from(numbers).reduce((size, value) => Math.max(size, Math.abs(value)), most);
  return 1 + lists.reduce(largest, 0);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, index) => sum + value * b[index], 0);
}
