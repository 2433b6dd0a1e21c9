/** Kernels that solve and differentiate quadratic programs; kernels.ts lists them with the others. Only wasm has them. */

/**
 * The float64 form of an operand or a result: two numbers for each, which are float32 numbers to everything but these
 * kernels. They are the 64 bits of the float64 number with the exponent e (11 bits) moved down by 512 and one bit moved
 * up, so that neither word can be NaN, infinite or changed on its way through JavaScript:
 *   bits 0 … 29, 31 … 51  as they are
 *   bit 30                0
 *   bit 52                bit 30 of the number
 *   bits 53 … 62          e − 512
 *   bit 63                the sign
 * Numbers below 2⁻⁵¹⁰ become 0, and numbers from 2⁵⁰⁷ on, among them infinite ones, ±2⁵⁰⁷.
 */
export const WIDE_WORDS = 2;

/** A bound of at least this size stands for none. */
export const NO_BOUND = 1e20;

/** Sizes of a batch of programs: n variables and m rows. */
export type ProgramSizes = Readonly<Record<'batch' | 'n' | 'm', number>>;

/**
 * Solves min ½xᵀPx + qᵀx over l ≤ Ax ≤ u for each sample, in float64: a predictor-corrector interior point method (S.
 * Mehrotra 1992) on the equilibrated program, followed by the equality-constrained program of the rows that it found
 * active, whose solution is taken where it is one of the whole program. A bound of size NO_BOUND or more is none. P must
 * be symmetric and positive semidefinite. Only wasm offers it; the other backends refuse it.
 *
 * A sample is solved when, in max norms and on the data as given,
 *   max(l − Ax, Ax − u, 0)       ≤ absolute + relative·‖Ax‖
 *   |Px + q + Aᵀy|               ≤ absolute + relative·max(‖Px‖, ‖q‖, ‖Aᵀy‖)
 *   |xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻|   ≤ absolute + relative·max(|xᵀPx|, |qᵀx|, |uᵀy⁺ + lᵀy⁻|).
 * A sample that is not, because it has no solution or is hard, only says so, and has the best point that was found.
 *
 * Operands [P, q, A, l, u, x, y]: P [n, n], q [n], A [m, n], l, u [m], each with a leading axis `batch` unless `shared`.
 * x [batch, n] and y [batch, m], which may be absent, come from a similar program: the rows at which y is not 0 are the
 * first to be tried. An operand that is `wide` is in the float64 form.
 * Result: x [batch, n], y and z = Ax [batch, m] in the float64 form, the same three as float32 numbers, and
 * PROGRAM_NUMBERS [batch, …].
 */
export interface InteriorPointCall extends ProgramSizes {
  readonly kernel: 'interiorPoint';
  readonly inputs: readonly number[];
  readonly output: number;
  /** For each of the first five operands, whether all samples share it. */
  readonly shared: readonly boolean[];
  /** For each operand. */
  readonly wide: readonly boolean[];
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
}

/** What `interiorPoint` says of each sample. */
export const PROGRAM_NUMBERS = [
  'status', //      0 converged, 1 not converged
  'iterations', //  of the interior point method
  'primal', //      the three residuals above
  'dual',
  'gap',
  'objective', //   ½xᵀPx + qᵀx
  'merit', //       the largest residual relative to what it may be: 1 meets the tolerances
  'polished', //    1 where x and y solve the equality-constrained program, else 0
  'convex', //      1 where a Cholesky factor showed that P is positive semidefinite up to rounding, else 0
] as const;

/**
 * Solves, for each sample and in float64, with the rows a that are active,
 *   Pp + A_aᵀw_a = f,  A_a p = g_a,  w = 0 elsewhere,
 * by Cholesky factors of P + ρA_aᵀA_a and of the Schur complement, and refines by the true residual. With the cotangents
 * x̄, ȳ, z̄ of x, y and z = Ax and f = x̄ + Aᵀz̄, g = ȳ, it gives the cotangents (one element of the Jacobian)
 *   q̄ = w_u = −p,  b̄ = w_v = w,  P̄ = ½(w_u xᵀ + x w_uᵀ),  Ā = y w_uᵀ − w_v xᵀ + z̄xᵀ;
 * w_v belongs to u on rows at u and to l on rows at l. With f = −(dP x + dq + dAᵀy), g = db − dA x, it gives the
 * tangents dx = p, dy = w. Only wasm offers it; the other backends refuse it.
 *
 * Operands [P, A, activity, right]: P and A as for `interiorPoint`; activity [batch, m], 1 for active rows and 0 for
 * others; right (x̄, ȳ, z̄) [batch, n + 2m] for the cotangents, (f, g) [batch, n + m] for tangents. Result: (w_u, w_v) or
 * (p, w) [batch, n + m] in the float64 form, the same as float32 numbers, and DERIVATIVE_NUMBERS [batch, …].
 */
export interface ProgramDerivativeCall extends ProgramSizes {
  readonly kernel: 'programDerivative';
  readonly inputs: readonly number[];
  readonly output: number;
  /** Whether all samples share P, and A. */
  readonly shared: readonly boolean[];
  /** Whether P, A and `right` are in the float64 form; `activity` never is. */
  readonly wide: readonly boolean[];
  readonly isTangent: boolean;
}

/** What `programDerivative` says of each sample. */
export const DERIVATIVE_NUMBERS = [
  'status', //    0 solved; 1 where a factorisation failed or an activity is neither 0 nor 1: then nothing else holds
  'residual', //  of the system, relative to its right-hand side, in max norms
  // The smallest pivot relative to its diagonal entry: of A_aA_aᵀ, with rows of length 1. All active rows are
  // independent where it is clearly above rounding.
  'rowPivot',
  // The same of P, or where that is close to 0 of P + ρA_aᵀA_a, both with diagonal 1. P is positive definite on the null
  // space of A_a where it is clearly above rounding.
  'primalPivot',
] as const;
