import type { Tensor } from '../tensor/tensor.ts';

/**
 * The attributes of an operation that is recorded as `custom`: how it is differentiated. A selection given for the whole
 * tape does not reach it: it has its own.
 */
export interface CustomOperation {
  /** For errors. */
  readonly name?: string;
  /** @param needed which inputs need a cotangent */
  readonly pullback: (cotangent: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[];
  /**
   * Without it the operation has no forward mode.
   * @param tangents of the inputs, undefined (which is 0) where an input has none; at least one is given
   */
  readonly pushforward?: (tangents: readonly (Tensor | undefined)[]) => Tensor;
}
