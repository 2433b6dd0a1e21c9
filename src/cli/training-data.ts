/** Reads the data of `equilibra train`: the bundled digits, files of images, a .npz file, or a CSV file. */
import { basename } from 'node:path';
import { readClassTexts } from '../data/array-rows.ts';
import {
  type ArrayNames,
  arraysDataset,
  arraysTask,
  type Dataset,
  digits,
  type ImageDataset,
  type Limits,
  type NamedArrays,
  type Preparation,
  type RegressionDataset,
  readNPZ,
  regressionArraysDataset,
  regressionDataset,
  type Table,
  type TableDataset,
  type TableFacts,
  type TableRegressionDataset,
  tableDataset,
} from '../data/index.ts';
import type { TaskName } from '../index.ts';
import { findWhole, holdOutRows } from './array-folds.ts';
import { findPathKind, readBytes } from './files.ts';
import { isBinaryName, readImageFiles } from './image-data.ts';
import { InputError } from './io.ts';
import { LIMITS_OPTION, readLimits } from './limits-option.ts';
import { type Arguments, readChoice, readNumber } from './options.ts';
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
} from './table-options.ts';
import { readTargets, TASKS } from './target-options.ts';
import { type Chosen, toTexts } from './training-settings.ts';
import { formatDroppedRows, formatNames, formatQuantity } from './wording.ts';

/** The options that apply only where the data are a CSV file. */
const TABLE_ONLY = {
  weights: { value: '<column>', description: 'CSV: the column of how much each row counts', fallback: 'all alike' },
  ...COLUMN_OPTIONS,
  ...HEADER_OPTION,
  ...FORM_OPTIONS,
};

/** The options that apply where the data are a CSV file or a .npz file. */
const ROWS_ONLY = {
  target: {
    value: '<name>',
    description:
      'CSV: the column of the classes, or of numbers to predict, or several with commas; .npz: the array of these; CIFAR-100: fine or coarse, the 100 classes or the 20',
    fallback: '.npz: y; CIFAR-100: fine',
  },
  task: {
    value: '<name>',
    description: `CSV, .npz: ${TASKS.join(', ')}`,
    fallback: 'regression for decimals, or more than 20 integers',
  },
};

/** Which rows are tested on, and how features are scaled. */
const PARTS = {
  'held-out': {
    value: '<share>',
    description: 'CSV, .npz, CIFAR without a test part: share of the rows to test on, in (0, 1)',
    fallback: '0.2, or those of x_test',
  },
  standardise: {
    value: '<yes|no>',
    description: 'features, or the channels of images, to mean 0 and deviation 1',
    fallback: 'yes; no for images, whose pixels are divided by 255',
  },
};

/** The options that apply only where the data are a .npz file. */
const ARRAYS_ONLY = {
  features: { value: '<name>', description: '.npz: the array of features, one row after the other', fallback: 'x' },
};

export const DATA_OPTIONS = {
  data: {
    value: '<path>',
    description:
      'a folder of IDX files (MNIST) or of files of CIFAR, one .bin file of CIFAR, a CSV file or a .npz file',
    fallback: 'bundled digits',
  },
  ...ROWS_ONLY,
  ...PARTS,
  ...ARRAYS_ONLY,
  ...TABLE_ONLY,
  ...LIMITS_OPTION,
};

interface CommonData {
  /** How new data are prepared for the model. A checkpoint contains this. */
  readonly preparation: Preparation;
  /** Whether these are the bundled digits. */
  readonly isBundled: boolean;
  /** The options that determined the data, by name. */
  readonly chosen: Chosen;
  /** Facts about the data for the user: names and values. */
  readonly facts: readonly (readonly [string, string])[];
  /** How other rows can be held out; absent where the data come in two parts. */
  readonly folding?: Folding;
}

/** The rows of data, and how to hold some of them out. */
export interface Folding {
  /** The number of rows. */
  readonly count: number;
  /** The class of each row; undefined for a regression. */
  readonly classes: readonly string[] | undefined;
  /** The rows of the test part, in its order. */
  readonly testRows: readonly number[];
  /** The same data with these rows held out. */
  readonly holdOut: (rows: readonly number[]) => FoldableData;
}

