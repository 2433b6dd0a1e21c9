/** Sparse models: against the Lasso, copies of rows, forward mode, planted kinks, classes that are separated, mistakes. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  jacobianVectorProduct,
  largestSparsePenalty,
  lasso,
  type SparseModelOptions,
  sparseModel,
  sparseModelPath,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { plantSparse } from '../support/planted-sparse-models.ts';

const engine = createOracle();
afterAll(() => engine.close());

const drawn = (seed: number, count: number): number[] => {
  const generator = random(seed);
  return Array.from({ length: count }, () => generator.normal());
};
const X = engine.tensor(drawn(1, 60), [12, 5]);
const y = engine.tensor(drawn(2, 12));
const classes = engine.tensor(drawn(3, 12).map((value) => (value > 0 ? 1 : -1)));
const numbersOf = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

function expectNear(found: readonly number[], expected: readonly number[], bound = 1e-9): void {
  expect(found).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(Math.abs(found[at] - value)).toBeLessThan(bound);
}

describe('the square loss with single coefficients is the Lasso', () => {
  test('solutions and gradients in X, y, log λ and weights', async () => {
    const inputs = [X, y, engine.tensor([0.1]), engine.tensor([1, 2, 1, 0, 1])];
    const of = (
      solve: (given: { X: Tensor; y: Tensor; logLambda: Tensor; weights: Tensor; intercept: true }) => {
        beta: Tensor;
        intercept: Tensor;
      },
    ) =>
      valueAndGrad((...given: Tensor[]) => {
        const [X, y, logLambda, weights] = given;
        const { beta, intercept } = solve({ X, y, logLambda, weights, intercept: true });
        return beta.square().sum().add(intercept.sum());
      }, inputs);
    const [[value, gradients], [expected, others]] = [await of(lasso), await of(sparseModel)];
    expectNear([value], [expected]);
    for (const [at, gradient] of gradients.entries()) {
      const [found, other] = [await numbersOf(gradient), await numbersOf(others[at])];
      // The derivative in the weight of a free feature is one-sided at best.
      if (at === 3) found[3] = other[3];
      expectNear(other, found);
    }
  });
});

describe.each(['square', 'logistic', 'multinomial'] as const)('the loss %s', (loss) => {
  const labels = engine.tensor([0, 1, 2, 0, 1, 2, 2, 0, 1, 0, 2, 1]);
  const targets = { square: y, logistic: classes, multinomial: labels }[loss];
  const model = { X, y: targets, loss, intercept: true, ...(loss === 'multinomial' && { classes: 3 }) } as const;

  test('an integer weight of a row is so many copies', async () => {
    const rowWeights = engine.tensor([2, 1, 1, 0, 1, 3, 1, 1, 1, 1, 1, 1]);
    const copies = [0, 0, 1, 2, 4, 5, 5, 5, 6, 7, 8, 9, 10, 11];
    const [rows, marks] = [await numbersOf(X), await numbersOf(targets)];
    const copied = {
      ...model,
      X: engine.tensor(
        copies.flatMap((row) => rows.slice(row * 5, row * 5 + 5)),
        [copies.length, 5],
      ),
      y: engine.tensor(copies.map((row) => marks[row])),
    };
    const [one, other] = [
      sparseModel({ ...model, rowWeights, logLambda: -0.5 }),
      sparseModel({ ...copied, logLambda: -0.5 }),
    ];
    expectNear(await numbersOf(one.beta), await numbersOf(other.beta));
    expectNear(await largestSparsePenalty({ ...model, rowWeights }), await largestSparsePenalty(copied));
  });

  test('problems of a batch have weights of rows and penalties of their own', async () => {
    const weights = [...drawn(5, 12), ...drawn(6, 12)].map(Math.abs);
    const both = sparseModel({ ...model, rowWeights: engine.tensor(weights, [2, 12]), logLambda: [-0.5, -1] });
    const each = [0, 1].map((at) =>
      sparseModel({
        ...model,
        rowWeights: engine.tensor(weights.slice(at * 12, at * 12 + 12)),
        logLambda: [-0.5, -1][at],
      }),
    );
    const expected = await Promise.all(each.map(({ beta }) => numbersOf(beta)));
    expectNear(await numbersOf(both.beta), expected.flat());
  });

  test('forward mode agrees with the gradient', async () => {
    const inputs = [
      X,
      engine.tensor([-0.5]),
      engine.tensor(drawn(7, 12).map(Math.abs)),
      ...(loss === 'square' ? [y] : []),
    ];
    const tangents = inputs.map((input, at) => engine.tensor(drawn(20 + at, input.size), input.shape));
    const value = (...given: Tensor[]): Tensor => {
      const [own, logLambda, rowWeights, target = targets] = given;
      const { beta, intercept } = sparseModel({ ...model, X: own, y: target, logLambda, rowWeights });
      return beta.square().sum().add(intercept.square().sum());
    };
    const [, tangent] = await jacobianVectorProduct(value, inputs, tangents);
    const [, gradients] = await valueAndGrad(value, inputs);
    let sum = 0;
    for (const [at, gradient] of gradients.entries()) {
      const [own, direction] = [await numbersOf(gradient), await numbersOf(tangents[at])];
      sum += own.reduce((total, part, index) => total + part * direction[index], 0);
    }
    expectNear(await numbersOf(tangent), [sum]);
    expect(Math.abs(sum)).toBeGreaterThan(1e-3);
  });

  test('a path begins where the first group enters', async () => {
    const path = await sparseModelPath({ ...model, count: 5, depth: 3 });
    const { samples, status } = await path.certificate();
    const supports = samples.map(({ support }) => support.length);
    expect(status).toBe('certified');
    expect([path.logLambda.length, supports[0]]).toEqual([5, 0]);
    expect(supports[1]).toBeGreaterThan(0);
    expect(supports[4]).toBeGreaterThanOrEqual(supports[1]);
  });
});

describe.each(['square', 'logistic', 'multinomial'] as const)('dependent columns, loss %s', (loss) => {
  test('are solved for small penalties too: one of them leaves', async () => {
    const category = drawn(21, 40).map((value) => (value > 0.5 ? 2 : value > -0.5 ? 1 : 0));
    const numbers = drawn(22, 80);
    // A column for each of three categories: they add up to that of the intercept.
    const rows = category.flatMap((own, row) => [
      ...numbers.slice(2 * row, 2 * row + 2),
      ...[0, 1, 2].map((each) => Number(each === own)),
    ]);
    const noisy = drawn(23, 40).map((value, row) => value + numbers[2 * row] + (category[row] === 2 ? 1 : 0));
    const marks = {
      square: noisy,
      logistic: noisy.map((value) => (value > 0.4 ? 1 : -1)),
      multinomial: category.map((_, row) => row % 3),
    };
    const data = {
      ...{ X: engine.tensor(rows, [40, 5]), y: engine.tensor(marks[loss]), loss, intercept: true },
      ...(loss === 'multinomial' && { classes: 3, groups: 'entries' as const }),
    };
    const [largest] = await largestSparsePenalty(data);
    for (const below of [4, 8, 12]) {
      const { report, beta } = sparseModel({ ...data, logLambda: largest - below });
      const [{ iterations }] = (await report).samples;
      expect(iterations).toBeLessThanOrEqual(10);
      const outputs = loss === 'multinomial' ? 3 : 1;
      const found = await numbersOf(beta);
      for (let k = 0; k < outputs; k++) {
        // With all three of one sign a shift between them and the intercept would cost less.
        const signs = [2, 3, 4].map((j) => Math.sign(found[j * outputs + k]));
        expect(Math.abs(signs.reduce((a, b) => a + b))).toBeLessThan(3);
        expect(signs).toContain(0);
      }
    }
  });
});

test('of dependent columns in groups, and of groups without a penalty, every problem is solved', async () => {
  for (let seed = 0; seed < 24; seed++) {
    const [first, second] = [drawn(seed, 20), drawn(seed + 100, 20)];
    const rows = first.flatMap((a, row) => [a, second[row], a + second[row], 1, -2 * a]);
    const loss = (['square', 'logistic', 'multinomial'] as const)[seed % 3];
    const noisy = drawn(seed + 200, 20).map((value, row) => value + first[row]);
    const marks = { square: noisy, logistic: noisy.map(Math.sign), multinomial: noisy.map((_, row) => row % 3) };
    const groups = loss === 'multinomial' ? ('rows' as const) : [[0, 1], [2, 3], [4]];
    const weights = [1, seed % 2, 0.5, ...(loss === 'multinomial' ? [2, 1] : [])];
    const data = {
      ...{
        X: engine.tensor(rows, [20, 5]),
        y: engine.tensor(marks[loss]),
        loss,
        groups,
        weights: engine.tensor(weights),
      },
      ...(loss === 'multinomial' && { classes: 3 }),
    };
    const [largest] = await largestSparsePenalty(data);
    const { report } = sparseModel({
      ...data,
      logLambda: [1, 4, 7].map((below) => largest - below),
      onFailedCertificate: 'ignore',
    });
    for (const { iterations } of (await report).samples) expect(iterations).toBeLessThanOrEqual(60);
  }
});

test('a penalty that overflows leaves the objective that of the null model', async () => {
  const { report } = sparseModel({ X, y, logLambda: 1000 });
  const half = (await numbersOf(y)).reduce((sum, value) => sum + value ** 2 / 2, 0);
  expectNear((await report).objective, [half]);
});

test('of several classes the coefficients of a feature without a penalty add up to 0, and have derivatives', async () => {
  const marks = engine.tensor(Array.from({ length: 12 }, (_, row) => row % 3));
  const model = { y: marks, loss: 'multinomial', classes: 3, intercept: true } as const;
  const weights = engine.tensor([1, 0, 1, 1, 1]);
  const solution = sparseModel({ ...model, X, weights, logLambda: 0 });
  const beta = await numbersOf(solution.beta);
  expect(Math.abs(beta[3] + beta[4] + beta[5])).toBeLessThan(1e-12);
  expect(Math.max(...beta.slice(3, 6).map(Math.abs))).toBeGreaterThan(0.05);
  expect((await solution.certificate()).status).toBe('certified');
  const v = engine.tensor(drawn(31, 15), [1, 5, 3]);
  const value = (own: Tensor): Tensor =>
    sparseModel({ ...model, X: own, weights, logLambda: 0 })
      .beta.mul(v)
      .sum();
  const [, [gradient]] = await valueAndGrad(value, [X]);
  const [numbers, slopes] = [await numbersOf(X), await numbersOf(gradient)];
  for (const at of [1, 6, 17]) {
    const [above, below] = await Promise.all(
      [1e-6, -1e-6].map(async (by) => {
        const moved = numbers.map((each, place) => (place === at ? each + by : each));
        return (await numbersOf(value(engine.tensor(moved, [12, 5]))))[0];
      }),
    );
    expect(slopes[at]).toBeCloseTo((above - below) / 2e-6, 6);
  }
});

describe.each(['square', 'logistic'] as const)('planted kinks, loss %s', (loss) => {
  test.each([false, true])('verdicts are those of enumeration; dependent: %s', async (isDependent) => {
    for (let seed = 0; seed < 60; seed++) {
      const { leastPivot, beta, kinks, features, rows, ...planted } = plantSparse(seed, loss, isDependent);
      // Elimination tells the two kinds apart: what lies between would be no test.
      expect(isDependent ? leastPivot < 1e-10 : leastPivot > 1e-8).toBe(true);
      const data = {
        loss,
        groups: planted.groups,
        X: engine.tensor(planted.X, [rows, features]),
        y: engine.tensor(planted.y),
        rowWeights: engine.tensor(planted.rowWeights),
      };
      const solution = sparseModel({ ...data, logLambda: 0 });
      const { status, kinks: found } = await solution.certificate();
      expect([seed, status]).toEqual([seed, isDependent ? 'failed' : 'certified']);
      if (isDependent) continue;
      expectNear(await numbersOf(solution.beta), Array.from(beta), 1e-8);
      expect(found.map(({ index }) => index)).toEqual(kinks);
    }
  });
});

describe('classes that free features separate', () => {
  const rows = engine.tensor([-2, 1, -1, 0, 1, 0.5, 2, -1], [4, 2]);
  const signs = engine.tensor([-1, -1, 1, 1]);
  const free = engine.tensor([0, 1]);

  test.each([
    ['a free feature', { y: signs, weights: free }],
    ['the intercept, for there is one class', { y: engine.tensor([1, 1, 1, 1]), intercept: true }],
    ['a class without rows', { y: engine.tensor([0, 1, 1, 0]), loss: 'multinomial', classes: 3, intercept: true }],
    // The rows at 0 are in both classes, and only the others are separated.
    [
      'a free feature, but for ties',
      { X: engine.tensor([-1, 3, 0, 1, 0, 2, 1, 1], [4, 2]), y: engine.tensor([-1, -1, 1, 1]), weights: free },
    ],
  ] as const)('%s', async (_, given) => {
    const data = { X: rows, loss: 'logistic', ...given } as const;
    await expect(largestSparsePenalty(data)).rejects.toThrow(/problem 0 has no null model: .* separate the classes/);
    await expect(sparseModel({ ...data, logLambda: 0 }).beta.data()).rejects.toThrow(
      /separate the classes, so that no finite/,
    );
    const { separable, samples } = await sparseModel({ ...data, logLambda: 0, onFailure: 'report' }).report;
    expect([separable, samples[0].status]).toEqual([[true], 'limit']);
  });

  test('with a penalty there is a solution', async () => {
    const { report } = sparseModel({ X: rows, y: signs, loss: 'logistic', logLambda: -8 });
    expect((await report).separable).toEqual([false]);
  });
});

describe('mistakes are named', () => {
  const base = { X, y: classes, loss: 'logistic', logLambda: 0 } as const;
  test.each<[Partial<Record<keyof SparseModelOptions, unknown>>, RegExp]>([
    [{ loss: 'hinge' }, /loss: it is "hinge"/],
    [{ loss: 'multinomial' }, /classes: it is undefined; it must be an integer from 2/],
    [{ classes: 2 }, /classes: it is 2; only the multinomial loss has it/],
    [{ groups: [[0, 1], [1, 2], [3], [4]] }, /groups\[1\]: it holds 1, as groups\[0\] does/],
    [
      {
        groups: [
          [0, 1],
          [2, 3],
        ],
      },
      /groups: none of them holds 4/,
    ],
    [
      {
        groups: [
          [0, 1],
          [2, 9],
        ],
      },
      /groups\[1\]: it holds 9; places in β are integers from 0 to 4/,
    ],
    [{ weights: engine.tensor([1, 2]) }, /weights: the shape is \[2\]; it must be \[5\]/],
    [
      {
        groups: [
          [0, 1],
          [2, 3, 4],
        ],
        nonNegative: true,
      },
      /nonNegative: it is true/,
    ],
    [{ selection: [1] }, /selection: it holds 1 numbers; there are 5 groups/],
    [{ logLambda: Number.NaN }, /logLambda: it is NaN/],
    [{ y: X }, /y: the shape is \[12, 5\]/],
  ])('%o', (given, message) => {
    expect(() => sparseModel({ ...base, ...given } as SparseModelOptions)).toThrow(message);
  });

  test.each<[Partial<SparseModelOptions>, RegExp]>([
    [{ y }, /y\[0\]: it is .*; with the loss logistic each must be −1 or 1, or each 0 or 1/],
    [{ loss: 'multinomial', classes: 2 }, /with the loss multinomial it must be an integer from 0 to 1/],
    [{ weights: engine.tensor([1, 1, -1, 1, 1]) }, /weights\[2\]: it is -1; it must be at least 0/],
    [{ rowWeights: engine.tensor(new Float64Array(12)) }, /rowWeights: of problem 0 all are 0/],
  ])('in numbers of tensors: %o', async (given, message) => {
    await expect(sparseModel({ ...base, ...given }).beta.data()).rejects.toThrow(message);
  });

  test('a path has a length that can be held', async () => {
    await expect(sparseModelPath({ X, y, count: 1e15 })).rejects.toThrow(
      /count: it is 1000000000000000; it must be at most/,
    );
  });

  test('classes have no derivative', async () => {
    const failed = valueAndGrad((given: Tensor) => sparseModel({ ...base, y: given }).beta.sum(), [classes]);
    await expect(failed).rejects.toThrow(/y: it is being differentiated; with the loss logistic it holds classes/);
  });
});
