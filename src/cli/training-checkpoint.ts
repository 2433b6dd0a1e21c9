/** What `equilibra train` keeps in a checkpoint beside the model, and how a run is taken up from one. */
import { isDeepStrictEqual } from 'node:util';
import { DataError, type Preparation, preparationFrom } from '../data/index.ts';
import { type Checkpoint, CheckpointError, loadCheckpoint, type TrainingRecord } from '../index.ts';
import { bytesAt } from './files.ts';
import { InputError, onOneLine, shown } from './io.ts';
import type { Arguments } from './options.ts';
import type { TrainingData } from './training-data.ts';
import type { Chosen, TrainingSettings } from './training-settings.ts';

/** The extras of a checkpoint. */
interface Extras {
  /** How further data are made ready for the model; it knows the classes and the shape of images too. */
  readonly preparation: Preparation;
  /** What the model learned from; bundled: the digits that come along. */
  readonly data: { readonly name: string; readonly bundled: boolean };
  readonly options: Chosen;
}

/** A checkpoint that can be predicted with. */
export interface StoredModel {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  readonly preparation: Preparation;
  /** Absent where `equilibra train` did not write it. */
  readonly data: Extras['data'] | undefined;
}

/** A run that can be taken up. */
export interface StoredRun extends StoredModel {
  readonly data: Extras['data'];
  readonly record: TrainingRecord;
  readonly options: Chosen;
}

/** These may be others when a run is taken up. */
const FREE = ['data', 'epochs', 'early-stopping', 'backend', 'limits', 'checkpoint', 'resume', 'report'];

export function extrasOf(
  { dataset, preparation, chosen, isBundled }: TrainingData,
  settings: TrainingSettings,
): Extras {
  return {
    preparation,
    data: { name: dataset.name, bundled: isBundled },
    options: { ...settings.chosen, ...chosen },
  };
}

/**
 * Reads a checkpoint with a preparation among its extras.
 * @param place of the path on the command line, for the messages
 * @throws InputError where the file is no whole checkpoint, or has no preparation
 */
export async function readModel(place: string, path: string): Promise<StoredModel> {
  const bytes = await bytesAt(place, path);
  try {
    const checkpoint = loadCheckpoint(bytes);
    const { preparation, data } = (checkpoint.extras ?? {}) as Partial<Extras>;
    return { path, bytes, checkpoint, preparation: preparationFrom(preparation), data };
  } catch (error) {
    if (!(error instanceof CheckpointError || error instanceof DataError)) throw error;
    throw new InputError(`${place}: ${error.message}`);
  }
}

/** @throws InputError where the file is none that `equilibra train` wrote */
export async function readRun(path: string): Promise<StoredRun> {
  const place = `--resume ${path}`;
  const model = await readModel(place, path);
  const { data, checkpoint } = model;
  const { options } = (checkpoint.extras ?? {}) as Partial<Extras>;
  if (!checkpoint.training || !options || !data) {
    throw new InputError(`${place}: it holds a model, but no run of equilibra train to go on with`);
  }
  return { ...model, data, record: checkpoint.training, options };
}

/**
 * The options of the run, and those given besides.
 * @throws InputError that names an option that contradicts the run
 */
export function takenUp(given: Arguments, { path, data, record, options: before }: StoredRun): Arguments {
  for (const [name, value] of Object.entries(given.options)) {
    if (FREE.includes(name) || isSame(value, before[name])) continue;
    const old = before[name] === undefined ? 'without it' : `with ${shown(before[name])}`;
    throw new InputError(
      `--${name}: it is ${shown(value)}; ${path} was trained ${old}, and training goes on only with the same`,
    );
  }
  if (given.options.data === undefined && !data.bundled) {
    throw new InputError(`--data is missing: ${path} learned from ${onOneLine(data.name)}; give the same data again`);
  }
  const begun = record.epoch + (record.step > 0 ? 1 : 0);
  if (Number(given.options.epochs) < begun) {
    throw new InputError(`--epochs: it is ${shown(given.options.epochs)}; ${path} has begun epoch ${begun} already`);
  }
  return { ...given, options: { checkpoint: path, ...before, ...given.options } };
}

function isSame(value: string | undefined, before: string | undefined): boolean {
  if (value === undefined || before === undefined) return value === before;
  return value.toLowerCase() === before.toLowerCase() || Number(value) === Number(before);
}

/** @throws InputError where the data are not those of the run */
export function checkSameData(
  run: StoredRun,
  { dataset, preparation, isBundled }: TrainingData,
  given: Arguments,
): void {
  const { count } = dataset.train;
  const stored = run.record.configuration.data as { readonly count?: number } | undefined;
  // As JSON keeps it.
  const isPrepared = isDeepStrictEqual(JSON.parse(JSON.stringify(preparation)), run.preparation);
  if (isPrepared && run.data.bundled === isBundled && stored?.count === count) return;
  const what = isBundled ? 'the bundled digits' : `--data ${given.options.data}`;
  throw new InputError(
    `${what}: these are not the data that ${run.path} learned from (${onOneLine(run.data.name)}, ${describe(run.preparation)}, ${stored?.count} training rows); ` +
      `they have ${describe(preparation)} and ${count} training rows${stored?.count === count ? ', or other values' : ''}`,
  );
}

function describe(preparation: Preparation): string {
  const classes = `${preparation.classNames.length} classes`;
  if (preparation.kind === 'images') return `images of ${preparation.shape.join(' × ')}, ${classes}`;
  return `${preparation.means.length} features, ${classes}`;
}

/** What the library says of a checkpoint, as a message on the option. */
export function onResume(path: string, error: unknown): unknown {
  if (!(error instanceof CheckpointError)) return error;
  return new InputError(`--resume ${path}: ${error.message.replace(/^resume: /, '')}`);
}
