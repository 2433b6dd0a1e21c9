/** The extras that `equilibra train` stores in a checkpoint, and how a run is resumed from them. */
import { isDeepStrictEqual } from 'node:util';
import { DataError, type Preparation, preparationFrom } from '../data/index.ts';
import { type Checkpoint, CheckpointError, loadCheckpoint, type TrainingRecord } from '../index.ts';
import { findPathKind, readBytes } from './files.ts';
import { isBinaryName } from './image-data.ts';
import { formatValue, InputError, toOneLine } from './io.ts';
import { IMPLIED_OPTIONS } from './model-settings.ts';
import type { Arguments } from './options.ts';
import { isArchiveName } from './table-options.ts';
import type { TrainingData } from './training-data.ts';
import type { Chosen, TrainingSettings } from './training-settings.ts';

/** The extras of a checkpoint. */
interface Extras {
  /** How new data are prepared for the model, with the names of the classes and the shape of images. */
  readonly preparation: Preparation;
  /** The training data. `bundled` means the digits that are part of the package. */
  readonly data: { readonly name: string; readonly bundled: boolean };
  readonly options: Chosen;
}

/** A checkpoint whose model can classify new data. */
export interface StoredModel {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  readonly preparation: Preparation;
  /** Undefined where the checkpoint was not written by `equilibra train`. */
  readonly data: Extras['data'] | undefined;
}

/** A run that can be resumed. */
export interface StoredRun extends StoredModel {
  readonly data: Extras['data'];
  readonly record: TrainingRecord;
  readonly options: Chosen;
}

/** The options that may differ when a run is resumed. */
const CHANGEABLE = ['data', 'epochs', 'early-stopping', 'backend', 'limits', 'checkpoint', 'resume', 'report'];

