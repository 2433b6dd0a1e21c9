/** Finds the tape that a derivative belongs to. A derivative that would be lost is an error, never a silent 0. */
import type { Tensor } from '../tensor/tensor.ts';
import { Tape } from './tape.ts';

/**
 * The tape that follows any of the tensors.
 * @throws Error if there are two
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
 * @param mayBeConstant whether the result may be independent of the inputs
 * @throws Error unless the tape follows the result of a function: otherwise its derivative is lost
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
