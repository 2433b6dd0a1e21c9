/** Row weights and coefficients that must not be negative: against every active set, copies of rows, and differences. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { random } from '../../src/data/random.ts';
import {
  crossValidation,
  type Engine,
  heldOut,
  largestPenalty,
  lasso,
  lassoPath,
  open,
  type Tensor,
  tune,
  valueAndGrad,
} from '../../src/index.ts';
import { factorise, solve } from '../../src/solvers/matrices.ts';

const [ROWS, FEATURES] = [12, 5];
const generator = random(3);
const X = Float64Array.from({ length: ROWS * FEATURES }, () => generator.normal());
const y = Float64Array.from(
  { length: ROWS },
  (_, row) => 2 * X[row * FEATURES] - X[row * FEATURES + 1] + generator.normal(),
);
const omega = Float64Array.from({ length: ROWS }, (_, row) => [0, 1, 2.5, 3][row % 4]);

/** The optimum by trying every active set with every sign: the only one that satisfies the conditions of Kuhn and Tucker. */
function enumerate(
  lambda: number,
  { weights, nonNegative, intercept }: { weights: ArrayLike<number>; nonNegative: boolean; intercept: boolean },
): Float64Array {
  const total = Array.from(weights).reduce((a, b) => a + b);
  const centre = (column: number[]): number[] => {
    const mean = column.reduce((sum, value, row) => sum + weights[row] * value, 0) / total;
    return intercept ? column.map((value) => value - mean) : column;
  };
  const columns = Array.from({ length: FEATURES }, (_, j) =>
    centre(Array.from({ length: ROWS }, (_, row) => X[row * FEATURES + j])),
  );
  const target = centre([...y]);
  const dot = (a: number[], b: number[]): number =>
    a.reduce((sum, value, row) => sum + weights[row] * value * b[row], 0);
  const found: Float64Array[] = [];
  for (let code = 0; code < 3 ** FEATURES; code++) {
    const signs = Array.from({ length: FEATURES }, (_, j) => (Math.floor(code / 3 ** j) % 3) - 1);
    if (nonNegative && signs.includes(-1)) continue;
    const active = signs.flatMap((sign, j) => (sign === 0 ? [] : [j]));
    const H = Float64Array.from(active.flatMap((i) => active.map((j) => dot(columns[i], columns[j]))));
    const right = active.map((j) => dot(columns[j], target) - lambda * signs[j]);
    const part = solve(runUninterrupted(factorise(H, active.length)), right);
    if (active.some((j, at) => part[at] * signs[j] <= 0)) continue;
    const beta = new Float64Array(FEATURES);
    for (const [at, j] of active.entries()) beta[j] = part[at];
    const residual = target.map(
      (value, row) => value - columns.reduce((sum, column, j) => sum + column[row] * beta[j], 0),
    );
    const holds = columns.every((column, j) => {
      const g = dot(column, residual);
      return signs[j] !== 0 || (nonNegative ? g : Math.abs(g)) <= lambda;
    });
    if (holds) found.push(beta);
  }
  expect(found).toHaveLength(1);
  return found[0];
}

const ones = new Float64Array(ROWS).fill(1);
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);

