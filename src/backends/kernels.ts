/**
 * The kernels: names, operands and formulas. Every backend implements exactly these; nothing else computes on the device.
 * An absent optional operand is slot -1. Matrices are row-major. In float32 exp may end at the largest number instead of
 * infinity for a finite x, and numbers below the smallest normal one may count as 0.
 *
 * A NaN that enters comes out, in every kernel, but for `greater` and `anyZero`, in which it counts as false, and for what is left
 * out by a 0 of combine. Norms neither overflow nor underflow where the length itself does not.
 */
import type { BatchedInvertCall, BatchedProductCall, CholeskyCall, TriangularSolveCall } from './batched-kernels.ts';
import type { CoordinateDescentCall, HomotopyCall, ProximalGradientCall } from './lasso-kernels.ts';

/** No operand in this place. */
export const ABSENT = -1;

/**
 * Activations that are proximal operators of a convex f, applied element by element: σ = prox_f.
 * `identity` is there for plain products. a₀ and a₁ are the parameters.
 */
export const ACTIVATIONS = [
  'identity',
  'relu',
  'tanh',
  'sigmoid',
  'softThreshold', // threshold a₀ > 0
  'leakyRelu', //     slope a₀ in [0, 1]
  'clip', //          to [a₀, a₁], a₀ < a₁
  'softplus',
  'elu', //           α = a₀ in [0, 1]
  'softsign',
  'arctan',
] as const;
export type ActivationName = (typeof ACTIVATIONS)[number];

/** a₀ and a₁; 0 in the place of one that the activation does not have. */
export type ActivationParameters = readonly [number, number];

/** Element-wise operations; x, y, c are the operands in order, p the numeric parameters: those left out are 0, 1, 0. */
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
  // Derivatives taken at the pre-activation x. Where a kink lies within the tolerance y ≥ 0 (|x − kink| ≤ y) the
  // selection q = p₀ gives (1 − q)·min + q·max of the Clarke interval: [0, 1] for relu, softThreshold and clip, [−1, 1]
  // for abs, [p₁, 1] for leakyRelu and elu. With p₁ = 1, or no parameters and no y, these two have no kink.
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
  // prox_{αf}(x) with α = y. For relu and clip it is the same for every α; for softThreshold the threshold is α·p₀, for
  // leakyRelu the slope p₀ / (p₀ + α(1 − p₀)); the others solve (1 − α)σ(t) + αt = x and return σ(t): softsign and elu
  // where x ≥ 0 in closed form, the rest by safeguarded Newton steps on t.
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
  // Bits of a hash of the element's index in the result and of the seed (y, z), two integers below 2²⁴: 24 of them, taken
  // as an integer, below p₀ ? 0 : p₁·x. The same on every backend.
  'dropout',
] as const;
export type ElementwiseOperation = (typeof ELEMENTWISE)[number];

/** Reductions over the middle index of x[outer, middle, inner] (and y of the same shape). Result [outer, inner]. */
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
 * Moves along one axis of x[outer, extent, inner]. Indices are integers held as floating-point numbers (exact below 2²⁴ in
 * float32), so that a Program does not depend on them.
 */
export const MOVES = [
  // result[o, j, i] = row t of x and y put one after the other, t = index[j], or j + offset without an index; 0 where
  // there is no such row. Operands (x, index, y); y is [outer, others, inner], or absent.
  'gather',
  // x with row index[j] replaced by row j of y, for each j; an index outside of x is left out. The indices must differ.
  'scatter',
  // result[o, r, i] = Σ x[o, index[t], i] over y[r] ≤ t < y[r + 1]; y is [length + 1].
  'segmentSum',
] as const;
export type MoveOperation = (typeof MOVES)[number];

/**
 * Operations on each row of x [rows, columns]. The operand y is [rows, columns], or [1] for proximalSoftmax.
 */
export const ROWS = [
  'softmax', //               eˣ / Σ eˣ, without overflow
  'logSoftmax', //            x − ln Σ eˣ
  'proximalSoftmax', //       prox_{αf}(x) for softmax = prox_f, α = y > 0: s = softmax(t) with (1 − α)s + αt = x
  'standardise', //           (x − mean)·r, r = 1/√(variance + p₀), the variance divided by the number of columns
  'standardiseDerivative', // the cotangent of x from that of standardise, y: r·(y − mean y − x̂·mean(y∘x̂)), x̂ = (x − mean)·r
] as const;
export type RowsOperation = (typeof ROWS)[number];

/**
 * Scalar steps: formulas on a few numbers per sample. Operands have `batch` numbers or one (shared by all samples),
 * except `state`, which is [5, batch]: see MONITOR.
 */
export const SCALARS = [
  'ratio', //        x / y; 0 where y is 0; NaN where x is NaN or y is not finite: nothing is small beside what has overflowed
  'ratioProduct', // ratio(x, y)·ratio(v, w), operands (x, y, v, w)
  'monitor', //      operands (state, residual, tolerance, floor) → state; p₀ = stale limit, p₁ ≠ 0: may give up, p₂ = count
] as const;
export type ScalarOperation = (typeof SCALARS)[number];

