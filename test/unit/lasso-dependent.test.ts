/**
 * A half-learnt dictionary: 4 rows, 9 features, and at times more features in the support than there are independent
 * columns.
 */
import { expect, test } from 'vitest';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { open } from '../../src/tensor/engine.ts';

const X = [
  -0.5049596035930055, -0.06712852548397183, 0.017761715535360413, -0.09867609168552616, 0.8261340202430832,
  -0.753954780194908, -0.36708199256336427, -0.02619045817158506, -0.17890305353019625, 0.014455126190858982,
  -0.6822757598615806, 0.15109236149790184, -0.2936215181611025, -0.5083676883204521, 0.2800122550346458,
  -0.23794495014859673, 0.8984740156249738, -1.021834340417614, 0.7425198017890382, -0.2307308575701819,
  -0.615750986176454, -0.7483587024306019, 0.568261384262988, -0.3159892431279032, -0.059876606463247016,
  0.23592854845422695, -0.13202818140067613, -0.6352482674552019, -0.4449942596990036, -0.19949809941679142,
  0.6065215140177476, -0.40082039947781645, -0.2525772403671223, -0.9077661873384382, 0.5800650634342706,
  -0.5565168281445039,
];
const y = [-1.8637274503707886, -0.630408525466919, -2.4936115741729736, -0.8363968133926392];

test.each(['fista', 'homotopy', 'coordinate-descent', 'ista'] as const)(
  '%s solves a dictionary with more features than rows',
  async (solver) => {
    const engine = await open({ backend: 'cpu' });
    const given = { X: engine.tensor(X, [4, 9]), y: engine.tensor(y), logLambda: -1.0476792879191252 };
    const { report } = lasso({ ...given, solver, onFailure: 'report' });
    expect((await report).samples[0].status).toBe('converged');
  },
);
