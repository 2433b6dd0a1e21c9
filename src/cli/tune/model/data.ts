/** Reads the data of a model: classes or several columns to explain, and groups of features. */
import { parseCSV, type Table } from '../../../data/index.ts';
import { standardisationOf } from '../../../data/standardisation.ts';
import { columnIndex, isMissing } from '../../../data/table.ts';
import { readClassNames, readClassNumbers, readTargetMatrix } from '../../../data/target.ts';
import { formatValue, InputError } from '../../io.ts';
import type { Arguments } from '../../options.ts';
import { convertDataErrors, readMissingRule, requireTarget } from '../../table-options.ts';
import { type PlacedData, readTuningData, type TuningData } from '../data.ts';
import { type ModelName, modelOf } from './models.ts';

/** Features that share a norm. */
export interface FeatureGroup {
  readonly name: string;
  readonly features: readonly number[];
}

/** A column that is explained beside others: y = mean + deviation·(what is fitted). */
export interface Task {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

export interface ModelData extends TuningData {
  readonly model: ModelName;
  /** What is fitted, rows × tasks: −1 and 1, the numbers of classes, or standardised numbers. */
  readonly y: Float64Array;
  /** The names of the classes, in the order of their numbers; of two, the second is 1. */
  readonly classes?: readonly string[];
  readonly tasks?: readonly Task[];
  readonly groups?: readonly FeatureGroup[];
}

/** @throws InputError that names the file, or the option, and says what is wrong with it */
export async function readModelData(given: Arguments, model: ModelName): Promise<ModelData> {
  const { explains, hasGroups } = modelOf(model);
  if (given.positionals.length === 0 && explains !== 'numbers') {
    throw new InputError(
      `--model ${model}: a CSV file must be named, for it explains ${explains === 'tasks' ? 'several columns' : 'classes'}; the bundled data have one column of numbers`,
    );
  }
  if (explains === 'numbers') {
    const data = await readTuningData(given);
    return { ...data, model, y: data.scaled.y, ...(hasGroups && { groups: readGroups(given, data) }) };
  }
  return explains === 'tasks' ? readTasks(given, model) : readClasses(given, model);
}

async function readClasses(given: Arguments, model: ModelName): Promise<ModelData> {
  const isBinary = modelOf(model).explains === 'two classes';
  let [classes, dropped]: [readonly string[], number] = [[], 0];
  const data = await readTuningData(given, (_, whole) => {
    const target = requireTarget(given, whole, 'the column of the classes');
    const table = dropWithout(given, whole, [target]);
    dropped = whole.rows.length - table.rows.length;
    classes = readClassNames(table, target);
    if (isBinary && classes.length > 2) throw new InputError(describeManyClasses(model, target, classes));
    const numbers = readClassNumbers(table, target, classes);
    const index = columnIndex(table, target);
    const rows = table.rows.map((cells, row) => cells.map((cell, at) => (at === index ? String(numbers[row]) : cell)));
    return { table: { ...table, rows }, target };
  });
  const { y, targetMean } = data.scaled;
  // A mean was subtracted, as for numbers.
  const numbers = y.map((value) => Math.round(value + targetMean));
  return {
    ...data,
    scaled: { ...data.scaled, targetMean: 0 },
    dropped: data.dropped + dropped,
    model,
    classes,
    y: isBinary ? numbers.map((value) => 2 * value - 1) : numbers,
  };
}

function describeManyClasses(model: ModelName, target: string, classes: readonly string[]): string {
  const named = `${classes.slice(0, 4).join(', ')}${classes.length > 4 ? ', …' : ''}`;
  return `--model ${model}: column ${formatValue(target)} has ${classes.length} classes, ${named}; it must have two, and --model multinomial takes more`;
}

async function readTasks(given: Arguments, model: ModelName): Promise<ModelData> {
  let [names, dropped]: [readonly string[], number] = [[], 0];
  let read: Table | undefined;
  const data = await readTuningData(given, (_, whole) => {
    const text = requireTarget(given, whole, 'the columns to explain, with commas between');
    names = whole.columns.includes(text) ? [text] : readNames('--target', text);
    for (const name of names) columnIndex(whole, name, 'target');
    if (new Set(names).size < names.length) throw new InputError(`--target: ${text} names a column twice`);
    read = dropWithout(given, whole, names);
    dropped = whole.rows.length - read.rows.length;
    return { table: read, target: names[0], others: names.slice(1) };
  });
  const { rows, lines, ...rest } = read as Table;
  const used = new Set(data.lines);
  const kept = rows.filter((_, row) => used.has(lines[row]));
  const numbers = await convertDataErrors(given.positionals[0], async () =>
    readTargetMatrix({ ...rest, rows: kept, lines: [...used] }, names),
  );
  const { y, tasks } = standardiseTasks(numbers, names, data);
  const scaled = { ...data.scaled, target: names.join(', '), targetMean: 0 };
  return { ...data, scaled, dropped: data.dropped + dropped, model, y, tasks };
}

/** Leaves out rows without a target where missing values are to be dropped. */
function dropWithout(given: Arguments, table: Table, targets: readonly string[]): Table {
  if (readMissingRule(given, 'error') !== 'drop') return table;
  const indices = targets.map((name) => columnIndex(table, name, 'target'));
  const kept = [...table.rows.keys()].filter((row) => indices.every((index) => !isMissing(table.rows[row][index])));
  return { ...table, rows: kept.map((row) => table.rows[row]), lines: kept.map((row) => table.lines[row]) };
}

/** Targets of mean 0 and deviation 1, for their errors are added up; without an intercept those of mean square 1. */
function standardiseTasks(
  numbers: Float64Array,
  names: readonly string[],
  { rowWeights, intercept, scaled: { count } }: TuningData,
): { y: Float64Array; tasks: readonly Task[] } {
  const features = names.length;
  const { mean, deviation } = standardisationOf({ inputs: numbers, count, features, weights: rowWeights });
  const tasks = names.map((name, task): Task => {
    if (intercept) return { name, mean: mean[task], deviation: deviation[task] };
    return { name, mean: 0, deviation: Math.hypot(mean[task], deviation[task]) };
  });
  const y = numbers.map((value, at) => {
    const { mean: from, deviation: by } = tasks[at % features];
    return (value - from) / by;
  });
  return { y, tasks };
}

/** Groups of columns as `--groups` lists them; each other column is a group of its own. */
function readGroups(given: Arguments, { columns }: PlacedData): readonly FeatureGroup[] {
  const text = given.options.groups;
  const known = [...new Set(columns)];
  const listed = text === undefined ? [] : text.split(';').map((part) => readNames('--groups', part));
  const taken = new Map<string, number>();
  for (const [group, names] of listed.entries()) {
    for (const name of names) {
      if (!known.includes(name)) {
        throw new InputError(
          `--groups: there is no feature column ${formatValue(name)}; these are ${known.join(', ')}`,
        );
      }
      if (taken.has(name))
        throw new InputError(`--groups: ${formatValue(name)} is named twice; it must be in one group`);
      taken.set(name, group);
    }
  }
  const alone = known.filter((name) => !taken.has(name)).map((name) => [name]);
  return [...listed, ...alone].map((names) => ({
    name: names.join(' + '),
    features: columns.flatMap((column, feature) => (names.includes(column) ? [feature] : [])),
  }));
}

/** Names with commas between them. A name that contains a comma is quoted, as in the file. */
function readNames(option: string, text: string): readonly string[] {
  const { records } = parseCSV(text, { separator: ',' });
  const names = records.length === 1 ? records[0].map((name) => name.trim()) : [];
  if (names.length > 0 && names.every((name) => name !== '')) return names;
  throw new InputError(`${option}: it holds ${formatValue(text)}; it must be names of columns with commas between`);
}
