/** `equilibra solve` of sparse models and support vector machines: values, derivatives, certificates, and bad input. */
import { describe, expect, test } from 'vitest';
import { run } from '../fixtures/cli/run.ts';
import { loadSparseModels, type SparseReference } from '../fixtures/load-sparse-models.ts';
import { loadSupportVectors, type SupportVectorReference } from '../fixtures/load-support-vectors.ts';

type Answer = Readonly<Record<string, unknown>> & {
  readonly interval: Readonly<Record<string, unknown>>;
  readonly report: Readonly<Record<string, unknown>>;
  readonly certificate: {
    readonly status: string;
    readonly reason: string;
    readonly kinks: readonly { index: number }[];
  };
};

async function solve(problem: object, ...options: string[]): Promise<{ code: number; answer: Answer }> {
  const { code, out, error } = await run(['solve', '-', ...options], { input: JSON.stringify(problem) });
  expect(error).toBe('');
  return { code, answer: JSON.parse(out) };
}

const flat = (numbers: unknown): number[] => [numbers].flat(3) as number[];

function expectNear(found: unknown, expected: unknown, bound = 1e-8): void {
  const [numbers, wanted] = [flat(found), flat(expected)];
  expect(numbers).toHaveLength(wanted.length);
  const size = Math.max(1, ...wanted.map(Math.abs));
  expect(Math.max(...wanted.map((value, at) => Math.abs(value - numbers[at]))) / size).toBeLessThan(bound);
}

const sparse = loadSparseModels();
const vectors = loadSupportVectors();

function sparseProblem(one: SparseReference) {
  return {
    kind: 'sparse-model',
    ...{ X: one.X, y: one.y, loss: one.loss, groups: one.groups, weights: one.group_weights },
    ...{ row_weights: one.row_weights, intercept: one.fit_intercept, non_negative: one.nonnegative },
    ...(one.loss === 'multinomial' && { classes: one.classes_or_tasks }),
  };
}

const machineProblem = (one: SupportVectorReference) => ({
  kind: 'support-vector-machine',
  ...{ X: one.X, y: one.y, row_weights: one.row_weights, intercept: one.fit_intercept },
});

