/** Which element of the conservative Jacobian the gradient of a user's equation takes. */
import type { KinkedOperationName } from '../autodiff/kinks.ts';
import { type Selectable, type Selection, selectionsFor } from '../autodiff/selection.ts';
import { random } from '../data/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A coordinate that may be at a kink. */
export interface KinkPlace {
  /** As in a call: relu, abs, maximum, … */
  readonly operation: string;
  /** Among the operations of the function that have kinks, in the order of the calls, from 0. */
  readonly place: number;
  /** Of its argument, flattened, all samples together. */
  readonly index: number;
}

/**
 * q in [0, 1]: at a kink the derivative is (1 − q)·min + q·max of the Clarke interval. One number for all; one for each operation
 * by name, as { relu: 0, abs: 0.5 }; a function of the place; or { random: seed }, uniform numbers for each coordinate, a
 * sample of the conservative Jacobian. One selection serves a whole backward pass.
 */
export type ImplicitSelection =
  | number
  | Readonly<Partial<Record<KinkedOperationName, number>>>
  | { readonly random: number }
  | ((place: KinkPlace) => number);

const isRandom = (selection: ImplicitSelection): selection is { readonly random: number } =>
  typeof selection === 'object' && Object.hasOwn(selection, 'random');

/** @throws RangeError where a number is not from 0 to 1, a name is unknown, or a seed is not one */
export function checkImplicitSelection(selection: ImplicitSelection | undefined): void {
  if (typeof selection === 'function' || selection === undefined) return;
  if (isRandom(selection)) random(selection.random);
  else selectionsFor([], selection);
}

/** @param beside where the numbers go that are made for single coordinates */
export function selectionOnTape(
  selection: ImplicitSelection | undefined,
  kinked: readonly Selectable[],
  beside: Tensor,
): Selection | undefined {
  if (selection === undefined || typeof selection === 'number') return selection;
  if (typeof selection !== 'function' && !isRandom(selection)) return selection;
  const generator = isRandom(selection) ? random(selection.random) : undefined;
  const choose = typeof selection === 'function' ? selection : () => generator?.uniform() ?? 0;
  return kinked.map(({ operation, shape }, place) => {
    const values = Float64Array.from({ length: sizeOf(shape) }, (_, index) => choose({ operation, place, index }));
    const wrong = values.findIndex((q) => !(q >= 0 && q <= 1));
    if (wrong >= 0) {
      throw new RangeError(
        `selection: for ${operation}, place ${place}, index ${wrong}, it gave ${values[wrong]}; it must be a number from 0 to 1`,
      );
    }
    return beside.context.upload(values, shape, beside);
  });
}
