/**
 * The kernels: their names, operands and formulas. Every backend implements these, and nothing else computes on a
 * device.
 *
 * Matrices are row-major. The slot of an absent optional operand is -1. In float32, exp may return the largest number
 * instead of infinity for a finite x, and numbers below the smallest normal one may be flushed to 0.
 *
 * Every kernel passes NaN on, with two exceptions: `greater` and `anyZero` treat NaN as false, and `combine` leaves out
 * a term whose coefficient is 0. Norms neither overflow nor underflow unless the length itself does.
 */
import type { BatchedInvertCall, BatchedProductCall, CholeskyCall, TriangularSolveCall } from './batched-kernels.ts';
import type { ProjectConesCall, ProjectConesDerivativeCall } from './cone-kernels.ts';
import type { ConeDerivativeCall, ConeInteriorPointCall } from './cone-program-kernels.ts';
import type { IterateCall, PassCall } from './iteration-kernels.ts';
import type { CoordinateDescentCall, HomotopyCall, ProximalGradientCall } from './lasso-kernels.ts';
import type { ActivationName, ProductCall } from './product-kernels.ts';
import type { InteriorPointCall, ProgramDerivativeCall } from './program-kernels.ts';
import type { ComplexProductCall, FourierCall } from './spectrum-kernels.ts';
import type { SplittingCall } from './splitting-kernels.ts';

/** The slot of an operand that is absent. */
export const ABSENT = -1;

/** Element-wise operations. The operands are x, y, c in this order; the parameters p₀, p₁, p₂ default to 0, 1, 0. */
export const ELEMENTWISE = [
  'copy', //            x
  'negate', //          −x
  'exp', //             eˣ
  'log', //             ln x
  'abs', //             |x|
  'sign', //            −1, 0 or 1
  'sqrt', //            √x
  'square', //          x²
  'reciprocal', //      1 / x
  'relu', //            max(x, 0)
  'tanh', //            tanh x, finite for every finite x
  'sigmoid', //         1 / (1 + e⁻ˣ), without overflow
  'softThreshold', //   sign(x) · max(|x| − p₀, 0)
  'leakyRelu', //       x ≥ 0 ? x : p₀ · x
  'clip', //            min(max(x, p₀), p₁)
  'softplus', //        ln(1 + eˣ), without overflow
  'elu', //             x ≥ 0 ? x : p₀ · (eˣ − 1)
  'softsign', //        x / (1 + |x|)
  'arctan', //          arctan x
  'scale', //           p₀ · x + p₁
  'add', //             x + y
  'subtract', //        x − y
  'multiply', //        x · y
  'divide', //          x / y
  'maximum', //         max(x, y)
  'minimum', //         min(x, y)
  'greater', //         1 if x > y, else 0
  // Derivatives at the pre-activation x. If a kink lies within the tolerance y ≥ 0, |x − kink| ≤ y, the selection q =
  // p₀ chooses (1 − q)·min + q·max of the Clarke interval: [0, 1] for relu, softThreshold and clip, [−1, 1] for abs,
  // [p₁, 1] for leakyRelu and elu. The last two have no kink if p₁ = 1, or if neither parameters nor y are given.
  'reluDerivative', //           x, y; p₀ = q
  'absDerivative', //            x, y; p₀ = q
  'softThresholdDerivative', //  x, y; p₀ = q, p₁ = threshold
  'leakyReluDerivative', //      x, y; p₀ = q, p₁ = slope
  'clipDerivative', //           x, y; p₀ = q, p₁ = low, p₂ = high
  'eluDerivative', //            x, y; p₀ = q, p₁ = α: x ≥ 0 ? 1 : α·eˣ
  'tanhDerivative', //           1 − tanh² x
  'sigmoidDerivative', //        s(1 − s)
  'softsignDerivative', //       1 / (1 + |x|)²
  'arctanDerivative', //         1 / (1 + x²)
  // prox_{αf}(x) with α = y. For relu and clip it does not depend on α. For softThreshold the threshold is α·p₀, and
  // for leakyRelu the slope is p₀ / (p₀ + α(1 − p₀)). The others solve (1 − α)σ(t) + αt = x for t and return σ(t):
  // softsign, and elu for x ≥ 0, in closed form, the rest by Newton's method on t with safeguards.
  'proximalIdentity', //       x (f = 0)
  'proximalRelu',
  'proximalTanh',
  'proximalSigmoid',
  'proximalSoftThreshold', //  p₀ = threshold
  'proximalLeakyRelu', //      p₀ = slope
  'proximalClip', //           p₀ = low, p₁ = high
  'proximalSoftplus',
  'proximalElu', //            p₀ = α of the elu
  'proximalSoftsign',
  'proximalArctan',
  'select', //          c ≠ 0 ? x : y, operands (c, x, y)
  // h < p₀ ? 0 : p₁·x, where the integer h consists of 24 bits of a hash of the element's index in the result and of
  // the seed (y, z), two integers below 2²⁴. The hash is the same on every backend.
  'dropout',
] as const;
export type ElementwiseOperation = (typeof ELEMENTWISE)[number];