/** Data with classes. */
export interface ClassData extends CommonData {
  readonly task: 'classification';
  readonly dataset: Dataset;
  readonly classNames: readonly string[];
  /** The table and its data set. Absent for images. */
  readonly origin?: { readonly table: Table; readonly dataset: TableDataset };
}

/** Data with numbers to predict. */
export interface NumberData extends CommonData {
  readonly task: 'regression';
  readonly dataset: RegressionDataset;
  /** The table and its data set. Absent for arrays. */
  readonly origin?: { readonly table: Table; readonly dataset: TableRegressionDataset };
}

export type TrainingData = ClassData | NumberData;

/** Data from which other rows can be held out. */
export type FoldableData = TrainingData & { readonly folding: Folding };

export function isFoldable(data: TrainingData): data is FoldableData {
  return data.folding !== undefined;
}

/** The number of outputs that a model for the data has. */
export function countOutputs(data: TrainingData): number {
  return data.task === 'regression' ? data.dataset.targetNames.length : data.dataset.classes;
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
  const isImages = isFolder || (path !== undefined && isBinaryName(path));
  if (path === undefined || isImages) {
    const { target: _, ...rowsOnly } = ROWS_ONLY;
    const names = Object.keys({ ...rowsOnly, ...ARRAYS_ONLY, ...TABLE_ONLY });
    refuseOptions(given, names, 'it is for a CSV or a .npz file, which --data must name');
  }
  const limits = readLimits(given);
  if (path === undefined) {
    refuseOptions(given, ['target'], 'it is for a CSV or a .npz file or files of CIFAR-100, which --data must name');
    refuseOptions(
      given,
      Object.keys(PARTS),
      'the bundled digits are divided and scaled already; name others by --data',
    );
    return { ...describeImages(await digits()), isBundled: true };
  }
  if (!isFolder && isArchiveName(path)) {
    refuseOptions(given, Object.keys(TABLE_ONLY), 'it is for a CSV file, and --data names a .npz file');
    return convertDataErrors(`--data ${path}`, () => readArrayData(path, given, seed, limits));
  }
  refuseOptions(given, Object.keys(ARRAYS_ONLY), 'it is for a .npz file, which --data must name');
  return convertDataErrors<TrainingData>(`--data ${path}`, () =>
    isImages ? readImageData(path, isFolder, given, seed, limits) : readTableData(path, given, seed, limits),
  );
}

function describeImages(dataset: ImageDataset): ClassData {
  const { classNames, preparation, featureShape } = dataset;
  return {
    task: 'classification',
    dataset,
    classNames,
    preparation,
    isBundled: false,
    chosen: {},
    facts: [['images', featureShape.join(' × ')]],
  };
}

