/** Reads the data of `equilibra tune`: a column to explain in a CSV file, or the bundled diabetes data. */
import { basename } from 'node:path';
import {
  diabetes,
  type LinearModel,
  type RegressionData,
  type StandardisedRegression,
  standardisedRegression,
  type Table,
  tableRegression,
  unstandardisedModel,
} from '../../data/index.ts';
import { readNumber } from '../../data/numbers.ts';
import { standardisationOf } from '../../data/standardisation.ts';
import { columnIndex } from '../../data/table.ts';
import { formatValue, InputError } from '../io.ts';
import { LIMITS_OPTION, readLimits } from '../limits-option.ts';
import type { Arguments } from '../options.ts';
import {
  COLUMN_OPTIONS,
  convertDataErrors,
  FORM_OPTIONS,
  HEADER_OPTION,
  readColumnOptions,
  readTableFile,
  readYesOrNo,
  refuseOptions,
  requireTarget,
} from '../table-options.ts';

/** The options that apply only where the data are a CSV file. */
const TABLE_ONLY = {
  target: {
    value: '<column>',
    description: 'CSV: the column to explain; for a multi-task-lasso several, with commas between',
  },
  ...COLUMN_OPTIONS,
  'row-weights': { value: '<column>', description: 'CSV: the column with the weights of the rows, numbers from 0' },
  ...HEADER_OPTION,
  ...FORM_OPTIONS,
};

export const DATA_OPTIONS = {
  ...TABLE_ONLY,
  intercept: {
    value: '<yes|no>',
    description: 'fit a constant without a penalty; without one, features are scaled but not centred',
    fallback: 'yes',
  },
  ...LIMITS_OPTION,
};

export interface TuningData {
  /**
   * With an intercept: features of mean 0 and deviation 1, and a target of mean 0. Without: features of mean square 1.
   */
  readonly scaled: StandardisedRegression;
  readonly intercept: boolean;
  /** The weight of each row; means and deviations are weighted by them. */
  readonly rowWeights?: Float64Array | undefined;
  /** The names of features that have one value in all rows. The intercept explains these. */
  readonly constant: readonly string[];
  /** The number of rows that were left out because of a missing value. */
  readonly dropped: number;
  /** Assumptions about the file, in sentences. */
  readonly assumed: readonly string[];
  /** Warnings about its columns, in sentences. */
  readonly warnings: readonly string[];
}

/** The data with their places in the file. */
export interface PlacedData extends TuningData {
  /** The column of the file from which each feature is made. */
  readonly columns: readonly string[];
  /** The line of the file on which each row begins; undefined for the bundled data. */
  readonly lines: readonly number[] | undefined;
}

/** What is to be explained in a table. */
export interface Explained {
  /** The table, with numbers in the column of the target. */
  readonly table: Table;
  readonly target: string;
  /** Other columns that are explained, which are no features. */
  readonly others?: readonly string[];
}

/** Finds what is to be explained. @throws DataError or InputError where the columns do not suit */
type Explain = (given: Arguments, table: Table) => Explained;

const explainNumbers: Explain = (given, table) => ({
  table,
  target: requireTarget(given, table, 'the column to explain'),
});

/** @throws InputError that names the file and says what is wrong with it */
export async function readTuningData(given: Arguments, explain: Explain = explainNumbers): Promise<PlacedData> {
  const { positionals } = given;
  if (positionals.length > 1) {
    throw new InputError(
      `${positionals.map(formatValue).join(', ')}: ${positionals.length} files are named; it must be one`,
    );
  }
  const [path] = positionals;
  const { data, ...read } =
    path === undefined ? await readBundledDiabetes(given) : await readRegression(path, given, explain);
  const intercept = readYesOrNo(given, 'intercept') ?? true;
  const { rowWeights } = read;
  const scaled = rowWeights
    ? scaleWeighted(data, rowWeights, intercept)
    : intercept
      ? standardisedRegression(data)
      : scaleRegression(data);
  const constant = intercept ? scaled.standardisation.constant.map((feature) => data.featureNames[feature]) : [];
  return { scaled, intercept, constant, ...read };
}

/** Returns the model for the data before they were scaled. */
export function unscaleModel({ scaled, intercept }: TuningData, beta: ArrayLike<number>): LinearModel {
  const model = unstandardisedModel(scaled, beta);
  return intercept ? model : { ...model, intercept: 0 };
}

