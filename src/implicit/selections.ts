/** Selections: which element of the conservative Jacobian the gradient of a user's equation takes. */
import { createArgumentError, createResultError, isFunction, isObject } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import type { KinkedOperationName } from '../autodiff/kinks.ts';
import { type Selectable, type Selection, selectionsFor } from '../autodiff/selection.ts';
import { random } from '../data/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type KinkPlace, type Places, placeIn } from './kink-places.ts';
import type { OperationKink } from './kinks.ts';

/**
 * The choice of q in [0, 1]: at a kink the derivative is (1 − q)·min + q·max of the Clarke interval. It is one number
 * for all kinks; or one for each operation by name, such as { relu: 0, abs: 0.5 }; or a function of the place; or {
 * random: seed }, which draws a uniform number for each coordinate, and so samples the conservative Jacobian. The same
 * selection holds throughout a backward pass. For a choice that depends on the kinks themselves, see `solve.select`.
 */
export type ImplicitSelection =
  | number
  | Readonly<Partial<Record<KinkedOperationName, number>>>
  | {
      /** The seed. */
      readonly random: number;
    }
  | ((place: KinkPlace) => number);

const isRandom = (selection: ImplicitSelection): selection is { readonly random: number } =>
  isObject(selection) && 'random' in selection;

/** @throws RangeError where a number is not from 0 to 1, a name is unknown, or a seed is not valid */
export function checkImplicitSelection(selection: ImplicitSelection | undefined): void {
  if (isFunction(selection) || selection === undefined) return;
  if (isRandom(selection)) random(readOptions('selection', selection, { random: 0 }).random);
  else if (typeof selection === 'number' || isObject(selection)) selectionsFor([], selection);
  else
    throw createArgumentError(
      'selection: it',
      selection,
      'a number from 0 to 1, numbers by operation, { random } or a function',
    );
}

const isFraction = (q: unknown): boolean => typeof q === 'number' && q >= 0 && q <= 1;

/** The selection that `choose` makes at these kinks. Elsewhere the derivative is unique, and q has no effect. */
export function selectionAt(
  kinks: readonly OperationKink[],
  choose: (kink: OperationKink) => number,
): (place: KinkPlace) => number {
  const keyOf = ({ place, sample, index }: KinkPlace): string => `${place} ${sample} ${index}`;
  const chosen = new Map(
    kinks.map((kink) => {
      const q = choose(kink);
      if (isFraction(q)) return [keyOf(kink), q];
      throw createResultError('select: choose', q, 'a number from 0 to 1');
    }),
  );
  return (place) => chosen.get(keyOf(place)) ?? 0;
}

/**
 * The selection in the form that a tape takes: one number for all, one for each operation, or one for each coordinate.
 * @param placesOf the places of each of the operations; called only where q differs from coordinate to coordinate
 * @param beside a tensor of the context to which the numbers are uploaded
 */
export function selectionOnTape(
  selection: ImplicitSelection | undefined,
  kinked: readonly Selectable[],
  placesOf: () => readonly Places[],
  beside: Tensor,
): Selection | undefined {
  if (selection === undefined || typeof selection === 'number') return selection;
  if (typeof selection !== 'function' && !isRandom(selection)) return selection;
  const generator = isRandom(selection) ? random(selection.random) : undefined;
  const choose = typeof selection === 'function' ? selection : () => generator?.uniform() ?? 0;
  const places = placesOf();
  return kinked.map(({ operation, shape }, place) => {
    const placeOf = placeIn(places[place], sizeOf(shape));
    const values = Float64Array.from({ length: sizeOf(shape) }, (_, at) => {
      const { sample, index } = placeOf(at);
      const q = choose({ operation, place, sample, index });
      if (isFraction(q)) return q;
      // Nobody awaits what an async function gave.
      if ((q as unknown) instanceof Promise) (q as unknown as Promise<unknown>).catch(() => {});
      throw new RangeError(
        `selection: for ${operation}, place ${place}, index ${index}, it gave ${describeValue(q)}; it must be a number from 0 to 1`,
      );
    });
    return beside.context.upload(values, shape, beside);
  });
}
