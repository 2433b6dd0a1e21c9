/** A user's function with everything on one tape that a lifted system is made of. */
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

/** All tensors are followed by the tape. */
export interface LiftedFunction {
  readonly tape: Tape;
  readonly unknown: Tensor;
  /** The input whose right-hand side is wanted. */
  readonly input: Tensor | undefined;
  readonly image: Tensor;
  /** With kinks, and dependent on the unknown or the input; also those of what the function solves itself. */
  readonly operations: readonly (LiftedOperation & Placed & Pick<KinkedArgument, 'uncertainty' | 'isResolved'>)[];
  readonly solutions: readonly (UnfoldedSolution & Placed)[];
  /** What may have kinks of which nobody knows. */
  readonly opaque: readonly string[];
  /** Whether the trace leaves it in doubt if rows see one another. */
  readonly isJoint: boolean;
}

/** An unknown of the lifted system: a number of z, of a solution, or of what an operation with kinks gives. */
export interface Coordinate {
  readonly kind: 'unknown' | 'solution' | 'kink';
  /** Which of the solutions, or of the operations. */
  readonly of: number;
  /** Among its numbers, flattened. */
  readonly at: number;
  /** The sample that it belongs to, −1 where it belongs to none. */
  readonly sample: number;
}

/** @param x [batch, n] */
export function liftedFunction(
  system: ImplicitSystem,
  x: Tensor,
  { radius, uncertainty, input }: Pick<LiftOptions, 'radius' | 'uncertainty' | 'input'>,
): LiftedFunction {
  const recorded = system.recorded(x);
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

/** z first, then the solutions, then the kinked values: each of those depends on earlier ones of them only. */
export function coordinatesOf(
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
