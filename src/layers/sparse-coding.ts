import { AT_LEAST_0, createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Random } from '../data/random.ts';
import { lasso } from '../implicit/lasso/lasso.ts';
import { LASSO_OPTIONS, type LassoOptions, type LassoSolverName, lassoSettings } from '../implicit/lasso/options.ts';
import { checkWidth, constantParameter, type Layer } from './layer.ts';

/** The options of `sparseCoding`, with the options of `lasso` for its solves. */
export interface SparseCodingOptions
  extends Omit<
    LassoOptions,
    'X' | 'y' | 'logLambda' | 'weights' | 'ridge' | 'masks' | 'rowWeights' | 'intercept' | 'initial' | 'signal'
  > {
  /** The number of inputs of a sample, which is the number of rows of the dictionary. */
  inputs: number;
  /** The number of columns of the dictionary. It may be greater than `inputs`. */
  features: number;
  /** The initial value of log λ, the natural logarithm of the penalty λ. Default ln 0.1. */
  logLambda?: number;
  /** ρ ≥ 0 in ½ρ‖β‖². It is not learnt. With ρ > 0 the code is unique for every dictionary. Default 0. */
  ridge?: number;
  /**
   * Default fista, on every backend. With more features than inputs, training passes through supports whose columns are
   * linearly dependent, and coordinate descent is slow there.
   */
  solver?: LassoSolverName | 'auto';
}

const {
  X: _X,
  y: _y,
  weights: _weights,
  masks: _masks,
  rowWeights: _rowWeights,
  intercept: _intercept,
  initial: _initial,
  signal: _signal,
  ...KEPT
} = LASSO_OPTIONS;
const OPTIONS: Checks<SparseCodingOptions> = { ...KEPT, inputs: 0, features: 0, ridge: 0 };

/**
 * The sparse code of the input x, β = argmin ½‖x − Xβ‖² + λ‖β‖₁ + ½ρ‖β‖², in a dictionary X that is learnt for the task
 * (Mairal, Bach & Ponce, "Task-driven dictionary learning", 2012).
 *
 * The parameters are X [inputs, features], whose columns start in random directions with norm 1, and log λ [1]. The
 * norms of the columns are free to change during training: only their size relative to λ decides which columns are in
 * use.
 *
 * To load a model with this layer, pass the layer to `modelFrom(checkpoint, engine, { layers: { sparseCoding } })`.
 *
 * @returns a layer from [batch, inputs] to [batch, features]
 * @throws RangeError where a width is no positive integer, `logLambda` is not finite or `ridge` is negative
 */
export function sparseCoding(given: SparseCodingOptions): Layer {
  const {
    inputs,
    features,
    logLambda = Math.log(0.1),
    ridge = 0,
    solver = 'fista',
    ...rest
  } = readOptions('sparseCoding', given, OPTIONS);
  checkWidth('sparseCoding', 'inputs', inputs);
  checkWidth('sparseCoding', 'features', features);
  if (!Number.isFinite(logLambda)) {
    throw createArgumentError('sparseCoding: logLambda', logLambda, 'a finite number');
  }
  AT_LEAST_0('sparseCoding: ridge', ridge);
  const solve = { ...rest, solver };
  lassoSettings(solve, features);
  return {
    kind: 'sparseCoding',
    inputs,
    outputs: features,
    options: { ...solve, inputs, features, logLambda, ridge },
    parameters: [
      { name: 'X', shape: [inputs, features], initial: (random) => unitColumns(random, inputs, features) },
      constantParameter('logLambda', [1], logLambda),
    ],
    forward(x, [X, lambda], { solves, signal }) {
      const solution = lasso({ ...solve, X, y: x, logLambda: lambda, signal, ...(ridge > 0 && { ridge }) });
      solves.push(solution);
      return solution.beta;
    },
  };
}

/** Columns drawn uniformly from the unit sphere; rows × columns, row-major. */
function unitColumns(random: Random, rows: number, columns: number): Float32Array {
  const values = Float64Array.from({ length: rows * columns }, () => random.normal());
  const norms = Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += values[row * columns + column] ** 2;
    return Math.sqrt(sum);
  });
  return Float32Array.from(values, (value, at) => value / norms[at % columns]);
}
