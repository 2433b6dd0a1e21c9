/** `equilibra train`: a monotone equilibrium model learns to classify. */
import { adam, type Engine, evaluate, type Model, type Progress, train as trainModel } from '../index.ts';
import { engineFor } from './engine.ts';
import { EXIT, InputError, type IO, onOneLine, shown } from './io.ts';
import { helpOf, readArguments } from './options.ts';
import { accuracyLine, epochLine, stepLine } from './progress.ts';
import { DATA_OPTIONS, type TrainingData, trainingData } from './training-data.ts';
import { checkReportPath, layersOf, parameterCount, type TrainingRun, writeReport } from './training-report.ts';
import { SETTING_OPTIONS, type TrainingSettings, trainingSettings } from './training-settings.ts';

const TABLE = {
  ...DATA_OPTIONS,
  ...SETTING_OPTIONS,
  report: { value: '<file>', description: 'write a report of the run, one HTML file' },
};

const SUMMARY =
  'Trains a classifier on the bundled 8 × 8 handwritten digits, on a folder of IDX files (MNIST, Fashion-MNIST), or on\na CSV file whose column --target holds the classes.';

const NOTES = 'Exit code: 0 trained, 2 bad input, 3 a solve did not converge, 130 interrupted.';

class Interrupted extends Error {}

export async function train(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('train', TABLE, argv);
  if (given.options.help) {
    io.out(helpOf('equilibra train [options]', SUMMARY, TABLE, NOTES));
    return EXIT.done;
  }
  if (given.positionals.length > 0) {
    throw new InputError(`${shown(given.positionals[0])}: train takes options only, such as --epochs 10`);
  }
  const settings = trainingSettings(given);
  const { report } = given.options;
  if (report !== undefined) await checkReportPath(report);
  const data = await trainingData(given, settings.seed);
  const model = settings.modelFor(data.dataset.train.features, data.dataset.classes);
  const interruption = io.interruption();
  const engine = await engineFor(settings.backend);
  try {
    introduce(io, data, model, settings, engine);
    const run = await trained(io, data, model, settings, engine, interruption);
    if (report !== undefined) {
      await writeReport(report, run);
      io.out(`report   ${report}\n`);
    }
    return EXIT.done;
  } catch (error) {
    io.line?.('');
    if (!(error instanceof Interrupted)) throw error;
    io.error('interrupted\n');
    return EXIT.interrupted;
  } finally {
    engine.close();
  }
}

function introduce(
  io: IO,
  { dataset, facts, origin }: TrainingData,
  model: Model,
  { backend }: TrainingSettings,
  engine: Engine,
): void {
  const why = engine.backend === 'cpu' && backend === undefined ? '; `equilibra doctor` says why not webgpu' : '';
  io.out(`data     ${onOneLine(dataset.name)}: ${dataset.train.count} training, ${dataset.test.count} held-out\n`);
  if (origin) for (const [name, value] of facts) io.out(`${name.padEnd(9)}${onOneLine(value)}\n`);
  io.out(`model    ${layersOf(model)}: ${parameterCount(model)} parameters\n`);
  io.out(`backend  ${engine.backend}: ${engine.adapter.description}${why}\n`);
}

async function trained(
  io: IO,
  data: TrainingData,
  model: Model,
  settings: TrainingSettings,
  engine: Engine,
  interruption: AbortSignal,
): Promise<TrainingRun> {
  const { train: samples, test } = data.dataset;
  const { epochs, batch, rate, seed } = settings;
  const started = performance.now();
  const onProgress = (progress: Progress): void => {
    if (interruption.aborted) throw new Interrupted();
    io.line?.(progress.kind === 'step' ? stepLine(progress) : '');
    if (progress.kind === 'epoch') io.out(`${epochLine(progress)}\n`);
  };
  const options = { epochs, batch, seed, optimiser: adam({ rate }), validation: test, onProgress };
  const history = await trainModel(engine, model, samples, options);
  const evaluation = await evaluate(model, test);
  const seconds = (performance.now() - started) / 1000;
  io.out(`${accuracyLine(evaluation)}\n`);
  io.out(`${seconds.toFixed(1)} s in all\n`);
  return { data, settings, model, engine, history, evaluation, seconds };
}
