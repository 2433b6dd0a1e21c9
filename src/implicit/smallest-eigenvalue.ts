/**
 * The monotonicity margin of a matrix by its eigenvalues, on the host in float64. Loaded when a margin is to be
 * checked.
 */
import type { Interruptible } from '../backends/event-loop.ts';
import { hasCholeskyFactor } from '../solvers/matrices.ts';

/** At most this many bisections bracket an eigenvalue. */
const MAXIMUM_BISECTIONS = 100;

/** The largest m with I − (W + Wᵀ)/2 ⪰ m·I: see `monotonicityMargin`. @param W n × n, row-major */
export function* marginOf(W: ArrayLike<number>, n: number): Interruptible<number> {
  const { diagonal, offDiagonal } = yield* tridiagonalise(yield* symmetricPart(W, n), n);
  return findSmallestEigenvalue(diagonal, offDiagonal);
}

/** I − (W + Wᵀ)/2, n × n. */
function* symmetricPart(W: ArrayLike<number>, n: number): Interruptible<Float64Array> {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) matrix[i * n + j] = (i === j ? 1 : 0) - 0.5 * (W[i * n + j] + W[j * n + i]);
    if (i % ROWS_BETWEEN_YIELDS === ROWS_BETWEEN_YIELDS - 1) yield;
  }
  return matrix;
}

/**
 * The margin of W, as `marginOf` computes it, checked to be positive.
 * @throws RangeError where m ≤ 0 up to rounding: z = σ(Wz + b) is then not monotone, and may have no solution or
 *   several
 */
export function* computeCheckedMargin(W: ArrayLike<number>, n: number): Interruptible<number> {
  const margin = yield* marginOf(W, n);
  const norm = stridedNorm(W, 0, n * n, 1);
  // An eigenvalue that is 0 comes out as a few units of rounding, of either sign.
  if (!(margin > 4 * n * Number.EPSILON * (1 + norm))) {
    throw new RangeError(
      `W: the layer is not monotone: the smallest eigenvalue of I − (W + Wᵀ)/2 is ${margin.toPrecision(6)}; it must be > 0 beyond rounding`,
    );
  }
  return margin;
}

/** The share of a stated margin that rounding of W may take away. */
const MARGIN_SLACK = 1e-3;

/**
 * Checks the margin that a caller states for a matrix.
 * @throws RangeError where W is not monotone, or less so than stated
 */
export function* checkStatedMargin(W: ArrayLike<number>, n: number, stated: number): Interruptible<void> {
  if (yield* provesMargin(W, n, stated * (1 - MARGIN_SLACK))) return;
  const margin = yield* computeCheckedMargin(W, n);
  if (margin < stated * (1 - MARGIN_SLACK)) {
    throw new RangeError(
      `margin: it is ${stated}, but the smallest eigenvalue of I − (W + Wᵀ)/2 is ${margin.toPrecision(6)}; it must be at most that`,
    );
  }
}

/**
 * Whether I − (W + Wᵀ)/2 − m·I has a Cholesky factor beyond rounding, which proves the margin m in an eighth of the time of
 * eigenvalues. Where it has none, the eigenvalues decide.
 */
function* provesMargin(W: ArrayLike<number>, n: number, m: number): Interruptible<boolean> {
  const rounding = n * n * Number.EPSILON * (1 + stridedNorm(W, 0, n * n, 1));
  if (!(m * MARGIN_SLACK > rounding)) return false;
  const matrix = yield* symmetricPart(W, n);
  for (let i = 0; i < n; i++) matrix[i * n + i] -= m + rounding;
  return yield* hasCholeskyFactor(matrix, n);
}

