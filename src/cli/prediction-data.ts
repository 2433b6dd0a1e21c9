/** The rows that `equilibra predict` classifies, made ready as those were that the model learned from. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DataError,
  digits,
  type ImagePreparation,
  type Limits,
  type PreparedRows,
  preparedFor,
  preparedTable,
  readLabels,
  readTable,
  type Table,
  type TablePreparation,
  testFileNames,
} from '../data/index.ts';
import { findPathKind, readBytes } from './files.ts';
import { InputError, toOneLine } from './io.ts';
import { LIMITS_OPTION, readLimits } from './limits-option.ts';
import { type Arguments, choiceOption } from './options.ts';
import { FORM_OPTIONS, formOptions } from './table-options.ts';
import type { StoredModel } from './training-checkpoint.ts';

const TABLE_ONLY = {
  target: { value: '<column>', description: 'CSV: the column of the classes', fallback: 'as in training' },
  missing: { value: '<rule>', description: 'CSV: error, mean (fill), drop (the row)', fallback: 'as in training' },
  ...FORM_OPTIONS,
};

export const PREDICTION_DATA_OPTIONS = {
  ...TABLE_ONLY,
  labels: { value: '<file>', description: 'IDX file of the labels, where DATA is one file of images' },
  ...LIMITS_OPTION,
};

export interface PredictionRows extends PreparedRows {
  /** Of what they come from. */
  readonly name: string;
  /** Where they come from a table. */
  readonly table?: Table;
}

/** @throws InputError that names the file and what is wrong there */
export async function readPredictionRows(
  given: Arguments,
  { preparation, data, path: checkpoint }: StoredModel,
  path: string | undefined,
): Promise<PredictionRows> {
  for (const name of preparation.kind === 'images' ? Object.keys(TABLE_ONLY) : ['labels']) {
    if (given.options[name] === undefined) continue;
    const reads = preparation.kind === 'images' ? 'images' : 'tables';
    throw new InputError(`--${name}: ${checkpoint} reads ${reads}, which have none`);
  }
  if (path === undefined) {
    if (data?.bundled) return readBundledDigits(given);
    const learned = data ? `it learned from ${toOneLine(data.name)}; ` : '';
    const what = preparation.kind === 'images' ? 'IDX images' : 'a CSV file';
    throw new InputError(`DATA is missing: ${checkpoint} reads ${what}; ${learned}name what to predict`);
  }
  const limits = readLimits(given);
  try {
    const rows =
      preparation.kind === 'images'
        ? await readImageRows(given, preparation, path, limits)
        : await readTableRows(given, preparation, path, limits);
    return { name: path, ...rows };
  } catch (error) {
    throw error instanceof DataError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

async function readBundledDigits({ options }: Arguments): Promise<PredictionRows> {
  if (options.labels !== undefined) throw new InputError('--labels: the bundled digits have theirs; name DATA');
  const { test } = await digits();
  return { ...test, name: 'held-out digits' };
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
    const found = testFileNames(await readdir(path));
    images = join(path, found.images);
    labels = found.labels === undefined ? undefined : join(path, found.labels);
  }
  const rows = await preparedFor(preparation, await readBytes(images, images), { limits });
  if (labels === undefined) return rows;
  return { ...rows, labels: await readLabelFile(labels, rows.count, preparation.classNames.length, limits) };
}

async function readLabelFile(
  path: string,
  count: number,
  classes: number,
  limits: Partial<Limits>,
): Promise<Int32Array> {
  try {
    return await readLabels(await readBytes(path, path), count, { classes, limits });
  } catch (error) {
    throw error instanceof DataError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

async function readTableRows(
  given: Arguments,
  stored: TablePreparation,
  path: string,
  limits: Partial<Limits>,
): Promise<Omit<PredictionRows, 'name'>> {
  const { target } = given.options;
  const missing = choiceOption(given, 'missing', ['error', 'mean', 'drop']) ?? stored.missing;
  const isIDX = /idx\d[-_.]ubyte(\.gz)?$/i.test(path);
  if (isIDX || (await findPathKind(path, path)) === 'folder') {
    throw new InputError(`${path}: it is ${isIDX ? 'an IDX file' : 'a folder'}; the model reads CSV files`);
  }
  const options = { header: stored.header, ...formOptions(given), limits };
  const table = await readTable(await readBytes(path, path), options);
  if (target !== undefined && !table.columns.includes(target)) {
    throw new InputError(
      `--target: ${path} has no column ${JSON.stringify(target)}; it has ${table.columns.join(', ')}`,
    );
  }
  return { ...preparedTable({ ...stored, missing, target: target ?? stored.target }, table), table };
}