interface ReadData extends Omit<PlacedData, 'scaled' | 'intercept' | 'constant'> {
  readonly data: RegressionData;
}

async function readBundledDiabetes(given: Arguments): Promise<ReadData> {
  const reason = 'it is for a CSV file, which must be named; without one the data are diabetes';
  refuseOptions(given, Object.keys(TABLE_ONLY), reason);
  const data = { ...(await diabetes()), target: 'disease progression' };
  return { data, dropped: 0, assumed: [], warnings: [], columns: data.featureNames, lines: undefined };
}

async function readRegression(path: string, given: Arguments, explain: Explain): Promise<ReadData> {
  const limits = readLimits(given);
  return convertDataErrors(path, async () => {
    const { table, target, others = [] } = explain(given, await readTableFile(given, path, path, { limits }));
    const chosen = readColumnOptions(given);
    const weights = given.options['row-weights'];
    if (weights !== undefined) columnIndex(table, weights, '--row-weights');
    const ignore = [...(chosen.ignore ?? []), ...others, ...(weights === undefined ? [] : [weights])];
    const data = tableRegression(table, { target, ...chosen, ignore, name: basename(path), limits });
    const rowWeights = weights === undefined ? undefined : readRowWeights(table, weights, data.lines);
    const { dropped, assumed, warnings, featureColumns: columns, lines } = data;
    return { data, rowWeights, dropped, assumed, warnings, columns, lines };
  });
}

/** @param lines of the rows that are used */
function readRowWeights(table: Table, column: string, lines: readonly number[]): Float64Array {
  const index = columnIndex(table, column);
  const rowAt = new Map(table.lines.map((line, row) => [line, row]));
  const weights = Float64Array.from(lines, (line) => {
    const cell = table.rows[rowAt.get(line) as number][index];
    const weight = readNumber(cell) ?? Number.NaN;
    if (weight >= 0) return weight;
    throw new InputError(
      `--row-weights: line ${line} has ${formatValue(cell)}; a weight must be a number of at least 0`,
    );
  });
  if (weights.some((weight) => weight > 0)) return weights;
  throw new InputError('--row-weights: all are 0; at least one must be above 0');
}

/**
 * Standardises with weighted means and deviations, so that a fit with these weights needs no intercept; without an
 * intercept each feature is divided by its weighted root mean square.
 */
function scaleWeighted(data: RegressionData, weights: Float64Array, intercept: boolean): StandardisedRegression {
  const { features, count, X, y } = data;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { constant } = standardisationOf({ inputs: X, count, features });
  const meanOf = (at: (row: number) => number): number =>
    weights.reduce((sum, weight, row) => sum + weight * at(row), 0) / total;
  const mean = Array.from({ length: features }, (_, j) => (intercept ? meanOf((row) => X[row * features + j]) : 0));
  const deviation = mean.map((m, j) => {
    const isFlat = intercept && constant.includes(j);
    return (isFlat ? 0 : Math.sqrt(meanOf((row) => (X[row * features + j] - m) ** 2))) || 1;
  });
  const targetMean = intercept ? meanOf((row) => y[row]) : 0;
  return {
    ...data,
    X: X.map((x, at) => {
      const j = at % features;
      return intercept && constant.includes(j) ? 0 : (x - mean[j]) / deviation[j];
    }),
    y: y.map((value) => value - targetMean),
    standardisation: { mean, deviation, constant: intercept ? constant : [] },
    targetMean,
  };
}

/**
 * Divides each feature by its root mean square and leaves the target as it is, so that a model through the origin stays
 * one.
 */
function scaleRegression(data: RegressionData): StandardisedRegression {
  const { features, count } = data;
  const { mean, deviation, constant } = standardisationOf({ inputs: data.X, count, features });
  const isConstant = new Set(constant);
  const size = mean.map((value, feature) => Math.hypot(value, isConstant.has(feature) ? 0 : deviation[feature]) || 1);
  const standardisation = { mean: mean.map(() => 0), deviation: size, constant: [] };
  const X = data.X.map((x, at) => x / size[at % features]);
  return { ...data, X, standardisation, targetMean: 0 };
}
