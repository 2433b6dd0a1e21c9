/** `equilibra predict`: classifies rows of data with a trained model. */
import { basename } from 'node:path';
import { BACKENDS } from '../backends/open.ts';
import type { Preparation } from '../data/index.ts';
import { type Engine, evaluate, type Model, modelFrom, type Prediction } from '../index.ts';
import { openEngine } from './engine.ts';
import { checkWritable, writeOutput } from './files.ts';
import { EXIT, formatValue, InputError, type IO } from './io.ts';
import { type Appearance, chooseAppearance, createTableAppearance, findMistakes } from './mistakes.ts';
import { type Arguments, formatHelp, readArguments, readChoice, readCount } from './options.ts';
import { PREDICTION_DATA_OPTIONS, type PredictionRows, readPredictionRows } from './prediction-data.ts';
import { formatAccuracy } from './progress.ts';
import { predictionReport } from './report/prediction-report.ts';
import { readModel, type StoredModel } from './training-checkpoint.ts';
import { listMachineFacts, listModelFacts } from './training-report.ts';
import { printRemarks } from './wording.ts';

const TABLE = {
  ...PREDICTION_DATA_OPTIONS,
  probabilities: { description: 'a column for the probability of every class' },
  output: { value: '<file.csv>', description: 'the file to write', fallback: 'standard output' },
  report: { value: '<file>', description: 'write a report as one HTML file; the classes must be known' },
  batch: { value: '<count>', description: 'rows solved at once', fallback: '256' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'webgpu on hardware, else wasm' },
};

const USAGE = 'equilibra predict CHECKPOINT [DATA] [options]';

const SUMMARY =
  'Classifies DATA with the model of a checkpoint that `equilibra train --checkpoint` wrote: a CSV file with the columns\n' +
  'it was trained on, an IDX file of images, or the test part of a folder of IDX files (each plain or .gz).\n' +
  'Without DATA, a model of the bundled digits classifies the held-out digits.';

const NOTES =
  'Prints CSV: row (the line of the file; images count from 0), class, probability. Where the classes are known, the\n' +
  'accuracy goes to standard error.\n' +
  'Exit code: 0 done, 2 bad input, 3 a solve did not converge.';

export async function predict(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('predict', TABLE, argv);
  if (given.options.help) {
    io.out(formatHelp(USAGE, SUMMARY, TABLE, NOTES));
    return EXIT.done;
  }
  const [path, data, ...more] = given.positionals;
  if (path === undefined) throw new InputError(`CHECKPOINT is missing: ${USAGE}`);
  if (more.length > 0) throw new InputError(`${formatValue(more[0])}: predict takes one checkpoint and one DATA`);
  const batch = readCount(given, 'batch', 256);
  const backend = readChoice(given, 'backend', BACKENDS);
  const { output, report } = given.options;
  if (output !== undefined) await checkWritable('output', output);
  if (report !== undefined) await checkWritable('report', report);
  const stored = await readModel(path, path);
  const rows = await readPredictionRows(given, stored, data);
  if (report !== undefined && !rows.labels) {
    throw new InputError(`--report: the classes of ${rows.name} are not known, and the report compares with them`);
  }
  const engine = await openEngine(backend);
  try {
    const model = loadModel(stored, rows, engine);
    const prediction = await model.predict(rows.inputs, { batch });
    await printPredictions(io, given, rows, prediction, stored.preparation.classNames);
    if (report !== undefined) await writePredictionReport(report, { stored, rows, model, prediction, batch });
    return EXIT.done;
  } finally {
    engine.close();
  }
}

/** Loads the best parameters where early stopping stored them, since `equilibra train` reported on those. */
function loadModel({ path, checkpoint, preparation }: StoredModel, rows: PredictionRows, engine: Engine): Model {
  const parameters = checkpoint.training?.best.length ? 'best' : 'latest';
  let model: Model;
  try {
    model = modelFrom(checkpoint, engine, { parameters });
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`${path}: ${error.message}`) : error;
  }
  const classes = preparation.classNames.length;
  if (model.inputs !== rows.features || model.outputs !== classes) {
    throw new InputError(
      `${path}: its model takes ${model.inputs} numbers and gives ${model.outputs} classes, its preparation ${rows.features} and ${classes}`,
    );
  }
  return model;
}

async function printPredictions(
  io: IO,
  given: Arguments,
  rows: PredictionRows,
  prediction: Prediction,
  classNames: readonly string[],
): Promise<void> {
  const { output } = given.options;
  const text = formatCSV(rows, prediction, classNames, given.options.probabilities !== undefined);
  if (output === undefined) io.out(text);
  else await writeOutput('output', output, text);
  printRemarks(io, 'assumed', rows.assumed);
  const { labels } = rows;
  if (!labels) return;
  const right = prediction.classes.reduce((sum, found, row) => sum + (found === labels[row] ? 1 : 0), 0);
  io.error(`${formatAccuracy(right, rows.count)}\n`);
}

function formatCSV(
  { count, lines }: PredictionRows,
  { classes, probabilities }: Prediction,
  classNames: readonly string[],
  everyClass: boolean,
): string {
  const each = everyClass ? classNames.map((name) => `probability of ${name}`) : [];
  const records = [['row', 'class', 'probability', ...each]];
  for (let row = 0; row < count; row++) {
    // Six digits, since float32 has about seven.
    const own = probabilities.subarray(row * classNames.length, (row + 1) * classNames.length);
    const texts = Array.from(own, (probability) => String(Number(probability.toPrecision(6))));
    const found = classes[row];
    const number = String(lines?.[row] ?? row);
    records.push([number, classNames[found], texts[found], ...(everyClass ? texts : [])]);
  }
  return records.map((record) => `${record.map(quoteCell).join(',')}\n`).join('');
}

/** Quotes a cell as RFC 4180 describes. */
function quoteCell(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

interface Outcome {
  readonly stored: StoredModel;
  readonly rows: PredictionRows;
  readonly model: Model;
  readonly prediction: Prediction;
  /** The number of rows that are solved at once. */
  readonly batch: number;
}

async function writePredictionReport(path: string, { stored, rows, model, prediction, batch }: Outcome): Promise<void> {
  const { path: checkpoint, preparation } = stored;
  const samples = { ...rows, labels: rows.labels as Int32Array };
  const { classNames } = preparation;
  const text = predictionReport({
    title: `${basename(checkpoint)} on ${rows.name}`,
    classNames,
    facts: [
      {
        heading: 'Data',
        entries: [
          ['name', rows.name],
          ['rows', String(rows.count)],
        ],
      },
      listModelFacts(model),
      listMachineFacts(model.engine),
    ],
    evaluation: await evaluate(model, samples, { batch }),
    mistakes: findMistakes(samples, prediction, chooseRowAppearance(preparation, rows)),
  });
  await writeOutput('report', path, text);
}

function chooseRowAppearance(preparation: Preparation, { table, lines }: PredictionRows): Appearance {
  if (preparation.kind === 'images') return chooseAppearance(preparation.shape);
  if (preparation.kind === 'arrays') return chooseAppearance([]);
  if (!table || !lines) throw new Error('predict: the rows of a table come without the table');
  const names = preparation.columns.map(({ name }) => name);
  const rows = new Map(table.lines.map((line, row) => [line, row]));
  return createTableAppearance(table, names, (index) => rows.get(lines[index]) as number);
}
