/**
 * Options for the checkpoints that training writes, and when one is due. The code that writes them is loaded on demand.
 */
import { createArgumentError, FUNCTION, isObject } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkExtras } from '../../layers/checkpoint/extras.ts';

/** Says when and why a checkpoint was written. */
export interface CheckpointInfo {
  /** 'scheduled' by `every`; 'stopped' because the signal was aborted; 'finished' at the end of training. */
  readonly reason: 'scheduled' | 'stopped' | 'finished';
  /** The number of finished epochs. */
  readonly epoch: number;
  /** The number of finished steps in the current epoch. */
  readonly step: number;
}

/** When and how `train` writes checkpoints. */
export interface CheckpointOptions {
  /** Epochs or steps between two checkpoints, an integer from 1. Default { epochs: 1 }. */
  every?: { readonly epochs: number } | { readonly steps: number };
  /** Receives the bytes, and is awaited. Also called when the signal stops training, and at the end. */
  write(bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo): void | Promise<void>;
  /** Your own data, to be stored as JSON in the checkpoint. */
  extras?: unknown;
}

const EVERY_EPOCH = { epochs: 1 };

const OPTIONS: Checks<CheckpointOptions> = { every: 0, write: FUNCTION, extras: 0 };

export function readCheckpointOptions(given: CheckpointOptions): CheckpointOptions {
  const options = readOptions('checkpoint', given, OPTIONS, 'write');
  const { every = EVERY_EPOCH, extras } = options;
  const [[name, count] = ['', 0], ...others] = isObject(every)
    ? Object.entries(every).filter(([, each]) => each !== undefined)
    : [];
  if ((name !== 'epochs' && name !== 'steps') || !Number.isInteger(count) || count < 1 || others.length > 0) {
    throw createArgumentError('checkpoint: every', every, '{ epochs } or { steps } with a positive integer');
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