/**
 * Rows of the state that `monitor` keeps for each sample, [5, batch]. Status 0 is running; a sample whose status is
 * not 0 is left as it is. For a running sample with the new residual ρ:
 *   remaining −= p₂; residual = ρ; stale = ρ < 0.9·best ? 0 : stale + 1; best = min(best, ρ);
 *   status = ρ not finite or ρ > 1e30 ? diverged : ρ ≤ tolerance ? converged
 *          : stale < p₀ and remaining > 0 ? running : ρ ≤ 4·floor ? stalled
 *          : stale ≥ p₀ and p₁ ≠ 0 ? gaveUp : remaining ≤ 0 ? exhausted : running.
 * `remaining` counts down the iterations that the sample may still make; a loop counts p₂ = 1.
 */
export const STATE_ROWS = { status: 0, remaining: 1, residual: 2, best: 3, stale: 4 } as const;
export const STATE_SIZE = 5;
export const STATUS = { running: 0, converged: 1, stalled: 2, diverged: 3, gaveUp: 4, exhausted: 5 } as const;

/** Elementwise broadcasting: output index (i₀, i₁, i₂, i₃) reads operand element offset + Σ iₐ·strides[a]. */
export interface OperandLayout {
  readonly offset: number;
  readonly strides: readonly [number, number, number, number];
}

/** What a product adds: nothing, a row to every row, or as many numbers as it has itself. */
export const BIASES = ['none', 'row', 'full'] as const;
export type Bias = (typeof BIASES)[number];

/**
 * C = epilogue(op(A)·op(B)), op(A) m × k, op(B) k × n. Operands [A, B, bias, scale, prior, step]; the last four may be absent.
 * With t = (op(A)·op(B))ᵢⱼ the epilogue is, in this order,
 *   t += bias          bias is [n] ('row', added to every row) or [m, n] ('full')
 *   t = prox_{αf}((1 − α)·prior + α·t)   if `proximal`: α = step[0], f of the activation; else t = σ(t)
 *   t = scale ∘ t      scale [m, n]
 *   t = prior − t      if `residual`: prior [m, n]
 */
export interface ProductCall {
  readonly kernel: 'product';
  readonly inputs: readonly [number, number, number, number, number, number];
  readonly output: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: Bias;
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  readonly proximal: boolean;
  readonly residual: boolean;
}

export interface ElementwiseCall {
  readonly kernel: 'elementwise';
  readonly inputs: readonly number[]; // one to three
  readonly output: number;
  readonly operation: ElementwiseOperation;
  /** Output shape, padded in front with ones to rank 4. */
  readonly shape: readonly [number, number, number, number];
  readonly layouts: readonly OperandLayout[]; // one an operand
  readonly parameters: readonly number[]; // at most three
}

/** out[i, j] = Σₜ factorₜ · cₜ[i] · xₜ[i, j] over at most three terms. Operands [x₀, x₁, x₂, c₀, c₁, c₂]; an absent c is 1; a term with c = 0 is left out, whatever x. */
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
  readonly inputs: readonly number[]; // one or two
  readonly output: number;
  readonly operation: Reduction;
  readonly outer: number;
  readonly middle: number;
  readonly inner: number;
  readonly activation: ActivationName;
  readonly parameters: readonly number[];
}

/** Operands [x, index, y]. */
export interface MoveCall {
  readonly kernel: 'move';
  readonly inputs: readonly [number, number, number];
  readonly output: number;
  readonly operation: MoveOperation;
  readonly outer: number;
  readonly inner: number;
  /** Of x along the axis. */
  readonly extent: number;
  /** Of y along the axis, where y is rows. */
  readonly others: number;
  /** Of the result along the axis. */
  readonly length: number;
  readonly offset: number;
}

/** Operands [x, y]; y may be absent. */
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
  readonly inputs: readonly number[]; // at most four
  readonly output: number;
  readonly operation: ScalarOperation;
  readonly batch: number;
  /** Which operands have one number for all samples. */
  readonly shared: readonly boolean[];
  readonly parameters: readonly number[];
}

/** Solves G[s]·x[s] = r[s] for each sample s by elimination with partial pivoting; order ≤ 16. Operands [G, r]. A zero pivot gives x = 0 in that unknown. */
export interface SolveCall {
  readonly kernel: 'solve';
  readonly inputs: readonly [number, number];
  readonly output: number;
  readonly batch: number;
  readonly order: number;
}
export const MAXIMUM_SOLVE_ORDER = 16;

/**
 * A⁻¹ of one matrix, [order, order], by Gauss-Jordan elimination without exchange of rows: for a matrix whose leading blocks
 * are all regular, as where A + Aᵀ is positive definite. Elsewhere a pivot may be 0 or small, and the result may be far off or
 * not finite: whoever asks has to look. Operand [A]; offered by the backends of SEQUENTIAL_BACKENDS alone.
 */
