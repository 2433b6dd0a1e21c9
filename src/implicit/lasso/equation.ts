/**
 * The equation that a Lasso solution solves, in operations that a tape follows: functions that call `lasso` find
 * their kinks by it.
 */
import type { Tensor } from '../../tensor/tensor.ts';
import type { Variable } from './program.ts';

/**
 * β − prox_{t‖·‖₁}(β + Xᵀ(y − Xβ) − ρβ), [batch, features]. The step size is 1: at kinks the set of derivatives is
 * the same for every step size. X and y are centred if there is an intercept.
 */
export function lassoResidual(
  beta: Tensor,
  given: Readonly<Partial<Record<Variable, Tensor>>>,
  { intercept, nonNegative }: { readonly intercept: boolean; readonly nonNegative: boolean },
): Tensor {
  const { X, y, logLambda, weights, ridge } = given as Required<typeof given>;
  const design = intercept ? X.sub(X.mean(0, { keepAxes: true })) : X;
  const targets = intercept ? y.sub(y.mean(1, { keepAxes: true })) : y;
  const column = (x: Tensor): Tensor => x.reshape([x.size, 1]);
  const correlation = targets.sub(beta.matmul(design, { transposeB: true })).matmul(design);
  const moved = beta.add(ridge ? correlation.sub(beta.mul(column(ridge))) : correlation);
  const penalty = column(logLambda.exp());
  const threshold = weights ? penalty.mul(weights) : penalty;
  if (nonNegative) return beta.sub(moved.sub(threshold).relu());
  // The threshold is a tensor and above 0, so that at most one of the two relu is at its kink.
  return beta.sub(moved.sub(threshold).relu().sub(moved.neg().sub(threshold).relu()));
}
