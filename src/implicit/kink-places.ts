/** How coordinates of the operations of a function are told apart. */
import { type Shape, sizeOf } from '../tensor/shape.ts';

/** A coordinate that may be at a kink. */
export interface KinkPlace {
  /** Undefined where the samples share the operation's argument. */
  readonly sample: number | undefined;
  /** As in a call: relu, abs, maximum, … */
  readonly operation: string;
  /** Among the operations of the function that have kinks, in the order of the calls, from 0. */
  readonly place: number;
  /** Of the sample's part of the operation's argument, flattened. */
  readonly index: number;
}

interface Shaped {
  readonly shape: Shape;
}

/** batch, where each sample has its part of the argument, one after the other; 1 where all share it. */
export function partsOf({ shape }: Shaped, batch: number): number {
  return shape.length > 0 && shape[0] % batch === 0 ? batch : 1;
}

/** Of the argument, flattened, the place of the number `at`. */
export function placeIn(argument: Shaped, batch: number, at: number): Pick<KinkPlace, 'sample' | 'index'> {
  const parts = partsOf(argument, batch);
  const width = sizeOf(argument.shape) / parts;
  return { sample: parts === batch ? Math.floor(at / width) : undefined, index: at % width };
}
