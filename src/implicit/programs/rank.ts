/** Numerical rank and kernel of a dense matrix, by QR with column pivoting and singular values. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { dot, WIDE } from '../../solvers/matrices.ts';
import { findSingularValues, norm, normalise } from '../hypothesis/singular-values.ts';

/** The rank of a matrix with k columns. */
export interface Rank {
  readonly rank: number;
  /** σ_min/σ_max over all k columns: 0 where there are more columns than rows; 1 of no columns. */
  readonly smallest: number;
  /** A proved lower bound of `smallest`, up to rounding. `smallest` itself may be an estimate from above. */
  readonly proved: number;
  /** σ_min/σ_max of the independent columns; 1 where there are none. */
  readonly gap: number;
  /** k − rank vectors of k numbers, orthonormal, that the matrix takes to 0 to rounding. */
  readonly kernel: readonly Float64Array[];
}

/**
 * BΠ = QR with |r₁₁| ≥ |r₂₂| ≥ …, by Householder reflections on the columns, which are overwritten. Column j of R is
 * the start of columns[j], and stands for the given column order[j].
 */
function* triangularise(columns: Float64Array[], length: number): Interruptible<{ order: number[]; steps: number }> {
  const k = columns.length;
  const order = columns.map((_, j) => j);
  const steps = Math.min(k, length);
  // Squares of what is left of each column: now, and when they were last summed.
  const squares = columns.map((column) => dot(column, column));
  const summed = squares.slice();
  for (let step = 0; step < steps; step++) {
    let pivot = step;
    for (let j = step + 1; j < k; j++) if (squares[j] > squares[pivot]) pivot = j;
    for (const list of [columns, order, squares, summed]) swap(list, step, pivot);
    const head = columns[step].subarray(step);
    const size = Math.sqrt(dot(head, head));
    if (size === 0) return { order, steps: step };
    const reflector = head.slice();
    reflector[0] += head[0] < 0 ? -size : size;
    const half = dot(reflector, reflector) / 2;
    for (let j = step; j < k; j++) {
      const tail = columns[j].subarray(step);
      const factor = dot(reflector, tail) / half;
      for (let i = 0; i < tail.length; i++) tail[i] -= factor * reflector[i];
      squares[j] -= tail[0] ** 2;
      if (squares[j] > CANCELLED * summed[j]) continue;
      const rest = tail.subarray(1);
      squares[j] = dot(rest, rest);
      summed[j] = squares[j];
    }
    head.fill(0, 1);
    if (length >= WIDE) yield;
  }
  return { order, steps };
}

/** A difference that is this small a part of what it came from has lost its digits. */
const CANCELLED = 1e-6;

function swap(list: unknown[], a: number, b: number): void {
  [list[a], list[b]] = [list[b], list[a]];
}

/** The leading rank × rank part of R, row-major. */
function leadingPart(columns: readonly Float64Array[], rank: number): Float64Array {
  const part = new Float64Array(rank * rank);
  for (let j = 0; j < rank; j++) for (let i = 0; i <= j; i++) part[i * rank + j] = columns[j][i];
  return part;
}

/**
 * @param given the columns, each of `length` numbers, of norm at most about 1
 * @param threshold a singular value at most threshold·σ_max counts as 0
 */
export function* findRank(given: readonly Float64Array[], length: number, threshold: number): Interruptible<Rank> {
  const k = given.length;
  if (k === 0) return { rank: 0, smallest: 1, proved: 1, gap: 1, kernel: [] };
  const columns = given.map((column) => column.slice());
  const { order, steps } = yield* triangularise(columns, length);
  let rank = steps;
  let gap = 1;
  let smallest = 0;
  let proved = 0;
  while (rank > 0) {
    if (rank === k) {
      proved = yield* boundCondition(columns, k);
      if (proved > Math.max(CLEAR, threshold)) {
        smallest = yield* estimateCondition(columns, k);
        return { rank, smallest, proved, gap: smallest, kernel: [] };
      }
    }
    const values = yield* findSingularValues(leadingPart(columns, rank), rank);
    gap = values.largest > 0 ? values.smallest / values.largest : 0;
    if (rank === k) {
      smallest = gap;
      if (k <= COMPUTED) proved = gap;
    }
    if (gap > threshold) break;
    // σ_min ≤ |r_jj|: no leading part that reaches to a pivot this small is independent.
    const least = threshold * Math.abs(columns[0][0]);
    const small = columns.slice(0, rank).findIndex((column, j) => Math.abs(column[j]) <= least);
    rank = small >= 0 ? small : rank - 1;
  }
  return { rank, smallest, proved, gap: rank > 0 ? gap : 1, kernel: kernelOf(columns, order, rank) };
}

