/** Lists the operations with kinks on a tape, for code that examines a function. */
import type { Tensor } from '../tensor/tensor.ts';
import { type KinkDescription, kinkDescription, widenTolerance } from './kinks.ts';
import { dependentOn, type Entry } from './linearisation.ts';
import type { Selectable } from './selection.ts';
import type { Tape } from './tape.ts';

/** An operation with kinks on a tape: a piecewise smooth function of x, element by element. */
interface KinkedOperation {
  /** Its name in `KINKS`. */
  readonly operation: string;
  /** Its place, from 0: among all operations on the tape; for a LiftedOperation among those with kinks. */
  readonly place: number;
  /** The pre-activations; for maximum and minimum the difference a − b of the inputs. */
  readonly x: Tensor;
  /** The numbers at which x has a kink. */
  readonly positions: readonly number[];
  /** How close to a position x counts as at the kink: [.., 1], for each row of x along the last axis, or [1]. */
  readonly tolerance: Tensor;
}

/** An operation with kinks, written y = rest + σ(x): the part of a lifted system in which y is an unknown. */
export interface LiftedOperation extends KinkedOperation {
  /** The ends of the interval of the derivative in x; they agree where x is at no kink. */
  readonly low: Tensor;
  readonly high: Tensor;
  /** The same ends for another tolerance. */
  readonly ends: (tolerance: Tensor) => Tensor[];
  /** y, followed by the tape. */
  readonly output: Tensor;
  /** x = plus − minus, followed by the tape if they depend on a watched tensor. */
  readonly argument: { readonly plus: Tensor; readonly minus?: Tensor };
  /** b in b + σ(a − b), for maximum and minimum. */
  readonly rest: Tensor | undefined;
}

/** The operations with kinks and their places on the tape, in the order in which they were recorded. */
export function kinkedOn(tape: Tape): { entry: Entry; place: number; kinks: KinkDescription }[] {
  return tape.operations.flatMap((entry, place) => {
    const kinks = kinkDescription(entry.operation);
    return kinks && kinks.positions(entry.attributes).length > 0 ? [{ entry, place, kinks }] : [];
  });
}

/** What a selection with one entry for each of `kinksOn` refers to. */
export function selectablesOn(tape: Tape): (Selectable & Pick<Entry, 'output' | 'outputIndex'>)[] {
  return kinkedOn(tape).map(({ entry: { operation, output, outputIndex } }) => ({
    ...{ operation, output, outputIndex },
    shape: output.shape,
  }));
}

/** The operations of `kinkedOn` with their x and tolerance, which the caller disposes. */
export function kinksOn(tape: Tape): KinkedOperation[] {
  return kinkedOn(tape).map(({ entry, place, kinks }) => {
    const { operation, inputs, attributes } = entry;
    const x = kinks.argument(inputs);
    const positions = kinks.positions(attributes);
    return {
      operation,
      place,
      x: inputs.includes(x) ? x.context.alias(x, x.shape) : x,
      positions,
      tolerance: kinks.tolerance(inputs),
    };
  });
}

/** Whether a call on the tape named a selection. */
export function isSelectedOn(tape: Tape): boolean {
  return kinkedOn(tape).some(({ entry: { attributes } }) => (attributes as { isSelected?: boolean }).isSelected);
}

/**
 * The operations with kinks that depend on one of the tensors, as a lifted system needs them, in which the value of
 * each is an unknown. Their places count the operations with kinks.
 * @param watched default: all operations with kinks
 * @param radius distance from a kink that counts as at the kink. Default: the tolerance of each row
 * @param uncertainty as in `PlaybackOptions`
 */
export function liftedOn(
  tape: Tape,
  watched?: readonly Tensor[],
  radius?: number,
  uncertainty?: readonly Tensor[],
): LiftedOperation[] {
  const dependent = watched && dependentOn(tape.indicesOf(watched), tape.operations);
  return kinkedOn(tape).flatMap(({ entry, kinks }, place) => {
    if (dependent && !dependent.has(entry.outputIndex)) return [];
    const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
    const x = kinks.argument(inputs);
    const tolerance = radius === undefined ? kinks.tolerance(inputs) : x.context.upload([radius], [1], x);
    const ends = (within: Tensor): Tensor[] => {
      const near = widenTolerance(within, uncertainty?.[place]);
      return [0, 1].map((q) => kinks.derivative(x, near, attributes, q));
    };
    const [low, high] = ends(tolerance);
    const [first, second] = inputs.map((input, index) => tape.aliasOf(input, inputIndices[index]));
    const isExtreme = operation === 'maximum' || operation === 'minimum';
    const lifted = {
      operation,
      place,
      x,
      positions: kinks.positions(attributes),
      tolerance,
      low,
      high,
      ends,
      output: tape.aliasOf(output, outputIndex),
      argument: isExtreme ? { plus: first, minus: second } : { plus: first },
      rest: isExtreme ? second : undefined,
    };
    return [lifted];
  });
}
