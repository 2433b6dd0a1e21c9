/** The numbers of a batch of sparse models, as they are read from tensors. */

import { isList } from '../../arguments/check.ts';
import type { SparseProblem } from '../../solvers/sparse/problem.ts';
import { isTensor } from '../../tensor/tensor.ts';
import { refuseNegative, refuseNoRows } from '../row-weights.ts';
import { readTwoClasses } from '../two-classes.ts';
import type { CheckedSparse } from './options.ts';

/** Numbers of the data by name. */
export interface SparseNumbers {
  readonly X: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly logLambda: ArrayLike<number>;
  readonly weights: ArrayLike<number> | undefined;
  readonly rowWeights: ArrayLike<number> | undefined;
  readonly initial: ArrayLike<number> | undefined;
}

/** Begins to read all tensors. To be called before anything is enqueued that waits for what is computed from them. */
export async function readSparseNumbers({ engine, given }: CheckedSparse): Promise<SparseNumbers> {
  const { X, y, logLambda, weights, rowWeights, initial } = given;
  const read = async (name: string, value: unknown): Promise<ArrayLike<number> | undefined> => {
    if (value === undefined) return undefined;
    if (typeof value === 'number') return [value];
    if (isList(value)) return value as readonly number[];
    if (!isTensor(value)) return undefined;
    const numbers = await engine.downloadNow(value);
    const wrong = firstNotFinite(numbers);
    if (wrong >= 0) throw new RangeError(`${name}: it holds ${numbers[wrong]}; every number must be finite`);
    return numbers;
  };
  const all = await Promise.all(
    Object.entries({ X, y, logLambda, weights, rowWeights, initial }).map((one) => read(...one)),
  );
  const [x, targets, penalties, ofGroups, ofRows, start] = all as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ...(ArrayLike<number> | undefined)[],
  ];
  return { X: x, y: targets, logLambda: penalties, weights: ofGroups, rowWeights: ofRows, initial: start };
}

/** @returns its place, or −1 */
function firstNotFinite(numbers: ArrayLike<number>): number {
  for (let at = 0; at < numbers.length; at++) if (!Number.isFinite(numbers[at])) return at;
  return -1;
}

/**
 * Makes the problems of a batch, which share X.
 * @throws RangeError where the numbers of a tensor are out of their range
 */
export function createProblems(checked: CheckedSparse, numbers: SparseNumbers): SparseProblem[] {
  const { rows, features, outputs, batch, intercept, nonNegative, loss } = checked;
  const columns = features + (intercept ? 1 : 0);
  const X = new Float64Array(columns * rows).fill(1);
  for (let j = 0; j < features; j++) {
    for (let row = 0; row < rows; row++) X[j * rows + row] = numbers.X[row * features + j];
  }
  const targets = readTargets(checked, numbers.y);
  const groups = [...checked.groups];
  for (let k = 0; intercept && k < outputs; k++) groups.push(Int32Array.of(features * outputs + k));
  const weights = readWeights('weights', numbers.weights, checked.groups.length);
  const ofRows = readWeights('rowWeights', numbers.rowWeights, rows);
  return Array.from({ length: batch }, (_, problem): SparseProblem => {
    const lambda = Math.exp(numbers.logLambda[numbers.logLambda.length === 1 ? 0 : problem]);
    const thresholds = new Float64Array(groups.length);
    for (let group = 0; group < checked.groups.length; group++) thresholds[group] = lambda * weights[group];
    const rowWeights = ofRows.length === rows ? ofRows : ofRows.subarray(problem * rows, (problem + 1) * rows);
    refuseNoRows(rowWeights, problem);
    return { loss, rows, columns, outputs, X, targets, rowWeights, groups, thresholds, nonNegative, intercept };
  });
}

function readWeights(name: string, given: ArrayLike<number> | undefined, length: number): Float64Array {
  const weights = given ? Float64Array.from(given) : new Float64Array(length).fill(1);
  refuseNegative(name, weights);
  return weights;
}

/** The targets as solvers take them: output by output, classes as ±1 or as numbers from 0. */
function readTargets({ loss, rows, outputs }: CheckedSparse, y: ArrayLike<number>): Float64Array {
  if (loss === 'square') {
    return Float64Array.from({ length: rows * outputs }, (_, at) => y[(at % rows) * outputs + Math.floor(at / rows)]);
  }
  if (loss === 'logistic') return readTwoClasses(y, 'the loss logistic');
  const numbers = Float64Array.from(y);
  const wrong = numbers.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < outputs));
  if (wrong < 0) return numbers;
  throw new RangeError(
    `y[${wrong}]: it is ${numbers[wrong]}; with the loss multinomial it must be an integer from 0 to ${outputs - 1}`,
  );
}
