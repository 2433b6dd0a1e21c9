/** The reference problems of sparse models, on every backend. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  largestSparsePenalty,
  type SparseModelOptions,
  sparseModel,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { loadSparseModels, type SparseReference, type SparseReferenceCase } from '../fixtures/load-sparse-models.ts';
import { engineOn } from '../support/engines.ts';
import { validationCotangent } from '../support/sparse-models.ts';

const { cases, hypothesis, exact } = loadSparseModels();
const flat = (numbers: unknown): number[] => [numbers].flat(2) as number[];

function dataOf(engine: Engine, one: SparseReference) {
  const rows = one.X.length;
  const isWide = Array.isArray(one.y[0]);
  const data = {
    X: engine.tensor(one.X.flat(), [rows, one.X[0].length]),
    y: engine.tensor(flat(one.y), isWide ? [rows, one.classes_or_tasks] : [rows]),
    loss: one.loss,
    weights: engine.tensor(one.group_weights),
    rowWeights: engine.tensor(one.row_weights),
    groups: one.groups,
    intercept: one.fit_intercept,
    nonNegative: one.nonnegative,
  };
  return { ...data, ...(one.loss === 'multinomial' && { classes: one.classes_or_tasks }) };
}

const numbersOf = async (...tensors: Tensor[]): Promise<number[]> =>
  (await Promise.all(tensors.map((tensor) => tensor.data()))).flatMap((each) => Array.from(each));

/** The largest error, relative to the largest number or 1. */
function errorOf(found: ArrayLike<number>, expected: unknown): number {
  const numbers = flat(expected);
  expect(found).toHaveLength(numbers.length);
  const size = Math.max(1, ...numbers.map(Math.abs));
  return Math.max(...numbers.map((value, at) => Math.abs(value - found[at]))) / size;
}

/** Σ cot·β + Σ cot₀·β₀, whose gradients are those of the validation loss. */
async function gradientsOf(
  engine: Engine,
  options: SparseModelOptions,
  names: readonly (keyof SparseModelOptions)[],
  cotangent: readonly number[],
) {
  const inputs = names.map((name) => options[name] as Tensor);
  const [, gradients] = await valueAndGrad((...given: Tensor[]) => {
    const replaced = Object.fromEntries(names.map((name, at) => [name, given[at]]));
    const { beta, intercept } = sparseModel({ ...options, ...replaced });
    const cot = engine.tensor(cotangent.slice(0, beta.size), beta.shape);
    const own = beta.mul(cot).sum();
    if (!options.intercept) return own;
    return own.add(intercept.mul(engine.tensor(cotangent.slice(beta.size), intercept.shape)).sum());
  }, inputs);
  const read = await Promise.all(gradients.map((gradient) => gradient.data()));
  return Object.fromEntries(names.map((name, at) => [name, Array.from(read[at])]));
}

