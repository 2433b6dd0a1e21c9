import { NUMBERS } from '../arguments/check.ts';
import { checkShape, describe, type Shape, sizeOf } from './shape.ts';

/**
 * Returns a copy of the shape, which must fit the numbers.
 * @param given default: one axis
 * @throws RangeError if it does not fit them
 */
export function shapeFor(values: ArrayLike<number>, given: Shape | undefined): Shape {
  NUMBERS('tensor: values', values);
  const wanted = given === undefined ? [values.length] : given;
  checkShape('tensor', wanted);
  const shape = Array.from(wanted);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: values holds ${values.length} numbers, the shape ${describe(shape)} needs ${sizeOf(shape)}`,
    );
  }
  return shape;
}