export function createExtras(
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
 * Reads a checkpoint that has a preparation among its extras.
 * @param place where the path stands on the command line, for error messages
 * @throws InputError where the file is not a complete checkpoint, or has no preparation
 */
export async function readModel(place: string, path: string): Promise<StoredModel> {
  const bytes = await readBytes(place, path);
  try {
    const checkpoint = loadCheckpoint(bytes);
    const { preparation, data } = (checkpoint.extras ?? {}) as Partial<Extras>;
    if (preparation === undefined) {
      throw new InputError(`${place}: it does not say how data are made ready for its model (extras.preparation)`);
    }
    return {
      path,
      bytes,
      checkpoint,
      preparation: preparationFrom(preparation),
      data: isOrigin(data) ? data : undefined,
    };
  } catch (error) {
    if (!(error instanceof CheckpointError || error instanceof DataError)) throw error;
    throw new InputError(`${place}: ${error.message}`);
  }
}

function isOrigin(value: unknown): value is Extras['data'] {
  const { name, bundled } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && typeof bundled === 'boolean';
}

function areTexts(value: unknown): value is Chosen {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
}

/** @throws InputError where the file was not written by `equilibra train` */
export async function readRun(path: string): Promise<StoredRun> {
  const place = `--resume ${path}`;
  const model = await readModel(place, path);
  const { data, checkpoint } = model;
  const { options } = (checkpoint.extras ?? {}) as Partial<Extras>;
  if (!checkpoint.training || !data || !areTexts(options)) {
    throw new InputError(`${place}: it holds a model, but no run of equilibra train to go on with`);
  }
  return { ...model, data, record: checkpoint.training, options };
}

/**
 * Adds the options of the stored run to those on the command line.
 * @throws InputError that names an option which contradicts the run
 */
export function mergeOptions(given: Arguments, { path, data, record, options: before }: StoredRun): Arguments {
  for (const [name, value] of Object.entries(given.options)) {
    const stored = before[name] ?? IMPLIED_OPTIONS[name];
    if (CHANGEABLE.includes(name) || isSame(value, stored)) continue;
    const old = stored === undefined ? 'without it' : `with ${formatValue(stored)}`;
    throw new InputError(
      `--${name}: it is ${formatValue(value)}; ${path} was trained ${old}, and training goes on only with the same`,
    );
  }
  if (given.options.data === undefined && !data.bundled) {
    throw new InputError(`--data is missing: ${path} learned from ${toOneLine(data.name)}; give the same data again`);
  }
  const begun = record.epoch + (record.step > 0 ? 1 : 0);
  if (Number(given.options.epochs) < begun) {
    throw new InputError(
      `--epochs: it is ${formatValue(given.options.epochs)}; ${path} has begun epoch ${begun} already`,
    );
  }
  return { ...given, options: { checkpoint: path, ...before, ...given.options } };
}

function isSame(value: string | undefined, before: string | undefined): boolean {
  if (value === undefined || before === undefined) return value === before;
  return value.toLowerCase() === before.toLowerCase() || Number(value) === Number(before);
}

/** Compares the kind of data before they are read, since reading another kind would complain about missing options. */
export async function checkSameKind({ path, preparation, data }: StoredRun, given: Arguments): Promise<void> {
  const source = given.options.data;
  if (source === undefined) return;
  const place = `--data ${source}`;
  const isFolder = (await findPathKind(place, source)) === 'folder';
  // Images may come from a folder or from a .npz file.
  const isArchive = isArchiveName(source);
  const kinds =
    isFolder || isBinaryName(source)
      ? ['images']
      : isArchive
        ? ['images', 'arrays', 'regressionArrays']
        : ['table', 'regression'];
  if (data.bundled || !kinds.includes(preparation.kind) || isArchive !== isArchiveName(data.name)) {
    const of = {
      images: isArchiveName(data.name) ? 'a .npz file' : 'files of images',
      arrays: 'a .npz file',
      regressionArrays: 'a .npz file',
      table: 'a CSV file',
      regression: 'a CSV file',
    };
    const what = data.bundled ? 'the bundled digits' : `${data.name}, ${of[preparation.kind]}`;
    throw new InputError(`${place}: ${path} learned from ${toOneLine(what)}; give the same data again`);
  }
}

/** @throws InputError where the data differ from those of the run in their number, preparation or statistics */
/** @param count of the rows that the model learns from */
export function checkSameData(run: StoredRun, { preparation }: TrainingData, count: number, given: Arguments): void {
  const stored = run.record.configuration.data as { readonly count?: number } | undefined;
  // Compared as JSON stores it.
  const isPrepared = isDeepStrictEqual(JSON.parse(JSON.stringify(preparation)), run.preparation);
  if (isPrepared && stored?.count === count) return;
  const what = given.options.data === undefined ? 'the bundled digits' : `--data ${given.options.data}`;
  const before = `${describePreparation(run.preparation)}, ${stored?.count} training rows`;
  const now = `${describePreparation(preparation)}, ${count} training rows`;
  throw new InputError(
    `${what}: these are not the data that ${run.path} learned from (${toOneLine(run.data.name)}: ${before}); ` +
      `${before === now ? 'values differ' : `they have ${now}`}`,
  );
}

function describePreparation(preparation: Preparation): string {
  if (preparation.kind === 'regression')
    return `${preparation.means.length} features, ${preparation.targets.length} targets`;
  if (preparation.kind === 'regressionArrays')
    return `rows of [${preparation.shape}], ${preparation.targets.length} targets`;
  const classes = `${preparation.classNames.length} classes`;
  if (preparation.kind === 'images') return `images of ${preparation.shape.join(' × ')}, ${classes}`;
  if (preparation.kind === 'arrays') return `rows of [${preparation.shape}], ${classes}`;
  return `${preparation.means.length} features, ${classes}`;
}

/** Turns the library's error on a checkpoint into one on the option --resume. */
export function explainResumeError(path: string, error: unknown): unknown {
  if (!(error instanceof CheckpointError)) return error;
  return new InputError(`--resume ${path}: ${error.message.replace(/^resume: /, '')}`);
}
