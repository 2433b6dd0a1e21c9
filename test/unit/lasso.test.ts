import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Engine,
  jacobianVectorProduct,
  type LassoOptions,
  lasso,
  open,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { normals } from '../support/numbers.ts';

const ROWS = 14;
const FEATURES = 6;
const SOLVERS = ['fista', 'ista', 'coordinate-descent', 'homotopy'] as const;

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

/** The numbers of a batch of problems: two groups of rows with two problems each, and all arguments in use. */
function numbersFor(seed: number) {
  let stream = 100 * seed;
  const list = (length: number, scale = 1, shift = 0): number[] =>
    normals(length, stream++, scale).map((value) => value + shift);
  const X = list(ROWS * FEATURES, 1, 0.7);
  const masks = Array.from({ length: 2 * ROWS }, (_, at) =>
    at % 5 === (at < ROWS ? 0 : 2) ? 0 : at % 3 === 0 ? 0.5 : 1,
  );
  return {
    X,
    masks,
    y: list(4 * ROWS, 2, 1.5),
    logLambda: list(4, 0.3, 0.2),
    weights: list(4 * FEATURES).map((value) => 0.5 + Math.abs(value)),
    ridge: [0.4, 0, 0.8, 0.1],
    v: list(4 * FEATURES),
  };
}

const SHAPES = { X: [ROWS, FEATURES], y: [4, ROWS], logLambda: [4], weights: [4, FEATURES], ridge: [4] } as const;
type Name = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Name[];

type Numbers = ReturnType<typeof numbersFor>;

function solve(numbers: Numbers, tensors: Partial<Record<Name, Tensor>>, options: Partial<LassoOptions> = {}) {
  const given = Object.fromEntries(
    NAMES.map((name) => [name, tensors[name] ?? engine.tensor(numbers[name], SHAPES[name])]),
  ) as Record<Name, Tensor>;
  const masks = engine.tensor(numbers.masks, [2, ROWS]);
  return lasso({ ...given, masks, intercept: true, tolerance: 1e-13, ...options });
}

/** The objective of one problem at (β, β₀), from its definition. */
function objective(numbers: Numbers, problem: number, beta: ArrayLike<number>, intercept: number): number {
  const mask = numbers.masks.slice(Math.floor(problem / 2) * ROWS);
  let value = 0;
  for (let row = 0; row < ROWS; row++) {
    let error = numbers.y[problem * ROWS + row] - intercept;
    for (let j = 0; j < FEATURES; j++) error -= numbers.X[row * FEATURES + j] * beta[j];
    value += 0.5 * mask[row] * error ** 2;
  }
  for (let j = 0; j < FEATURES; j++) {
    value += Math.exp(numbers.logLambda[problem]) * numbers.weights[problem * FEATURES + j] * Math.abs(beta[j]);
    value += 0.5 * numbers.ridge[problem] * beta[j] ** 2;
  }
  return value;
}

