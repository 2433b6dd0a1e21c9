/** Kernels that solve and differentiate cone programs; kernels.ts lists them with the others. Only wasm has them. */
import type { ConeBlock, ConeType } from './cone-kernels.ts';
import type { ProgramSizes } from './program-kernels.ts';

/** The cones for which there is a scaling of Nesterov and Todd, and {0} and its dual. */
export const SYMMETRIC_CONES: ReadonlySet<ConeType> = new Set<ConeType>(['zero', 'free', 'nonneg', 'soc', 'psd']);

/** Sizes of a batch of cone programs, and the blocks of the rows of each, in order: SYMMETRIC_CONES alone. */
export interface ConeProgramSizes extends ProgramSizes {
  readonly blocks: readonly ConeBlock[];
}

/** Of a semidefinite block of order k: k³ so often for its scaling, and for each variable. */
const SCALING_WORK = 32;

/** What blocks add to the work of an iteration with n variables, in multiplications. */
export function workOfBlocks(n: number, blocks: readonly ConeBlock[]): number {
  return blocks.reduce((sum, { type, dim }) => sum + (type === 'psd' ? (SCALING_WORK + n) * dim ** 3 : 0), 0);
}

/**
 * Solves min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K for each sample, in float64: a predictor-corrector interior point method
 * along directions of Nesterov and Todd on the equilibrated program (L. Vandenberghe, "The CVXOPT linear and quadratic
 * cone program solvers", 2010), and from near a solution on Newton's method on its residual map. The solution has
 * y = Π(v) and s = (y − v)/ρ for a v and powers of two ρ, and residuals that are rounding. P must be symmetric and
 * positive semidefinite. Only wasm offers it; the other backends refuse it.
 *
 * A sample is solved when its residuals are at most 10⁻¹² of their terms in the scaled data, and, in max norms and on the
 * data as given,
 *   |Ax + s − b|          ≤ absolute + relative·max(‖Ax‖, ‖s‖, ‖b‖)
 *   |Px + c + Aᵀy|        ≤ absolute + relative·max(‖Px‖, ‖c‖, ‖Aᵀy‖)
 *   |xᵀPx + cᵀx + bᵀy|    ≤ absolute + relative·max(|xᵀPx|, |cᵀx|, |bᵀy|).
 * A sample that is not, because it has no solution, or more than one, or is hard, only says so; its numbers are 0.
 *
 * Operands [P, A, b, c, x, y, s]: P [n, n], A [m, n], b [m], c [n], each with a leading axis `batch` unless `shared`. x
 * [batch, n], y and s [batch, m], any of which may be absent, come from a similar program: Newton's method begins there,
 * and the interior point method follows where it fails. An operand that is `wide` is in the float64 form.
 * Result: x, y, s and CONE_PROGRAM_NUMBERS of each sample, [batch, n + 2m + 8] in the float64 form.
 */
export interface ConeInteriorPointCall extends ConeProgramSizes {
  readonly kernel: 'coneInteriorPoint';
  readonly inputs: readonly number[];
  readonly output: number;
  /** For each of the first four operands, whether all samples share it. */
  readonly shared: readonly boolean[];
  /** For each operand. */
  readonly wide: readonly boolean[];
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
}

/** What `coneInteriorPoint` says of each sample. */
export const CONE_PROGRAM_NUMBERS = [
  'status', //      0 converged, 1 not converged
  'iterations', //  of both methods
  'primal', //      the three residuals above
  'dual',
  'gap',
  'objective', //   ½xᵀPx + cᵀx
  'merit', //       the largest residual relative to what it may be: 1 meets the tolerances
  'convex', //      1 where a Cholesky factor showed that P is positive semidefinite up to rounding, else 0
] as const;

/**
 * Solves Mᵀ(w_u, w_v) = −(x̄, J(ȳ + s̄) − s̄) for each sample, in float64, where M = [P, AᵀJ; −A, I − J] and J is the
 * derivative of the projection onto K* at y − s (Bolte et al. 2021, Proposition 4). x̄, ȳ and s̄ are the cotangents of x, y
 * and s. Only wasm offers it; the other backends refuse it.
 *
 * Operands [P, A, point, cotangent]: P and A as for `coneInteriorPoint`; point the result of that; cotangent (x̄, ȳ, s̄)
 * [batch, n + 2m]. Result: w_u, w_v and CONE_DERIVATIVE_NUMBERS of each sample, [batch, n + m + 6] in the float64 form.
 */
export interface ConeDerivativeCall extends ConeProgramSizes {
  readonly kernel: 'coneDerivative';
  readonly inputs: readonly number[];
  readonly output: number;
  /** Whether all samples share P, and A. */
  readonly shared: readonly boolean[];
  /** Whether P, A and the cotangent are in the float64 form; the point always is. */
  readonly wide: readonly boolean[];
}

/** What `coneDerivative` says of each sample. */
export const CONE_DERIVATIVE_NUMBERS = [
  'status', //    0 solved; 1 where there is no solution, v is within 10⁻⁵ of a kink, or M may be singular
  'residual', //  of the system, relative to its right-hand side, in max norms
  // The smallest pivots relative to their diagonal entries, times the quotient of the least and the largest of these. With the eigenvectors U of J with eigenvalues d > 0, Ã = UᵀA and
  // weights that are positive: of K = P + Ãᵀ·diag(weights)·Ã, and of a matrix that has all rows of Ã·K⁻¹·Ãᵀ with d = 1. No
  // u ≠ 0 has Pu = 0 and JAu = 0 where the first is clearly above rounding, and no w ≠ 0 has Jw = w and Aᵀw = 0 where
  // the second one is.
  'primalPivot',
  'rowPivot',
  'fraction', //  the least distance of an eigenvalue of J that is neither 0 nor 1 from these; 1 where there is none
  'reach', //     no kink is within this distance of v, in the units of y
] as const;
