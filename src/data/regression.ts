import {
  checkFinite,
  createArgumentCheck,
  createArgumentError,
  FINITE,
  isObject,
  NUMBERS,
} from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import {
  columnsOfFeatures,
  encodeFeatures,
  type FeatureColumn,
  featureColumnNames,
  featureColumns,
  featureNames,
  listAssumptions,
  warnOfCategories,
} from './features.ts';
import type { MissingRule } from './preparation.ts';
import { handleMissing } from './prepared-rows.ts';
import { STANDARDISATION, type Standardisation, standardisationOf } from './standardisation.ts';
import { TABLE, type Table } from './table.ts';
import { TABLE_DATA_OPTIONS, type TableDataOptions } from './table-data-options.ts';
import { readTargets } from './target.ts';

/** Data for regression: rows of features with a real-valued target, in float64. */
export interface RegressionData {
  /** The name of the data. */
  readonly name: string;
  /** The number of rows. */
  readonly count: number;
  /** The number of features. */
  readonly features: number;
  /** The features, count × features, row-major. */
  readonly X: Float64Array;
  /** The target of each row. */
  readonly y: Float64Array;
  /** The name of each feature. */
  readonly featureNames: readonly string[];
  /** The name of the target. */
  readonly target: string;
}

/** @throws RangeError unless the value has the type RegressionData; the numbers themselves are not checked */
const REGRESSION = createArgumentCheck(
  'regression data: { X, y, count, features, … } with a Float64Array X and y',
  (value) => {
    if (!isObject(value)) return false;
    const { X, y, count, features } = value as RegressionData;
    const fits = Number.isInteger(count) && Number.isInteger(features) && count > 0 && features > 0;
    return (
      fits &&
      X instanceof Float64Array &&
      X.length === count * features &&
      y instanceof Float64Array &&
      y.length === count
    );
  },
);

/** Options of `tableRegression`. */
export interface TableRegressionOptions extends TableDataOptions {
  /** The column that holds the numbers to be explained. */
  target: string;
  /**
   * What to do where a feature is missing. A missing target is an error, except that 'drop' omits the row. Default
   * 'error'.
   */
  missing?: MissingRule;
}