/** Reductions over the middle index of x [outer, middle, inner], and of y of the same shape. Result [outer, inner]. */
export const REDUCTIONS = [
  'sum', //                Σ x
  'maximum', //            max x
  'maximumAbsolute', //    max |x|
  'norm', //               √Σ x²
  'dot', //                Σ x·y
  'anyZero', //            1 if some x is 0, else 0
  'countNotFinite', //     number of NaN or ±Inf
  'fixedPointResidual', // ‖x − σ(y)‖ / (ε + ‖x‖), σ = activation with a₀ = p₀ and a₁ = p₁, ε = p₂
] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/**
 * Moves along the middle axis of x [outer, extent, inner]. Indices are integers stored as floating-point numbers, exact
 * below 2²⁴ in float32, so that a Program does not depend on their values.
 */
export const MOVES = [
  // result[o, j, i] = row t of the concatenation of x and y, with t = index[j], or t = j + offset without an index; 0
  // if there is no row t. Operands (x, index, y); y is [outer, others, inner], or absent.
  'gather',
  // x, with row index[j] replaced by row j of y for each j. An index outside of x is ignored. The indices must differ.
  'scatter',
  // result[o, r, i] = Σ x[o, index[t], i] over y[r] ≤ t < y[r + 1], with y [length + 1].
  'segmentSum',
] as const;
export type MoveOperation = (typeof MOVES)[number];

/**
 * Operations on each row of x [rows, columns]. The second operand y is [rows, columns], or [1] for proximalSoftmax.
 */
export const ROWS = [
  'softmax', //               eˣ / Σ eˣ, without overflow
  'logSoftmax', //            x − ln Σ eˣ
  'proximalSoftmax', //       prox_{αf}(x) for softmax = prox_f, α = y > 0: s = softmax(t) with (1 − α)s + αt = x
  'standardise', //           (x − mean)·r, r = 1/√(variance + p₀), the variance with divisor `columns`
  // The cotangent of x for the cotangent y of standardise: r·(y − mean y − x̂·mean(y∘x̂)), x̂ = (x − mean)·r
  'standardiseDerivative',
  'projectSimplex', //        max(x − τ, 0) with the τ for which its sum is p₀ > 0
] as const;
export type RowsOperation = (typeof ROWS)[number];

/**
 * Formulas on a few numbers per sample. An operand has `batch` numbers, or one that all samples share; only `state` is
 * [5, batch]: see STATE_ROWS.
 */
export const SCALARS = [
  // x / y; 0 if y is 0; NaN if x is NaN or y is not finite, because nothing is small relative to a sum that has
  // overflowed
  'ratio',
  'ratioProduct', // ratio(x, y)·ratio(v, w), operands (x, y, v, w)
  // The new state of each sample, see STATE_ROWS. Operands (state, residual, tolerance, floor); p₀ is the stale limit,
  // p₁ ≠ 0 lets samples give up, p₂ is the number of iterations to count.
  'monitor',
] as const;
export type ScalarOperation = (typeof SCALARS)[number];

/** Broadcasting of an operand: the output index (i₀, i₁, i₂, i₃) reads its element offset + Σ iₐ·strides[a]. */
export interface OperandLayout {
  readonly offset: number;
  readonly strides: readonly [number, number, number, number];
}

export interface ElementwiseCall {
  readonly kernel: 'elementwise';
  /** One to three operands. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly operation: ElementwiseOperation;
  /** The shape of the output, with ones in front up to rank 4. */
  readonly shape: readonly [number, number, number, number];
  /** One for each operand. */
  readonly layouts: readonly OperandLayout[];
  /** At most three. */
  readonly parameters: readonly number[];
}

