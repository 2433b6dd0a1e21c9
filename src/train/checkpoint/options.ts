/** What a caller may choose of the checkpoints that training writes, and when one is due; that which writes them is fetched then. */
import { FUNCTION, isObject, refusal } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';

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

export function readCheckpointOptions(given: CheckpointOptions): CheckpointOptions {
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

/** @throws RangeError where JSON cannot hold them */
export function checkExtras(what: string, extras: unknown): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(extras);
  } catch {}
  if (extras !== undefined && text === undefined) throw refusal(`${what}: extras`, extras, 'what JSON can hold');
}
