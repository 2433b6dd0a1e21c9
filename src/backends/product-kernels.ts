/** Activations, and the product whose epilogue applies them; kernels.ts lists the product with the other kernels. */

/**
 * Element-wise activations that are proximal operators of a convex f: σ = prox_f. `identity` serves plain products.
 * The parameters are a₀ and a₁.
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

/** a₀ and a₁; a parameter that the activation does not have is 0. */
export type ActivationParameters = readonly [number, number];

/** The bias of a product: none, one row [n] for all rows, or a full matrix [m, n]. */
export const BIASES = ['none', 'row', 'full'] as const;
export type Bias = (typeof BIASES)[number];

/**
 * C = epilogue(op(A)·op(B)), with op(A) m × k and op(B) k × n; op transposes or not. Operands [A, B, bias, scale,
 * prior, step], of which the last four may be absent. For t = (op(A)·op(B))ᵢⱼ the epilogue is, in this order,
 *   t += bias         see BIASES
 *   t = σ(t)          or, if `proximal`, prox_{αf}((1 − α)·prior + α·t) with α = step[0] and the f of the activation
 *   t = scale ∘ t     if there is a scale [m, n]
 *   t = prior − t     if `residual`, with prior [m, n]
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
