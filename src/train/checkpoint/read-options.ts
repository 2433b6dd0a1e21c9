/** Checks the options for checkpoints. It is loaded with what writes them. */
import { createArgumentError, FUNCTION, isObject } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { checkExtras } from '../../layers/checkpoint/extras.ts';
import type { CheckpointOptions } from './options.ts';

const OPTIONS: Checks<CheckpointOptions> = { every: 0, write: FUNCTION, extras: 0 };

export function readCheckpointOptions(given: CheckpointOptions): CheckpointOptions {
  const options = readOptions('checkpoint', given, OPTIONS, 'write');
  const { every = { epochs: 1 }, extras } = options;
  const [[name, count] = ['', 0], ...others] = isObject(every)
    ? Object.entries(every).filter(([, each]) => each !== undefined)
    : [];
  if ((name !== 'epochs' && name !== 'steps') || !Number.isInteger(count) || count < 1 || others.length > 0) {
    throw createArgumentError('checkpoint: every', every, '{ epochs } or { steps } with a positive integer');
  }
  checkExtras('checkpoint', extras);
  return options;
}
