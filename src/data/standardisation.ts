import { checkFor, isListLike, isListOf, isObject } from '../arguments/check.ts';
import type { Samples } from './samples.ts';

/** Takes each feature to mean 0 and deviation 1. It is plain JSON, so that it can be kept with the model. */
export interface Standardisation {
  readonly mean: readonly number[];
  /** 1 for the features in `constant`. */
  readonly deviation: readonly number[];
  /** The features, counted from 0, that have one value only. */
  readonly constant: readonly number[];
}

/** Rows of numbers; `inputs` holds count × features values, row by row. */
export interface Rows {
  readonly inputs: ArrayLike<number>;
  readonly count: number;
  readonly features: number;
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const areNumbers = (values: ArrayLike<unknown>): boolean =>
  isListLike(values) && (ArrayBuffer.isView(values) || Array.from(values).every((each) => typeof each === 'number'));

/** @throws RangeError unless they are what their type says that they are; a number may be NaN */
const ROWS = checkFor('rows: { inputs, count, features } with count × features numbers', (value) => {
  if (!isObject(value)) return false;
  const { inputs, count, features } = value as Rows;
  return Number.isInteger(count) && isCount(features) && areNumbers(inputs) && inputs.length === count * features;
});

/** @throws RangeError unless it is what its type says that it is */
export const STANDARDISATION = checkFor('{ mean, deviation, constant } with lists of numbers', (value) => {
  if (!isObject(value)) return false;
  const { mean, deviation } = value as Standardisation;
  const areFinite = (numbers: readonly unknown[]): boolean => isListOf(numbers, Number.isFinite);
  return areFinite(mean) && areFinite(deviation) && !deviation.includes(0) && mean.length === deviation.length;
});

/**
 * Mean and standard deviation √(Σ(x − mean)²/count) of each feature, by two passes in float64. Missing values, which are
 * NaN, are left out; a feature that has no value gets the mean NaN. Fit it on the training part alone: what is held out
 * must not be known before.
 *
 * @throws RangeError where there are no rows
 */
export function standardisationOf(rows: Rows): Standardisation {
  ROWS('standardisationOf: rows', rows);
  const { inputs, count, features } = rows;
  if (count < 1) throw new RangeError('standardisationOf: there are no rows; at least one is needed');
  const fitted = Array.from({ length: features }, (_, feature) => computeMoments(inputs, feature, features));
  return {
    mean: fitted.map(({ mean }) => mean),
    deviation: fitted.map(({ deviation, constant }) => (constant ? 1 : deviation)),
    constant: fitted.flatMap(({ constant }, feature) => (constant ? [feature] : [])),
  };
}

function computeMoments(
  inputs: ArrayLike<number>,
  feature: number,
  features: number,
): { mean: number; deviation: number; constant: boolean } {
  let known = 0;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let at = feature; at < inputs.length; at += features) {
    const x = inputs[at];
    if (Number.isNaN(x)) continue;
    known++;
    sum += x;
    least = Math.min(least, x);
    greatest = Math.max(greatest, x);
  }
  // Of a constant the sum may round: its mean is the value itself.
  if (least >= greatest) return { mean: least, deviation: 0, constant: true };
  const mean = sum / known;
  let squares = 0;
  for (let at = feature; at < inputs.length; at += features) {
    const x = inputs[at];
    if (!Number.isNaN(x)) squares += (x - mean) ** 2;
  }
  return { mean, deviation: Math.sqrt(squares / known), constant: known === 0 };
}

/**
 * (x − mean) / deviation for each feature.
 *
 * @throws RangeError where the standardisation is of another number of features
 */
export function standardised(samples: Samples, standardisation: Standardisation): Samples {
  ROWS('standardised: samples', samples);
  STANDARDISATION('standardised: standardisation', standardisation);
  return { ...samples, inputs: standardiseInputs(samples, standardisation) };
}

/** As `standardised`, for the numbers alone. */
export function standardiseInputs({ inputs, features }: Rows, { mean, deviation }: Standardisation): Float32Array {
  if (mean.length !== features || deviation.length !== features) {
    throw new RangeError(
      `standardised: the standardisation is of ${mean.length} means and ${deviation.length} deviations, the rows have ${features} features`,
    );
  }
  const result = new Float32Array(inputs.length);
  for (let at = 0; at < inputs.length; at++) result[at] = (inputs[at] - mean[at % features]) / deviation[at % features];
  return result;
}
