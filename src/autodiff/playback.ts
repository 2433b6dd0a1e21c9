/** How to differentiate a tape with other selections than those with which its operations were called. */
import { elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CustomOperation } from './custom.ts';
import { FACTORS } from './derivatives.ts';
import { kinkedOn, selectablesOn } from './kinked-operations.ts';
import { type KinkDescription, kinkDescription, ownSelection, widenTolerance } from './kinks.ts';
import type { Entry, Playback } from './linearisation.ts';
import { isByPlace, type Selection, selectionsFor } from './selection.ts';
import type { Tape } from './tape.ts';

export interface PlaybackOptions {
  /** Which element of the Clarke intervals is taken. Default: the selections with which the operations were called. */
  selection?: Selection;
  /**
   * How far the x of each of `kinksOn`, in that order, may be from the true one; broadcasts to x. Within that
   * distance of a kink the selection applies. Default: within rounding.
   */
  uncertainty?: readonly Tensor[];
}

/** @throws Error if the selection does not fit the tape */
export function createPlayback(tape: Tape, { selection, uncertainty }: PlaybackOptions): Playback {
  const factorOf = createFactorReader(tape, selection, uncertainty);
  if (selection === undefined || !isByPlace(selection)) return { factorOf, selection };
  for (const { operation, attributes } of tape.operations) {
    const { name, isSelectable = false } = attributes as CustomOperation;
    if (operation !== 'custom' || !isSelectable) continue;
    throw new Error(
      `autodiff: a selection by place does not reach ${name}, which the function calls; give one number, or numbers by ` +
        `operation, or give ${name} a selection of its own`,
    );
  }
  return { factorOf };
}

function createFactorReader(
  tape: Tape,
  selection: Selection | undefined,
  uncertainty: readonly Tensor[] | undefined,
): (entry: Entry) => Tensor {
  const chosen = selectionsFor(selectablesOn(tape), selection);
  const places = new Map(kinkedOn(tape).map(({ entry }, index) => [entry, index]));
  return (entry) => {
    const kinks = kinkDescription(entry.operation);
    if (!kinks) return FACTORS[entry.operation](entry);
    const place = places.get(entry) ?? -1;
    return computeSelectedDerivative(
      kinks,
      entry,
      chosen[place] ?? ownSelection(entry.attributes),
      uncertainty?.[place],
    );
  };
}

/**
 * The derivative of an operation with kinks in its argument.
 * @param selection q for all coordinates, or one number for each, of the shape of the argument
 * @param uncertainty of the argument, [.., 1] or [1]: within it a kink counts as met. Default: within rounding
 */
function computeSelectedDerivative(
  { argument, tolerance, derivative }: KinkDescription,
  { inputs, attributes }: Entry,
  selection: number | Tensor,
  uncertainty: Tensor | undefined,
): Tensor {
  const x = argument(inputs);
  const near = widenTolerance(tolerance(inputs), uncertainty);
  if (typeof selection === 'number') return derivative(x, near, attributes, selection);
  const [low, high] = [0, 1].map((q) => derivative(x, near, attributes, q));
  // (1 − q)·low + q·high, written so that nothing is rounded where the two agree.
  const width = elementwise('subtract', [high, low]);
  return elementwise('add', [low, elementwise('multiply', [selection, width])]);
}