describe('lasso: masks, intercept, weights and elastic net together', () => {
  const cases = [1, 2, 3].flatMap((seed) => SOLVERS.map((solver) => [seed, solver] as const));
  it.each(cases)('finds the minimiser (seed %i, %s)', async (seed, solver) => {
    const numbers = numbersFor(seed);
    const solution = solve(numbers, {}, { solver });
    const [beta, intercept] = await Promise.all([solution.beta.data(), solution.intercept.data()]);
    const noise = normals(4 * 200 * (FEATURES + 1), seed + 100);
    let next = 0;
    for (let problem = 0; problem < 4; problem++) {
      const own = beta.slice(problem * FEATURES, (problem + 1) * FEATURES);
      const least = objective(numbers, problem, own, intercept[problem]);
      for (let trial = 0; trial < 200; trial++) {
        const size = 10 ** -(trial % 5);
        const other = Float64Array.from(own, (value) => (value === 0 && trial % 2 ? 0 : value + size * noise[next++]));
        expect(objective(numbers, problem, other, intercept[problem] + size * noise[next++])).toBeGreaterThan(
          least - 1e-12,
        );
      }
    }
    const { samples, dualityGap } = await solution.report;
    expect(samples.map(({ status }) => status)).toEqual(Array(4).fill('converged'));
    for (const gap of dualityGap) expect(Math.abs(gap)).toBeLessThan(1e-12);
    solution.dispose();
  });

  it.each(NAMES)('the gradient in %s is that of central differences', async (name) => {
    const numbers = numbersFor(5);
    const v = engine.tensor(numbers.v, [4, FEATURES]);
    const loss = (given: Tensor, changed: Numbers = numbers): Tensor => {
      const { beta, intercept } = solve(changed, { [name]: given });
      return beta.mul(v).sum().add(intercept.square().sum());
    };
    const [, [gradient]] = await valueAndGrad((given) => loss(given), [engine.tensor(numbers[name], SHAPES[name])]);
    const found = await gradient.data();
    const h = 1e-6;
    const places = name === 'X' ? [0, 7, 20, 33, 50, 83] : numbers[name].map((_, at) => at);
    for (const at of places) {
      const value = async (shift: number): Promise<number> => {
        const moved = numbers[name].map((each, index) => (index === at ? each + shift : each));
        return (await loss(engine.tensor(moved, SHAPES[name])).data())[0];
      };
      // ρ = 0 is at the end of its range, so the difference is one-sided.
      const difference =
        numbers[name][at] === 0
          ? (4 * (await value(h)) - 3 * (await value(0)) - (await value(2 * h))) / (2 * h)
          : ((await value(h)) - (await value(-h))) / (2 * h);
      expect(found[at]).toBeCloseTo(difference, 5);
    }
  });

  it('the tangent is the adjoint of the gradient', async () => {
    const numbers = numbersFor(6);
    const inputs = NAMES.map((name) => engine.tensor(numbers[name], SHAPES[name]));
    const tangents = NAMES.map((name) => engine.tensor(normals(numbers[name].length, 60), SHAPES[name]));
    const v = engine.tensor(numbers.v, [4, FEATURES]);
    const beta = (...given: Tensor[]): Tensor =>
      solve(numbers, Object.fromEntries(NAMES.map((name, index) => [name, given[index]]))).beta;
    const [, tangent] = await jacobianVectorProduct(beta, inputs, tangents);
    const [, gradients] = await valueAndGrad(
      (...given) =>
        beta(...given)
          .mul(v)
          .sum(),
      inputs,
    );
    const dot = async (a: Tensor, b: Tensor): Promise<number> => (await a.mul(b).sum().data())[0];
    const forward = await dot(tangent, v);
    let backward = 0;
    for (const [index, gradient] of gradients.entries()) backward += await dot(gradient, tangents[index]);
    expect(forward).toBeCloseTo(backward, 9);
  });
});

describe('lasso: one argument for several problems', () => {
  it('sums gradients over the problems that share an argument, whether X or its Gram matrix is used', async () => {
    const list = (length: number): number[] => normals(length, length);
    // Wide, so that X is used as it is; and with few features, where the Gram matrix is used.
    for (const [rows, features] of [
      [5, 12],
      [20, 3],
    ]) {
      const numbers = { X: list(rows * features), y: list(rows), weights: list(features).map((w) => 1 + w ** 2) };
      const logLambdas = [-1, -2];
      const gradientsAt = async (logLambda: number[]): Promise<number[][]> => {
        const inputs = [
          engine.tensor(numbers.X, [rows, features]),
          engine.tensor(numbers.y),
          engine.tensor(numbers.weights),
        ];
        const [, gradients] = await valueAndGrad(
          (X, y, weights) => lasso({ X, y, weights, logLambda }).beta.square().sum(),
          inputs,
        );
        return Promise.all(gradients.map(async (gradient) => Array.from(await gradient.data())));
      };
      const [both, first, second] = await Promise.all([logLambdas, [-1], [-2]].map(gradientsAt));
      for (const [index, gradient] of both.entries()) {
        for (const [at, value] of gradient.entries()) {
          expect(value).toBeCloseTo(first[index][at] + second[index][at], 9);
        }
      }
    }
  });
});

describe('lasso: memory', () => {
  it.each([false, true])('a scope frees all that a solve and its gradients made (intercept %s)', async (intercept) => {
    const inputs = [engine.tensor(normals(20, 1), [5, 4]), engine.tensor(normals(5, 2)), engine.tensor([-1, -2])];
    const buffers: number[] = [];
    for (let run = 0; run < 2; run++) {
      const [, gradients] = await valueAndGrad((X, y, logLambda) => {
        const { beta, intercept: level } = lasso({ X, y, logLambda, intercept });
        return beta.sum().add(level.sum());
      }, inputs);
      for (const gradient of gradients) gradient.dispose();
      buffers.push(engine.memory().buffers);
    }
    expect(buffers[1]).toBe(buffers[0]);
  });
});

