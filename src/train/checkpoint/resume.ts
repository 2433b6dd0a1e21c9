/** Writes a training run to a checkpoint, and resumes training from one. */

import { checksum } from '../../data/checksum.ts';
import type { AnySamples } from '../../data/samples.ts';
import { CheckpointError } from '../../layers/checkpoint/bytes.ts';
import { restoreModel } from '../../layers/checkpoint/model-state.ts';
import { readNumbers, readRemembered, takeSnapshot } from '../../layers/checkpoint/saved-model.ts';
import { describeLayer } from '../../layers/description.ts';
import type { Model } from '../../layers/sequential.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Settings } from '../options.ts';
import type { Tally } from '../progress.ts';
import type { Run } from '../run.ts';
import { encodeCheckpoint } from './encode.ts';
import { type Checkpoint, loadCheckpoint, type TrainingRecord } from './load.ts';
import type { CheckpointInfo } from './options.ts';

export { readCheckpointOptions } from './read-options.ts';

/** Writes a checkpoint if the caller asked for checkpoints. No step may be in flight. */
export async function writeCheckpoint(run: Run, reason: CheckpointInfo['reason']): Promise<void> {
  const { model, settings, epoch, step } = run;
  if (!settings.checkpoint) return;
  const { write, extras } = settings.checkpoint;
  const bytes = encodeCheckpoint({ ...(await takeSnapshot(model)), training: await createRecord(run), extras });
  await write(bytes, { reason, epoch, step });
}

async function createRecord(run: Run): Promise<TrainingRecord> {
  const { settings, optimiser, stopper, epoch, step, tally, losses, epochs } = run;
  const names = [...optimiser.memory.keys()];
  const remembered = await Promise.all([...optimiser.memory.values()].map(readNumbers));
  return {
    configuration: describeConfiguration(settings),
    epoch,
    step,
    tally,
    losses,
    epochs,
    optimiser: new Map(names.map((name, index) => [name, remembered[index]])),
    earlyStopping: stopper?.state,
    best: await readNumbers(stopper?.bestParameters ?? []),
    bestMemories: await readRemembered(stopper?.bestMemories ?? []),
  };
}

function describeConfiguration({
  batch,
  seed,
  optimiser,
  task,
  samples,
  augmentation,
}: Settings): Record<string, unknown> {
  const { name, settings, sampling = 'shuffled' } = optimiser;
  return {
    batch,
    seed,
    optimiser: { name, sampling, ...settings },
    ...task.configuration,
    augmentation: augmentation?.configuration,
    shape: samples.shape,
    data: { count: samples.count, features: samples.features, checksum: computeChecksum(samples) },
  };
}

function computeChecksum(samples: AnySamples): number {
  const { inputs, weights } = samples;
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const compared = 'targets' in samples ? samples.targets : samples.labels;
  const sum = checksum(bytes(compared), checksum(bytes(inputs)));
  return weights ? checksum(bytes(weights), sum) : sum;
}

/** Gives the model the content of the checkpoint, and returns the state of training. */
export function resumeTraining(bytes: Uint8Array, engine: Engine, model: Model, settings: Settings): TrainingRecord {
  const checkpoint = loadCheckpoint(bytes);
  const record = checkResumable(checkpoint, model, settings);
  restoreModel(checkpoint, engine, model);
  return record;
}

/** @throws CheckpointError that names what differs between the checkpoint and the present model, settings and data */
function checkResumable(checkpoint: Checkpoint, model: Model, settings: Settings): TrainingRecord {
  const { training, layers } = checkpoint;
  if (!training) throw new CheckpointError('resume: the checkpoint holds a model, but no state of training');
  const own = model.layers.map(describeLayer);
  for (let index = 0; index < Math.max(own.length, layers.length); index++) {
    checkSame(`layer ${index}`, layers[index], own[index]);
  }
  const now = describeConfiguration(settings);
  for (const name of Object.keys(now)) {
    // Older checkpoints do not store the shape of samples.
    if (name === 'shape' && !(name in training.configuration)) continue;
    checkSame(name, training.configuration[name], now[name]);
  }
  const watched = settings.earlyStopping && (settings.earlyStopping.on ?? 'validation loss');
  if (training.earlyStopping && watched) checkSame('earlyStopping.on', training.earlyStopping.on, watched);
  return { ...training, tally: readTally(training.tally) };
}

/** Version 0.1.0 of the library stored the number of samples that were classified correctly, as `right`. */
function readTally(stored: Tally & { readonly right?: number }): Tally {
  const { right, ...tally } = stored;
  return right === undefined ? tally : { ...tally, measured: [right, tally.count] };
}

function checkSame(name: string, before: unknown, now: unknown): void {
  const [old, fresh] = [toCanonicalJSON(before), toCanonicalJSON(now)];
  if (old === fresh) return;
  throw new CheckpointError(
    `resume: ${name} is ${old} in the checkpoint and ${fresh} now; training goes on only with the same`,
  );
}

/** JSON with sorted keys, so that the order of keys does not matter. */
function toCanonicalJSON(value: unknown): string {
  const sorted = (_: string, part: unknown): unknown =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return JSON.stringify(value, sorted) ?? 'absent';
}
