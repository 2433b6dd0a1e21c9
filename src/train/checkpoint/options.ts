/**
 * Options for the checkpoints that training writes, and when one is due. The code that writes them is loaded on demand.
 */

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
  every?: Readonly<Record<'epochs', number>> | Readonly<Record<'steps', number>>;
  /** Receives the bytes, and is awaited. Also called when the signal stops training, and at the end. */
  write(bytes: Uint8Array<ArrayBuffer>, info: CheckpointInfo): void | Promise<void>;
  /** Your own data, to be stored as JSON in the checkpoint. */
  extras?: unknown;
}

export const EVERY_EPOCH = { epochs: 1 };

export function isDueAfterSteps(options: CheckpointOptions | undefined, steps: number): boolean {
  const every = options?.every ?? EVERY_EPOCH;
  return options !== undefined && 'steps' in every && steps % every.steps === 0;
}

export function isDueAfterEpochs(options: CheckpointOptions | undefined, epochs: number): boolean {
  const every = options?.every ?? EVERY_EPOCH;
  return options !== undefined && 'epochs' in every && epochs % every.epochs === 0;
}
