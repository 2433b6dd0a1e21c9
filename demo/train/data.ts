/** Reads the data of a run. Workers do this themselves, since files can be posted to them and reading takes time. */
import {
  DataError,
  type Dataset,
  digits,
  imageFileNames,
  imagesFromFiles,
  type Preparation,
  type RegressionDataset,
  regressionDataset,
  type Separator,
  tableDataset,
  tableTask,
} from '../../src/data/index.ts';
import type { TableSource } from '../tables/choice.ts';
import { listRemarks, readChosenTable } from '../tables/read.ts';

export type DataSource =
  | { readonly kind: 'digits' }
  | { readonly kind: 'images'; readonly files: readonly File[] }
  | TableSource;

export const DIGITS: DataSource = { kind: 'digits' };

const TABLE_FILE = /\.(csv|tsv|txt)(\.gz)?$/i;
const IDX_FILE = /idx\d[-_.]ubyte(\.gz)?$/i;

/** A table of which nothing has been chosen yet. */
interface TableFile {
  readonly kind: 'table';
  readonly file: File;
}

/**
 * Recognises from their names what the dropped files are.
 * @throws DataError that says which file is missing, or which files are possible
 */
export function recogniseSource(files: readonly File[]): Exclude<DataSource, TableSource> | TableFile {
  const names = files.map(({ name }) => name);
  if (names.some((name) => IDX_FILE.test(name))) {
    imageFileNames(names); // throws where one of the four is missing
    return { kind: 'images', files };
  }
  if (files.length === 1 && TABLE_FILE.test(names[0])) return { kind: 'table', file: files[0] };
  throw new DataError(
    `${names.join(', ')}: no data set. Drop one CSV file, or the four IDX files of MNIST or Fashion-MNIST together ` +
      '(train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; plain or .gz)',
  );
}

/** Data with everything that a checkpoint must contain about them. */
export interface ReadData {
  readonly dataset: (RegressionDataset | (Dataset & { readonly classNames: readonly string[] })) & {
    readonly preparation: Preparation;
  };
  /** The columns of a table; empty for images. */
  readonly columns: readonly string[];
  readonly featureNames: readonly string[];
  /** Assumptions about a table and warnings about its columns, in sentences. */
  readonly remarks: readonly string[];
  /** The options with which the data were read, in the form in which `equilibra train` stores them. */
  readonly options: Readonly<Record<string, string>>;
}

/** @throws DataError that names the file and the place in it */
export async function readData(source: DataSource): Promise<ReadData> {
  if (source.kind === 'table') return readTableData(source);
  const dataset =
    source.kind === 'digits'
      ? await digits()
      : await imagesFromFiles(source.files.map((file) => ({ name: file.name, bytes: file })));
  return { dataset, columns: [], featureNames: [], remarks: [], options: {} };
}

async function readTableData(source: TableSource): Promise<ReadData> {
  const { target, ignore, categorical, missing, form } = source.choice;
  const { table, data } = await readChosenTable(source, (read, options) => {
    const { task = tableTask(read, target).task } = source.choice;
    const dataset = task === 'regression' ? regressionDataset(read, options) : tableDataset(read, options);
    if (dataset.test.count > 0) return dataset;
    const few = task === 'regression' ? 'there are too few rows' : 'every class has one row';
    throw new DataError(`${few}, so that none can be held out`);
  });
  const options = {
    target,
    'held-out': '0.2',
    ...(ignore.length > 0 && { ignore: toCSV(ignore) }),
    ...(categorical.length > 0 && { categorical: toCSV(categorical) }),
    missing,
    standardise: 'yes',
    header: table.header ? 'yes' : 'no',
    ...(form.separator && { separator: SEPARATORS[form.separator] }),
    ...(form.decimal && { decimal: form.decimal === ',' ? 'comma' : 'point' }),
    ...(form.dates && { dates: form.dates }),
  };
  const remarks = listRemarks(source.choice, data);
  return { dataset: data, columns: table.columns, featureNames: data.featureNames, remarks, options };
}

const SEPARATORS: Readonly<Record<Separator, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'bar',
  ' ': 'space',
};

/** Writes names of columns as the command line takes them: with commas between, in quotes where they contain one. */
function toCSV(names: readonly string[]): string {
  return names.map((name) => (/^\s|[",\r\n]|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',');
}
