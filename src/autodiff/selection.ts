/** Selections for a whole tape: which element of the Clarke interval is taken at each kink. */
import { createArgumentError, isList, isObject } from '../arguments/check.ts';
import { checkSelection } from '../tensor/operations.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isKinked, KINKS, type KinkedOperationName } from './kinks.ts';

/** A number for all operations, or numbers by operation, such as { relu: 0, abs: 0.5 }. */
export type UniformSelection = number | Readonly<Partial<Record<KinkedOperationName, number>>>;

/**
 * q from 0 to 1: at a kink the derivative is (1 − q)·min + q·max of the Clarke interval. Either a UniformSelection,
 * which also reaches the solves inside of operations; or a list with one entry for each of `kinksOn`, in that order:
 * a number, or a tensor with one number for each coordinate of that operation's x, which are not checked to be from 0
 * to 1. Entries that are missing or undefined keep the selection with which the operation was called.
 */
export type Selection = UniformSelection | readonly (number | Tensor | undefined)[];

/** What a selection can refer to. */
export interface Selectable {
  readonly operation: string;
  /** The shape of the argument. */
  readonly shape: Shape;
}

export const isByPlace = (selection: Selection): selection is readonly (number | Tensor | undefined)[] =>
  isList(selection);

/**
 * The selection of each operation with kinks; undefined if it keeps its own.
 * @throws RangeError if a number is not from 0 to 1, a name is unknown, or a list does not fit
 */
export function selectionsFor(
  kinked: readonly Selectable[],
  selection: Selection | undefined,
): readonly (number | Tensor | undefined)[] {
  if (selection === undefined) return kinked.map(() => undefined);
  if (typeof selection === 'number') {
    const q = checkSelection('autodiff', selection);
    return kinked.map(() => q);
  }
  if (isByPlace(selection)) return checkSelectionList(kinked, selection);
  if (!isObject(selection))
    throw createArgumentError('selection', selection, 'a number from 0 to 1, or numbers by operation');
  for (const [name, q] of Object.entries(selection)) {
    if (!isKinked(name)) {
      throw new RangeError(
        `autodiff: selection names ${name}; the operations with kinks are ${Object.keys(KINKS).join(', ')}`,
      );
    }
    if (q !== undefined) checkSelection(name, q);
  }
  return kinked.map(({ operation }) => selectionFor(operation, selection));
}

/** The selection for operations of this name; undefined if they keep their own. */
export function selectionFor(operation: string, selection: UniformSelection | undefined): number | undefined {
  if (typeof selection === 'number' || selection === undefined) return selection;
  return isKinked(operation) ? selection[operation] : undefined;
}

function checkSelectionList(
  kinked: readonly Selectable[],
  list: readonly (number | Tensor | undefined)[],
): readonly (number | Tensor | undefined)[] {
  if (list.length !== kinked.length) {
    throw new RangeError(
      `autodiff: selection lists ${list.length} entries; the tape has ${kinked.length} operations with kinks`,
    );
  }
  for (const [index, { operation, shape }] of kinked.entries()) {
    const given = list[index];
    if (given === undefined) continue;
    if (typeof given === 'number') checkSelection(operation, given);
    else if (!sameShape(given.shape, shape)) {
      throw new RangeError(
        `autodiff: selection[${index}] has shape ${formatShape(given.shape)}; ${operation} has x of shape ${formatShape(shape)}`,
      );
    }
  }
  return list;
}
