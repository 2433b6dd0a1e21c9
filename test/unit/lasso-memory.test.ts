/**
 * As in tuning, X is captured by a differentiated function, but not differentiated. None of its storage may be left.
 */
import { expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { open } from '../../src/tensor/engine.ts';
import { normals } from '../support/numbers.ts';

test.each([{ intercept: false }, { intercept: true }, { intercept: true, masked: true }])(
  'a differentiated function frees everything computed from a captured X: %o',
  async ({ intercept, masked }) => {
    const engine = await open({ backend: 'cpu' });
    const [X, y] = [engine.tensor(normals(20, 1), [5, 4]), engine.tensor(normals(5, 2))];
    const masks = masked ? engine.tensor([1, 1, 1, 0, 1, 1, 0, 1, 1, 1], [2, 5]) : undefined;
    const kept: number[] = [];
    for (let run = 0; run < 2; run++) {
      const at = engine.tensor([-1, -2]);
      const [, gradients] = await valueAndGrad(
        (logLambda) => lasso({ X, y, masks, intercept, logLambda }).beta.sum(),
        [at],
      );
      for (const tensor of [at, ...gradients]) tensor.dispose();
      kept.push(engine.memory().buffers);
    }
    expect(kept[1]).toBe(kept[0]);
  },
);
