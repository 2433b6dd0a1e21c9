/** `equilibra train`: trains a monotone equilibrium model, or a convolutional one, to classify or to predict numbers. */
import {
  type Engine,
  type EpochProgress,
  type History,
  type Model,
  type Progress,
  type RegressionTrainOptions,
  type TaskName,
  type TrainOptions,
  train as trainModel,
} from '../index.ts';
import { openEngine } from './engine.ts';
import { checkWritable, writeOutput } from './files.ts';
import { readFolds, runFolds } from './folds.ts';
import { describeEvaluation, evaluateHeldOut, type HeldOut } from './held-out.ts';
import { describeInterruption, EXIT, formatValue, InputError, type IO, toOneLine } from './io.ts';
import { createLiveLine, type LiveLine } from './live-line.ts';
import { checkTrainingMemory } from './memory-check.ts';
import { type Arguments, formatHelp, readArguments } from './options.ts';
import { formatEpoch, formatStep } from './progress.ts';
import { chooseSamples, countWatched, startModel } from './start.ts';
import {
  checkSameData,
  checkSameKind,
  createExtras,
  explainResumeError,
  mergeOptions,
  readRun,
  type StoredRun,
} from './training-checkpoint.ts';
import { countOutputs, DATA_OPTIONS, isFoldable, readTrainingData, type TrainingData } from './training-data.ts';
import { countParameters, describeLayers, writeTrainingReport } from './training-report.ts';
import { readTrainingSettings, SETTING_OPTIONS, type TrainingSettings } from './training-settings.ts';
import { printRemarks } from './wording.ts';

const TABLE = {
  ...DATA_OPTIONS,
  ...SETTING_OPTIONS,
  checkpoint: { value: '<file>', description: 'write the model and the state after every epoch, and when interrupted' },
  resume: { value: '<file>', description: 'continue from a checkpoint, with its options; give the data again' },
  report: { value: '<file>', description: 'write a report of the run, one HTML file' },
  folds: {
    value: '<count>',
    description:
      'CSV, .npz: cross-validation: train so many models, each without one part of the rows, and judge it on that part',
    fallback: 'one model',
  },
};

const SUMMARY =
  'Trains a classifier on the bundled 8 × 8 handwritten digits, on a folder of IDX files (MNIST, Fashion-MNIST) or of the\nbinary files of CIFAR, or on a CSV or .npz file whose --target holds the classes. Where --target holds numbers, or\nseveral columns of them, the model learns to predict these.';

const NOTES =
  'Ctrl-C stops after the current step.\nExit code: 0 trained, 2 bad input, 3 a solve did not converge, 130 interrupted (143 by SIGTERM).';

/** One call of the command, after all checks. */
interface Session {
  readonly io: IO;
  /** The arguments, completed with the options of the run that is resumed. */
  readonly given: Arguments;
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  readonly model: Model;
  readonly engine: Engine;
  readonly run: StoredRun | undefined;
  readonly interruption: AbortSignal;
}

export async function train(argv: readonly string[], io: IO): Promise<number> {
  const own = readArguments('train', TABLE, argv);
  if (own.options.help) {
    io.out(formatHelp('equilibra train [options]', SUMMARY, TABLE, NOTES));
    return EXIT.done;
  }
  if (own.positionals.length > 0) {
    throw new InputError(`${formatValue(own.positionals[0])}: train takes options only, such as --epochs 10`);
  }
  const run = own.options.resume === undefined ? undefined : await readRun(own.options.resume);
  const given = run ? mergeOptions(own, run) : own;
  const { seed } = readTrainingSettings(given).training;
  const folds = readFolds(given);
  for (const name of ['checkpoint', 'report'] as const) {
    const path = given.options[name];
    if (path !== undefined) await checkWritable(name, path);
  }
  if (run) await checkSameKind(run, given);
  const data = await readTrainingData(given, seed);
  const settings = readTrainingSettings(given, data.task, data.dataset.train);
  checkDelta(settings, data);
  if (folds !== undefined && data.task === 'classification' && settings.training.earlyStopping) {
    throw new InputError('--early-stopping: with --folds, each fold would choose the parameters that it judges');
  }
  if (run) checkSameData(run, data, chooseSamples(data, settings).samples.count, given);
  if (folds !== undefined && !isFoldable(data))
    throw new InputError('--folds: it is for a CSV or a .npz file, whose rows are not in two parts already');
  if (folds !== undefined && isFoldable(data) && folds > data.folding.count) {
    throw new InputError(`--folds: it is ${folds}; it must be at most ${data.folding.count}, the number of rows`);
  }
  const interruption = io.interruption();
  const engine = await openEngine(settings.backend);
  try {
    const { train: rows } = data.dataset;
    const classes = countOutputs(data);
    const { sizes, modelFor } = settings;
    const batch = Math.min(sizes.batch, rows.count);
    checkTrainingMemory({ ...sizes, batch, features: rows.features, classes }, engine.backend);
    const model = modelFor(rows, classes);
    const session = { io, given, data, settings, model, engine, run, interruption };
    printIntroduction(session);
    return folds !== undefined && isFoldable(data) ? await runFolds(session, data, folds) : await runTraining(session);
  } finally {
    engine.close();
  }
}