describe('the reference problems', () => {
  test.each(sparse.cases.map((one) => [one.name, one] as const))('%s, all penalties in one list', async (_, one) => {
    const { points } = one;
    const { code, answer } = await solve({ ...sparseProblem(one), lambda: points.map(({ lambda_ }) => lambda_) });
    expect(code).toBe(0);
    expectNear(
      answer.beta,
      points.map(({ beta }) => beta),
    );
    if (one.fit_intercept)
      expectNear(
        answer.intercept,
        points.map(({ intercept }) => intercept),
      );
    expect('intercept' in answer).toBe(one.fit_intercept);
    expectNear(
      answer.dbeta_dlambda,
      points.map(({ derivative }) => derivative.beta),
    );
    expect(answer.support).toEqual(points.map(({ support }) => support));
    expect(answer.equicorrelation).toEqual(points.map(({ equicorrelation }) => equicorrelation));
    expectNear(
      answer.report.objective,
      points.map(({ objective }) => objective),
    );
  });

  test.each(vectors.cases.map((one) => [one.name, one] as const))('%s, all costs in one list', async (_, one) => {
    const { points } = one;
    const { code, answer } = await solve({ ...machineProblem(one), logC: points.map(({ C }) => Math.log(C)) });
    expect(code).toBe(0);
    expectNear(
      answer.beta,
      points.map(({ w }) => w),
    );
    expectNear(
      answer.alpha,
      points.map(({ alpha }) => alpha),
    );
    expectNear(
      answer.dbeta_dlogC,
      points.map(({ derivative_w }) => derivative_w),
    );
    expectNear(
      answer.dalpha_dlogC,
      points.map(({ derivative_alpha }) => derivative_alpha),
    );
    if (one.fit_intercept) {
      expectNear(
        answer.intercept,
        points.map(({ b }) => b),
      );
      expectNear(
        answer.dintercept_dlogC,
        points.map(({ derivative_b }) => derivative_b),
      );
    }
    expect(answer.inside).toEqual(points.map(({ free }) => free));
    expect(answer.at_upper).toEqual(points.map(({ at_upper }) => at_upper));
  });

  /** Elements of fractional selections depend on the step of the reference. */
  const isExtreme = ({ q }: { q: readonly number[] }): boolean => q.every(Number.isInteger);

  test('at a kink, with each corner of the selections, and the interval of a cotangent', async () => {
    const [one] = sparse.exact;
    const isFlat = one.classes_or_tasks === 1;
    const v = isFlat ? one.cotangent : undefined;
    for (const { q, derivative } of one.elements.filter(isExtreme)) {
      const selection = one.groups.map((_, group) => q[one.kinks.indexOf(group)] ?? 0);
      const { answer } = await solve({ ...sparseProblem(one), lambda: one.lambda_, selection, v });
      expectNear(answer.dbeta_dlambda, derivative.beta);
      expect(answer.certificate.kinks.map(({ index }) => index)).toEqual(one.kinks);
      expectNear([answer.interval.low, answer.interval.high], one.interval_grad_lambda);
      expect(answer.interval.kinks).toEqual(one.kinks);
    }
    const { exact } = vectors;
    for (const { q, derivative_w, grad_logC } of exact.elements.filter(isExtreme)) {
      const selection = exact.X.map((_, row) => q[exact.kinks.indexOf(row)] ?? 0);
      const problem = { ...machineProblem(exact), logC: Math.log(exact.C), selection, v: exact.cotangent_w };
      const { answer } = await solve(problem);
      expectNear(answer.dbeta_dlogC, derivative_w);
      expectNear(answer.grad_logC, grad_logC);
      expectNear([answer.interval.low, answer.interval.high], exact.interval_grad_logC);
    }
  });
});

const X = [
  [1, 0.2],
  [-1, 0.8],
  [0.3, -0.4],
  [-0.9, 1.1],
  [0.6, -1.2],
  [0.1, 0.5],
];
const classes = [1, -1, 1, -1, -1, 1];
const logistic = { kind: 'sparse-model', X, y: classes, loss: 'logistic', lambda: -1, intercept: true };
const machine = { kind: 'support-vector-machine', X, y: classes, logC: 1, intercept: true };

/** Changes one number in nested lists. */
function moved(value: unknown, path: readonly (string | number)[], by: number): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return (value as number) + by;
  if (Array.isArray(value)) return value.map((each, at) => (at === first ? moved(each, rest, by) : each));
  const object = value as Record<string, unknown>;
  return { ...object, [first]: moved(object[first], rest, by) };
}

const tasks = {
  ...logistic,
  loss: 'square',
  y: X.map(([a, b]) => [a + b, a - 2 * b * b]),
  v: [
    [1, 2],
    [3, -1],
  ],
};
const weighted = { row_weights: [1, 2, 1, 1, 0.5, 1] };