/** Regression data from a table. */
export interface TableRegression extends RegressionData {
  /** The name of the column of the table from which each feature is made. */
  readonly featureColumns: readonly string[];
  /** Names of features that have the same value in all rows and therefore explain nothing. */
  readonly constant: readonly string[];
  /** The number of rows that were omitted because of a missing value. */
  readonly dropped: number;
  /** The line of the file on which each row begins. */
  readonly lines: readonly number[];
  /** Sentences about how ambiguous cells of the table were understood. */
  readonly assumed: readonly string[];
  /** Warnings about doubtful features, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Makes regression data from a table. One column holds the target, and the others become features: numbers as they are,
 * categories as one feature each. A column with two categories yields only the second, since both would be collinear.
 *
 * @throws DataError that names the line and the column of a value that is missing or no number; the existing columns
 *   where none has the name of the target; or the target where it is the same in all rows
 * @throws RangeError where an option is wrong
 */
export function tableRegression(table: Table, given: TableRegressionOptions): TableRegression {
  const options = readOptions<TableRegressionOptions>('tableRegression', given, TABLE_DATA_OPTIONS, 'target');
  TABLE('tableRegression: table', table);
  const { target, missing = 'error', name = 'table' } = options;
  const names = featureColumnNames(table, { ...options, targets: [target] });
  const { kept } = handleMissing(table, [...names, target], missing);
  const y = readTargets(kept, target);
  const columns = featureColumns(kept, names, options.categorical, options);
  const telling = findTellingFeatures(columns);
  const ofFeatures = featureNames(columns).filter((_, feature) => telling[feature]);
  const X = encodeFeatures(kept, columns).filter((_, at) => telling[at % telling.length]);
  const features = ofFeatures.length;
  const count = kept.rows.length;
  const { mean, constant } = standardisationOf({ inputs: X, count, features });
  for (let at = 0; at < X.length; at++) if (Number.isNaN(X[at])) X[at] = mean[at % features];
  return {
    name,
    count,
    features,
    X,
    y,
    featureNames: ofFeatures,
    featureColumns: columnsOfFeatures(columns).filter((_, feature) => telling[feature]),
    target,
    constant: constant.map((feature) => ofFeatures[feature]),
    dropped: table.rows.length - count,
    lines: kept.lines,
    assumed: listAssumptions(table, columns),
    warnings: warnOfCategories(kept, columns, options.categorical),
  };
}

/** Tells for each feature whether to use it: all except the first of two categories. */
function findTellingFeatures(columns: readonly FeatureColumn[]): boolean[] {
  return columns.flatMap((column) => {
    if (column.kind !== 'categories') return [true];
    return column.categories.map((_, at) => column.categories.length !== 2 || at === 1);
  });
}

/** Regression data whose features have mean 0 and standard deviation 1 and whose target has mean 0. */
export interface StandardisedRegression extends RegressionData {
  /** The original means and standard deviations of the features. */
  readonly standardisation: Standardisation;
  /** The mean that was subtracted from the target. */
  readonly targetMean: number;
}

/**
 * Replaces each feature by (x − mean)/deviation and the target by y − mean, in float64. A penalty then treats all
 * features alike, and no intercept is needed. A constant feature becomes 0.
 *
 * @param fittedTo indices of the rows from which means and deviations are computed, such as the training rows. Default:
 *   all rows
 * @throws RangeError where `fittedTo` is empty or contains something else than an integer from 0 to data.count − 1
 */
export function standardisedRegression(data: RegressionData, fittedTo?: ArrayLike<number>): StandardisedRegression {
  REGRESSION('standardisedRegression: data', data);
  if (fittedTo !== undefined) NUMBERS('standardisedRegression: fittedTo', fittedTo);
  const fitted = fittedTo === undefined ? data : selectRows(data, fittedTo);
  const standardisation = standardisationOf({ inputs: fitted.X, count: fitted.count, features: data.features });
  const [targetMean] = standardisationOf({ inputs: fitted.y, count: fitted.count, features: 1 }).mean;
  const { mean, deviation } = standardisation;
  const X = data.X.map((x, at) => (x - mean[at % data.features]) / deviation[at % data.features]);
  return { ...data, X, y: data.y.map((value) => value - targetMean), standardisation, targetMean };
}

/**
 * Copies the rows of `data` at `indices`, in that order. An index may occur more than once.
 *
 * @throws RangeError where `indices` is empty or contains something else than an integer from 0 to data.count − 1
 */
export function regressionRows(data: RegressionData, indices: ArrayLike<number>): RegressionData {
  REGRESSION('regressionRows: data', data);
  NUMBERS('regressionRows: indices', indices);
  return { ...data, ...selectRows(data, indices) };
}

function selectRows(
  { X, y, count, features }: RegressionData,
  indices: ArrayLike<number>,
): Pick<RegressionData, 'count' | 'X' | 'y'> {
  if (indices.length === 0) throw new RangeError('there are no row indices; at least one is needed');
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new RangeError(
        `row index ${row} is ${describeValue(index)}; it must be an integer from 0 to ${count - 1} (there are ${count} rows)`,
      );
    }
  }
  const chosen = new Float64Array(indices.length * features);
  const targets = new Float64Array(indices.length);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row];
    chosen.set(X.subarray(index * features, (index + 1) * features), row * features);
    targets[row] = y[index];
  }
  return { count: indices.length, X: chosen, y: targets };
}

/** A linear model in the original features: ŷ = intercept + Σ coefficients[j]·x[j]. */
export interface LinearModel {
  /** The prediction where all features are 0. */
  readonly intercept: number;
  /** One coefficient per feature. */
  readonly coefficients: Float64Array;
}

/**
 * Converts coefficients β for standardised features to a linear model in the original features:
 * ŷ = mean of y + Σ βⱼ(xⱼ − meanⱼ)/deviationⱼ.
 *
 * @throws RangeError unless there is one finite coefficient for each feature
 */
export function unstandardisedModel(
  data: Pick<StandardisedRegression, 'standardisation' | 'targetMean'>,
  coefficients: ArrayLike<number>,
): LinearModel {
  if (!isObject(data)) throw createArgumentError('unstandardisedModel: data', data, 'standardised regression data');
  const { standardisation, targetMean } = data;
  STANDARDISATION('unstandardisedModel: standardisation', standardisation);
  FINITE('unstandardisedModel: targetMean', targetMean);
  NUMBERS('unstandardisedModel: coefficients', coefficients);
  checkFinite('unstandardisedModel: coefficients', coefficients);
  const { mean, deviation } = standardisation;
  if (coefficients.length !== mean.length) {
    throw new RangeError(
      `there are ${coefficients.length} coefficients; there must be ${mean.length}, one for each feature`,
    );
  }
  const scaled = Float64Array.from(coefficients, (coefficient, feature) => coefficient / deviation[feature]);
  const intercept = scaled.reduce((rest, coefficient, feature) => rest - coefficient * mean[feature], targetMean);
  return { intercept, coefficients: scaled };
}
