/** Training written to a checkpoint, and taken up again from one. */
import { FUNCTION, isObject, refusal } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { Samples } from '../../data/dataset.ts';
import { describeLayer } from '../../layers/description.ts';
import type { Model } from '../../layers/sequential.ts';
import type { Settings } from '../options.ts';
import type { Run } from '../run.ts';
import { CheckpointError } from './bytes.ts';
import { type Checkpoint, checkExtras, encode, numbersOf, snapshot, type TrainingRecord } from './checkpoint.ts';
import { checksum } from './checksum.ts';

export interface CheckpointInfo {
  /** stopped: the signal was aborted. finished: training has come to its end. */
  readonly reason: 'scheduled' | 'stopped' | 'finished';
  /** Epochs done, and steps done of the one under way. */
  readonly epoch: number;
  readonly step: number;
}

export interface CheckpointOptions {
  /** Epochs, or steps, from one checkpoint to the next. Default { epochs: 1 }. */
  every?: { readonly epochs: number } | { readonly steps: number };
  /** Gets the bytes; awaited. Called also when the signal stops training, and at the end. */
  write(bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo): void | Promise<void>;
  /** JSON to keep along. */
  extras?: unknown;
}

const EVERY_EPOCH = { epochs: 1 };

const OPTIONS: Checks<CheckpointOptions> = { every: 0, write: FUNCTION, extras: 0 };

export function checkedCheckpoint(given: CheckpointOptions): CheckpointOptions {
  const options = readOptions('checkpoint', given, OPTIONS, 'write');
  const { every = EVERY_EPOCH, extras } = options;
  const [[name, count] = ['', 0], ...others] = isObject(every)
    ? Object.entries(every).filter(([, each]) => each !== undefined)
    : [];
  if ((name !== 'epochs' && name !== 'steps') || !Number.isInteger(count) || count < 1 || others.length > 0) {
    throw refusal('checkpoint: every', every, '{ epochs } or { steps } with a positive integer');
  }
  checkExtras('checkpoint', extras);
  return options;
}

export function isDueAfterSteps(options: CheckpointOptions | undefined, steps: number): boolean {
  const every = options?.every ?? EVERY_EPOCH;
  return options !== undefined && 'steps' in every && steps % every.steps === 0;
}

export function isDueAfterEpochs(options: CheckpointOptions | undefined, epochs: number): boolean {
  const every = options?.every ?? EVERY_EPOCH;
  return options !== undefined && 'epochs' in every && epochs % every.epochs === 0;
}

/** Writes a checkpoint, if the caller wants any. Nothing may be under way. */
export async function writeCheckpoint(run: Run, reason: CheckpointInfo['reason']): Promise<void> {
  const { model, settings, epoch, step } = run;
  if (!settings.checkpoint) return;
  const { write, extras } = settings.checkpoint;
  const bytes = encode({ ...(await snapshot(model)), training: await recordOf(run), extras });
  await write(bytes, { reason, epoch, step });
}

async function recordOf(run: Run): Promise<TrainingRecord> {
  const { settings, optimiser, stopper, epoch, step, tally, losses, epochs } = run;
  const names = [...optimiser.memory.keys()];
  const remembered = await Promise.all([...optimiser.memory.values()].map(numbersOf));
  return {
    configuration: configurationOf(settings),
    epoch,
    step,
    tally,
    losses,
    epochs,
    optimiser: new Map(names.map((name, index) => [name, remembered[index]])),
    earlyStopping: stopper?.state,
    best: await numbersOf(stopper?.bestParameters ?? []),
  };
}

function configurationOf({ batch, seed, optimiser, ownLoss, weights, samples }: Settings): Record<string, unknown> {
  const { name, settings, sampling = 'shuffled' } = optimiser;
  return {
    batch,
    seed,
    optimiser: { name, sampling, ...settings },
    loss: ownLoss ? 'a function' : 'crossEntropy',
    classWeights: weights,
    data: { count: samples.count, features: samples.features, checksum: checksumOf(samples) },
  };
}

function checksumOf({ inputs, labels }: Samples): number {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return checksum(bytes(labels), checksum(bytes(inputs)));
}

/** @throws CheckpointError that names what differs between the checkpoint and what it is to go on with */
export function checkResumable(checkpoint: Checkpoint, model: Model, settings: Settings): TrainingRecord {
  const { training, layers } = checkpoint;
  if (!training) throw new CheckpointError('resume: the checkpoint holds a model, but no state of training');
  const own = model.layers.map(describeLayer);
  for (let index = 0; index < Math.max(own.length, layers.length); index++) {
    refuseOther(`layer ${index}`, layers[index], own[index]);
  }
  const now = configurationOf(settings);
  for (const name of Object.keys(now)) refuseOther(name, training.configuration[name], now[name]);
  const watched = settings.earlyStopping && (settings.earlyStopping.on ?? 'validation loss');
  if (training.earlyStopping && watched) refuseOther('earlyStopping.on', training.earlyStopping.on, watched);
  return training;
}

function refuseOther(name: string, before: unknown, now: unknown): void {
  const [old, fresh] = [canonical(before), canonical(now)];
  if (old === fresh) return;
  throw new CheckpointError(
    `resume: ${name} is ${old} in the checkpoint and ${fresh} now; training goes on only with the same`,
  );
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  const sorted = (_: string, part: unknown): unknown =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return JSON.stringify(value, sorted) ?? 'absent';
}
