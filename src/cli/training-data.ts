/** Reads the data of `equilibra train`: the bundled digits, a folder of IDX files, a .npz file, or a CSV file. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  arraysDataset,
  type Dataset,
  digits,
  imageFileNames,
  imagesFromFiles,
  type Limits,
  type Preparation,
  readNPZ,
  type Table,
  type TableDataset,
  tableDataset,
} from '../data/index.ts';
import { findPathKind, readBytes } from './files.ts';
import { InputError } from './io.ts';
import { LIMITS_OPTION, readLimits } from './limits-option.ts';
import { type Arguments, readNumber } from './options.ts';
import {
  COLUMN_OPTIONS,
  convertDataErrors,
  FORM_OPTIONS,
  HEADER_OPTION,
  isArchiveName,
  isIDXName,
  readColumnOptions,
  readTableFile,
  readYesOrNo,
  refuseOptions,
  requireTarget,
} from './table-options.ts';
import { type Chosen, toTexts } from './training-settings.ts';
import { formatDroppedRows, formatNames, formatQuantity } from './wording.ts';

/** The options that apply only where the data are a CSV file. */
const TABLE_ONLY = {
  ...COLUMN_OPTIONS,
  ...HEADER_OPTION,
  ...FORM_OPTIONS,
};

/** The options that apply where the data are a CSV file or a .npz file. */
const ROWS_ONLY = {
  target: { value: '<name>', description: 'CSV: the column of the classes; .npz: their array', fallback: '.npz: y' },
  'held-out': {
    value: '<share>',
    description: 'CSV, .npz: share of the rows to test on, in (0, 1)',
    fallback: '0.2, or those of x_test',
  },
  standardise: { value: '<yes|no>', description: 'CSV, .npz: features to mean 0 and deviation 1', fallback: 'yes' },
};

/** The options that apply only where the data are a .npz file. */
const ARRAYS_ONLY = {
  features: { value: '<name>', description: '.npz: the array of features, one row after the other', fallback: 'x' },
};

export const DATA_OPTIONS = {
  data: {
    value: '<path>',
    description: 'a folder of IDX files (MNIST), a CSV file or a .npz file',
    fallback: 'bundled digits',
  },
  ...ROWS_ONLY,
  ...ARRAYS_ONLY,
  ...TABLE_ONLY,
  ...LIMITS_OPTION,
};

export interface TrainingData {
  readonly dataset: Dataset;
  readonly classNames: readonly string[];
  /** How new data are prepared for the model. A checkpoint contains this. */
  readonly preparation: Preparation;
  /** Whether these are the bundled digits. */
  readonly isBundled: boolean;
  /** The options that determined the data, by name. */
  readonly chosen: Chosen;
  /** Facts about the data for the user: names and values. */
  readonly facts: readonly (readonly [string, string])[];
  /** The table and its data set. Absent for images. */
  readonly origin?: { readonly table: Table; readonly dataset: TableDataset };
}

/**
 * Reads the data that --data names.
 *
 * @param seed decides which rows are held out
 * @throws InputError that names the file and says what is wrong with it
 */
export async function readTrainingData(given: Arguments, seed: number): Promise<TrainingData> {
  const path = given.options.data;
  const isFolder = path !== undefined && (await findPathKind(`--data ${path}`, path)) === 'folder';
  if (path === undefined || isFolder) {
    const names = Object.keys({ ...ROWS_ONLY, ...ARRAYS_ONLY, ...TABLE_ONLY });
    refuseOptions(given, names, 'it is for a CSV or a .npz file, which --data must name');
  }
  const limits = readLimits(given);
  if (path === undefined) return { ...describeImages(await digits()), isBundled: true };
  if (!isFolder && isArchiveName(path)) {
    refuseOptions(given, Object.keys(TABLE_ONLY), 'it is for a CSV file, and --data names a .npz file');
    return convertDataErrors(`--data ${path}`, () => readArrayData(path, given, seed, limits));
  }
  refuseOptions(given, Object.keys(ARRAYS_ONLY), 'it is for a .npz file, which --data must name');
  return convertDataErrors(`--data ${path}`, async () =>
    isFolder ? describeImages(await readImageFolder(path, limits)) : readTableData(path, given, seed, limits),
  );
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

async function readArrayData(
  path: string,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<TrainingData> {
  const arrays = await readNPZ(await readBytes(`--data ${path}`, path), { limits });
  const { features, target } = given.options;
  const heldOut = readHeldOut(given);
  const standardise = readYesOrNo(given, 'standardise') ?? true;
  const options = { features, target, heldOut, standardise, seed, name: basename(path), limits };
  const dataset = arraysDataset(arrays, options);
  if (dataset.test.count === 0) {
    throw new InputError(`--data ${path}: every class has one row, so none can be held out`);
  }
  const { classNames, preparation } = dataset;
  const shape = preparation.shape.length > 0 ? preparation.shape.join(' × ') : '1';
  const how = preparation.kind === 'images' ? 'divided by 255' : `${standardise ? '' : 'not '}standardised`;
  return {
    dataset,
    classNames,
    preparation,
    isBundled: false,
    chosen: toTexts({ features, target, 'held-out': heldOut, standardise: standardise ? 'yes' : 'no' }),
    facts: [['features', `${shape}, ${how}`]],
  };
}

function readHeldOut(given: Arguments): number {
  return readNumber(given, 'held-out', 0.2, 'a number in (0, 1)', (share) => share > 0 && share < 1);
}

async function readTableData(
  path: string,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<TrainingData> {
  if (isIDXName(path)) {
    throw new InputError(`--data ${path}: name the folder of the four IDX files, not one of them`);
  }
  const table = await readTableFile(given, `--data ${path}`, path, { limits });
  const target = requireTarget(given, table, 'the column of the classes');
  const heldOut = readHeldOut(given);
  const columns = readColumnOptions(given);
  const standardise = readYesOrNo(given, 'standardise') ?? true;
  const dataset = tableDataset(table, {
    target,
    ...columns,
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
    missing: columns.missing,
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
      ? `${column.name} (${formatQuantity(column.categories.length, 'category', 'categories')})`
      : column.name,
  );
  const how = preparation.standardisation ? 'standardised' : 'not standardised';
  return [
    ['features', `${featureNames.length}, ${how}: ${formatNames(columns)}`],
    ...(constant.length > 0 ? [['constant', `${formatNames(constant)}: nothing to learn from these`] as const] : []),
    ...(dropped > 0 ? [['dropped', formatDroppedRows(dropped)] as const] : []),
    ...assumed.map((sentence) => ['assumed', sentence] as const),
    ...warnings.map((sentence) => ['warning', sentence] as const),
  ];
}