describe('the gradients of Σ v∘β', () => {
  test.each<[string, object, readonly (readonly (string | number)[])[]]>([
    [
      'two classes',
      { ...logistic, v: [1, -2], weights: [1, 2], ...weighted },
      [['X', 2, 1], ['weights', 1], ['row_weights', 4], ['lambda']],
    ],
    [
      'several tasks',
      { ...tasks, weights: [1, 0.5] },
      [['X', 4, 0], ['y', 3, 1], ['y', 0, 0], ['weights', 0], ['lambda']],
    ],
    [
      'three classes',
      {
        ...logistic,
        loss: 'multinomial',
        classes: 3,
        y: [0, 1, 2, 0, 1, 2],
        v: [
          [1, 0, 2],
          [0, 1, 0],
        ],
      },
      [['X', 1, 1], ['lambda']],
    ],
    ['a support vector machine', { ...machine, v: [1, -2], ...weighted }, [['X', 0, 0], ['row_weights', 1], ['logC']]],
  ])('%s: agree with differences', async (_, problem, paths) => {
    const { v } = problem as { v: unknown };
    const value = async (given: object): Promise<number> => {
      const { answer } = await solve(given);
      return flat(answer.beta).reduce((sum, each, at) => sum + each * flat(v)[at], 0);
    };
    const { answer } = await solve(problem);
    for (const path of paths) {
      const [name, ...place] = path;
      const [up, down] = [1e-5, -1e-5].map((by) => value(moved(problem, path, by) as object));
      const slope = ((await up) - (await down)) / 2e-5;
      const found = place.reduce<unknown>((list, at) => (list as unknown[])[at as number], answer[`grad_${name}`]);
      expect(found).toBeCloseTo(slope, 6);
    }
  });

  test('are lists of the penalties for the logarithm alone', async () => {
    const v = [
      [1, -2],
      [0.5, 1],
    ];
    const { answer } = await solve({ ...logistic, lambda: [-1, 0], v });
    const each = await Promise.all(v.map((own, at) => solve({ ...logistic, lambda: [-1, 0][at], v: own })));
    expectNear(
      answer.grad_lambda,
      each.map((one) => one.answer.grad_lambda),
    );
    const [first, second] = each.map((one) => flat(one.answer.grad_X));
    expectNear(
      answer.grad_X,
      first.map((value, at) => value + second[at]),
    );
  });
});

describe('the answer', () => {
  test.each([
    [
      'sparse-model',
      { ...logistic, X: X.map((row) => [row[0], row[0]]), v: [1, 0] },
      ['dbeta_dlambda', 'grad_X', 'grad_lambda'],
    ],
    [
      'support-vector-machine',
      { ...machineProblem(vectors.hypothesis[0]), logC: Math.log(vectors.hypothesis[0].C), v: [1, 0] },
      ['dbeta_dlogC', 'dalpha_dlogC', 'grad_X', 'grad_logC'],
    ],
  ])('of a %s without a certificate has no derivative', async (_, problem, names) => {
    const { code, answer } = await solve(problem);
    expect(code).toBe(0);
    expect(answer.certificate.status).toBe('failed');
    for (const name of names) expect(answer[name]).toBeNull();
    expect(answer.certificate.reason).toContain('linearly dependent');
  });

  test('is printed with exit code 3 where the intercept separates the classes, and where the steps are over', async () => {
    const { code, answer } = await solve({ ...logistic, y: [1, 1, 1, 1, 1, 1] });
    expect(code).toBe(3);
    expect(answer.report.separable).toEqual([true]);
    expect(answer.dbeta_dlambda).toBeNull();
    expect((await solve({ ...logistic, lambda: -6 }, '--limit', '1')).code).toBe(3);
  });

  test('on WebGPU, in its precision', async () => {
    for (const [problem, key] of [
      [logistic, 'dbeta_dlambda'],
      [machine, 'dbeta_dlogC'],
    ] as const) {
      const [there, here] = [await solve(problem, '--backend', 'webgpu'), await solve(problem)];
      expect(there.answer.report.backend).toBe('webgpu');
      expectNear(there.answer.beta, here.answer.beta, 1e-5);
      expectNear(there.answer[key], here.answer[key], 1e-4);
    }
  });
});

