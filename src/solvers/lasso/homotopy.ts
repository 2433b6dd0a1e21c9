/** The homotopy, on the backends that have it. */
import { elementwiseLaidOut } from '../../tensor/kernels.ts';
import { homotopy } from '../../tensor/loop-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { groupsOf } from './design.ts';
import type { PlainRows } from './plain-rows.ts';
import type { LassoProblem } from './problem.ts';

interface HomotopyResult {
  /** [batch, features] */
  readonly beta: Tensor;
  /** Number of steps, [batch]; nearly every step changes the set of features in use. */
  readonly iterations: Tensor;
  /** The duality gap relative to the objective at β = 0, summed up in float64, [batch]. */
  readonly gap: Tensor;
}

/** @param limit largest number of steps */
export function followHomotopy(
  { design, penalty, ridge, isRidged }: LassoProblem,
  { columns, y }: PlainRows,
  start: Tensor,
  limit: number,
): HomotopyResult {
  const [batch, features] = start.shape;
  const rows = y.shape[1];
  const sizes = { rows, features, groups: groupsOf(design), batch };
  // Without a ridge, at most as many columns are in use as can be independent.
  const capacity = isRidged ? features : Math.min(rows, features);
  const found = homotopy([columns, y, penalty, ridge, start], sizes, limit, capacity);
  const part = (offset: number, width: number): Tensor =>
    elementwiseLaidOut('copy', [found], [{ offset, strides: [0, 0, features + 2, 1] }], [batch, width]);
  const number = (offset: number): Tensor => start.context.alias(part(offset, 1), [batch]);
  return { beta: part(0, features), iterations: number(features), gap: number(features + 1) };
}
