/** Storage that a tensor shares with its aliases. */
import { createArgumentError } from '../arguments/check.ts';
import type { Storage } from '../backends/backend.ts';
import { formatShape } from './shape.ts';
import { type Context, isTensor, type Tensor } from './tensor.ts';

/** What the `place` of a tensor of an engine is. */
export class SharedStorage {
  /** How many tensors use the storage. */
  references = 0;
  /** How often it was overwritten. */
  writes = 0;
  /** The first numbers as they were last read, for `console.log`. */
  seen: ArrayLike<number> | undefined;

  constructor(readonly storage: Storage) {}
}

/** The storage of a tensor. @throws Error if it is not a tensor of this context, or was disposed */
export function sharedStorageOf(tensor: Tensor, context: Context): SharedStorage {
  if (!isTensor(tensor)) throw createArgumentError('tensor', tensor, 'a tensor');
  if (tensor.context !== context)
    throw new Error(`tensor ${formatShape(tensor.shape)}: it belongs to another engine or to a Program`);
  if (tensor.isDisposed) throw new Error(`tensor ${formatShape(tensor.shape)}: it was disposed`);
  return tensor.place as SharedStorage;
}