describe.each([
  ['cpu', 1e-9],
  ['wasm', 3e-5],
  ['gpujs', 3e-5],
  ['webgpu', 3e-5],
] as const)('on %s', (backend, precision) => {
  let engine: Engine;
  let data: { X: Tensor; y: Tensor };
  let rowWeights: Tensor;
  beforeAll(async () => {
    engine = await open({ backend });
    data = { X: engine.tensor(X, [ROWS, FEATURES]), y: engine.tensor(y) };
    rowWeights = engine.tensor(omega);
  });
  afterAll(() => engine.close());

  test.each([
    [true, true, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
    [false, true, false],
  ])(
    'β is that of the right active set (weights %s, not negative %s, intercept %s)',
    async (weighted, nonNegative, intercept) => {
      const penalties = [0.3, 1, 4];
      const solution = lasso({
        ...data,
        logLambda: penalties.map(Math.log),
        nonNegative,
        intercept,
        ...(weighted && { rowWeights }),
      });
      const beta = await solution.beta.data();
      const weights = weighted ? omega : ones;
      for (const [at, lambda] of penalties.entries()) {
        const right = enumerate(lambda, { weights, nonNegative, intercept });
        expect(largestDifference(beta.subarray(at * FEATURES, (at + 1) * FEATURES), right)).toBeLessThan(precision);
      }
      if (nonNegative) expect(Math.min(...beta)).toBe(0); // exactly: the sign restriction binds here
      const { dualityGap } = await solution.report;
      expect(Math.max(...dualityGap.map(Math.abs))).toBeLessThan(100 * precision);
      expect((await solution.certificate()).status).toBe('certified');
    },
  );

  test('an integer weight is so many copies of the row, also of the intercept and λ_max', async () => {
    const counts = [0, 1, 2, 3].map((_, at) => [0, 1, 2, 3][at]);
    const rows = Array.from({ length: ROWS }, (_, row) => row).flatMap(
      (row) => Array(counts[row % 4]).fill(row) as number[],
    );
    const copied = {
      X: engine.tensor(
        rows.flatMap((row) => [...X.subarray(row * FEATURES, (row + 1) * FEATURES)]),
        [rows.length, FEATURES],
      ),
      y: engine.tensor(rows.map((row) => y[row])),
    };
    const weights = engine.tensor(Array.from({ length: ROWS }, (_, row) => counts[row % 4]));
    for (const nonNegative of [false, true]) {
      const common = { logLambda: 0.5, intercept: true, nonNegative };
      const [a, b] = [lasso({ ...data, ...common, rowWeights: weights }), lasso({ ...copied, ...common })];
      expect(largestDifference(await a.beta.data(), await b.beta.data())).toBeLessThan(precision);
      expect(largestDifference(await a.intercept.data(), await b.intercept.data())).toBeLessThan(10 * precision);
      const { logLambda: _, ...of } = common;
      const [p, q] = [
        await largestPenalty({ ...data, ...of, rowWeights: weights }),
        await largestPenalty({ ...copied, ...of }),
      ];
      expect(p[0]).toBeCloseTo(q[0], 5);
      const path = await lassoPath({ ...data, ...of, rowWeights: weights, count: 5 });
      const other = await lassoPath({ ...copied, ...of, count: 5 });
      expect(largestDifference(await path.beta.data(), await other.beta.data())).toBeLessThan(10 * precision);
      expect((await path.beta.data()).subarray(0, FEATURES).every((value) => Math.abs(value) < precision)).toBe(true);
    }
  });
});

describe('derivatives in float64', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  const v = [1, -2, 0.5, 3, 1];
  const solveAt = (inputs: readonly Tensor[]): Tensor =>
    lasso({
      X: inputs[0],
      y: inputs[1],
      logLambda: inputs[2],
      rowWeights: engine.tensor(omega),
      nonNegative: true,
      intercept: true,
    })
      .beta.mul(engine.tensor(v, [1, FEATURES]))
      .sum();

  test('in X, y and log λ are those of finite differences', async () => {
    const numbers = [X, y, Float64Array.of(0)];
    const shapes = [[ROWS, FEATURES], [ROWS], [1]];
    const tensors = numbers.map((values, at) => engine.tensor(values, shapes[at]));
    const [, gradients] = await valueAndGrad((...given: Tensor[]) => solveAt(given), tensors);
    for (const [which, places] of [
      [0, [0, 6, 33]],
      [1, [1, 2, 11]],
      [2, [0]],
    ] as const) {
      const gradient = await gradients[which].data();
      for (const place of places) {
        const moved = await Promise.all(
          [1e-5, -1e-5].map(async (step) => {
            const changed = numbers.map((values) => values.slice());
            changed[which][place] += step;
            return (await solveAt(changed.map((values, at) => engine.tensor(values, shapes[at]))).data())[0];
          }),
        );
        expect(gradient[place]).toBeCloseTo((moved[0] - moved[1]) / 2e-5, 6);
      }
    }
  });

  test('at a knot the interval has both one-sided derivatives', async () => {
    const data = { X: engine.tensor(X, [ROWS, FEATURES]), y: engine.tensor(y), rowWeights: engine.tensor(omega) };
    const [knot] = await largestPenalty({ ...data, nonNegative: true });
    const cotangent = engine.tensor([1, 1, 1, 1, 1], [1, FEATURES]);
    const [interval] = await lasso({ ...data, nonNegative: true, logLambda: knot }).gradientInterval(cotangent);
    expect(interval.kinks).toHaveLength(1);
    expect(interval.right).toBe(0);
    const below = lasso({ ...data, nonNegative: true, logLambda: knot - 1e-6 });
    const sum = (await below.beta.sum().data())[0];
    expect(interval.left).toBeCloseTo(sum / -1e-6, 3);
    expect([interval.low, interval.high]).toEqual([interval.left, 0]);
  });
});

describe('errors', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'wasm' });
  });
  afterAll(() => engine.close());

  test('name the argument and what is allowed', async () => {
    const data = { X: engine.tensor(X, [ROWS, FEATURES]), y: engine.tensor(y), logLambda: 0 };
    const solve = (rowWeights: number[]) => lasso({ ...data, rowWeights: engine.tensor(rowWeights) }).beta.data();
    await expect(solve([...ones.subarray(1), -1])).rejects.toThrow(
      'rowWeights: the least number is -1; every one must be at least 0',
    );
    await expect(solve([...ones].map(() => 0))).rejects.toThrow('rowWeights: they are 0 in every row');
    expect(() => lasso({ ...data, rowWeights: engine.tensor([1, 2]) })).toThrow(
      'rowWeights: the shape is [2]; it must be [12]',
    );
    expect(() => lasso({ ...data, nonNegative: true, solver: 'homotopy' })).toThrow(
      'with nonNegative it must be auto, fista or ista',
    );
    await expect(
      lasso({
        ...data,
        masks: engine.tensor(
          ones.map(() => 2),
          [1, ROWS],
        ),
      }).beta.data(),
    ).rejects.toThrow('masks: the greatest number is 2');
    const negative = { X: engine.tensor([1, 2], [2, 1]), y: engine.tensor([-1, -2]) };
    await expect(lassoPath({ ...negative, nonNegative: true })).rejects.toThrow('nowhere above 0');
  });
});

