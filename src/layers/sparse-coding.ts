import { AT_LEAST_0, refusal } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Random } from '../data/random.ts';
import { lasso } from '../implicit/lasso/lasso.ts';
import { LASSO_OPTIONS, type LassoOptions, lassoSettings } from '../implicit/lasso/options.ts';
import { checkWidth, constantParameter, type Layer } from './layer.ts';

/** Options of the layer `sparseCoding`; the options of its solves are those of `lasso`. */
export interface SparseCodingOptions
  extends Omit<
    LassoOptions,
    'X' | 'y' | 'logLambda' | 'weights' | 'ridge' | 'masks' | 'intercept' | 'initial' | 'signal'
  > {
  /** Width of a row that goes in. */
  inputs: number;
  /** Number of columns of the dictionary, and so the width of a row that comes out; may exceed `inputs`. */
  features: number;
  /** Initial log λ, the natural logarithm of the penalty. Default ln 0.1. */
  logLambda?: number;
  /** ρ ≥ 0 of ½ρ‖β‖²; it is not trained. With ρ > 0 the code is unique for every dictionary. Default 0. */
  ridge?: number;
  /**
   * Solver by name; see `LassoOptions`. Default fista, on every backend: with more features than inputs, the descent
   * passes through supports with dependent columns, where coordinate descent is slow.
   */
  solver?: LassoOptions['solver'];
}

const {
  X: _X,
  y: _y,
  weights: _weights,
  masks: _masks,
  intercept: _intercept,
  initial: _initial,
  signal: _signal,
  ...KEPT
} = LASSO_OPTIONS;
const OPTIONS: Checks<SparseCodingOptions> = { ...KEPT, inputs: 0, features: 0, ridge: 0 };

/**
 * The layer β = argmin ½‖x − Xβ‖² + λ‖β‖₁ + ½ρ‖β‖²: the sparse code of the input in a dictionary that is trained for
 * the task (Mairal, Bach & Ponce, "Task-driven dictionary learning", 2012).
 *
 * Its parameters are X [inputs, features], whose columns start in random directions with norm 1, and log λ [1].
 * Nothing keeps the columns at that norm: only their size relative to λ decides which of them are in use.
 *
 * To load a checkpoint of a model with this layer, pass its maker: `modelFrom(checkpoint, engine, { layers: {
 * sparseCoding } })`.
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
    throw refusal('sparseCoding: logLambda', logLambda, 'a finite number');
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
