/** An estimate of the smallest singular value of a matrix that is known only by linear solves with it. */
import { runInTurns, yieldIfTurnIsOver } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { dot } from '../../solvers/matrices.ts';
import { findSingularValues, norm, normalise } from './singular-values.ts';

/** Solves B·x = right, or Bᵀ·x = right. */
export type Solve = (right: Float64Array) => Promise<ArrayLike<number>>;

/** The options of an estimate of σ_min. */
export interface SmallestSingularValueOptions {
  /** The number of pairs of solves, a whole number ≥ 1. Default 6. */
  readonly iterations?: number;
  /** The seed of the random first vector. Default 0. */
  readonly seed?: number;
}

/** Below this share of the largest singular value found so far, a direction is rounding. */
const BREAKDOWN = 1e-12;

/**
 * Estimates σ_min(B) = 1/‖B⁻¹‖ from above by Golub-Kahan-Lanczos bidiagonalisation of B⁻¹: B⁻¹Q = PR with orthonormal P
 * and Q and upper bidiagonal R. The largest singular value of R is at most ‖B⁻¹‖, so that with exact solves the
 * estimate is never below σ_min(B), and equals it after n iterations. A relative error of a solve moves the estimate by
 * about as much: pass solves whose residuals have been checked.
 * @throws RangeError where a solve returns another length; Error where it returns a number that is not finite
 */
export async function estimateSmallestSingularValue(
  solve: Solve,
  solveTransposed: Solve,
  n: number,
  { iterations = 6, seed = 0 }: SmallestSingularValueOptions = {},
): Promise<number> {
  if (!(Number.isInteger(iterations) && iterations >= 1)) {
    throw new RangeError(`iterations: it is ${iterations}; it must be a whole number, at least 1`);
  }
  const draws = random(seed);
  const right = [normalise(Float64Array.from({ length: n }, () => draws.normal()))];
  const left: Float64Array[] = [];
  const diagonal: number[] = [];
  const above: number[] = [];
  for (let step = 0; step < Math.min(iterations, n); step++) {
    await yieldIfTurnIsOver(); // other tasks may run: the solves of many samples resolve together
    const p = orthogonalise(checkVector('solve', await solve(right[step]), n), left);
    diagonal.push(norm(p));
    if (diagonal[step] <= BREAKDOWN * Math.max(...diagonal)) break;
    left.push(normalise(p));
    if (step + 1 === Math.min(iterations, n)) break;
    const q = orthogonalise(checkVector('solveTransposed', await solveTransposed(left[step]), n), right);
    const size = norm(q);
    if (size <= BREAKDOWN * Math.max(...diagonal)) break;
    above.push(size);
    right.push(normalise(q));
  }
  return 1 / (await runInTurns(findSingularValues(makeBidiagonal(diagonal, above), diagonal.length))).largest;
}

function checkVector(name: string, values: ArrayLike<number>, n: number): Float64Array {
  if (values.length !== n) throw new RangeError(`${name}: it returned ${values.length} numbers; it must return ${n}`);
  const result = Float64Array.from(values);
  if (!result.every(Number.isFinite)) throw new Error(`${name}: it returned a number that is not finite`);
  return result;
}

/** Removes from x its parts along the basis, twice, because the first time leaves rounding errors. */
function orthogonalise(x: Float64Array, basis: readonly Float64Array[]): Float64Array {
  for (let pass = 0; pass < 2; pass++) {
    for (const unit of basis) {
      const part = dot(unit, x);
      for (let i = 0; i < x.length; i++) x[i] -= part * unit[i];
    }
  }
  return x;
}

function makeBidiagonal(diagonal: readonly number[], above: readonly number[]): Float64Array {
  const size = diagonal.length;
  const matrix = new Float64Array(size * size);
  for (const [i, value] of diagonal.entries()) {
    matrix[i * size + i] = value;
    if (i + 1 < size) matrix[i * size + i + 1] = above[i];
  }
  return matrix;
}
