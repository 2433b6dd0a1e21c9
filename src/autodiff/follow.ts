/** Which tape a derivative belongs to: one that would be cut off is an error, never a silent 0. */
import type { Tensor } from '../tensor/tensor.ts';
import { Tape } from './tape.ts';

/**
 * The tape that follows any of the tensors.
 * @throws Error where there are two of them
 */
export function tapeOf(name: string, tensors: readonly Tensor[]): Tape | undefined {
  const recorders = new Set(tensors.flatMap(({ node }) => (node ? [node.recorder] : [])));
  if (recorders.size > 1) {
    throw new Error(`${name}: its inputs are followed by two different tapes; differentiate with one at a time`);
  }
  const [recorder] = recorders;
  return recorder instanceof Tape ? recorder : undefined;
}

/**
 * @param mayBeConstant whether the function may depend on none of its inputs
 * @throws Error unless the tape follows what came out of a function: what it comes from is lost otherwise, and its derivative with it
 */
export function checkFollowed(name: string, what: string, { node }: Tensor, tape: Tape, mayBeConstant: boolean): void {
  if (node ? node.recorder === tape : mayBeConstant) return;
  const found = node
    ? 'followed by the tape of another function that is being differentiated, whose tensors are to be among the inputs'
    : 'computed from none of the inputs: from other tensors, or from numbers that were read by data()';
  throw new Error(
    `${name}: ${what} is ${found}, so that its derivative is lost; compute it from the arguments of the function by tensor operations`,
  );
}
