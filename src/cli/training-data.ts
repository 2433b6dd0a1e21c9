/** What `equilibra train` learns from: the bundled digits, a folder of IDX files, or a CSV file. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  DataError,
  type Dataset,
  digits,
  imageFileNames,
  imagesFromFiles,
  type Limits,
  type Preparation,
  readTable,
  type Table,
  type TableDataset,
  tableDataset,
} from '../data/index.ts';
import { findPathKind, readBytes } from './files.ts';
import { InputError } from './io.ts';
import { LIMITS_OPTION, readLimits } from './limits-option.ts';
import { type Arguments, choiceOption, numberOption } from './options.ts';
import { columnsOption, counted, FORM_OPTIONS, formOptions, listed, yesOrNo } from './table-options.ts';
import { type Chosen, toTexts } from './training-settings.ts';

/** For a CSV file only. */
const TABLE_ONLY = {
  target: { value: '<column>', description: 'CSV: the column of the classes' },
  'held-out': { value: '<share>', description: 'CSV: share of the rows to test on, in (0, 1)', fallback: '0.2' },
  ignore: { value: '<columns>', description: 'CSV: columns to leave out, with commas between' },
  categorical: { value: '<columns>', description: 'CSV: columns whose numbers are categories' },
  missing: {
    value: '<rule>',
    description: 'CSV, missing values: error, mean (fill), drop (the row)',
    fallback: 'error',
  },
  standardise: { value: '<yes|no>', description: 'CSV: features to mean 0 and deviation 1', fallback: 'yes' },
  header: { value: '<yes|no>', description: 'CSV: the first line holds names', fallback: 'detected' },
  ...FORM_OPTIONS,
};

export const DATA_OPTIONS = {
  data: { value: '<path>', description: 'a folder of IDX files (MNIST) or a CSV file', fallback: 'bundled digits' },
  ...TABLE_ONLY,
  ...LIMITS_OPTION,
};

export interface TrainingData {
  readonly dataset: Dataset;
  readonly classNames: readonly string[];
  /** How further data are made ready for the model: what a checkpoint keeps. */
  readonly preparation: Preparation;
  /** The digits that come along. */
  readonly isBundled: boolean;
  /** The options that decided what is learned. */
  readonly chosen: Chosen;
  /** What the user should know of the data: names and values. */
  readonly facts: readonly (readonly [string, string])[];
  /** Where the data come from a table. */
  readonly origin?: { readonly table: Table; readonly dataset: TableDataset };
}

/**
 * Reads what --data names.
 *
 * @param seed of the choice of the rows that are held out
 * @throws InputError that names the file and what is wrong there
 */
export async function readTrainingData(given: Arguments, seed: number): Promise<TrainingData> {
  const path = given.options.data;
  const isFolder = path !== undefined && (await findPathKind(`--data ${path}`, path)) === 'folder';
  if (path === undefined || isFolder) {
    const misplaced = Object.keys(TABLE_ONLY).find((name) => given.options[name] !== undefined);
    if (misplaced) throw new InputError(`--${misplaced}: it is for a CSV file, which --data must name`);
  }
  const limits = readLimits(given);
  if (path === undefined) return { ...describeImages(await digits()), isBundled: true };
  try {
    return isFolder
      ? describeImages(await readImageFolder(path, limits))
      : await readTableData(path, given, seed, limits);
  } catch (error) {
    throw error instanceof DataError ? new InputError(`--data ${path}: ${error.message}`) : error;
  }
}

function describeImages(dataset: Awaited<ReturnType<typeof digits>>): TrainingData {
  const { classNames, preparation, featureShape } = dataset;
  return {
    dataset,
    classNames,
    preparation,
    isBundled: false,
    chosen: {},
    facts: [['images', featureShape.join(' × ')]],
  };
}

async function readImageFolder(folder: string, limits: Partial<Limits>): ReturnType<typeof imagesFromFiles> {
  const names = Object.values(imageFileNames(await readdir(folder)));
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readBytes(`--data ${folder}/${name}`, join(folder, name)) })),
  );
  return imagesFromFiles(files, { name: basename(join(folder)), limits });
}

async function readTableData(
  path: string,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<TrainingData> {
  if (/idx\d[-_.]ubyte(\.gz)?$/i.test(path)) {
    throw new InputError(`--data ${path}: name the folder of the four IDX files, not one of them`);
  }
  const bytes = await readBytes(`--data ${path}`, path);
  const table = await readTable(bytes, { header: yesOrNo(given, 'header'), ...formOptions(given), limits });
  const { target } = given.options;
  if (target === undefined) {
    throw new InputError(`--target is missing: the column of the classes; the columns are ${table.columns.join(', ')}`);
  }
  const inside = (share: number): boolean => share > 0 && share < 1;
  const heldOut = numberOption(given, 'held-out', 0.2, 'a number in (0, 1)', inside);
  const missing = choiceOption(given, 'missing', ['error', 'mean', 'drop']) ?? 'error';
  const standardise = yesOrNo(given, 'standardise') ?? true;
  const dataset = tableDataset(table, {
    target,
    ignore: columnsOption(given, 'ignore'),
    categorical: columnsOption(given, 'categorical'),
    missing,
    heldOut,
    standardise,
    seed,
    name: basename(path),
    limits,
  });
  if (dataset.test.count === 0) {
    throw new InputError(`--data ${path}: every class has one row, so none can be held out`);
  }
  const { classNames, preparation } = dataset;
  const chosen = toTexts({
    target,
    'held-out': heldOut,
    ignore: given.options.ignore,
    categorical: given.options.categorical,
    missing,
    standardise: standardise ? 'yes' : 'no',
    header: table.header ? 'yes' : 'no',
    separator: given.options.separator,
    decimal: given.options.decimal,
    dates: given.options.dates,
  });
  return {
    dataset,
    classNames,
    preparation,
    isBundled: false,
    chosen,
    facts: listTableFacts(dataset),
    origin: { table, dataset },
  };
}

function listTableFacts({
  preparation,
  featureNames,
  constant,
  dropped,
  assumed,
  warnings,
}: TableDataset): (readonly [string, string])[] {
  const columns = preparation.columns.map((column) =>
    column.kind === 'categories'
      ? `${column.name} (${counted(column.categories.length, 'category', 'categories')})`
      : column.name,
  );
  const how = preparation.standardisation ? 'standardised' : 'not standardised';
  return [
    ['features', `${featureNames.length}, ${how}: ${listed(columns)}`],
    ...(constant.length > 0 ? [['constant', `${listed(constant)}: nothing to learn from these`] as const] : []),
    ...(dropped > 0
      ? [['dropped', counted(dropped, 'row with a missing value', 'rows with missing values')] as const]
      : []),
    ...assumed.map((sentence) => ['assumed', sentence] as const),
    ...warnings.map((sentence) => ['warning', sentence] as const),
  ];
}
