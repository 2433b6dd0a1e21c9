/** Linear maps in place of a matrix: the solvers chosen for them, the refusals, and how far their margin is trusted. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../src/implicit/options.ts';
import { monotoneMap, monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { tunedStep } from '../../src/implicit/tuning.ts';
import { applyMap, type LinearMap, type Margin, transposeMap } from '../../src/solvers/linear-map.ts';
import { matrixMap, tracedMatrix } from '../../src/solvers/maps/matrix.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { monotoneProblem, normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const STATED: Margin = { value: 0.5, by: 'stated', reason: 'as the test says' };

/** W = diag(w), as a map that only applies W: it has no resolvent, no kernel of its own, and no matrix. @param w [n] */
function diagonal(w: Tensor, margin: Partial<Margin> = {}): LinearMap {
  return {
    key: 'diagonal',
    n: w.size,
    parameters: [w],
    margin: { ...STATED, ...margin },
    traced: ([diagonal]) => ({
      apply: (z) => z.mul(diagonal),
      norms: () => ({ bound: diagonal.neg().add(1).abs().sum().reshape([1]) }),
      cotangent: (left, right) => [left.mul(right).sum(0)],
      tangent: ([change = diagonal], z) => z.mul(change),
    }),
  };
}

const w = engine.tensor([0.5, -0.5, 0.25]);
const b = engine.tensor([1, 2, -1, 0.5, -3, 2], [2, 3]);

describe('a map without a resolvent', () => {
  test('is solved by forward-backward splitting, and differentiated by BiCGSTAB', async () => {
    const solution = monotoneFixedPoint(diagonal(w), b, { activation: 'relu', tolerance: 1e-12 });
    expect((await solution.report).solver).toBe('forward-backward');
    // z = relu(wz + b) is b/(1 − w) where that is positive.
    expect(relativeError(await solution.z.data(), [2, 2 / 1.5, 0, 1, 0, 2 / 0.75])).toBeLessThan(1e-11);
  });

  test('is refused by the solvers that need one, by name', async () => {
    const solve = (options: object) => () => monotoneFixedPoint(diagonal(w), b, { activation: 'relu', ...options });
    expect(solve({ solver: 'anderson-picard+peaceman-rachford' })).toThrow(
      'solver: it is "anderson-picard+peaceman-rachford", which needs a resolvent of the linear map W',
    );
    expect(solve({ linearSolver: 'peaceman-rachford' })).toThrow(
      'linearSolver: it is "peaceman-rachford", which needs',
    );
    await expect(tunedStep(diagonal(w), b, { activation: 'relu' })).rejects.toThrow('needs a resolvent');
  });
});

test('a map of another width, or given together with a margin, is refused', () => {
  const narrow = engine.tensor([0.5, 0.5]);
  expect(() => monotoneFixedPoint(diagonal(narrow), b, { activation: 'relu' })).toThrow(
    'b: the shape is [2, 3]; a linear map of 2 numbers needs [batch, 2]',
  );
  const both = { activation: 'relu', margin: 0.5 } as const;
  expect(() => monotoneFixedPoint(diagonal(w), b, both)).toThrow('margin: it is 0.5; it must be left out');
  expect(() => monotoneFixedPoint(diagonal(w, { value: -1 }), b, { activation: 'relu' })).toThrow('margin: it is -1');
  const W = engine.tensor([0, 0, 0, 0, 0, 0, 0, 0, 0], [3, 3]);
  const none = { activation: 'relu' } as MonotoneOptions;
  expect(() => monotoneFixedPoint(W, b, none)).toThrow('margin: it is missing');
});

test('maps of one shape and different keys do not share a Program', async () => {
  const own = diagonal(w);
  const negated: LinearMap = {
    ...own,
    key: 'negated diagonal',
    traced: (...given) => {
      const traced = own.traced(...given);
      return { ...traced, apply: (z, orientation) => traced.apply(z, orientation).neg() };
    },
  };
  const options = { activation: 'relu', tolerance: 1e-12 } as const;
  const solve = (map: LinearMap) => monotoneFixedPoint(map, b, { ...options, solver: 'forward-backward' }).z.data();
  expect(relativeError(await solve(own), [2, 2 / 1.5, 0, 1, 0, 2 / 0.75])).toBeLessThan(1e-11);
  expect(relativeError(await solve(negated), [1 / 1.5, 4, 0, 0.5 / 1.5, 0, 2 / 1.25])).toBeLessThan(1e-11);
});

