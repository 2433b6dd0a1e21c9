import { createArgumentCheck, createArgumentError, isListLike, isListOf, isObject } from '../arguments/check.ts';
import { type Moments, momentsOf } from './moments.ts';
import type { Samples } from './samples.ts';

/** Maps each feature x to (x − mean)/deviation. It is plain JSON, so that it can be stored with the model. */
export interface Standardisation {
  /** The mean of each feature. */
  readonly mean: readonly number[];
  /** The standard deviation of each feature; 1 for the features in `constant`. */
  readonly deviation: readonly number[];
  /** The features, from 0, that have the same value in all rows. */
  readonly constant: readonly number[];
}

/** Rows of numbers. */
export interface Rows {
  /** count × features, row-major. */
  readonly inputs: ArrayLike<number>;
  /** The number of rows. */
  readonly count: number;
  /** The number of features of a row. */
  readonly features: number;
  /** How much each row counts: finite, ≥ 0, not all 0. Default: all count the same. */
  readonly weights?: ArrayLike<number> | undefined;
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const areNumbers = (values: ArrayLike<unknown>): boolean =>
  isListLike(values) && (ArrayBuffer.isView(values) || Array.from(values).every((each) => typeof each === 'number'));

/** @throws RangeError unless the value has the type Rows; a number may be NaN */
const ROWS = createArgumentCheck(
  'rows: { inputs, count, features } with count × features numbers, and count weights where there are some',
  (value) => {
    if (!isObject(value)) return false;
    const { inputs, count, features, weights } = value as Rows;
    if (weights !== undefined && !(areNumbers(weights) && weights.length === count)) return false;
    return Number.isInteger(count) && isCount(features) && areNumbers(inputs) && inputs.length === count * features;
  },
);

/** @throws RangeError unless the value has the type Standardisation, with finite numbers and deviations other than 0 */
export const STANDARDISATION = createArgumentCheck('{ mean, deviation, constant } with lists of numbers', (value) => {
  if (!isObject(value)) return false;
  const { mean, deviation } = value as Standardisation;
  const areFinite = (numbers: readonly unknown[]): boolean => isListOf(numbers, Number.isFinite);
  return areFinite(mean) && areFinite(deviation) && !deviation.includes(0) && mean.length === deviation.length;
});

/**
 * Computes the mean and the standard deviation √(Σ(x − mean)²/count) of each feature in float64, first the mean and
 * then the deviation. Where rows have weights w, these are Σwx/Σw and √(Σw(x − mean)²/Σw), as if a row of weight 2 were
 * there twice. Missing values, which are NaN, are ignored; a feature without any value gets the mean Infinity. Use the training part alone, so that nothing is learned from held-out rows.
 *
 * @throws RangeError where there are no rows, or a weight is wrong
 */
export function standardisationOf(rows: Rows): Standardisation {
  ROWS('standardisationOf: rows', rows);
  const { count, features, weights } = rows;
  if (count < 1) throw new RangeError('standardisationOf: there are no rows; at least one is needed');
  if (weights) checkWeights(weights);
  const fitted = Array.from({ length: features }, (_, feature) => featureMoments(rows, feature));
  return {
    mean: fitted.map(({ mean }) => mean),
    deviation: fitted.map(({ deviation, isConstant }) => (isConstant ? 1 : deviation)),
    constant: fitted.flatMap(({ isConstant }, feature) => (isConstant ? [feature] : [])),
  };
}

function checkWeights(weights: ArrayLike<number>): void {
  const all = Array.from(weights);
  const wrong = all.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong >= 0) throw createArgumentError(`weights[${wrong}]`, all[wrong], 'a finite number ≥ 0');
  if (!all.some((weight) => weight > 0)) throw new RangeError('all weights are 0; at least one must be > 0');
}

/** The moments of a feature. */
function featureMoments({ inputs, count, features, weights }: Rows, feature: number): Moments {
  return momentsOf((use) => {
    for (let row = 0; row < count; row++) {
      const x = inputs[row * features + feature];
      const weight = weights?.[row] ?? 1;
      if (!Number.isNaN(x) && weight > 0) use(x, weight);
    }
  });
}

/**
 * Replaces each feature x by (x − mean)/deviation.
 *
 * @throws RangeError where the standardisation has another number of features
 */
export function standardised(samples: Samples, standardisation: Standardisation): Samples {
  ROWS('standardised: samples', samples);
  STANDARDISATION('standardised: standardisation', standardisation);
  return { ...samples, inputs: standardiseInputs(samples, standardisation) };
}

/** Like `standardised`, but returns only the numbers. */
export function standardiseInputs({ inputs, features }: Rows, { mean, deviation }: Standardisation): Float32Array {
  if (mean.length !== features || deviation.length !== features) {
    throw new RangeError(
      `standardised: the standardisation has ${mean.length} means and ${deviation.length} deviations; the rows have ${features} features, and each needs one of both`,
    );
  }
  const result = new Float32Array(inputs.length);
  for (let at = 0; at < inputs.length; at++) result[at] = (inputs[at] - mean[at % features]) / deviation[at % features];
  return result;
}