function printIntroduction({ io, given, data, settings, model, engine, run }: Session): void {
  const { dataset, facts, origin } = data;
  const why =
    engine.backend !== 'webgpu' && settings.backend === undefined ? '; `equilibra doctor` says why not webgpu' : '';
  const line = (name: string, value: string): void => io.out(`${name.padEnd(9)}${toOneLine(value)}\n`);
  const { folds } = given.options;
  const watched = countWatched(data, settings);
  const parts =
    folds === undefined
      ? `${dataset.train.count - watched} training,${watched > 0 ? ` ${watched} watched,` : ''} ${dataset.test.count} held-out`
      : `${dataset.train.count + dataset.test.count} rows in ${folds} folds`;
  line('data', `${dataset.name}: ${parts}`);
  const isRemark = (name: string): boolean => name === 'assumed' || name === 'warning';
  if (data.preparation.kind !== 'images') for (const [name, value] of facts) if (!isRemark(name)) line(name, value);
  printRemarks(io, 'assumed', origin?.dataset.assumed);
  printRemarks(io, 'warning', origin?.dataset.warnings);
  line('model', `${describeLayers(model)}: ${countParameters(model)} parameters`);
  line('backend', `${engine.backend}: ${engine.adapter.description}${why}`);
  if (run) {
    const { epoch, step } = run.record;
    const steps = step > 0 ? ` and ${step} ${step === 1 ? 'step' : 'steps'}` : '';
    line('resumed', `${run.path}: ${epoch} of ${settings.training.epochs} epochs${steps} done`);
  }
}

/** @throws InputError where there is another number of δ than of targets */
function checkDelta({ ofTask: { delta } }: TrainingSettings, data: TrainingData): void {
  const targets = countOutputs(data);
  if (typeof delta !== 'object' || delta.length === targets) return;
  throw new InputError(
    `--delta: it has ${delta.length} numbers; there must be one, or ${targets}, one for each target`,
  );
}

async function runTraining(session: Session): Promise<number> {
  const { given, data, settings, model, engine, run, interruption } = session;
  const { checkpoint: path } = given.options;
  const log = createLog(session);
  const write = async (bytes: Uint8Array): Promise<void> => {
    await writeOutput('checkpoint', path as string, bytes);
    log.hasCheckpoint = true;
  };
  try {
    const start = chooseSamples(data, settings);
    if (!run) await startModel(model, engine, data, start, settings);
    const options = {
      ...start.options,
      signal: interruption,
      checkpoint: path === undefined ? undefined : { write, extras: createExtras(data, settings) },
      resume: run?.bytes,
      onProgress: log.onProgress,
    } as TrainOptions | RegressionTrainOptions;
    const history = await trainModel(engine, model, start.samples, options);
    await conclude(session, log, history);
    return EXIT.done;
  } catch (error) {
    log.live('');
    if (!interruption.aborted || error !== interruption.reason) throw run ? explainResumeError(run.path, error) : error;
    await handleInterruption(session, log);
    return describeInterruption(interruption).exitCode;
  }
}

/** The state that the command keeps during the run. */
interface Log {
  /** All finished epochs, with those before the run was resumed. */
  readonly epochs: readonly EpochProgress<TaskName>[];
  /** Whether a checkpoint was written, from which training can go on. */
  hasCheckpoint: boolean;
  readonly onProgress: (progress: Progress<TaskName>) => void;
  readonly live: LiveLine;
  /** The time since this call began. */
  readonly seconds: () => number;
}

function createLog({ io, run }: Session): Log {
  const epochs: EpochProgress<TaskName>[] = [...(run?.record.epochs ?? [])];
  const started = performance.now();
  const live = createLiveLine(io);
  return {
    epochs,
    live,
    hasCheckpoint: run !== undefined,
    onProgress(progress) {
      live(progress.kind === 'step' ? formatStep(progress) : '');
      if (progress.kind === 'step') return;
      epochs.push(progress);
      io.out(`${formatEpoch(progress)}\n`);
    },
    seconds: () => (performance.now() - started) / 1000,
  };
}

async function conclude(session: Session, log: Log, { bestEpoch, stoppedEarly }: History<TaskName>): Promise<void> {
  const { io, given, data, model } = session;
  const best = `the parameters are those of epoch ${bestEpoch}, the best`;
  if (bestEpoch !== undefined) io.out(`${stoppedEarly ? 'stopped early; ' : ''}${best}\n`);
  const evaluation = await evaluateHeldOut(model, data);
  for (const line of describeEvaluation(data, evaluation)) io.out(`test ${line}\n`);
  io.out(`${log.seconds().toFixed(1)} s in all\n`);
  if (given.options.checkpoint !== undefined) io.out(`saved    ${given.options.checkpoint}\n`);
  await writeRunReport(session, log, evaluation, bestEpoch === undefined ? undefined : `early stopping; ${best}`);
}

async function handleInterruption(session: Session, log: Log): Promise<void> {
  const { io, given, data, model, interruption } = session;
  const { checkpoint, data: source } = given.options;
  const { message } = describeInterruption(interruption);
  io.error(`${message}\n`);
  if (log.hasCheckpoint && checkpoint !== undefined) {
    const same = source === undefined ? '' : ` --data ${quoteForShell(source)}`;
    io.error(`go on with: equilibra train --resume ${quoteForShell(checkpoint)}${same}\n`);
  }
  if (given.options.report === undefined || log.epochs.length === 0) return;
  await writeRunReport(session, log, await evaluateHeldOut(model, data), message);
}

/** @param end how training ended, if not after the last epoch */
async function writeRunReport(session: Session, log: Log, evaluation: HeldOut, end: string | undefined): Promise<void> {
  const { io, given, data, settings, model, engine, run } = session;
  const { report } = given.options;
  if (report === undefined) return;
  const { epochs } = log;
  const before = (run?.record.epochs ?? []).reduce((sum, { seconds }) => sum + seconds, 0);
  await writeTrainingReport(report, {
    data,
    settings,
    model,
    engine,
    epochs,
    evaluation,
    seconds: before + log.seconds(),
    end,
  });
  io.out(`report   ${report}\n`);
}

/** Quotes a path so that a POSIX shell reads it as one word. */
function quoteForShell(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
