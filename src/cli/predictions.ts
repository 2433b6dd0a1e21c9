/** What `equilibra predict` says of rows, for each task. */
import type { Preparation, RegressionPreparation } from '../data/index.ts';
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
  preparation: Exclude<Preparation, RegressionPreparation>,
  { batch, everyClass }: { readonly batch: number; readonly everyClass: boolean },
): Promise<Predictions> {
  const { classNames } = preparation;
  const { labels, count } = rows;
  const prediction = await model.predict(rows.inputs, { batch });
  const right = prediction.classes.reduce((sum, found, row) => sum + (found === labels?.[row] ? 1 : 0), 0);
  return {
    csv: formatClasses(rows, prediction, classNames, everyClass),
    measures: labels ? [formatAccuracy(right, count)] : [],
    async outcome() {
      // Weights are left out: the report counts rows.
      const { weights, ...plain } = rows;
      const samples = { ...plain, labels: labels as Int32Array };
      const evaluation = await evaluate(model, samples, { batch });
      return {
        classNames,
        evaluation,
        mistakes: findMistakes(samples, prediction, chooseRowAppearance(preparation, rows)),
      };
    },
  };
}

export async function predictNumbers(
  model: Model,
  rows: PredictionRows,
  preparation: RegressionPreparation,
  batch: number,
): Promise<Predictions> {
  const { targets: names } = preparation;
  const { targets: truth } = rows;
  const predicted = await model.predictValues(rows.inputs, { batch });
  const evaluation = truth && (await evaluate(model, { ...rows, targets: truth }, { batch }));
  const records = Array.from({ length: rows.count }, (_, row) => {
    const numbers = predicted.subarray(row * names.length, (row + 1) * names.length);
    return [String(rows.lines?.[row] ?? row), ...Array.from(numbers, (number) => formatNumber(number, 7))];
  });
  return {
    csv: formatRecords([['row', ...names], ...records]),
    measures: evaluation ? formatErrors(evaluation, names) : [],
    async outcome() {
      if (!evaluation || !truth) throw new Error('predict: a report needs the targets');
      const largest = findLargestErrors(evaluation, truth, chooseRowAppearance(preparation, rows));
      return { numbers: { evaluation, targetNames: names, truth, largest } };
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

function chooseRowAppearance(preparation: Preparation, { table, lines }: PredictionRows): Appearance {
  if (preparation.kind === 'images') return chooseAppearance(preparation.shape);
  if (preparation.kind === 'arrays') return chooseAppearance([]);
  if (!table || !lines) throw new Error('predict: the rows of a table come without the table');
  const names = preparation.columns.map(({ name }) => name);
  const rows = new Map(table.lines.map((line, row) => [line, row]));
  return createTableAppearance(table, names, (index) => rows.get(lines[index]) as number);
}
