/** Checks of numbers that become tensors. */
import { NUMBERS } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { isRepresentable } from './operations.ts';
import { checkShape, formatShape, type Shape, sizeOf } from './shape.ts';

/**
 * Returns a copy of the shape, which must fit the numbers.
 * @param given default: one axis
 * @throws RangeError if it does not fit them
 */
export function resolveShape(values: ArrayLike<number>, given: Shape | undefined): Shape {
  NUMBERS('tensor: values', values);
  const wanted = given === undefined ? [values.length] : given;
  checkShape('tensor', wanted);
  const shape = Array.from(wanted);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: values holds ${values.length} numbers, the shape ${formatShape(shape)} needs ${sizeOf(shape)}`,
    );
  }
  return shape;
}

/** @throws RangeError that names the first number that is not finite in the precision of the backend */
export function checkNumbers(
  name: string,
  values: ArrayLike<number>,
  engine: { readonly epsilon: number; readonly backend: string },
): void {
  const precision = { epsilon: engine.epsilon }; // read once, since there may be millions of numbers
  for (let index = 0; index < values.length; index++) {
    if (isRepresentable(precision, values[index])) continue;
    const held =
      precision.epsilon > Number.EPSILON ? `, and of at most 3.4028235e38 in float32, as ${engine.backend} has it` : '';
    throw new RangeError(
      `${name}: values[${index}] is ${describeValue(values[index])}; every number must be finite${held}`,
    );
  }
}
