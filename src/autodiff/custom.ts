import type { Activation } from '../solvers/activations.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { UniformSelection } from './selection.ts';

/** How an operation that is recorded as `custom` is differentiated: its attributes. */
export interface CustomOperation {
  /** The name that error messages use. */
  readonly name?: string;
  /**
   * Whether the operation may have kinks and was given no selection of its own. A selection by place cannot name such
   * kinks, and is refused.
   */
  readonly isSelectable?: boolean;
  /**
   * @param needed which inputs need a cotangent
   * @param selection the selection of the whole tape, which replaces the operation's own
   * @param inputs the inputs as the tape holds them, even where the caller has disposed his
   */
  readonly pullback: (
    cotangent: Tensor,
    needed: readonly boolean[],
    selection: UniformSelection | undefined,
    inputs: readonly Tensor[],
  ) => readonly (Tensor | undefined)[];
  /**
   * Without it the operation has no forward mode.
   * @param tangents of the inputs; undefined, which means 0, for an input without one; at least one is given
   */
  readonly pushforward?: (
    tangents: readonly (Tensor | undefined)[],
    selection: UniformSelection | undefined,
    inputs: readonly Tensor[],
  ) => Tensor;
  /** Whether the pullback consists of operations that a tape follows, so that it has derivatives too. Default false. */
  readonly isFollowed?: boolean;
  /** A bound of the norm of its Jacobian, of every element, where it has one input. Default: none is known. */
  readonly lipschitz?: number;
  /** Whether the operation has no kinks, and derivatives that are exact up to rounding. Default false. */
  readonly isSmooth?: boolean;
  /**
   * For each input: whether row r of the output depends on row r of that input alone, and both have the same number
   * of rows. Any row of the output may depend on any row of the other inputs. Default: false for all inputs.
   */
  readonly isRowwise?: readonly boolean[];
  /**
   * The equation of a solution: a tensor of its shape that is 0 there, computed by operations that a tape follows.
   * Functions that call the solve find its kinks by it. Without an equation, an operation that is not smooth leaves
   * differentiability unknown.
   */
  readonly equation?: LayerEquation | ((output: Tensor, inputs: readonly Tensor[]) => Tensor);
}

/**
 * z = σ(Wz + b), with the parameters of the map and b as inputs. It is only described here, so that a page that
 * trains such layers does not load the code that writes it down.
 */
export interface LayerEquation {
  readonly context: LoopContext;
  readonly map: LinearMap;
  readonly activation: Activation;
}

/** @throws Error if an input is followed by a tape, so that the derivative of a derivative would be needed */
export function refuseFollowed(name: string, inputs: readonly Tensor[]): void {
  if (inputs.every((input) => !input.node)) return;
  throw new Error(
    `autodiff: ${name} has no second derivative; a function whose derivative is differentiated cannot hold it`,
  );
}
