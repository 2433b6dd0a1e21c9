/**
 * The operations that a tape follows, and why each of them is definable.
 *
 * The nonsmooth implicit function theorem has two hypotheses: the selected Jacobian is invertible, which is checked
 * where an equation is solved, and the function is path differentiable. Locally Lipschitz functions that are
 * definable in an o-minimal structure are path differentiable (Bolte & Pauwels 2021, Conservative set valued fields,
 * automatic differentiation, stochastic gradient methods and deep learning). All operations below are definable in
 * one such structure, ℝ_an,exp (van den Dries & Miller 1994), and so are their compositions. So the hypothesis holds
 * for every function that a tape can follow, wherever it is locally Lipschitz (√x is not at 0). Semialgebraic
 * functions are definable in every o-minimal structure on ℝ.
 */

const REASONS = {
  matmul: 'Semialgebraic: polynomials in the entries of both matrices.',
  affine: 'Semialgebraic: polynomials in the entries of x, W and b.',
  add: 'Semialgebraic: a polynomial.',
  subtract: 'Semialgebraic: a polynomial.',
  multiply: 'Semialgebraic: a polynomial.',
  divide: 'Semialgebraic: a rational function, where the divisor is not 0.',
  scale: 'Semialgebraic: an affine function.',
  negate: 'Semialgebraic: a linear function.',
  exp: 'By the exponential function.',
  log: 'By the exponential function, whose inverse it is.',
  sqrt: 'Semialgebraic: its graph is y² = x, y ≥ 0.',
  square: 'Semialgebraic: a polynomial.',
  tanh: 'By the exponential function: a rational function of e²ˣ.',
  sigmoid: 'By the exponential function: a rational function of eˣ.',
  relu: 'Semialgebraic: piecewise linear.',
  abs: 'Semialgebraic: piecewise linear.',
  softThreshold: 'Semialgebraic: piecewise linear.',
  leakyRelu: 'Semialgebraic: piecewise linear.',
  elu: 'By the exponential function: piecewise linear and affine in eˣ.',
  clip: 'Semialgebraic: piecewise linear.',
  softplus: 'By the exponential function and its inverse: ln(1 + eˣ).',
  softsign: 'Semialgebraic: piecewise rational.',
  arctan: 'Globally subanalytic: analytic where |x| ≤ 1, and ±π/2 − arctan(1/x) beyond.',
  maximum: 'Semialgebraic: piecewise linear.',
  minimum: 'Semialgebraic: piecewise linear.',
  dropout: 'Semialgebraic: linear, since its mask depends on the seed alone.',
  standardise: 'Semialgebraic: polynomials and the square root of a positive one.',
  slice: 'Semialgebraic: a linear function.',
  pad: 'Semialgebraic: a linear function.',
  broadcast: 'Semialgebraic: a linear function.',
  concat: 'Semialgebraic: a linear function.',
  gather: 'Semialgebraic: a linear function, since the indices are fixed.',
  scatterAdd: 'Semialgebraic: a linear function, since the indices are fixed.',
  sum: 'Semialgebraic: a linear function.',
  reshape: 'Semialgebraic: a linear function.',
  transpose: 'Semialgebraic: a linear function.',
  softmax: 'By the exponential function: rational functions of eˣ.',
  logSoftmax: 'By the exponential function and its inverse.',
  custom: 'As the function that it computes: a solution that is unique is definable where its equation is.',
} as const satisfies Readonly<Record<string, string>>;

/**
 * The operations that a tape follows.
 *
 * @useDeclaredType
 */
export type OperationName = keyof typeof REASONS;

/** One sentence for each operation, by the name under which it is recorded: why it is definable. */
export const DEFINABLE: Readonly<Record<OperationName, string>> = REASONS;
