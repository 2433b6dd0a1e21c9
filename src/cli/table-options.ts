/** The options of all commands that read CSV files, and the reading of a file as they describe it. */
import { DataError, parseCSV, readTable, type Separator, type Table, type TableOptions } from '../data/index.ts';
import { readBytes } from './files.ts';
import { formatValue, InputError } from './io.ts';
import { type Arguments, readChoice } from './options.ts';

const SEPARATORS: Readonly<Record<string, Separator>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  bar: '|',
  space: ' ',
};
const DECIMALS = { point: '.', comma: ',' } as const;
const ORDERS = ['day-first', 'month-first'] as const;
const MISSING_RULES = ['error', 'mean', 'drop'] as const;

/** Which columns are features, and how missing values are treated. */
export const COLUMN_OPTIONS = {
  ignore: { value: '<columns>', description: 'CSV: columns to leave out, with commas between' },
  categorical: { value: '<columns>', description: 'CSV: columns whose numbers are categories' },
  missing: {
    value: '<rule>',
    description: 'CSV, missing values: error, mean (fill), drop (the row)',
    fallback: 'error',
  },
};

export const HEADER_OPTION = {
  header: { value: '<yes|no>', description: 'CSV: the first line holds names', fallback: 'detected' },
};

/** How cells, numbers and dates are written in a file. */
export const FORM_OPTIONS = {
  separator: {
    value: '<name>',
    description: `CSV: between the cells: ${Object.keys(SEPARATORS).join(', ')}`,
    fallback: 'detected',
  },
  decimal: { value: '<name>', description: 'CSV: before the decimals: point, comma', fallback: 'detected' },
  dates: { value: '<order>', description: 'CSV, 03/04/2020: day-first, month-first', fallback: 'detected' },
};

/**
 * Reads a CSV file in the form that the options describe.
 * @param place where the path stands on the command line, for error messages
 * @param header whether the first line holds names. Default: what `--header` says
 */
export async function readTableFile(
  given: Arguments,
  place: string,
  path: string,
  { header = readYesOrNo(given, 'header'), limits }: Pick<TableOptions, 'header' | 'limits'>,
): Promise<Table> {
  if (/\.npy$/i.test(path)) {
    throw new InputError(
      `${place}: a .npy file is one array; save features and targets together, by numpy.savez("data.npz", x=x, y=y)`,
    );
  }
  const options = { header, ...readForm(given), limits };
  return readTable(await readBytes(place, path), options);
}

function readForm(given: Arguments): Pick<TableOptions, 'separator' | 'decimal' | 'dates'> {
  const separator = readChoice(given, 'separator', Object.keys(SEPARATORS));
  const decimal = readChoice(given, 'decimal', Object.keys(DECIMALS) as (keyof typeof DECIMALS)[]);
  const dates = readChoice(given, 'dates', ORDERS);
  return {
    ...(separator && { separator: SEPARATORS[separator] }),
    ...(decimal && { decimal: DECIMALS[decimal] }),
    ...(dates && { dates }),
  };
}

type MissingRule = (typeof MISSING_RULES)[number];

interface ColumnChoice {
  readonly ignore: readonly string[] | undefined;
  readonly categorical: readonly string[] | undefined;
  readonly missing: MissingRule;
}

export function readColumnOptions(given: Arguments): ColumnChoice {
  return {
    ignore: readColumns(given, 'ignore'),
    categorical: readColumns(given, 'categorical'),
    missing: readMissingRule(given, 'error'),
  };
}

export function readMissingRule(given: Arguments, fallback: MissingRule): MissingRule {
  return readChoice(given, 'missing', MISSING_RULES) ?? fallback;
}

/** Reads column names with commas between them. A name that contains a comma is quoted, as in the file. */
function readColumns({ options }: Arguments, name: string): readonly string[] | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  try {
    const { records } = parseCSV(text, { separator: ',' });
    if (records.length === 1) return records[0];
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  throw new InputError(`--${name}: it is ${formatValue(text)}; it must be names of columns with commas between`);
}

/**
 * Returns the target column.
 * @param role what the target is, for the error message
 * @throws InputError that lists the columns where `--target` is absent
 */
export function requireTarget({ options }: Arguments, { columns }: Table, role: string): string {
  if (options.target !== undefined) return options.target;
  throw new InputError(`--target is missing: ${role}; the columns are ${columns.join(', ')}`);
}

/** @throws InputError where one of the options is given, with the reason for which it must not be */
export function refuseOptions({ options }: Arguments, names: readonly string[], reason: string): void {
  const misplaced = names.find((name) => options[name] !== undefined);
  if (misplaced) throw new InputError(`--${misplaced}: ${reason}`);
}

export function readYesOrNo(given: Arguments, name: string): boolean | undefined {
  const answer = readChoice(given, name, ['yes', 'no']);
  return answer === undefined ? undefined : answer === 'yes';
}

/** Whether the name is that of an IDX file of MNIST, such as train-images-idx3-ubyte.gz. */
export function isIDXName(path: string): boolean {
  return /idx\d[-_.]ubyte(\.gz)?$/i.test(path);
}

export function isArchiveName(path: string): boolean {
  return /\.npz$/i.test(path);
}

/** Runs `read` and turns a DataError into an InputError that names the place. */
export async function convertDataErrors<Result>(place: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof DataError ? new InputError(`${place}: ${error.message}`) : error;
  }
}
