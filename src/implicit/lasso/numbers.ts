/** Reads the numbers of a Lasso solution from the device. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { LassoNumbers } from './analysis.ts';
import type { CheckedLasso } from './options.ts';
import type { Given, Optimum, Prepared } from './program.ts';

export async function readNumbers(
  { rows, features, batch, engine, settings }: CheckedLasso,
  { X, masks, largest }: Prepared,
  { ridge }: Given,
  { beta, correlation, penalty, kinkTolerance }: Optimum,
): Promise<LassoNumbers> {
  const read = async (tensor: Tensor | undefined): Promise<ArrayLike<number> | undefined> => tensor?.data();
  const [x, mask, h, rho, b, g, t, tolerance] = await Promise.all(
    [X, masks, largest, ridge, beta, correlation, penalty, kinkTolerance].map(read),
  );
  return {
    rows,
    features,
    batch,
    intercept: settings.intercept,
    nonNegative: settings.nonNegative,
    X: x as ArrayLike<number>,
    masks: mask,
    ridge: rho ?? [0],
    largest: (h as ArrayLike<number>)[0],
    beta: b as ArrayLike<number>,
    correlation: g as ArrayLike<number>,
    penalty: t as ArrayLike<number>,
    kinkTolerance: tolerance as ArrayLike<number>,
    epsilon: engine.epsilon,
  };
}