/** Reduces a symmetric A, which is overwritten, to the tridiagonal QᵀAQ by Householder reflections. */
function* tridiagonalise(
  a: Float64Array,
  n: number,
): Interruptible<{ diagonal: Float64Array; offDiagonal: Float64Array }> {
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let column = 0; column < n - 2; column++) {
    const norm = stridedNorm(a, (column + 1) * n + column, n * n, n);
    if (norm === 0) continue;
    const head = a[(column + 1) * n + column];
    const image = head > 0 ? -norm : norm; // the sign that does not cancel
    let squared = 0;
    for (let i = column + 1; i < n; i++) {
      v[i] = a[i * n + column] - (i === column + 1 ? image : 0);
      squared += v[i] * v[i];
    }
    // A ← A − v wᵀ − w vᵀ with p = 2Av/(vᵀv), w = p − (pᵀv/vᵀv) v.
    let product = 0;
    for (let i = column; i < n; i++) {
      p[i] = (2 * partialDot(a, i * n, v, column + 1, n)) / squared;
      if (i > column) product += p[i] * v[i];
      if (i % ROWS_BETWEEN_YIELDS === ROWS_BETWEEN_YIELDS - 1) yield;
    }
    v[column] = 0;
    for (let i = column; i < n; i++) p[i] -= (product / squared) * v[i];
    for (let i = column; i < n; i++) {
      subtractPair(a, i, v, p, column, n);
      if (i % ROWS_BETWEEN_YIELDS === ROWS_BETWEEN_YIELDS - 1) yield;
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
  const offDiagonal = Float64Array.from({ length: Math.max(n - 1, 0) }, (_, i) => a[(i + 1) * n + i]);
  return { diagonal, offDiagonal };
}

/** Outside of this range a sum of squares may have overflowed, or have lost terms to underflow. */
const [SMALLEST_SUM, LARGEST_SUM] = [2 ** -900, 2 ** 1000];

/** √Σ x² over every `stride`-th number from `start` up to, but not including, `end`. */
function stridedNorm(x: ArrayLike<number>, start: number, end: number, stride: number): number {
  let squares = 0;
  for (let at = start; at < end; at += stride) squares += x[at] * x[at];
  if (squares >= SMALLEST_SUM && squares <= LARGEST_SUM) return Math.sqrt(squares);
  let largest = 0;
  for (let at = start; at < end; at += stride) largest = Math.max(largest, Math.abs(x[at]));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  squares = 0;
  for (let at = start; at < end; at += stride) squares += (x[at] / largest) ** 2;
  return largest * Math.sqrt(squares);
}

/** After this many rows of a matrix, other tasks of the host may run. */
const ROWS_BETWEEN_YIELDS = 64;

/** Σ_{j ≥ from} rowⱼ·vⱼ, where the row begins at `start`. */
function partialDot(a: Float64Array, start: number, v: Float64Array, from: number, n: number): number {
  let sum = 0;
  for (let j = from; j < n; j++) sum += a[start + j] * v[j];
  return sum;
}

/** Replaces row i of A by that of A − v wᵀ − w vᵀ, from column `from` on. */
function subtractPair(a: Float64Array, i: number, v: Float64Array, w: Float64Array, from: number, n: number): void {
  for (let j = from; j < n; j++) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
}

/** The smallest eigenvalue of a symmetric tridiagonal matrix, by bisection. */
function findSmallestEigenvalue(diagonal: Float64Array, offDiagonal: Float64Array): number {
  // Gershgorin's discs bracket every eigenvalue.
  let low = Number.POSITIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let i = 0; i < diagonal.length; i++) {
    const radius = Math.abs(offDiagonal[i - 1] ?? 0) + Math.abs(offDiagonal[i] ?? 0);
    low = Math.min(low, diagonal[i] - radius);
    high = Math.min(high, diagonal[i]); // a Rayleigh quotient
  }
  for (let step = 0; step < MAXIMUM_BISECTIONS && low < high; step++) {
    const middle = 0.5 * (low + high);
    if (middle === low || middle === high) break;
    if (hasEigenvalueBelow(diagonal, offDiagonal, middle)) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * Sturm's criterion: a pivot of the LDLᵀ factorisation of T − x·I is negative exactly when an eigenvalue lies below x.
 */
function hasEigenvalueBelow(diagonal: Float64Array, offDiagonal: Float64Array, x: number): boolean {
  let pivot = diagonal[0] - x;
  for (let i = 0; ; i++) {
    if (pivot < 0) return true;
    if (i === diagonal.length - 1) return false;
    const safe = pivot === 0 ? Number.MIN_VALUE / Number.EPSILON : pivot;
    pivot = diagonal[i + 1] - x - offDiagonal[i] ** 2 / safe;
  }
}
