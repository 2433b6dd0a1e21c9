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

/** Whether a checkpoint is to be written after so many steps of an epoch, or after so many epochs. */
export function isDueAfter(options: CheckpointOptions | undefined, unit: 'steps' | 'epochs', count: number): boolean {
  const every: Partial<Record<typeof unit, number>> = options?.every ?? { epochs: 1 };
  return options !== undefined && count % (every[unit] ?? Number.NaN) === 0;
}
