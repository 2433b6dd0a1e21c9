/** The reference problems of support vector machines, on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type SupportVectorOptions,
  smallestSupportVectorCost,
  supportVectorMachine,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import {
  loadSupportVectors,
  type SupportVectorReference,
  type SupportVectorReferenceCase,
} from '../fixtures/load-support-vectors.ts';
import { engineOn } from '../support/engines.ts';

const { cases, hypothesis, exact } = loadSupportVectors();

function dataOf(engine: Engine, one: SupportVectorReference) {
  const rows = one.X.length;
  return {
    X: engine.tensor(one.X.flat(), [rows, one.X[0].length]),
    y: engine.tensor(one.y),
    rowWeights: engine.tensor(one.row_weights),
    intercept: one.fit_intercept,
  };
}

/** The largest error, relative to the largest number or 1. */
function errorOf(
  found: ArrayLike<number>,
  expected: number | readonly number[] | readonly (readonly number[])[],
): number {
  const numbers = [expected].flat(2) as number[];
  expect(found).toHaveLength(numbers.length);
  const size = Math.max(1, ...numbers.map(Math.abs));
  return Math.max(...numbers.map((value, at) => Math.abs(value - found[at]))) / size;
}

/** The derivatives of the mean logistic loss on the validation rows in w, and in b behind. */
function validationCotangent(
  { X_val, y_val, fit_intercept }: SupportVectorReferenceCase,
  { w, b }: { w: readonly number[]; b: number },
): number[] {
  const cotangent = new Array<number>(w.length + 1).fill(0);
  for (const [row, x] of X_val.entries()) {
    const margin = x.reduce((sum, value, j) => sum + value * w[j], b);
    const slope = -y_val[row] / (1 + Math.exp(y_val[row] * margin)) / X_val.length;
    for (const [j, value] of x.entries()) cotangent[j] += slope * value;
    if (fit_intercept) cotangent[w.length] += slope;
  }
  return cotangent;
}

async function gradientsOf(
  engine: Engine,
  options: SupportVectorOptions,
  names: readonly ('X' | 'logC' | 'rowWeights')[],
  cotangent: readonly number[],
): Promise<Record<string, number[]>> {
  const [, gradients] = await valueAndGrad(
    (...given: Tensor[]) => {
      const replaced = Object.fromEntries(names.map((name, at) => [name, given[at]]));
      const { beta, intercept } = supportVectorMachine({ ...options, ...replaced });
      const own = beta.mul(engine.tensor(cotangent.slice(0, beta.size), beta.shape)).sum();
      return options.intercept ? own.add(intercept.mul(engine.tensor(cotangent.slice(beta.size), [1])).sum()) : own;
    },
    names.map((name) => options[name] as Tensor),
  );
  const read = await Promise.all(gradients.map((gradient) => gradient.data()));
  return Object.fromEntries(names.map((name, at) => [name, Array.from(read[at])]));
}

