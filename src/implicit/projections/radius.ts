/** The options of projections onto sets of a radius, and their checks. */
import { createArgumentError } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import { checkSelection, isRepresentable } from '../../tensor/operations.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, type KinkOptions, TENSOR, type Tensor } from '../../tensor/tensor.ts';

/** Options of `simplexProjection`, `l1BallProjection` and `ballProjection`. */
export interface RadiusOptions {
  /**
   * R > 0: a number, or a tensor [1], which gets a gradient and is not checked to be > 0. Default 1.
   */
  radius?: number | Tensor;
  /**
   * q from 0 to 1, which applies where a coordinate is at the threshold, within 64 units of rounding, and on the sphere
   * of the ball: 0 takes the least element of the generalised Jacobian, and 1 the greatest. Default 0.
   */
  selection?: number;
}

/**
 * The radius, and the selection where one is given.
 * @throws RangeError if v is a scalar or no tensor, or if an option is wrong
 */
export function readRadiusOptions(
  what: string,
  v: Tensor,
  given: RadiusOptions | undefined,
): { readonly radius: number | Tensor; readonly kinks: KinkOptions } {
  const { radius = 1, selection } = readOptions(what, given, { radius: 0, selection: 0 });
  TENSOR(`${what}: v`, v);
  if (v.shape.length === 0) throw new RangeError(`${what}: v is a scalar; it needs at least one axis`);
  const kinks: KinkOptions = selection === undefined ? {} : { selection: checkSelection(what, selection) };
  if (!isTensor(radius)) {
    checkRadius(what, radius, v);
    return { radius, kinks };
  }
  TENSOR(`${what}: radius`, radius);
  if (radius.size !== 1 || radius.shape.length > 1) {
    throw new RangeError(
      `${what}: radius has shape ${formatShape(radius.shape)}; it must be a number, or a tensor [1]`,
    );
  }
  checkTogether(what, { v, radius });
  return { radius, kinks };
}

/** @throws RangeError unless it is a number > 0, also in the precision of the backend */
function checkRadius(what: string, radius: number, { context }: Tensor): void {
  const isExact = context.epsilon === Number.EPSILON;
  if (isRepresentable(context, radius) && (isExact ? radius : Math.fround(radius)) > 0) return;
  throw createArgumentError(`${what}: radius`, radius, 'a tensor [1], or a number > 0 in the precision of the backend');
}