describe.each(['cpu', 'wasm', 'webgpu'] as const)('on %s', (backend) => {
  const opened = engineOn(backend);
  afterAll(opened.close);
  const bound = backend === 'cpu' ? { value: 1e-9, gradient: 1e-8 } : { value: 1e-4, gradient: 1e-3 };

  describe.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    test('solutions, derivatives, gradients and verdicts', async () => {
      const engine = await opened.engine();
      const names = [
        'X',
        'logLambda',
        'rowWeights',
        'weights',
        ...(one.loss === 'square' ? (['y'] as const) : []),
      ] as const;
      for (const point of one.points) {
        const options = { ...dataOf(engine, one), logLambda: engine.tensor([point.lambda_]) };
        const solution = sparseModel(options);
        const { beta, intercept } = solution;
        expect(errorOf(await numbersOf(beta), point.beta)).toBeLessThan(bound.value);
        if (one.fit_intercept) expect(errorOf(await numbersOf(intercept), point.intercept)).toBeLessThan(bound.value);
        const { samples, status } = await solution.certificate();
        expect([point.expected, 'unknown']).toContain(status);
        if (backend === 'cpu') {
          expect(status).toBe(point.expected);
          expect((await solution.report).objective[0]).toBeCloseTo(point.objective, 9);
        }
        expect(samples[0]).toMatchObject({ support: withoutFree(one, point.support), kinks: 0 });
        const cotangent = validationCotangent(one, point);
        const found = await gradientsOf(engine, options, names, cotangent);
        expect(errorOf(found.logLambda, point.grad_lambda)).toBeLessThan(bound.gradient);
        expect(errorOf(found.X, point.grad_X)).toBeLessThan(bound.gradient);
        expect(errorOf(found.rowWeights, point.grad_row_weights)).toBeLessThan(bound.gradient);
        const penalised = found.weights.map((value: number, group: number) =>
          one.group_weights[group] > 0 ? value : 0,
        );
        const expected = point.grad_group_weights.map((value, group) => (one.group_weights[group] > 0 ? value : 0));
        expect(errorOf(penalised, expected)).toBeLessThan(bound.gradient);
        if (point.grad_y) expect(errorOf(found.y, point.grad_y)).toBeLessThan(bound.gradient);
      }
    });

    test('λ_max', async () => {
      const data = dataOf(await opened.engine(), one);
      const [largest] = await largestSparsePenalty(data);
      expect(Math.abs(largest - one.lambda_max)).toBeLessThan(bound.value);
      for (const [shift, isEmpty] of [
        [1e-4, true],
        [-1e-3, false],
      ] as const) {
        const solution = sparseModel({ ...data, logLambda: one.lambda_max + shift });
        const [{ support }] = (await solution.certificate()).samples;
        expect(support.length === 0).toBe(isEmpty);
        if (isEmpty) {
          expect(errorOf(await numbersOf(solution.beta), one.null_model.beta)).toBeLessThan(bound.value);
        }
      }
    });
  });

  test.each(hypothesis.map((one) => [one.name, one] as const))('%s: the verdict or unknown', async (_, one) => {
    const options = { ...dataOf(await opened.engine(), one), logLambda: one.lambda_ };
    const { status } = await sparseModel(options).certificate();
    expect([one.expected, 'unknown']).toContain(status);
    if (backend === 'cpu') expect(status).toBe(one.expected);
  });

  test.each(exact.map((one) => [one.name, one] as const))(
    '%s: every element, the interval and both sides',
    async (_, one) => {
      const engine = await opened.engine();
      const options = { ...dataOf(engine, one), logLambda: engine.tensor([one.lambda_]) };
      const width = one.X[0].length;
      const solution = sparseModel(options);
      expect(await solution.certificate()).toMatchObject({
        status: 'certified',
        samples: [{ support: one.support, equicorrelation: one.equicorrelation }],
      });
      for (const element of one.elements) {
        const selection = Array<number>(one.groups.length).fill(0);
        for (const [at, group] of one.kinks.entries()) selection[group] = shareForStep(element.q[at], one.step);
        const found = await gradientsOf(engine, { ...options, selection }, ['logLambda'], one.cotangent);
        expect(errorOf(found.logLambda, element.grad_lambda)).toBeLessThan(bound.gradient);
      }
      // The interval is that of β alone, and so is compared where there is no intercept, or its cotangent is left out.
      const cotangent = engine.tensor(one.cotangent.slice(0, width), solution.beta.shape);
      const [{ low, high, left, right, kinks }] = await solution.gradientInterval(cotangent);
      const pairWith = ({ derivative }: (typeof one.elements)[number]): number =>
        flat(derivative.beta).reduce((sum, value, at) => sum + value * one.cotangent[at], 0);
      const values = one.elements.map(pairWith);
      expect(kinks).toEqual(one.kinks);
      expect(Math.abs(low - Math.min(...values))).toBeLessThan(bound.gradient);
      expect(Math.abs(high - Math.max(...values))).toBeLessThan(bound.gradient);
      const sideOf = (q: readonly number[]): number => values[one.elements.findIndex((each) => `${each.q}` === `${q}`)];
      expect(Math.abs(right - sideOf(one.rising.q))).toBeLessThan(bound.gradient);
      expect(Math.abs(left - sideOf(one.falling.q))).toBeLessThan(bound.gradient);
    },
  );
});

describe('at a kink, in float64', () => {
  const opened = engineOn('cpu');
  afterAll(opened.close);
  test.each(cases.map((one) => [one.name, one] as const))('%s: the elements of every q', async (_, one) => {
    const engine = await opened.engine();
    const { kink } = one;
    const options = { ...dataOf(engine, one), logLambda: engine.tensor([kink.lambda_]) };
    const cotangent = validationCotangent(one, kink);
    const { status, kinks } = await sparseModel(options).certificate();
    expect([status, kinks.map(({ index }) => index)]).toEqual([kink.expected, [kink.entering]]);
    for (const { q, grad_lambda, derivative } of kink.elements) {
      const selection = shareForStep(q, kink.step);
      const found = await gradientsOf(engine, { ...options, selection }, ['logLambda'], cotangent);
      expect(errorOf(found.logLambda, grad_lambda)).toBeLessThan(1e-6);
      const along = flat(derivative.beta).reduce((sum, value, at) => sum + value * cotangent[at], 0);
      if (!one.fit_intercept) expect(Math.abs(along - grad_lambda)).toBeLessThan(1e-6);
    }
  });

  test('a failed certificate is said with the gradient', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const engine = await opened.engine();
    const [one] = hypothesis;
    const options = { ...dataOf(engine, one), logLambda: engine.tensor([one.lambda_]) };
    await gradientsOf(
      engine,
      options,
      ['logLambda'],
      flat([one.beta, 0]).map(() => 1),
    ).catch(() => {});
    expect(warn.mock.calls.flat().join()).toMatch(/sparseModel: the implicit function theorem does not apply/);
    warn.mockRestore();
  });
});

/** The q for step size 1 whose element is that of `q` for the step size of the reference: (1 − q)/(s·q) = 1/q₁ − 1. */
function shareForStep(q: number, step: number): number {
  return q === 0 ? 0 : 1 / (1 + (1 - q) / (step * q));
}

/** The groups of a support that have a penalty. */
function withoutFree({ group_weights }: SparseReferenceCase, support: readonly number[]): number[] {
  return support.filter((group) => group_weights[group] > 0);
}
