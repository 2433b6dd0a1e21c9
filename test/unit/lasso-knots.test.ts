/**
 * At an exact knot the feature is a kink, however the columns are correlated: neither inside the support nor outside.
 */
import { expect, test } from 'vitest';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { open } from '../../src/tensor/engine.ts';
import { loadLasso } from '../fixtures/load.ts';
import { tracePath } from '../support/lars.ts';

test('finds every knot of synth-correlated', async () => {
  const engine = await open({ backend: 'cpu' });
  const { X_train, y_train } = loadLasso('synth-correlated');
  const features = X_train[0].length;
  const { knots } = tracePath({ X: X_train.flat(), y: y_train, features }, 1e-3);
  const given = { X: engine.tensor(X_train.flat(), [y_train.length, features]), y: engine.tensor(y_train) };
  const { kinks } = await lasso({ ...given, logLambda: knots.map(({ logLambda }) => logLambda) }).certificate();
  const missed = knots.filter(
    ({ entering, leaving }, sample) =>
      ![...entering, ...leaving].every((feature) =>
        kinks.some((kink) => kink.sample === sample && kink.index === feature),
      ),
  );
  expect(missed.length).toBe(0);
});
