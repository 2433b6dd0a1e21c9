import type { Tensor } from '../tensor/tensor.ts';
import type { UniformSelection } from './selection.ts';

/** The attributes of an operation that is recorded as `custom`: how it is differentiated. */
export interface CustomOperation {
  /** For errors. */
  readonly name?: string;
  /**
   * It may have kinks, and was given no selection of its own: a selection by place, which cannot name them, is then refused for
   * the tape.
   */
  readonly isSelectable?: boolean;
  /**
   * @param needed which inputs need a cotangent
   * @param selection given for the whole tape, in the place of its own
   */
  readonly pullback: (
    cotangent: Tensor,
    needed: readonly boolean[],
    selection?: UniformSelection,
  ) => readonly (Tensor | undefined)[];
  /**
   * Without it the operation has no forward mode.
   * @param tangents of the inputs, undefined (which is 0) where an input has none; at least one is given
   */
  readonly pushforward?: (tangents: readonly (Tensor | undefined)[], selection?: UniformSelection) => Tensor;
}

/** @throws Error where what it is differentiated with is followed, so that its derivative would be differentiated */
export function refuseFollowed(name: string, inputs: readonly Tensor[]): void {
  if (inputs.every((input) => !input.node)) return;
  throw new Error(
    `autodiff: ${name} has no second derivative; a function whose derivative is differentiated cannot hold it`,
  );
}