/** A folder of images, or one file of them. */
async function readImageData(
  path: string,
  isFolder: boolean,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<ClassData> {
  const standardise = readYesOrNo(given, 'standardise');
  const heldOut = readHeldOut(given, undefined);
  const dataset = await readImageFiles(path, isFolder, given, { standardise, heldOut, seed, limits });
  const { target, 'held-out': share, standardise: answer } = given.options;
  return { ...describeImages(dataset), chosen: toTexts({ target, 'held-out': share, standardise: answer }) };
}

async function readArrayData(
  path: string,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<TrainingData> {
  const arrays = await readNPZ(await readBytes(`--data ${path}`, path), { limits });
  const { features, target } = given.options;
  const heldOut = readHeldOut(given, 0.2);
  const standardise = readYesOrNo(given, 'standardise') ?? true;
  const options = { features, target, heldOut, standardise, seed, name: basename(path), limits };
  const found = arraysTask(arrays, { features, target });
  const asked = readChoice(given, 'task', TASKS);
  const { task, reason } = asked === undefined ? found : { task: asked, reason: 'asked for by --task' };
  const common = {
    isBundled: false,
    chosen: toTexts({ features, target, task, 'held-out': heldOut, standardise: standardise ? 'yes' : 'no' }),
  };
  const describe = (own: NamedArrays, names: ArrayNames): TrainingData => {
    const wanted = { ...options, ...names };
    const dataset = task === 'regression' ? regressionArraysDataset(own, wanted) : arraysDataset(own, wanted);
    const { preparation } = dataset;
    const shape = preparation.shape.length > 0 ? preparation.shape.join(' × ') : '1';
    const how = preparation.kind === 'images' ? 'divided by 255' : `${standardise ? '' : 'not '}standardised`;
    const facts = [['task', `${task}: ${reason}`] as const, ['features', `${shape}, ${how}`] as const];
    return 'classNames' in dataset
      ? { ...common, task: 'classification', dataset, classNames: dataset.classNames, preparation, facts }
      : { ...common, task: 'regression', dataset, preparation, facts };
  };
  const data = describe(arrays, { features, target });
  if (data.dataset.test.count === 0) throw createNoneHeldOutError(path, task, reason);
  const whole = findWhole(arrays, { features, target });
  if (!whole) return data;
  const [[featureName, { shape }], [targetName, targetArray]] = [whole.features, whole.target];
  const classes = task === 'classification' ? readClassTexts(whole.target, shape[0]) : undefined;
  const holdOut = (rows: readonly number[]): FoldableData => ({
    ...describe(holdOutRows(arrays, whole, rows), { features: featureName, target: targetName }),
    folding: { count: targetArray.shape[0], classes, testRows: rows, holdOut },
  });
  return { ...data, folding: { count: shape[0], classes, testRows: [], holdOut } };
}

/** @param reason why it is this task */
function createNoneHeldOutError(path: string, task: TaskName, reason: string): InputError {
  const why =
    task === 'regression'
      ? 'there are too few rows to hold some out'
      : 'every class has one row, so none can be held out';
  return new InputError(`--data ${path}: ${why} (${task}: ${reason})`);
}

function readHeldOut<Fallback extends number | undefined>(given: Arguments, fallback: Fallback): number | Fallback {
  return readNumber(given, 'held-out', fallback, 'a number in (0, 1)', (share) => share > 0 && share < 1);
}

async function readTableData(
  path: string,
  given: Arguments,
  seed: number,
  limits: Partial<Limits>,
): Promise<FoldableData> {
  if (isIDXName(path)) {
    throw new InputError(`--data ${path}: name the folder of the four IDX files, not one of them`);
  }
  const table = await readTableFile(given, `--data ${path}`, path, { limits });
  const { task, targets, reason } = readTargets(given, table);
  const heldOut = readHeldOut(given, 0.2);
  const columns = readColumnOptions(given);
  const standardise = readYesOrNo(given, 'standardise') ?? true;
  const { weights } = given.options;
  const options = { ...columns, weights, standardise, seed, name: basename(path), limits };
  const common = {
    isBundled: false,
    chosen: toTexts({
      target: given.options.target,
      task,
      weights,
      'held-out': heldOut,
      ignore: given.options.ignore,
      categorical: given.options.categorical,
      missing: columns.missing,
      standardise: standardise ? 'yes' : 'no',
      header: table.header ? 'yes' : 'no',
      separator: given.options.separator,
      decimal: given.options.decimal,
      dates: given.options.dates,
    }),
  };
  const taskFact = ['task', `${task}: ${reason}`] as const;
  const place = table.columns.indexOf(targets[0]);
  const classes = task === 'regression' ? undefined : table.rows.map((row) => row[place]);
  const holdOut = (rows: number | readonly number[]): FoldableData => {
    const foldingOf = ({ rows: { test } }: TableFacts): Folding => ({
      count: table.rows.length,
      classes,
      testRows: test,
      holdOut,
    });
    if (task === 'regression') {
      const dataset = regressionDataset(table, { ...options, heldOut: rows, target: targets });
      const { preparation } = dataset;
      const facts = [taskFact, ...listTableFacts(dataset)];
      const origin = { table, dataset };
      return { ...common, task, dataset, preparation, facts, origin, folding: foldingOf(dataset) };
    }
    const dataset = tableDataset(table, { ...options, heldOut: rows, target: targets[0] });
    const { classNames, preparation } = dataset;
    const facts = [taskFact, ...listTableFacts(dataset)];
    const origin = { table, dataset };
    return { ...common, task, dataset, classNames, preparation, facts, origin, folding: foldingOf(dataset) };
  };
  const data = holdOut(heldOut);
  if (data.dataset.test.count > 0) return data;
  throw createNoneHeldOutError(path, task, reason);
}

function listTableFacts({
  preparation,
  featureNames,
  constant,
  dropped,
  assumed,
  warnings,
}: TableDataset | TableRegressionDataset): (readonly [string, string])[] {
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
