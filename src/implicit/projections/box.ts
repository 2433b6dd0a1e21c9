/** The projection onto a box. */
import { createArgumentError } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import { readOptions } from '../../arguments/options.ts';
import { elementwise } from '../../tensor/kernels.ts';
import { add, checkSelection, maximum, minimum, multiply, recordOperation } from '../../tensor/operations.ts';
import { broadcastShapes, formatShape, sameShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, type KinkOptions, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { reduceLastAxis, Temporaries } from './threshold.ts';

/** Options of `boxProjection`. */
export interface BoxOptions {
  /**
   * The lower bounds: a number, which may be −Infinity, or a tensor that broadcasts to v, in which −1e30 stands for no
   * bound. Default −Infinity.
   */
  low?: number | Tensor;
  /** The upper bounds, likewise. Default Infinity. */
  high?: number | Tensor;
  /** q from 0 to 1, the derivative where a coordinate is at a bound, within 64 units of rounding of its row. Default 1. */
  selection?: number;
}

/**
 * Projects v onto the box {low ≤ x ≤ high}: x = min(max(v, low), high). The derivative is 1 between the bounds, 0
 * beyond, and `selection` at a bound; a coordinate with low = high is fixed, and has the derivative 0. Bounds that are
 * tensors get gradients too; those of a fixed coordinate stand in the gradient of `high`. Where low > high in a tensor, which is not checked, x is NaN. Inside `root` and
 * `fixedPoint` the kinks count as those of `maximum` at low and of `minimum` at high, or, for numbers, of `clip`.
 * @param v [.., n]
 * @returns x, of the shape of v
 * @throws RangeError if v is no tensor, a bound is NaN or does not broadcast to v, or if low > high for two numbers
 */
export function boxProjection(v: Tensor, options?: BoxOptions): Tensor {
  const read = readOptions('boxProjection', options, { low: 0, high: 0, selection: 0 });
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY, selection = 1 } = read;
  TENSOR('boxProjection: v', v);
  for (const [name, bound] of Object.entries({ low, high })) checkBound(name, bound, v);
  const kinks = { selection: checkSelection('boxProjection', selection), isSelected: read.selection !== undefined };
  if (!isTensor(low) && !isTensor(high)) return projectBetweenNumbers(v, low, high, kinks);
  checkTogether('boxProjection', { v, ...(isTensor(low) && { low }), ...(isTensor(high) && { high }) });
  return projectBetweenTensors(v, low, high, { selection });
}

function checkBound(name: string, bound: number | Tensor, v: Tensor): void {
  const place = `boxProjection: ${name}`;
  if (!isTensor(bound)) {
    if (typeof bound !== 'number' || Number.isNaN(bound))
      throw createArgumentError(place, bound, 'a number or a tensor');
    return;
  }
  TENSOR(place, bound);
  if (sameShape(broadcastShapes(place, bound.shape, v.shape), v.shape)) return;
  throw new RangeError(
    `${place} has shape ${formatShape(bound.shape)}; it must broadcast to the shape of v, ${formatShape(v.shape)}`,
  );
}

/** The largest number of the precision. */
const largestNumber = ({ context }: Tensor): number =>
  context.epsilon === Number.EPSILON ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127;

function projectBetweenNumbers(v: Tensor, low: number, high: number, attributes: object): Tensor {
  if (low > high || low === Number.POSITIVE_INFINITY || high === Number.NEGATIVE_INFINITY) {
    throw new RangeError(
      `boxProjection: low is ${describeValue(low)} and high ${describeValue(high)}; low must be ≤ high, below Infinity, and high above -Infinity`,
    );
  }
  if (low === high) {
    const nothing = multiply(v, 0);
    const x = add(nothing, low);
    nothing.dispose();
    return x;
  }
  const limit = largestNumber(v);
  const ends = { low: Math.max(low, -limit), high: Math.min(high, limit) };
  return recordOperation('clip', [v], elementwise('clip', [v], [ends.low, ends.high]), { ...ends, ...attributes });
}

/**
 * min(max(v, low), high), made of operations with kinks, so that selections by place reach them. Two things keep wrong
 * kinks out. Bounds that are not met and lie far outside of the row, or are infinite, are replaced by ± twice the scale
 * of the row: the tolerance of a kink follows from the scale of the operands. A fixed coordinate becomes 0 between such
 * bounds, and its value is added.
 */
function projectBetweenTensors(v: Tensor, low: number | Tensor, high: number | Tensor, kinks: KinkOptions): Tensor {
  const temporaries = new Temporaries();
  const made = (tensor: Tensor): Tensor => temporaries.keep(tensor);
  const not = (mask: Tensor): Tensor => made(elementwise('scale', [mask], [-1, 1]));
  const greater = (a: Tensor, b: Tensor): Tensor => made(elementwise('greater', [a, b]));
  const and = (a: Tensor, b: Tensor): Tensor => made(elementwise('multiply', [a, b]));
  const limit = largestNumber(v);
  const [lower, upper] = [low, high].map((bound) =>
    isTensor(bound) ? bound : made(v.context.upload([Math.min(Math.max(bound, -limit), limit)], [1], v)),
  );
  const size = made(reduceLastAxis('maximumAbsolute', v));
  const [twice, one] = [
    [2, 0],
    [0, 1],
  ].map((parameters) => made(elementwise('scale', [size], parameters)));
  const outside = made(elementwise('select', [size, twice, one])); // 1 for a row of zeros
  const inside = made(elementwise('negate', [outside]));
  const isWrong = greater(lower, upper);
  const isMoving = made(elementwise('maximum', [greater(upper, lower), isWrong]));
  const isLowFar = and(not(greater(lower, inside)), not(greater(inside, upper)));
  const isHighFar = and(not(greater(outside, upper)), not(greater(lower, outside)));
  /** The numbers where the mask is 1, and `other` elsewhere. */
  const where = (mask: Tensor, x: Tensor, other: Tensor): Tensor => {
    if (!x.node) return made(elementwise('select', [mask, x, other]));
    const kept = made(multiply(x, mask));
    return made(add(kept, and(not(mask), other)));
  };
  const nearLow = where(and(isMoving, not(isLowFar)), lower, inside);
  const nearHigh = where(and(isMoving, not(isHighFar)), upper, outside);
  const above = made(maximum(made(multiply(v, isMoving)), nearLow, kinks));
  const moving = made(minimum(above, nearHigh, kinks));
  const zero = made(elementwise('scale', [isMoving], [0, 0]));
  const fixed = made(add(moving, where(not(isMoving), upper, zero)));
  // ln 1 = 0, or NaN where the bounds are wrong.
  const x = add(fixed, made(elementwise('log', [made(elementwise('scale', [isWrong], [-2, 1]))])));
  temporaries.free();
  return x;
}
