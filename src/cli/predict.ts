/** `equilibra predict`: classifies rows of data with a trained model, or predicts their numbers. */
import { basename } from 'node:path';
import { BACKENDS } from '../backends/open.ts';
import { predictsNumbers } from '../data/preparation.ts';
import { contractive, type Engine, imageLayers, type Model, modelFrom } from '../index.ts';
import { openEngine } from './engine.ts';
import { checkWritable, writeOutput } from './files.ts';
import { EXIT, formatValue, InputError, type IO } from './io.ts';
import { formatHelp, readArguments, readChoice, readCount } from './options.ts';
import { PREDICTION_DATA_OPTIONS, type PredictionRows, readPredictionRows } from './prediction-data.ts';
import { predictClasses, predictNumbers } from './predictions.ts';
import type { Outcome } from './report/outcome.ts';
import { predictionReport } from './report/prediction-report.ts';
import { readModel, type StoredModel } from './training-checkpoint.ts';
import { listMachineFacts, listModelFacts } from './training-report.ts';
import { printRemarks } from './wording.ts';

const TABLE = {
  ...PREDICTION_DATA_OPTIONS,
  probabilities: { description: 'a column for the probability of every class' },
  output: { value: '<file.csv>', description: 'the file to write', fallback: 'standard output' },
  report: { value: '<file>', description: 'write a report as one HTML file; classes or targets must be known' },
  batch: { value: '<count>', description: 'rows solved at once', fallback: '256' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'webgpu on hardware, else wasm' },
};

const USAGE = 'equilibra predict CHECKPOINT [DATA] [options]';

const SUMMARY =
  'Classifies DATA, or predicts its numbers, with the model of a checkpoint that `equilibra train --checkpoint` wrote: a CSV file with the columns\n' +
  'it was trained on, an IDX file of images, a binary file of CIFAR, or the test part of a folder of these (each plain\n' +
  'or .gz).\n' +
  'Without DATA, a model of the bundled digits classifies the held-out digits.';

const NOTES =
  'Prints CSV: row (the line of the file; images count from 0), class, probability; a model for regression prints row and\n' +
  'its targets, in their own units. Where the truth is known, the accuracy or the errors go to standard error.\n' +
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
  const { preparation } = stored;
  if (predictsNumbers(preparation) && given.options.probabilities !== undefined) {
    throw new InputError(`--probabilities: ${path} predicts numbers, not classes`);
  }
  const rows = await readPredictionRows(given, stored, data);
  if (report !== undefined && !rows.labels && !rows.targets) {
    const what = predictsNumbers(preparation) ? 'targets' : 'classes';
    throw new InputError(`--report: the ${what} of ${rows.name} are not known, and the report compares with them`);
  }
  const engine = await openEngine(backend);
  try {
    const model = loadModel(stored, rows, engine);
    const predicted = predictsNumbers(preparation)
      ? await predictNumbers(model, rows, preparation, batch)
      : await predictClasses(model, rows, preparation, {
          batch,
          everyClass: given.options.probabilities !== undefined,
        });
    if (output === undefined) io.out(predicted.csv);
    else await writeOutput('output', output, predicted.csv);
    printRemarks(io, 'assumed', rows.assumed);
    for (const line of predicted.measures) io.error(`${line}\n`);
    if (report !== undefined) await writePredictionReport(report, stored, rows, model, await predicted.outcome());
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
    model = modelFrom(checkpoint, engine, { parameters, layers: { ...imageLayers, contractive } });
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`${path}: ${error.message}`) : error;
  }
  const [outputs, what] = predictsNumbers(preparation)
    ? [preparation.targets.length, 'targets']
    : [preparation.classNames.length, 'classes'];
  if (model.inputs !== rows.features || model.outputs !== outputs) {
    throw new InputError(
      `${path}: its model takes ${model.inputs} numbers and gives ${model.outputs} ${what}, its preparation ${rows.features} and ${outputs}`,
    );
  }
  return model;
}

async function writePredictionReport(
  path: string,
  stored: StoredModel,
  rows: PredictionRows,
  model: Model,
  outcome: Outcome,
): Promise<void> {
  const text = predictionReport({
    title: `${basename(stored.path)} on ${rows.name}`,
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
    outcome,
  });
  await writeOutput('report', path, text);
}