/** A matrix whose condition is proved to be this good is not examined further. */
const CLEAR = 1e-9;
const ITERATIONS = 20;

/** σ_min/σ_max of the leading k × k part of R, from above, by inverse and by power iteration with RᵀR. */
function* estimateCondition(columns: readonly Float64Array[], k: number): Interruptible<number> {
  const draws = random(0);
  const start = normalise(Float64Array.from({ length: k }, () => draws.normal()));
  let [smallest, largest] = [Number.POSITIVE_INFINITY, 0];
  let [low, high] = [start, start];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const half = low.slice();
    for (let j = 0; j < k; j++) {
      for (let i = 0; i < j; i++) half[j] -= columns[j][i] * half[i];
      half[j] /= columns[j][j];
    }
    smallest = Math.min(smallest, 1 / norm(half));
    for (let j = k - 1; j >= 0; j--) {
      half[j] /= columns[j][j];
      for (let i = 0; i < j; i++) half[i] -= columns[j][i] * half[j];
    }
    low = normalise(half);
    if (k >= WIDE) yield;
    const image = new Float64Array(k);
    for (let j = 0; j < k; j++) for (let i = 0; i <= j; i++) image[i] += columns[j][i] * high[j];
    largest = Math.max(largest, norm(image));
    high = normalise(
      Float64Array.from(columns.slice(0, k), (column, j) => dot(column.subarray(0, j + 1), image.subarray(0, j + 1))),
    );
  }
  return smallest / largest;
}

/** Up to this order singular values are computed, and not estimated. */
const COMPUTED = 64;

/** 1/(‖R‖_F·‖R⁻¹‖_F) ≤ σ_min/σ_max for the leading k × k part of R. */
function* boundCondition(columns: readonly Float64Array[], k: number): Interruptible<number> {
  let squares = 0;
  let inverseSquares = 0;
  for (let j = 0; j < k; j++) {
    for (let i = 0; i <= j; i++) squares += columns[j][i] ** 2;
    const x = new Float64Array(j + 1);
    x[j] = 1;
    for (let i = j; i >= 0; i--) {
      x[i] /= columns[i][i];
      for (let row = 0; row < i; row++) x[row] -= columns[i][row] * x[i];
    }
    inverseSquares += dot(x, x);
    yield;
  }
  return 1 / Math.sqrt(squares * inverseSquares);
}

/** Π[−R₁₁⁻¹R₁₂; I], made orthonormal. */
function kernelOf(columns: readonly Float64Array[], order: readonly number[], rank: number): Float64Array[] {
  const k = columns.length;
  const kernel: Float64Array[] = [];
  for (let dependent = rank; dependent < k; dependent++) {
    const vector = new Float64Array(k);
    const part = columns[dependent].slice(0, rank);
    for (let i = rank - 1; i >= 0; i--) {
      part[i] /= columns[i][i];
      for (let row = 0; row < i; row++) part[row] -= columns[i][row] * part[i];
      vector[order[i]] = -part[i];
    }
    vector[order[dependent]] = 1;
    kernel.push(vector);
  }
  return orthonormalise(kernel);
}

/** Gram and Schmidt, twice. Vectors that depend on those before them are left out. */
export function orthonormalise(vectors: readonly Float64Array[]): Float64Array[] {
  const result: Float64Array[] = [];
  for (const given of vectors) {
    const vector = given.slice();
    const before = Math.sqrt(dot(vector, vector));
    for (let round = 0; round < 2; round++) removeComponents(vector, result);
    const size = Math.sqrt(dot(vector, vector));
    if (size > 1e-12 * before) result.push(vector.map((value) => value / size));
  }
  return result;
}

/** Subtracts from x, in place, its components along orthonormal vectors. */
export function removeComponents(x: Float64Array, vectors: readonly Float64Array[]): void {
  for (const vector of vectors) {
    const component = dot(vector, x);
    for (let i = 0; i < x.length; i++) x[i] -= component * vector[i];
  }
}
