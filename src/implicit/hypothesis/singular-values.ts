/** The extreme singular values of a dense matrix. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { dot, factorise, multiply, solve, solveTransposed } from '../../solvers/matrices.ts';
import { orthogonalise } from '../../solvers/one-sided-jacobi.ts';

/** The extreme singular values of a matrix B. */
export interface SingularValues {
  /** σ_min, up to a few n·ε·σ_max. Above n = 64 it is an estimate from above. */
  readonly smallest: number;
  /** σ_max. Above n = 64 it is an estimate from below. */
  readonly largest: number;
  /** A unit vector v with ‖Bv‖ = σ_min. */
  readonly vector: Float64Array;
}

/** Up to this order, Jacobi's sweeps, of about 10·n³ operations each, take milliseconds. */
const JACOBI_LIMIT = 64;
const INVERSE_ITERATIONS = 30;

export function findSingularValues(matrix: ArrayLike<number>, n: number): Interruptible<SingularValues> {
  return n <= JACOBI_LIMIT ? rotateJacobi(matrix, n) : iterateInverse(matrix, n);
}

/**
 * One-sided Jacobi (Hestenes): rotations V make the columns of BV orthogonal, and their norms are the singular values.
 */
function* rotateJacobi(matrix: ArrayLike<number>, n: number): Interruptible<SingularValues> {
  // B is scaled such that no square overflows or underflows.
  const scale = Array.from(matrix).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => matrix[i * n + j] / scale),
  );
  const rotations = yield* orthogonalise(columns);
  const norms = columns.map((column) => scale * Math.sqrt(dot(column, column)));
  const smallest = Math.min(...norms);
  return { smallest, largest: Math.max(...norms), vector: rotations[norms.indexOf(smallest)] };
}

/** Inverse iteration with (BᵀB)⁻¹, and power iteration with BᵀB, on a random vector. */
function* iterateInverse(matrix: ArrayLike<number>, n: number): Interruptible<SingularValues> {
  const factorisation = yield* factorise(matrix, n);
  const draws = random(0);
  const start = normalise(Float64Array.from({ length: n }, () => draws.normal()));
  let vector = start;
  let image = start;
  for (let step = 0; step < INVERSE_ITERATIONS; step++) {
    const next = solve(factorisation, solveTransposed(factorisation, vector));
    const size = Math.sqrt(dot(next, next));
    // Where this overflows, or a pivot is 0, the last vector is as near to the kernel as it gets.
    if (!Number.isFinite(size) || size === 0) break;
    vector = normalise(next);
    image = normalise(multiplyTransposed(matrix, multiply(matrix, image)));
    yield;
  }
  return { smallest: norm(multiply(matrix, vector)), largest: norm(multiply(matrix, image)), vector };
}

function multiplyTransposed(matrix: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const n = x.length;
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result[j] += matrix[i * n + j] * x[i];
  }
  return result;
}

/** ‖x‖. */
export function norm(x: ArrayLike<number>): number {
  return Math.sqrt(dot(x, x));
}

/** x/‖x‖, or x where it is 0. */
export function normalise(x: Float64Array): Float64Array {
  const size = norm(x);
  return size > 0 ? x.map((value) => value / size) : x;
}
