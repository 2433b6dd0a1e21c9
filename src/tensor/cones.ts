/** Kernels of projections onto products of cones. No tape follows them. */
import type { ConeBlock } from '../backends/cone-kernels.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * Projects each row, along the last axis, onto the product of cones; see `ProjectConesCall`.
 * @param x [.., m], where m is the number of rows of the cones
 * @returns of the shape of x
 * @throws RangeError if the shape does not fit
 */
export function projectCones(x: Tensor, cones: readonly ConeBlock[]): Tensor {
  return x.context.call({ kernel: 'projectCones', ...sizesOf('projectCones', x, cones) }, [x], x.shape);
}

/**
 * Computes Jh row by row, with an element J = Jᵀ of the Clarke Jacobian of `projectCones` at x; see
 * `ProjectConesDerivativeCall`.
 * @param x [.., m]
 * @param h of the shape of x
 * @param tolerance how far x may be from a kink, in the units of x: [1], or one number for each row
 * @param q from 0 to 1: J = (1 − q)·J_min + q·J_max at kinks; or a tensor of the shape of x, with the q of each number
 *   of nonneg cones, and that of another cone at its first number. Default 0
 * @returns of the shape of x
 * @throws RangeError if the shapes do not fit
 */
export function projectConesDerivative(
  x: Tensor,
  h: Tensor,
  tolerance: Tensor,
  cones: readonly ConeBlock[],
  q: number | Tensor = 0,
): Tensor {
  const what = 'projectConesDerivative';
  const sizes = sizesOf(what, x, cones);
  const shares = typeof q === 'number' ? undefined : q;
  for (const [name, given] of Object.entries({ h, ...(shares && { q: shares }) })) {
    if (sameShape(given.shape, x.shape)) continue;
    throw new RangeError(`${what}: ${name} has shape ${formatShape(given.shape)}; it must be ${formatShape(x.shape)}`);
  }
  if (tolerance.size !== 1 && tolerance.size !== sizes.rows) {
    throw new RangeError(
      `${what}: tolerance has shape ${formatShape(tolerance.shape)}; it must have 1 or ${sizes.rows} numbers`,
    );
  }
  const call = {
    kernel: what as 'projectConesDerivative',
    ...sizes,
    isToleranceShared: tolerance.size === 1,
    selection: typeof q === 'number' ? q : 0,
  };
  return x.context.call(call, [x, h, tolerance, shares], x.shape);
}

function sizesOf(
  what: string,
  x: Tensor,
  cones: readonly ConeBlock[],
): { rows: number; columns: number; blocks: readonly ConeBlock[] } {
  const columns = x.shape.at(-1);
  const last = cones.at(-1);
  const needed = last ? last.start + last.rows : 0;
  if (columns === undefined || columns !== needed) {
    throw new RangeError(`${what}: x has shape ${formatShape(x.shape)}; its last axis must be ${needed}, as the cones`);
  }
  return { rows: columns === 0 ? 0 : x.size / columns, columns, blocks: cones };
}
