/** What `equilibra tune` explains: a column of a CSV file, or the bundled diabetes data. */
import { basename } from 'node:path';
import {
  DataError,
  diabetes,
  type LinearModel,
  type RegressionData,
  readTable,
  type StandardisedRegression,
  standardisedRegression,
  tableRegression,
  unstandardisedModel,
} from '../../data/index.ts';
import { standardisationOf } from '../../data/standardisation.ts';
import { readBytes } from '../files.ts';
import { InputError, shown } from '../io.ts';
import { LIMITS_OPTION, readLimits } from '../limits-option.ts';
import { type Arguments, choiceOption } from '../options.ts';
import { columnsOption, FORM_OPTIONS, formOptions, yesOrNo } from '../table-options.ts';

/** For a CSV file only. */
const TABLE_ONLY = {
  target: { value: '<column>', description: 'CSV: the column to explain, of numbers' },
  ignore: { value: '<columns>', description: 'CSV: columns to leave out, with commas between' },
  categorical: { value: '<columns>', description: 'CSV: columns whose numbers are categories' },
  missing: {
    value: '<rule>',
    description: 'CSV, missing values: error, mean (fill), drop (the row)',
    fallback: 'error',
  },
  header: { value: '<yes|no>', description: 'CSV: the first line holds names', fallback: 'detected' },
  ...FORM_OPTIONS,
};

export const DATA_OPTIONS = {
  ...TABLE_ONLY,
  intercept: {
    value: '<yes|no>',
    description: 'with a constant that is not penalised; without one, features are scaled and not centred',
    fallback: 'yes',
  },
  ...LIMITS_OPTION,
};

export interface TuningData {
  /** Features of mean 0 and deviation 1, a target of mean 0; without an intercept, features of mean square 1. */
  readonly scaled: StandardisedRegression;
  readonly intercept: boolean;
  /** Names of features with one value only, which the intercept explains. */
  readonly constant: readonly string[];
  /** Rows left out because of a missing value. */
  readonly dropped: number;
  /** What was taken to be meant in the file, and what to know of its columns: in sentences. */
  readonly assumed: readonly string[];
  readonly warnings: readonly string[];
}

/** @throws InputError that names the file and what is wrong there */
export async function readTuningData(given: Arguments): Promise<TuningData> {
  const { positionals } = given;
  if (positionals.length > 1) {
    throw new InputError(`${positionals.map(shown).join(', ')}: ${positionals.length} files are named; it must be one`);
  }
  const [path] = positionals;
  const { data, ...read } = path === undefined ? await readBundledDiabetes(given) : await readTableFile(path, given);
  const intercept = yesOrNo(given, 'intercept') ?? true;
  const scaled = intercept ? standardisedRegression(data) : scaleRegression(data);
  const constant = intercept ? scaled.standardisation.constant.map((feature) => data.featureNames[feature]) : [];
  return { scaled, intercept, constant, ...read };
}

/** The model of the data as they were. */
export function unscaleModel({ scaled, intercept }: TuningData, beta: ArrayLike<number>): LinearModel {
  const model = unstandardisedModel(scaled, beta);
  return intercept ? model : { ...model, intercept: 0 };
}

interface ReadData extends Pick<TuningData, 'dropped' | 'assumed' | 'warnings'> {
  readonly data: RegressionData;
}

async function readBundledDiabetes({ options }: Arguments): Promise<ReadData> {
  const misplaced = Object.keys(TABLE_ONLY).find((name) => options[name] !== undefined);
  if (misplaced) {
    throw new InputError(
      `--${misplaced}: it is for a CSV file, which must be named; without one the data are diabetes`,
    );
  }
  return { data: { ...(await diabetes()), target: 'disease progression' }, dropped: 0, assumed: [], warnings: [] };
}

async function readTableFile(path: string, given: Arguments): Promise<ReadData> {
  const limits = readLimits(given);
  try {
    const options = { header: yesOrNo(given, 'header'), ...formOptions(given), limits };
    const table = await readTable(await readBytes(path, path), options);
    const { target } = given.options;
    if (target === undefined) {
      throw new InputError(`--target is missing: the column to explain; the columns are ${table.columns.join(', ')}`);
    }
    const data = tableRegression(table, {
      target,
      ignore: columnsOption(given, 'ignore'),
      categorical: columnsOption(given, 'categorical'),
      missing: choiceOption(given, 'missing', ['error', 'mean', 'drop']) ?? 'error',
      name: basename(path),
      limits,
    });
    const { dropped, assumed, warnings } = data;
    return { data, dropped, assumed, warnings };
  } catch (error) {
    throw error instanceof DataError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

/** Each feature over its root mean square, the target as it is: a model through the origin stays one. */
function scaleRegression(data: RegressionData): StandardisedRegression {
  const { features, count } = data;
  const { mean, deviation, constant } = standardisationOf({ inputs: data.X, count, features });
  const isConstant = new Set(constant);
  const size = mean.map((value, feature) => Math.hypot(value, isConstant.has(feature) ? 0 : deviation[feature]) || 1);
  const standardisation = { mean: mean.map(() => 0), deviation: size, constant: [] };
  const X = data.X.map((x, at) => x / size[at % features]);
  return { ...data, X, standardisation, targetMean: 0 };
}
