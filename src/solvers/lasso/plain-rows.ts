/** Lasso problems for kernels that go through the columns of X one after the other. */
import { elementwise, elementwiseLaidOut, product, reduceAxes } from '../../tensor/kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { project, totals } from './design.ts';
import type { LassoProblem } from './problem.ts';

/** Problems with masks and an intercept, written as problems without: rows times √M, with their means taken out. */
export interface PlainRows {
  /** [groups, features, rows] */
  readonly columns: Tensor;
  /** [batch, rows] */
  readonly y: Tensor;
}

export function createPlainRows({ design, y }: LassoProblem): PlainRows {
  const { X, masks, intercept } = design;
  const [rows, features] = X.shape;
  const { context } = X;
  const [batch] = y.shape;
  const transposed = elementwiseLaidOut('copy', [X], [{ offset: 0, strides: [0, 0, 1, features] }], [features, rows]);
  if (!masks) return { columns: context.alias(transposed, [1, features, rows]), y: project(design, y) };
  const [groups] = masks.shape;
  const root = context.alias(elementwise('sqrt', [masks]), [groups, 1, rows]);
  const weighted = (x: Tensor, means: Tensor): Tensor =>
    elementwise('multiply', [intercept ? elementwise('subtract', [x, means]) : x, root]);
  const mean = (sums: Tensor, count: number): Tensor =>
    elementwise('divide', [context.alias(sums, [groups, count, 1]), context.alias(totals(masks), [groups, 1, 1])]);
  const grouped = context.alias(y, [groups, batch / groups, rows]);
  const sums = reduceAxes('sum', [elementwise('multiply', [grouped, context.alias(masks, [groups, 1, rows])])], 2, 3);
  return {
    columns: weighted(context.alias(transposed, [1, features, rows]), mean(product(masks, X), features)),
    y: context.alias(weighted(grouped, mean(sums, batch / groups)), [batch, rows]),
  };
}