describe('bad input is one line, with exit code 2', () => {
  const { X: _, ...withoutX } = logistic;
  test.each<[object, string]>([
    [withoutX, 'X: this key is missing; a sparse-model problem needs kind, X, y, lambda'],
    [{ ...logistic, los: 1 }, '"los": this key is unknown; a sparse-model problem may have'],
    [{ ...logistic, loss: 'hinge' }, 'loss: it is "hinge"; it must be one of square, logistic, multinomial'],
    [
      { ...logistic, y: [1, -1, 1, -1, -1, 2] },
      'y[5]: it is 2; with the loss logistic each must be −1 or 1, or each 0 or 1',
    ],
    [{ ...logistic, y: [1, -1, 1, -1, -1, 0] }, 'y[5]: it is 0; with the loss logistic'],
    [{ ...logistic, y: ['yes', 'no'] }, 'y[0]: it is "yes"; it must be a finite number'],
    [{ ...logistic, y: [1] }, 'y: it holds 1 number; it must hold 6, one for each row of X'],
    [{ ...tasks, y: [[1], [2]] }, 'y: it has 2 rows; it must have 6, one for each row of X'],
    [{ ...logistic, loss: 'multinomial' }, 'classes: it is null; it must be an integer from 2'],
    [{ ...logistic, classes: 3 }, 'classes: it is for the multinomial loss; the loss is logistic'],
    [
      { ...logistic, loss: 'multinomial', classes: 3 },
      'y[1]: it is -1; with the loss multinomial it must be an integer from 0 to 2',
    ],
    [{ ...logistic, groups: 'columns' }, 'groups: it is "columns"; it must be "entries", "rows", or a list of lists'],
    [{ ...logistic, groups: [[0]] }, 'groups: none of them holds 1'],
    [{ ...logistic, groups: [[0, 0], [1]] }, 'groups[0]: it holds 0'],
    [{ ...logistic, weights: [1] }, 'weights: the shape is [1]; it must be [2], one for each group'],
    [{ ...logistic, weights: [1, -1] }, 'weights[1]: it is -1; it must be a finite number of at least 0'],
    [{ ...logistic, row_weights: [1] }, 'row_weights: it holds 1 number; it must hold 6'],
    [{ ...logistic, non_negative: true, groups: [[0, 1]] }, 'non_negative: it is for groups of single coefficients'],
    [
      { ...logistic, non_negative: true, loss: 'multinomial', classes: 3, y: [0, 1, 2, 0, 1, 2] },
      'non_negative: it is for the losses',
    ],
    [{ ...logistic, selection: [0, 2] }, 'selection[1]: it is 2; it must be a number from 0 to 1'],
    [{ ...logistic, selection: [0] }, 'selection: it holds 1 numbers; there are 2 groups'],
    [{ ...logistic, v: [1] }, 'v: it is a list of 1; it must be a list of 2 numbers'],
    [{ ...logistic, lambda: [-1, 0], v: [[1, 1]] }, 'v: it is a list of 1; it must be a list of 2 × 2 numbers'],
    [{ ...logistic, v: ['a', 1] }, 'v[0]: it is "a"; it must be a finite number'],
    [{ ...machine, logC: 'large' }, 'logC: it is "large"; it must be a finite number, or a list of these'],
    [{ ...machine, C: 1 }, '"C": this key is unknown; a support-vector-machine problem may have'],
    [
      { ...machine, y: [0, 1, 2, 0, 1, 1] },
      'y[2]: it is 2; with a support vector machine each must be −1 or 1, or each 0 or 1',
    ],
    [{ ...machine, selection: [1] }, 'selection: it holds 1 number; it must hold 6, one for each row of X'],
    [{ ...machine, row_weights: [0, 0, 0, 0, 0, 0] }, 'row_weights: all are 0'],
  ])('%#', async (problem, message) => {
    const { code, out, error } = await run(['solve', '-'], { input: JSON.stringify(problem) });
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect(error).toContain(message);
    expect([code, out]).toEqual([2, '']);
  });

  test.each([logistic, machine])('$kind takes no solver by name', async (problem) => {
    const { code, error } = await run(['solve', '-', '--solver', 'ista'], { input: JSON.stringify(problem) });
    expect(error).toContain(`--solver: a ${problem.kind} problem has one only; leave it out`);
    expect(code).toBe(2);
  });
});