describe('lasso: failures and degenerate problems', () => {
  const tall = (columns: (row: number) => number[], rows = 8): Tensor =>
    engine.tensor(Array.from({ length: rows }, (_, row) => columns(row)).flat(), [rows, columns(0).length]);
  const target = (): Tensor => engine.tensor([1, -2, 3, 0.5, 2, -1, 0, 4]);

  it('a duplicated column fails the certificate, and a gradient reports it', async () => {
    const X = tall((row) => [Math.sin(row + 1), Math.cos(2 * row), Math.sin(row + 1)]);
    const given = { X, y: target(), onFailedCertificate: 'throw' } as const;
    const solution = lasso({ ...given, logLambda: -2 });
    const certificate = await solution.certificate();
    expect(certificate).toMatchObject({ status: 'failed', argument: 'cholesky' });
    expect(certificate.reason).toContain('not unique');
    const gradient = valueAndGrad((logLambda) => lasso({ ...given, logLambda }).beta.sum(), [engine.tensor([-2])]);
    await expect(gradient.then(([, [found]]) => found.data())).rejects.toThrow(/does not apply.*linearly dependent/);
  });

  it('above λ_max β and the gradient are 0, and the certificate says so', async () => {
    const X = tall((row) => [Math.sin(row + 1), Math.cos(2 * row)]);
    const [value, [gradient]] = await valueAndGrad(
      (logLambda) => lasso({ X, y: target(), logLambda }).beta.sum(),
      [engine.tensor([9])],
    );
    expect(value).toBe(0);
    expect(Math.abs((await gradient.data())[0])).toBe(0);
    const certificate = await lasso({ X, y: target(), logLambda: 9 }).certificate();
    expect(certificate).toMatchObject({ status: 'certified', argument: 'empty' });
    expect(certificate.reason).toContain('no feature is active');
  });

  it('more features than rows', async () => {
    const X = engine.tensor(normals(320, 9), [8, 40]);
    const solution = lasso({ X, y: target(), logLambda: [-1, -4] });
    const { samples } = await solution.report;
    expect(samples.every(({ status }) => status === 'converged')).toBe(true);
    expect((await solution.certificate()).status).toBe('certified');
  });

  it('constant columns are left out where there is an intercept', async () => {
    const X = tall((row) => [3, Math.cos(2 * row)]);
    const solution = lasso({ X, y: target(), logLambda: -1, intercept: true });
    expect((await solution.beta.data())[0]).toBe(0);
  });

  it.each(['homotopy', 'coordinate-descent', 'fista'] as const)(
    'constant columns are left out even where all are constant: %s',
    async (solver) => {
      const { beta, report } = lasso({ X: tall(() => [3, 0]), y: target(), logLambda: -1, intercept: true, solver });
      expect(await beta.data()).toEqual(Float64Array.of(0, 0));
      const [{ status, residual }] = (await report).samples;
      expect([status, residual]).toEqual(['converged', 0]);
    },
  );

  it.each<[string, (X: Tensor) => Partial<LassoOptions>, RegExp]>([
    ['X', () => ({ X: engine.tensor([1, 2]) }), /X: the shape is \[2\]; it must be \[rows, features\]/],
    ['y', () => ({ y: engine.tensor([1, 2]) }), /y: the shape is \[2\].*needs \[8\] or \[batch, 8\]/],
    ['masks', () => ({ masks: engine.tensor([1, 1]) }), /masks: the shape is \[2\]/],
    ['weights', () => ({ weights: engine.tensor([1]) }), /weights: the shape is \[1\]/],
    [
      'lengths',
      () => ({ logLambda: [0, 1], ridge: engine.tensor([1, 2, 3]) }),
      /logLambda: it is for 2 problems; ridge is for 3/,
    ],
    ['groups', () => ({ logLambda: [0, 1, 2], masks: engine.tensor(Array(16).fill(1), [2, 8]) }), /masks: there are 2/],
    ['selection', () => ({ selection: 2 }), /selection: it is 2; it must be 'weak', 'lars', or numbers from 0 to 1/],
    ['selections', () => ({ selection: [1] }), /selection: it holds 1 numbers; there are 2 features/],
    ['solver', () => ({ solver: 'magic' as never }), /solver: it is "magic"; it must be one of/],
    ['tolerance', () => ({ tolerance: 0 }), /tolerance: it is 0/],
    ['initial', () => ({ initial: engine.tensor([1, 2]) }), /initial: the shape is \[2\]; it must be \[1, 2\]/],
  ])('refuses wrong arguments: %s', (_, wrong, message) => {
    const X = tall((row) => [Math.sin(row + 1), Math.cos(2 * row)]);
    expect(() => lasso({ X, y: target(), logLambda: 0, ...wrong(X) })).toThrow(message);
  });

  it('a limit too low is an error, or a report', async () => {
    const X = engine.tensor(normals(240, 11), [8, 30]);
    const given = { X, y: target(), logLambda: -3, solver: 'ista', limit: 1, tolerance: 1e-12 } as const;
    await expect(lasso(given).beta.data()).rejects.toThrow(/lasso, forward: 1 of 1 samples did not converge/);
    const { samples } = await lasso({ ...given, onFailure: 'report' }).report;
    expect(samples[0].status).toBe('limit');
  });
});
