/** Reads the rows that `equilibra predict` classifies, and prepares them as the training data were prepared. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findBatches } from '../data/cifar-dataset.ts';
import {
  type ArrayPreparation,
  DataError,
  digits,
  type ImagePreparation,
  type Limits,
  type PreparedRows,
  preparedArrays,
  preparedFor,
  preparedRegressionArrays,
  preparedTable,
  type RegressionArrayPreparation,
  type RegressionPreparation,
  readLabels,
  readNPZ,
  type Table,
  type TablePreparation,
  testFileNames,
} from '../data/index.ts';
import { findPathKind, readBytes } from './files.ts';
import { InputError, toOneLine } from './io.ts';
import { LIMITS_OPTION, readLimits } from './limits-option.ts';
import type { Arguments } from './options.ts';
import {
  COLUMN_OPTIONS,
  convertDataErrors,
  FORM_OPTIONS,
  isArchiveName,
  isIDXName,
  readMissingRule,
  readTableFile,
  refuseOptions,
} from './table-options.ts';
import type { StoredModel } from './training-checkpoint.ts';

/** The options that apply only where the data are a CSV file. */
const TABLE_ONLY = {
  missing: { ...COLUMN_OPTIONS.missing, fallback: 'as in training' },
  ...FORM_OPTIONS,
};

/** The options that apply only where the data are a .npz file. */
const ARRAYS_ONLY = {
  features: { value: '<name>', description: '.npz: the array of features', fallback: 'x, or x_test' },
};

export const PREDICTION_DATA_OPTIONS = {
  target: {
    value: '<name>',
    description: 'CSV: the column of the classes; .npz: the array of classes or targets',
    fallback: 'as in training; y, or y_test',
  },
  ...ARRAYS_ONLY,
  ...TABLE_ONLY,
  labels: { value: '<file>', description: 'IDX file of the labels, where DATA is one file of images' },
  ...LIMITS_OPTION,
};

export interface PredictionRows extends PreparedRows {
  /** The name of the file, or of the bundled data. */
  readonly name: string;
  /** The table that the rows come from. Absent for images. */
  readonly table?: Table;
}

/** @throws InputError that names the file and says what is wrong with it */
export async function readPredictionRows(
  given: Arguments,
  { preparation, data, path: checkpoint }: StoredModel,
  path: string | undefined,
): Promise<PredictionRows> {
  const reads = {
    images: 'IDX images, files of CIFAR or .npz files',
    arrays: '.npz files',
    regressionArrays: '.npz files',
    table: 'CSV files',
    regression: 'CSV files',
  }[preparation.kind];
  const isTable = preparation.kind === 'table' || preparation.kind === 'regression';
  const isArchive = path !== undefined && isArchiveName(path);
  if (!isTable) refuseOptions(given, Object.keys(TABLE_ONLY), `${checkpoint} reads ${reads}`);
  if (preparation.kind !== 'images' || isArchive) refuseOptions(given, ['labels'], 'it goes with a file of IDX images');
  if (!isArchive) {
    const names = Object.keys(ARRAYS_ONLY).concat(isTable ? [] : ['target']);
    refuseOptions(given, names, `it is for a .npz file; ${checkpoint} reads ${reads}`);
  }
  if (path === undefined) {
    if (data?.bundled) return readBundledDigits(given);
    const learned = data ? `it learned from ${toOneLine(data.name)}; ` : '';
    throw new InputError(`DATA is missing: ${checkpoint} reads ${reads}; ${learned}name what to predict`);
  }
  const limits = readLimits(given);
  const rows = await convertDataErrors<Omit<PredictionRows, 'name'>>(path, () =>
    preparation.kind === 'table' || preparation.kind === 'regression'
      ? readTableRows(given, preparation, path, limits)
      : readArrayOrImageRows(given, preparation, path, limits),
  );
  return { name: path, ...rows };
}

async function readBundledDigits({ options }: Arguments): Promise<PredictionRows> {
  if (options.labels !== undefined) throw new InputError('--labels: the bundled digits have theirs; name DATA');
  const { test } = await digits();
  return { ...test, name: 'held-out digits' };
}

async function readArrayOrImageRows(
  given: Arguments,
  preparation: ImagePreparation | ArrayPreparation | RegressionArrayPreparation,
  path: string,
  limits: Partial<Limits>,
): Promise<PreparedRows> {
  if (!isArchiveName(path)) {
    if (preparation.kind === 'images') return readImageRows(given, preparation, path, limits);
    throw new DataError('the model reads .npz files, whose names end in .npz');
  }
  const { features, target } = given.options;
  const arrays = await readNPZ(await readBytes(path, path), { limits });
  return preparation.kind === 'regressionArrays'
    ? preparedRegressionArrays(preparation, arrays, { features, target, limits })
    : preparedArrays(preparation, arrays, { features, target, limits });
}

async function readImageRows(
  { options }: Arguments,
  preparation: ImagePreparation,
  path: string,
  limits: Partial<Limits>,
): Promise<PreparedRows> {
  let [images, labels] = [path, options.labels];
  if ((await findPathKind(path, path)) === 'folder') {
    if (labels !== undefined) throw new InputError('--labels: it goes with one file of images; a folder has its own');
    const found = findTestFiles(await readdir(path));
    images = join(path, found.images);
    labels = found.labels === undefined ? undefined : join(path, found.labels);
  }
  const rows = await preparedFor(preparation, await readBytes(images, images), { limits });
  if (labels === undefined) return rows;
  return { ...rows, labels: await readLabelFile(labels, rows.count, preparation.classNames.length, limits) };
}

/** The files of the test part; those of CIFAR hold the labels too. */
function findTestFiles(names: readonly string[]): { readonly images: string; readonly labels?: string } {
  const { train, test } = findBatches(names);
  if (test.length === 1) return { images: test[0] };
  if (test.length > 1) throw new DataError(`${test.join(' and ')} are both of the test part; name one of them`);
  if (train.length > 0) throw new DataError('it has no test part, such as test_batch.bin; name one of the files');
  return testFileNames(names);
}

async function readLabelFile(
  path: string,
  count: number,
  classes: number,
  limits: Partial<Limits>,
): Promise<Int32Array> {
  return convertDataErrors(path, async () => readLabels(await readBytes(path, path), count, { classes, limits }));
}

async function readTableRows(
  given: Arguments,
  stored: TablePreparation | RegressionPreparation,
  path: string,
  limits: Partial<Limits>,
): Promise<Omit<PredictionRows, 'name'>> {
  const { target } = given.options;
  const missing = readMissingRule(given, stored.missing);
  const isIDX = isIDXName(path);
  if (isIDX || (await findPathKind(path, path)) === 'folder') {
    throw new InputError(`${path}: it is ${isIDX ? 'an IDX file' : 'a folder'}; the model reads CSV files`);
  }
  const table = await readTableFile(given, path, path, { header: stored.header, limits });
  if (stored.kind === 'regression') {
    if (target !== undefined) throw new InputError('--target: the model predicts the columns it learned from');
    return { ...preparedTable({ ...stored, missing }, table), table };
  }
  if (target !== undefined && !table.columns.includes(target)) {
    throw new InputError(
      `--target: ${path} has no column ${JSON.stringify(target)}; it has ${table.columns.join(', ')}`,
    );
  }
  return { ...preparedTable({ ...stored, missing, target: target ?? stored.target }, table), table };
}
