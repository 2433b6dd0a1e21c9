import { createArgumentError } from '../arguments/check.ts';
import * as arrange from './arrange.ts';
import { checkTogether, TENSORS, type Tensor } from './tensor.ts';

/**
 * Concatenates tensors along an axis.
 * @param axis default 0; a negative axis counts from the end. All other extents must agree
 * @throws RangeError if an entry is not a tensor, or if a shape or the axis is wrong
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  TENSORS('concat: tensors', tensors);
  if (typeof axis !== 'number') throw createArgumentError('concat: axis', axis, 'an integer');
  checkTogether('concat', { tensors });
  return arrange.concat(tensors, axis);
}
