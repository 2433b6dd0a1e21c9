import type { Activation } from '../solvers/activations.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
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
  /** It bends nowhere, and its derivatives are exact up to rounding. Default false: it may have kinks. */
  readonly isSmooth?: boolean;
  /**
   * For each input, whether row r of the output depends on row r of it alone, of as many as the output has; on the other inputs
   * every row may depend. Default: every row may depend on everything.
   */
  readonly isRowwise?: readonly boolean[];
  /**
   * Of a solution: the equation that it solves, 0 there and of its shape, written with tensor operations that a tape follows. So those
   * who call it know its kinks, and whether it is differentiable there; without it nobody knows, unless it is smooth.
   */
  readonly equation?: LayerEquation | ((output: Tensor, inputs: readonly Tensor[]) => Tensor);
}

/**
 * z = σ(Wz + b), the inputs being the parameters of the map and b: only described, so that a page which trains such layers does without
 * what writes it down.
 */
export interface LayerEquation {
  readonly context: LoopContext;
  readonly map: LinearMap;
  readonly activation: Activation;
}

/** @throws Error where what it is differentiated with is followed, so that its derivative would be differentiated */
export function refuseFollowed(name: string, inputs: readonly Tensor[]): void {
  if (inputs.every((input) => !input.node)) return;
  throw new Error(
    `autodiff: ${name} has no second derivative; a function whose derivative is differentiated cannot hold it`,
  );
}