describe('tune', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend: 'cpu' });
  });
  afterAll(() => engine.close());

  test('widens the range where the minimum lies at its end', async () => {
    // A target without noise: the less penalty, the smaller the error.
    const exact = Float64Array.from({ length: ROWS }, (_, row) => 2 * X[row * FEATURES] - X[row * FEATURES + 1]);
    const data = { X: engine.tensor(X, [ROWS, FEATURES]), y: engine.tensor(exact) };
    const [largest] = await largestPenalty(data);
    const result = await tune({ ...data, criterion: heldOut(data) });
    expect(result.bounds[0][0]).toBeLessThan(largest - 17.9);
    expect(result.bounds[0][1]).toBeCloseTo(largest, 9);
    expect(result.logLambda).toBeLessThan(largest - 12);
    const grid = await tune({ ...data, criterion: heldOut(data), optimiser: 'grid', points: 20 });
    expect(grid.logLambda).toBeLessThan(largest - 12);
    const noisy = { X: data.X, y: engine.tensor(y) };
    const within = await tune({ ...noisy, criterion: crossValidation({ folds: 3 }) });
    expect(within.bounds[0][1] - within.bounds[0][0]).toBeCloseTo(12, 9);
    // Near least squares, which is best on the rows of the fit, less penalty changes nothing.
    const flat = await tune({ ...noisy, criterion: heldOut(noisy) });
    expect(flat.logLambda).toBeCloseTo(flat.bounds[0][0], 9);
    expect(flat.bounds[0][1] - flat.bounds[0][0]).toBeCloseTo(12, 9);
  });

  test('widens the range beyond a part where the criterion is flat, until a feature of small unit enters', async () => {
    const own = random(3);
    const rows = () => {
      const normal = Array.from({ length: 40 }, () => [own.normal(), own.normal()] as const);
      return {
        X: engine.tensor(
          normal.flatMap(([a, b]) => [1e6 * a, b]),
          [40, 2],
        ),
        y: engine.tensor(normal.map(([a, b]) => 1e-9 * (a + b + 0.1 * own.normal()))),
      };
    };
    const [fit, judge] = [rows(), rows()];
    const single = await tune({ ...fit, criterion: heldOut(judge) });
    expect(single.logLambda).toBeLessThan(single.bounds[0][1] - 12);
    expect(Array.from(single.beta).every((coefficient) => coefficient > 0)).toBe(true);
    // Two ends of the search differ in the ridge alone, which changes nothing here.
    const starts = [-9, -11].map((ridge) => [single.bounds[0][1] - 11, ridge]);
    const net = await tune({ ...fit, criterion: heldOut(judge), penalty: 'elastic-net', starts });
    expect(net.value / single.value).toBeCloseTo(1, 3);
    expect(net.bounds[1][1] - net.bounds[1][0]).toBeCloseTo(12, 9);
  });

  test('takes row weights and signs to the fit and to the criterion', async () => {
    const half = (part: number) => {
      const rows = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row % 2 === part);
      return {
        X: engine.tensor(
          rows.flatMap((row) => [...X.subarray(row * FEATURES, (row + 1) * FEATURES)]),
          [rows.length, FEATURES],
        ),
        y: engine.tensor(rows.map((row) => y[row])),
        rowWeights: engine.tensor(rows.map((row) => omega[row] + 0.5)),
      };
    };
    const [fit, judge] = [half(0), half(1)];
    const result = await tune({ ...fit, nonNegative: true, intercept: true, criterion: heldOut(judge) });
    expect(Math.min(...result.beta)).toBeGreaterThanOrEqual(0);
    const again = lasso({ ...fit, nonNegative: true, intercept: true, logLambda: result.logLambda });
    expect(largestDifference(await again.beta.data(), result.beta)).toBeLessThan(1e-9);
    const [beta, [beta0], judged, target, weights] = await Promise.all(
      [again.beta, again.intercept, judge.X, judge.y, judge.rowWeights].map((tensor) => tensor.data()),
    );
    let [sum, total] = [0, 0];
    for (const [row, weight] of weights.entries()) {
      const fitted = Array.from(beta).reduce((a, b, j) => a + b * judged[row * FEATURES + j], beta0);
      sum += weight * (target[row] - fitted) ** 2;
      total += weight;
    }
    expect(result.value).toBeCloseTo(sum / total, 9);
    const folds = await tune({ ...fit, nonNegative: true, criterion: crossValidation({ folds: 3 }) });
    expect(Number.isFinite(folds.value)).toBe(true);
    const equal = { X: fit.X, y: fit.y };
    const same = [undefined, engine.tensor(new Float64Array(6).fill(1))].map((rowWeights) =>
      tune({ ...equal, rowWeights, criterion: crossValidation({ folds: 3 }) }),
    );
    const [without, withOnes] = await Promise.all(same);
    expect(withOnes.value).toBeCloseTo(without.value, 9);
  });
});
