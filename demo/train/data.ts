/** Reads the data of a run. Workers do this themselves, since files can be posted to them and reading takes time. */
import {
  DataError,
  type Dataset,
  digits,
  imageFileNames,
  imagesFromFiles,
  type Preparation,
  readTable,
  tableDataset,
} from '../../src/data/index.ts';

export type DataSource =
  | { readonly kind: 'digits' }
  | { readonly kind: 'images'; readonly files: readonly File[] }
  /** `target` is the column of the classes. Default: the last one. */
  | { readonly kind: 'table'; readonly file: File; readonly target?: string };

export const DIGITS: DataSource = { kind: 'digits' };

const TABLE_FILE = /\.(csv|tsv|txt)(\.gz)?$/i;
const IDX_FILE = /idx\d[-_.]ubyte(\.gz)?$/i;

/**
 * Recognises from their names what the dropped files are.
 * @throws DataError that says which file is missing, or which files are possible
 */
export function recogniseSource(files: readonly File[]): DataSource {
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
  readonly dataset: Dataset & { readonly classNames: readonly string[]; readonly preparation: Preparation };
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
  if (source.kind === 'table') return nameErrors(source.file.name, readTableData(source.file, source.target));
  const dataset =
    source.kind === 'digits'
      ? await digits()
      : await imagesFromFiles(source.files.map((file) => ({ name: file.name, bytes: file })));
  return { dataset, columns: [], featureNames: [], remarks: [], options: {} };
}

async function readTableData(file: File, target?: string): Promise<ReadData> {
  const table = await readTable(file);
  const { columns } = table;
  const chosen = target ?? columns[columns.length - 1];
  const dataset = tableDataset(table, { target: chosen, name: file.name, missing: 'mean' });
  if (dataset.test.count === 0) throw new DataError('every class has one row, so that none can be held out');
  const options = {
    target: chosen,
    'held-out': '0.2',
    missing: 'mean',
    standardise: 'yes',
    header: table.header ? 'yes' : 'no',
  };
  const { featureNames, assumed, warnings } = dataset;
  return { dataset, columns, featureNames, remarks: [...assumed, ...warnings], options };
}

async function nameErrors<Result>(name: string, reading: Promise<Result>): Promise<Result> {
  return reading.catch((error: unknown) => {
    throw error instanceof DataError ? new DataError(`${name}: ${error.message}`) : error;
  });
}