export interface InvertCall {
  readonly kernel: 'invert';
  readonly inputs: readonly [number];
  readonly output: number;
  readonly order: number;
}

/** Iterations x⁺ = T(x) for z = σ(Wz + b) that the kernels `iterate` and `pass` make; p is the pre-activation that the residual is taken at. */
export const ITERATIONS = [
  // p = x·M + b, ρ of (x, p), T(x) = σ(p). A sample that stops keeps x.
  'picard',
  // q = 2·prox_{αf}(x) − x + αb, h = q·M, p = (1 + 1/α)h − q/α + b, ρ of (h, p), T(x) = 2h − q + αb. A sample that stops
  // keeps T(x).
  'peacemanRachford',
  // p = x·M + b, ρ of (x, p), T(x) = prox_{αf}(x + α(p − x)), where what the sum loses to rounding is added to the next
  // one. A sample that stops keeps x.
  'forwardBackward',
] as const;
export type IterationName = (typeof ITERATIONS)[number];

/** An iteration, of all samples or of one pass, and the rule of the monitor that watches it. */
export interface IterationCall {
  readonly iteration: IterationName;
  readonly batch: number;
  readonly n: number;
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  /** ε of the residual. */
  readonly epsilon: number;
  readonly shared: { readonly tolerance: boolean; readonly floor: boolean };
  /** Parameters of `monitor`. */
  readonly staleLimit: number;
  readonly giveUp: boolean;
}

/** Anderson acceleration: differences that are kept, growth of ‖f‖ at which an x is given up, and regularisation in units of ε. */
export const ACCELERATION = { memory: 5, growth: 2, regularisation: 16 } as const;

/**
 * A whole loop: each sample (row) iterates until the rule of `monitor` with p₂ = 1 stops it, at most `limit` times.
 * Where `accelerated`, x⁺ is not T(x) but what Anderson acceleration with its safeguard makes of it (solvers/anderson.ts), and
 * nothing is added for what forwardBackward loses to rounding; a backend may begin a new history every 100 passes or more. Offered
 * by the backends with a widestIteration that are not sequential, and by the CPU.
 * Operands [carried, M, b, step, tolerance, floor, slope]:
 *   carried           x [batch, n] and behind it the state [5, batch] of the samples (STATE_ROWS); so is the result
 *   M                 [n, stride], columns n … stride − 1 hold zeros
 *   b                 [batch, n]
 *   step              α, [1]; absent for picard
 *   tolerance, floor  [batch] or [1]
 *   slope             d [batch, n]: then σ(p) = d∘p, prox_{αf}(x) = d/(d + α(1 − d))∘x and ρ = ‖z − σ(p)‖. Absent: σ is
 *                     the activation, and ρ = ‖z − σ(p)‖ / (ε + ‖z‖)
 */
export interface IterateCall extends IterationCall {
  readonly kernel: 'iterate';
  readonly inputs: readonly [number, number, number, number, number, number, number];
  readonly output: number;
  readonly accelerated: boolean;
  /** Numbers in a row of M, a multiple of 4. */
  readonly stride: number;
  readonly limit: number;
}

/**
 * One pass of such a loop: T(x) of each sample that is running, and the state after it. Operands as for `iterate`, but for
 *   carried  one after the other; so is the result
 *              factor [batch, n]  what is multiplied by M: x, of peacemanRachford q
 *              kept [batch, n]    what a sample keeps that has stopped: the x before the pass, of peacemanRachford T(x)
 *              state [5, batch]
 *              lost [batch, n]    what the sum of forwardBackward has lost to rounding
 *              sums [2·⌈n/8⌉, batch]  space for the kernel, which means nothing behind the pass
 *            Of a sample that has stopped `kept` and its state stay as they are; the rest means nothing.
 *   M        [n, n]; where `transposed`, Mᵀ takes its place
 */
export interface PassCall extends IterationCall {
  readonly kernel: 'pass';
  readonly inputs: IterateCall['inputs'];
  readonly output: number;
  readonly transposed: boolean;
}

/** Where the parts of what a pass carries begin, and where the last of them ends. */
export function passLayout(
  batch: number,
  n: number,
): Readonly<Record<'factor' | 'kept' | 'state' | 'lost' | 'sums' | 'end', number>> {
  const kept = batch * n;
  const state = kept + batch * n;
  const lost = state + batch * STATE_SIZE;
  const sums = lost + batch * n;
  return { factor: 0, kept, state, lost, sums, end: sums + 2 * Math.ceil(n / 8) * batch };
}

/** Backends without per-kernel launch cost. */
export const HOST_BACKENDS: readonly string[] = ['cpu', 'wasm'];

export type * from './batched-kernels.ts';
export type * from './lasso-kernels.ts';

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
  | CholeskyCall
  | TriangularSolveCall
  | IterateCall
  | PassCall
  | ProximalGradientCall;
