import { refusal } from '../arguments/check.ts';
import * as arrange from './arrange.ts';
import { checkTogether, TENSORS, type Tensor } from './tensor.ts';

/**
 * Tensors one after the other along an axis (a negative one counts from the end). Their other extents must agree.
 * @throws RangeError where one is no tensor, or where a shape or the axis is wrong
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  TENSORS('concat: tensors', tensors);
  if (typeof axis !== 'number') throw refusal('concat: axis', axis, 'an integer');
  checkTogether('concat', { tensors });
  return arrange.concat(tensors, axis);
}
