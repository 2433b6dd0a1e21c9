/** What `equilibra predict` says of rows, for each task. */
import type { Preparation, RegressionArrayPreparation, RegressionPreparation, Samples } from '../data/index.ts';
import type { ClassPreparation } from '../data/preparation.ts';
import { evaluate, type Model, type Prediction } from '../index.ts';
import { findLargestErrors } from './largest-errors.ts';
import { type Appearance, chooseAppearance, createTableAppearance, findMistakes } from './mistakes.ts';
import type { PredictionRows } from './prediction-data.ts';
import { formatAccuracy, formatErrors } from './progress.ts';
import { formatNumber } from './report/numbers.ts';
import type { Outcome } from './report/outcome.ts';

interface Predictions {
  /** One line for each row, and a header. */
  readonly csv: string;
  /** How good the predictions are, in lines; empty where the truth is not known. */
  readonly measures: readonly string[];
  /** What a report says of them. The truth must be known. */
  readonly outcome: () => Promise<Outcome>;
}

/** @param options.everyClass whether the probability of every class gets a column */
export async function predictClasses(
  model: Model,
  rows: PredictionRows,
  preparation: ClassPreparation,
  { batch, everyClass }: { readonly batch: number; readonly everyClass: boolean },
): Promise<Predictions> {
  const { classNames } = preparation;
  const { labels, weights } = rows;
  const prediction = await model.predict(rows.inputs, { batch });
  return {
    csv: formatClasses(rows, prediction, classNames, everyClass),
    measures: labels ? [measureAccuracy(prediction, { ...rows, labels })] : [],
    async outcome() {
      if (!labels) throw new Error('predict: a report needs the classes');
      const samples = { ...rows, labels };
      const evaluation = await evaluate(model, samples, { batch });
      const mistakes = findMistakes(samples, prediction, chooseRowAppearance(preparation, rows));
      return { classNames, evaluation, weights, mistakes };
    },
  };
}

function measureAccuracy({ classes }: Prediction, { labels, weights, count }: Samples): string {
  const right = Array.from(labels.keys()).filter((row) => classes[row] === labels[row]);
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  const sum = (rows: Iterable<number>): number => Array.from(rows, weightOf).reduce((all, weight) => all + weight, 0);
  return formatAccuracy({ accuracy: sum(right) / sum(labels.keys()), count }, right.length, weights !== undefined);
}

export async function predictNumbers(
  model: Model,
  rows: PredictionRows,
  preparation: RegressionPreparation | RegressionArrayPreparation,
  batch: number,
): Promise<Predictions> {
  const { targets: names } = preparation;
  const { targets: truth } = rows;
  const isWeighted = rows.weights !== undefined;
  const predicted = await model.predictValues(rows.inputs, { batch });
  const evaluation = truth && (await evaluate(model, { ...rows, targets: truth }, { batch }));
  const records = Array.from({ length: rows.count }, (_, row) => {
    const numbers = predicted.subarray(row * names.length, (row + 1) * names.length);
    return [String(rows.lines?.[row] ?? row), ...Array.from(numbers, (number) => formatNumber(number, 7))];
  });
  return {
    csv: formatRecords([['row', ...names], ...records]),
    measures: evaluation ? formatErrors(evaluation, names, isWeighted) : [],
    async outcome() {
      if (!evaluation || !truth) throw new Error('predict: a report needs the targets');
      const largest = findLargestErrors(evaluation, truth, chooseRowAppearance(preparation, rows));
      return { numbers: { evaluation, targetNames: names, isWeighted, truth, largest } };
    },
  };
}

function formatClasses(
  { count, lines }: PredictionRows,
  { classes, probabilities }: Prediction,
  classNames: readonly string[],
  everyClass: boolean,
): string {
  const each = everyClass ? classNames.map((name) => `probability of ${name}`) : [];
  const records = [['row', 'class', 'probability', ...each]];
  for (let row = 0; row < count; row++) {
    const own = probabilities.subarray(row * classNames.length, (row + 1) * classNames.length);
    const texts = Array.from(own, (probability) => formatNumber(probability));
    const found = classes[row];
    const number = String(lines?.[row] ?? row);
    records.push([number, classNames[found], texts[found], ...(everyClass ? texts : [])]);
  }
  return formatRecords(records);
}

function formatRecords(records: readonly (readonly string[])[]): string {
  return records.map((record) => `${record.map(quoteCell).join(',')}\n`).join('');
}

/** Quotes a cell as RFC 4180 describes. */
function quoteCell(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function chooseRowAppearance(preparation: Preparation, { table, lines, shape }: PredictionRows): Appearance {
  if (preparation.kind === 'images' || preparation.kind === 'arrays' || preparation.kind === 'regressionArrays') {
    return chooseAppearance(preparation, shape);
  }
  if (!table || !lines) throw new Error('predict: the rows of a table come without the table');
  const names = preparation.columns.map(({ name }) => name);
  const rows = new Map(table.lines.map((line, row) => [line, row]));
  return createTableAppearance(table, names, (index) => rows.get(lines[index]) as number);
}