describe.each(['cpu', 'wasm', 'webgpu'] as const)('on %s', (backend) => {
  const opened = engineOn(backend);
  afterAll(opened.close);
  const bound = backend === 'cpu' ? { value: 1e-9, gradient: 1e-8 } : { value: 1e-4, gradient: 1e-3 };

  test.each(cases.map((one) => [one.name, one] as const))('%s: solutions, gradients and verdicts', async (_, one) => {
    const engine = await opened.engine();
    for (const point of one.points) {
      const options = { ...dataOf(engine, one), logC: engine.tensor([point.lambda_]) };
      const { beta, intercept, alpha, certificate, report } = supportVectorMachine(options);
      expect(errorOf(await beta.data(), point.w)).toBeLessThan(bound.value);
      expect(errorOf(await intercept.data(), point.b)).toBeLessThan(bound.value);
      expect(errorOf(await alpha.data(), point.alpha)).toBeLessThan(10 * bound.value);
      const { samples, status } = await certificate();
      expect([point.expected, 'unknown']).toContain(status);
      expect(samples[0]).toMatchObject({ inside: point.free, atUpper: point.at_upper, kinks: 0 });
      if (backend === 'cpu') {
        expect(status).toBe(point.expected);
        const { objective, gap } = await report;
        expect(objective[0]).toBeCloseTo(point.primal_objective, 9);
        expect(Math.abs(gap[0])).toBeLessThan(1e-12 * Math.max(1, objective[0]));
      }
      const cotangent = validationCotangent(one, point);
      const found = await gradientsOf(engine, options, ['X', 'logC', 'rowWeights'], cotangent);
      expect(errorOf(found.logC, point.grad_logC)).toBeLessThan(bound.gradient);
      expect(errorOf(found.X, point.grad_X)).toBeLessThan(bound.gradient);
      expect(errorOf(found.rowWeights, point.grad_row_weights)).toBeLessThan(bound.gradient);
    }
  });

  test('C_min, where every α is at its bound', async () => {
    const engine = await opened.engine();
    for (const one of cases) {
      if (one.C_all_at_upper === null) continue;
      const [smallest] = await smallestSupportVectorCost(dataOf(engine, one));
      expect(Math.abs(smallest - Math.log(one.C_all_at_upper))).toBeLessThan(bound.value);
    }
  });

  test.each(hypothesis.map((one) => [one.name, one] as const))('%s: the verdict', async (_, one) => {
    const engine = await opened.engine();
    const { certificate, beta } = supportVectorMachine({ ...dataOf(engine, one), logC: Math.log(one.C) });
    expect(errorOf(await beta.data(), one.w)).toBeLessThan(bound.value);
    expect((await certificate()).status).toBe(one.expected);
  });

  test('two kinks, exactly: every element, the interval and both sides', async () => {
    const engine = await opened.engine();
    const options = { ...dataOf(engine, exact), logC: engine.tensor([0]) };
    const { certificate, gradientInterval, beta } = supportVectorMachine(options);
    const onMargin = [...exact.free, ...exact.kinks].sort((a, b) => a - b);
    expect(await certificate()).toMatchObject({
      status: 'certified',
      samples: [{ inside: exact.free, atUpper: exact.at_upper, onMargin, kinks: 2 }],
    });
    for (const { q, grad_logC, grad_row_weights } of exact.elements) {
      const selection = new Array<number>(exact.X.length).fill(0);
      for (const [at, row] of exact.kinks.entries()) selection[row] = shareForStep(q[at], exact.step);
      const found = await gradientsOf(engine, { ...options, selection }, ['logC', 'rowWeights'], exact.cotangent_w);
      expect(errorOf(found.logC, grad_logC)).toBeLessThan(bound.gradient);
      expect(errorOf(found.rowWeights, grad_row_weights)).toBeLessThan(bound.gradient);
    }
    const [interval] = await gradientInterval(engine.tensor(exact.cotangent_w, beta.shape));
    const sideOf = (q: readonly number[]): number =>
      exact.elements.find((each) => `${each.q}` === `${q}`)?.grad_logC as number;
    expect(interval.kinks).toEqual(exact.kinks);
    const expected = [...exact.interval_grad_logC, sideOf(exact.falling.q), sideOf(exact.rising.q)];
    expect(errorOf([interval.low, interval.high, interval.left, interval.right], expected)).toBeLessThan(
      bound.gradient,
    );
  });
});

describe('at a kink, in float64', () => {
  const opened = engineOn('cpu');
  afterAll(opened.close);
  const kinks = cases.flatMap((one) => one.kinks.map((kink) => [one.name, kink.kind, one, kink] as const));
  test.each(kinks)('%s, %s: the elements of every q, and both sides', async (_, __, one, kink) => {
    const engine = await opened.engine();
    const options = { ...dataOf(engine, one), logC: engine.tensor([kink.lambda_]) };
    const { certificate, gradientInterval, beta } = supportVectorMachine(options);
    const { status, kinks } = await certificate();
    expect([status, kinks.map(({ index }) => index)]).toEqual([kink.expected, [kink.row]]);
    const cotangent = validationCotangent(one, kink);
    for (const { q, grad_logC, grad_row_weights } of kink.elements) {
      const selection = shareForStep(q, kink.step);
      const found = await gradientsOf(engine, { ...options, selection }, ['logC', 'rowWeights'], cotangent);
      expect(errorOf(found.logC, grad_logC)).toBeLessThan(1e-6);
      expect(errorOf(found.rowWeights, grad_row_weights)).toBeLessThan(1e-6);
    }
    const [{ left, right, low, high }] = await gradientInterval(engine.tensor(cotangent.slice(0, -1), beta.shape));
    const alongW = (q: number): number => {
      const { derivative_w } = kink.elements.find((each) => each.q === q) as (typeof kink.elements)[number];
      return derivative_w.reduce((sum, value, j) => sum + value * cotangent[j], 0);
    };
    const [rising, falling] = [alongW(kink.rising_is_q), alongW(kink.falling_is_q)];
    expect(errorOf([left, right], [falling, rising])).toBeLessThan(1e-6);
    expect(errorOf([low, high], [Math.min(rising, falling), Math.max(rising, falling)])).toBeLessThan(1e-6);
  });
});

/** The q for step size 1 whose element is that of `q` for the step size of the reference: (1 − q)/(s·q) = 1/q₁ − 1. */
function shareForStep(q: number, step: number): number {
  return q === 0 ? 0 : 1 / (1 + (1 - q) / (step * q));
}
