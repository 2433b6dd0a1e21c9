/** A user's function on one tape, with all that its lifted system needs. */
import { type LiftedOperation, liftedOn } from '../autodiff/kinked-operations.ts';
import type { Tape } from '../autodiff/tape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Places, placeIn } from './kink-places.ts';
import type { KinkedArgument } from './kinks.ts';
import type { LiftOptions } from './lifting.ts';
import type { ImplicitSystem } from './system.ts';
import { type UnfoldedSolution, unfold } from './unfold.ts';

interface Placed {
  readonly places: Places;
}

/** A user's function with its kinks and the solves that it contains. The tape follows all of these tensors. */
export interface LiftedFunction {
  readonly tape: Tape;
  readonly unknown: Tensor;
  /** The input whose right-hand side is wanted, if any. */
  readonly input: Tensor | undefined;
  readonly image: Tensor;
  /** Operations with kinks that depend on the unknown or the input, those inside solves of the function included. */
  readonly operations: readonly (LiftedOperation & Placed & Pick<KinkedArgument, 'uncertainty' | 'isResolved'>)[];
  readonly solutions: readonly (UnfoldedSolution & Placed)[];
  /** Names of calls that may have kinks but bring no equation from which to find them. */
  readonly opaque: readonly string[];
  /** Whether rows may depend on one another: the trace does not rule it out. */
  readonly isJoint: boolean;
}

/**
 * An unknown of the lifted system: a number of z, of a solution inside the function, or of the output of an operation
 * with kinks.
 */
export interface Coordinate {
  readonly kind: 'unknown' | 'solution' | 'kink';
  /** The number of the solution, or of the operation, in its list; 0 for z. */
  readonly of: number;
  /** The position among the numbers of that tensor, flattened. */
  readonly at: number;
  /** The sample to which it belongs, −1 where it belongs to no single one. */
  readonly sample: number;
}

/** Records the function at x and finds all of these. @param x [batch, n] */
export function recordLifted(
  system: ImplicitSystem,
  x: Tensor,
  { radius, uncertainty, input }: Pick<LiftOptions, 'radius' | 'uncertainty' | 'input'>,
): LiftedFunction {
  const recorded = system.record(x);
  const { tape, unknown, inputs, image } = recorded;
  try {
    const followed = input === undefined ? undefined : inputs[input];
    const watched = [unknown, ...(followed ? [followed] : [])];
    const { solutions, opaque } = unfold(tape, watched);
    const operations = liftedOn(tape, watched, radius, uncertainty).map((one) => ({
      ...one,
      uncertainty: uncertainty?.[one.place],
      isResolved: !!uncertainty,
    }));
    const asked = [...operations, ...solutions].map(({ output }) => ({
      index: tape.indexOf(output) as number,
      size: output.size,
    }));
    const { mixing, places } = system.structure(recorded, asked, solutions);
    return {
      ...{ tape, unknown, image, opaque },
      input: followed,
      operations: operations.map((operation, index) => ({ ...operation, places: places[index] })),
      solutions: solutions.map((solution, index) => ({ ...solution, places: places[operations.length + index] })),
      isJoint: mixing !== undefined,
    };
  } catch (error) {
    tape.dispose();
    throw error;
  }
}

/**
 * All coordinates: z, then the solutions, then the kinked values, each of which depends only on kinked values before
 * it.
 */
export function listCoordinates(
  { unknown, operations, solutions }: LiftedFunction,
  { batch }: Pick<Places, 'batch'>,
): Coordinate[] {
  const of = (kind: Coordinate['kind'], index: number, { size }: Tensor, places: Places): Coordinate[] => {
    const placeOf = placeIn(places, size);
    return Array.from({ length: size }, (_, at) => ({ kind, of: index, at, sample: placeOf(at).sample ?? -1 }));
  };
  return [
    ...of('unknown', 0, unknown, { batch, own: 'rows' }),
    ...solutions.flatMap(({ output, places }, index) => of('solution', index, output, places)),
    ...operations.flatMap(({ output, places }, index) => of('kink', index, output, places)),
  ];
}