/**
 * Linear combination with a coefficient per row: out[i, j] = Σₜ factorₜ · cₜ[i] · xₜ[i, j] over at most three terms.
 * Operands [x₀, x₁, x₂, c₀, c₁, c₂]. An absent c counts as 1. A term with c = 0 is left out, even if x is not finite.
 */
export interface CombineCall {
  readonly kernel: 'combine';
  readonly inputs: readonly [number, number, number, number, number, number];
  readonly output: number;
  readonly rows: number;
  readonly columns: number;
  readonly factors: readonly [number, number, number];
}

export interface ReduceCall {
  readonly kernel: 'reduce';
  /** One or two operands. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly operation: Reduction;
  readonly outer: number;
  readonly middle: number;
  readonly inner: number;
  readonly activation: ActivationName;
  readonly parameters: readonly number[];
}

/** See MOVES. Operands [x, index, y]. */
export interface MoveCall {
  readonly kernel: 'move';
  readonly inputs: readonly [number, number, number];
  readonly output: number;
  readonly operation: MoveOperation;
  readonly outer: number;
  readonly inner: number;
  /** The length of x along the axis. */
  readonly extent: number;
  /** The length of y along the axis, if y holds rows. */
  readonly others: number;
  /** The length of the result along the axis. */
  readonly length: number;
  readonly offset: number;
}

/** See ROWS. Operands [x, y], of which y may be absent. */
export interface RowsCall {
  readonly kernel: 'rows';
  readonly inputs: readonly [number, number];
  readonly output: number;
  readonly operation: RowsOperation;
  readonly rows: number;
  readonly columns: number;
  readonly parameters: readonly number[];
}

export interface ScalarCall {
  readonly kernel: 'scalar';
  /** At most four operands. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly operation: ScalarOperation;
  readonly batch: number;
  /** For each operand, whether it is one number for all samples. */
  readonly shared: readonly boolean[];
  readonly parameters: readonly number[];
}

/**
 * Solves G[s]·x[s] = r[s] for each sample s by elimination with partial pivoting. Operands [G, r]: G [batch, order,
 * order] and r [batch, order], with order ≤ MAXIMUM_SOLVE_ORDER. An unknown whose pivot is zero becomes 0.
 */
export interface SolveCall {
  readonly kernel: 'solve';
  readonly inputs: readonly [number, number];
  readonly output: number;
  readonly batch: number;
  readonly order: number;
}
export const MAXIMUM_SOLVE_ORDER = 16;

/**
 * The inverse of one matrix A [order, order], by Gauss-Jordan elimination without exchanges of rows. All leading blocks
 * of A must be regular, which is the case if A + Aᵀ is positive definite. Otherwise a pivot may be 0 or small, and the
 * result may be wrong or not finite: the caller must check it. Operand [A]. Only HOST_BACKENDS offer it.
 */
export interface InvertCall {
  readonly kernel: 'invert';
  readonly inputs: readonly [number];
  readonly output: number;
  readonly order: number;
}

/** The host backends: on them a kernel call costs no launch, so a chain of small steps costs only its arithmetic. */
export const HOST_BACKENDS: readonly string[] = ['cpu', 'wasm'];

export type * from './batched-kernels.ts';
export type { ConeBlock, ConeCall, ProjectConesCall, ProjectConesDerivativeCall } from './cone-kernels.ts';
export type { ConeDerivativeCall, ConeInteriorPointCall, ConeProgramSizes } from './cone-program-kernels.ts';
export * from './iteration-kernels.ts';
export type * from './lasso-kernels.ts';
export * from './product-kernels.ts';
export type { InteriorPointCall, ProgramDerivativeCall, ProgramSizes } from './program-kernels.ts';
export type * from './spectrum-kernels.ts';
export type * from './splitting-kernels.ts';

export type KernelCall =
  | ProductCall
  | BatchedProductCall
  | ElementwiseCall
  | CombineCall
  | CoordinateDescentCall
  | HomotopyCall
  | MoveCall
  | ReduceCall
  | RowsCall
  | ScalarCall
  | SolveCall
  | InvertCall
  | BatchedInvertCall
  | FourierCall
  | ComplexProductCall
  | CholeskyCall
  | TriangularSolveCall
  | IterateCall
  | PassCall
  | ProximalGradientCall
  | InteriorPointCall
  | ConeInteriorPointCall
  | ConeDerivativeCall
  | ProgramDerivativeCall
  | SplittingCall
  | ProjectConesCall
  | ProjectConesDerivativeCall;