describe('the margin', () => {
  const certificateOf = (map: LinearMap, options: object = {}) =>
    monotoneFixedPoint(map, b, { activation: 'relu', ...options }).certificate();

  test('certifies where it holds by construction or was checked, and not where it is only stated', async () => {
    expect(await certificateOf(diagonal(w))).toMatchObject({ status: 'unknown', argument: 'not examined' });
    for (const by of ['construction', 'checked'] as const) {
      expect(await certificateOf(diagonal(w, { by }))).toMatchObject({ status: 'certified', argument: 'margin' });
    }
  });

  test('is checked along with the solve where the map allows it, unless checks are off', async () => {
    const check = () => Promise.reject(new RangeError('not monotone'));
    const wrong = diagonal(w, { by: 'checked', check });
    await expect(certificateOf(wrong)).rejects.toThrow('not monotone');
    const { z } = monotoneFixedPoint(wrong, b, { activation: 'relu' });
    await expect(z.data()).rejects.toThrow('not monotone');
    expect((await certificateOf(wrong, { checkInputs: false })).status).toBe('unknown');
  });

  test('of a matrix is the same for every alias, checked or not', async () => {
    const problem = monotoneProblem(3, 2, 5);
    const [A, B] = [engine.tensor(problem.A, [3, 3]), engine.tensor(problem.B, [3, 3])];
    await engine.tidy(async (scope) => {
      const W = monotoneMatrix(scope.use(A), B, engine.scalar(0.5));
      for (const checkInputs of [true, false]) {
        const options = { activation: 'relu', margin: 0.5, checkInputs } as const;
        const handles = [W, scope.use(W), W.reshape([9]).reshape([3, 3])];
        for (const handle of handles) {
          const { status } = await monotoneFixedPoint(handle, b, options).certificate();
          expect(status).toBe(checkInputs ? 'certified' : 'unknown');
        }
      }
    });
    // With a margin by construction nothing is left to check.
    expect(await certificateOf(monotoneMap(A, B, 0.5), { checkInputs: false })).toMatchObject({ status: 'certified' });
    expect(() => monotoneMap(A, B, 0)).toThrow('margin: it is 0');
  });
});

test('the epilogue of a product agrees with separate kernels', async () => {
  const [n, batch] = [4, 3];
  const rows = (seed: number) => engine.tensor(normals(batch * n, seed), [batch, n]);
  const [z, bias, scale, subtractedFrom] = [rows(1), rows(2), rows(3), rows(4)];
  const fused = tracedMatrix(engine.tensor(normals(n * n, 5), [n, n]), engine);
  const plain = { ...fused, applyWith: undefined };
  for (const epilogue of [{}, { bias }, { scale }, { subtractedFrom }, { bias, scale, subtractedFrom }]) {
    for (const turn of [transposeMap, (map: typeof plain) => map]) {
      const [one, other] = [fused, plain].map((map) => applyMap(turn(map as typeof plain), z, epilogue).data());
      expect(relativeError(await one, await other)).toBeLessThan(1e-14);
    }
  }
});

test('a map of a matrix is the matrix', async () => {
  const { n, batch, W, b: bias, margin } = monotoneProblem(5, 2, 9);
  const options = { activation: 'tanh', tolerance: 1e-12 } as const;
  const [matrix, right] = [engine.tensor(W, [n, n]), engine.tensor(bias, [batch, n])];
  const direct = await monotoneFixedPoint(matrix, right, { ...options, margin }).z.data();
  const map = matrixMap(matrix, { ...STATED, value: margin });
  expect(await monotoneFixedPoint(map, right, options).z.data()).toEqual(direct);
});
