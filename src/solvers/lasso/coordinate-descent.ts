/** Coordinate descent, on the backends that have it. */
import { STATE_ROWS } from '../../backends/kernels.ts';
import { elementwiseLaidOut } from '../../tensor/kernels.ts';
import { coordinateDescent } from '../../tensor/loop-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { rowOf, statusOf } from '../monitor.ts';
import { groupsOf } from './design.ts';
import type { PlainRows } from './plain-rows.ts';
import type { LassoProblem } from './problem.ts';

/**
 * Makes passes over the features until one changes no coefficient by more than the tolerance, relative to the largest
 * coefficient.
 * @param limit largest number of passes; a sample makes no more than the iterations that remain in its state
 */
export function descendByCoordinates(
  { design, penalty, ridge }: LassoProblem,
  { columns, y }: PlainRows,
  { beta, state, tolerance }: Readonly<Record<'beta' | 'state' | 'tolerance', Tensor>>,
  limit: number,
): { readonly beta: Tensor; readonly iterations: Tensor } {
  const [batch, features] = beta.shape;
  const sizes = { rows: y.shape[1], features, groups: groupsOf(design), batch };
  const watched = [statusOf(state), rowOf(state, STATE_ROWS.remaining)];
  const found = coordinateDescent([columns, y, penalty, ridge, beta, tolerance, ...watched], sizes, limit);
  const part = (offset: number, shape: readonly number[]): Tensor =>
    elementwiseLaidOut('copy', [found], [{ offset, strides: [0, 0, features + 1, 1] }], shape);
  return { beta: part(0, [batch, features]), iterations: beta.context.alias(part(features, [batch, 1]), [batch]) };
}
