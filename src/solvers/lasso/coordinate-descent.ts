/** Coordinate descent, for the backends that offer it. */
import { coordinateDescent, elementwiseLaidOut } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { groupsOf } from './design.ts';
import type { PlainRows } from './plain-rows.ts';
import type { LassoProblem } from './problem.ts';

/** Passes over the coordinates until none moves by more than the tolerance, relative to the largest. */
export function descendedByCoordinates(
  { design, penalty, ridge }: LassoProblem,
  { columns, y }: PlainRows,
  { beta, stopped, tolerance }: Readonly<Record<'beta' | 'stopped' | 'tolerance', Tensor>>,
  limit: number,
): { readonly beta: Tensor; readonly iterations: Tensor } {
  const [batch, features] = beta.shape;
  const sizes = { rows: y.shape[1], features, groups: groupsOf(design), batch };
  const found = coordinateDescent([columns, y, penalty, ridge, beta, tolerance, stopped], sizes, limit);
  const part = (offset: number, shape: readonly number[]): Tensor =>
    elementwiseLaidOut('copy', [found], [{ offset, strides: [0, 0, features + 1, 1] }], shape);
  return { beta: part(0, [batch, features]), iterations: beta.context.alias(part(features, [batch, 1]), [batch]) };
}
