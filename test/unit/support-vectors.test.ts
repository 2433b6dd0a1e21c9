/** Support vector machines: copies of rows, forward mode, planted kinks, the path, the smallest cost, mistakes. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  jacobianVectorProduct,
  type SupportVectorOptions,
  smallestSupportVectorCost,
  supportVectorMachine,
  supportVectorMachinePath,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { createOracle } from '../support/engines.ts';
import { plantSupportVectors } from '../support/planted-support-vectors.ts';

const engine = createOracle();
afterAll(() => engine.close());

const drawn = (seed: number, count: number): number[] => {
  const generator = random(seed);
  return Array.from({ length: count }, () => generator.normal());
};
const X = engine.tensor(drawn(1, 60), [20, 3]);
const y = engine.tensor(drawn(3, 20).map((value, row) => (value + drawn(1, 60)[3 * row] > 0.4 ? 1 : -1)));
const numbersOf = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

function expectNear(found: readonly number[], expected: readonly number[], bound = 1e-9): void {
  expect(found).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(Math.abs(found[at] - value)).toBeLessThan(bound);
}

describe.each([false, true])('intercept: %s', (intercept) => {
  const model = { X, y, intercept } as const;

  test('an integer weight of a row is so many copies, 0 none', async () => {
    const rowWeights = engine.tensor([2, 0, 3, ...new Array<number>(17).fill(1)]);
    const copies = [0, 0, 2, 2, 2, ...Array.from({ length: 17 }, (_, at) => at + 3)];
    const [rows, marks] = [await numbersOf(X), await numbersOf(y)];
    const copied = {
      X: engine.tensor(
        copies.flatMap((row) => rows.slice(row * 3, row * 3 + 3)),
        [copies.length, 3],
      ),
      y: engine.tensor(copies.map((row) => marks[row])),
      intercept,
    };
    const [one, other] = [
      supportVectorMachine({ ...model, rowWeights, logC: 0.5 }),
      supportVectorMachine({ ...copied, logC: 0.5 }),
    ];
    expectNear(await numbersOf(one.beta), await numbersOf(other.beta));
    expectNear(await numbersOf(one.intercept), await numbersOf(other.intercept));
    expectNear(await smallestSupportVectorCost({ ...model, rowWeights }), await smallestSupportVectorCost(copied));
  });

  test('problems of a batch have weights and costs of their own', async () => {
    const weights = [...drawn(5, 20), ...drawn(6, 20)].map(Math.abs);
    const both = supportVectorMachine({ ...model, rowWeights: engine.tensor(weights, [2, 20]), logC: [2, -1] });
    const each = [0, 1].map((at) =>
      supportVectorMachine({
        ...model,
        rowWeights: engine.tensor(weights.slice(at * 20, at * 20 + 20)),
        logC: [2, -1][at],
      }),
    );
    expectNear(await numbersOf(both.beta), (await Promise.all(each.map(({ beta }) => numbersOf(beta)))).flat());
    expectNear(await numbersOf(both.alpha), (await Promise.all(each.map(({ alpha }) => numbersOf(alpha)))).flat());
  });

  test('forward mode agrees with the gradient, and both with differences', async () => {
    const inputs = [X, engine.tensor([0.3]), engine.tensor(drawn(7, 20).map((value) => 0.5 + Math.abs(value)))];
    const tangents = inputs.map((input, at) => engine.tensor(drawn(20 + at, input.size), input.shape));
    const value = (...given: Tensor[]): Tensor => {
      const [own, logC, rowWeights] = given;
      const { beta, intercept: b, alpha } = supportVectorMachine({ X: own, y, intercept, logC, rowWeights });
      return beta.square().sum().add(b.square().sum()).add(alpha.square().sum());
    };
    const [, tangent] = await jacobianVectorProduct(value, inputs, tangents);
    const [, gradients] = await valueAndGrad(value, inputs);
    let sum = 0;
    for (const [at, gradient] of gradients.entries()) {
      const [own, direction] = [await numbersOf(gradient), await numbersOf(tangents[at])];
      sum += own.reduce((total, part, index) => total + part * direction[index], 0);
    }
    expectNear(await numbersOf(tangent), [sum], 1e-8);
    const h = 1e-6;
    const [above, below] = await Promise.all(
      [h, -h].map(
        async (step) => (await numbersOf(value(...inputs.map((input, at) => input.add(tangents[at].mul(step))))))[0],
      ),
    );
    expect(Math.abs((above - below) / (2 * h) - sum)).toBeLessThan(1e-5 * Math.max(1, Math.abs(sum)));
  });

  test('below C_min the solution is proportional to C, and above it is not', async () => {
    const [smallest] = await smallestSupportVectorCost(model);
    const solve = async (logC: number) => {
      const { beta, alpha } = supportVectorMachine({ ...model, logC });
      return [...(await numbersOf(beta)), ...(await numbersOf(alpha))].map((value) => value / Math.exp(logC));
    };
    const [far, near, above] = await Promise.all([solve(smallest - 3), solve(smallest - 1e-6), solve(smallest + 1e-3)]);
    expectNear(near, far, 1e-9);
    expect(Math.max(...above.map((value, at) => Math.abs(value - far[at])))).toBeGreaterThan(1e-4);
  });

  test('a path begins at C_min and ends where it was told to', async () => {
    const path = await supportVectorMachinePath({ ...model, count: 30, depth: 6 });
    const [smallest] = await smallestSupportVectorCost(model);
    expectNear([path.logC[0], path.logC[29]], [smallest, smallest + 6]);
    const { gap, objective } = await path.report;
    for (const [at, value] of gap.entries()) expect(Math.abs(value)).toBeLessThan(1e-10 * (1 + objective[at]));
    const alone = supportVectorMachine({ ...model, logC: path.logC[17] });
    expectNear((await numbersOf(path.beta)).slice(51, 54), await numbersOf(alone.beta));
  });

  test.each([false, true])('planted kinks: verdicts are those of enumeration; dependent: %s', async (isDependent) => {
    for (let seed = 0; seed < 60; seed++) {
      const planted = plantSupportVectors(seed, intercept, isDependent);
      const { leastPivot, rows, features, w, b, kinks } = planted;
      // Elimination tells the two kinds apart: what lies between would be no test.
      expect(isDependent ? leastPivot < 1e-10 : leastPivot > 1e-9).toBe(true);
      const {
        beta,
        intercept: offset,
        certificate,
      } = supportVectorMachine({
        X: engine.tensor(planted.X, [rows, features]),
        y: engine.tensor(planted.y),
        rowWeights: engine.tensor(planted.rowWeights),
        intercept,
        logC: 0,
      });
      const { status, kinks: found } = await certificate();
      expectNear(await numbersOf(beta), Array.from(w), 1e-8);
      expect([seed, status]).toEqual([seed, isDependent ? 'failed' : 'certified']);
      if (isDependent) continue;
      expectNear(await numbersOf(offset), [b], 1e-8);
      expect(found.map(({ index }) => index)).toEqual(kinks);
    }
  });
});

test('with one class and an intercept, w = 0 for every C', async () => {
  const alone = { X, y: engine.tensor(new Float64Array(20).fill(1)), intercept: true };
  expect(await smallestSupportVectorCost(alone)).toEqual([Number.POSITIVE_INFINITY]);
  const { beta, intercept, certificate } = supportVectorMachine({ ...alone, logC: 1 });
  expect([await numbersOf(beta), await numbersOf(intercept)]).toEqual([[0, 0, 0], [1]]);
  expect((await certificate()).status).toBe('failed');
  await expect(supportVectorMachinePath(alone)).rejects.toThrow(/supportVectorMachinePath: w = 0 for every C/);
});

describe('mistakes are named', () => {
  const base = { X, y, logC: 0 } as const;
  test.each<[Partial<Record<keyof SupportVectorOptions, unknown>>, RegExp]>([
    [{ logC: Number.NaN }, /logC: it is NaN/],
    [{ logC: [] }, /logC: the list is empty/],
    [{ y: X }, /y: the shape is \[20, 3\]; X of shape \[20, 3\] needs \[20\]/],
    [{ X: y }, /X: the shape is \[20\]/],
    [{ selection: 2 }, /selection is 2; it must be a number from 0 to 1/],
    [{ selection: [1] }, /selection holds 1 numbers; there are 20 rows/],
    [{ rowWeights: engine.tensor([1]) }, /rowWeights: the shape is \[1\]; it must be \[20\] or \[batch, 20\]/],
    [
      { rowWeights: engine.tensor(new Float64Array(40), [2, 20]), logC: [1, 2, 3] },
      /it is for 2 problems; logC is for 3/,
    ],
    [{ loss: 'hinge' } as never, /loss/],
  ])('%o', (given, message) => {
    expect(() => supportVectorMachine({ ...base, ...given } as SupportVectorOptions)).toThrow(message);
  });

  test.each<[Partial<SupportVectorOptions>, RegExp]>([
    [{ y: engine.tensor(drawn(1, 20)) }, /y\[0\]: it is .*; with a support vector machine each must be −1 or 1/],
    [{ rowWeights: engine.tensor(new Float64Array(20)) }, /rowWeights: of problem 0 all are 0/],
    [{ rowWeights: engine.tensor(new Float64Array(20).fill(-1)) }, /rowWeights\[0\]: it is -1; it must be at least 0/],
  ])('in numbers of tensors: %o', async (given, message) => {
    await expect(supportVectorMachine({ ...base, ...given }).beta.data()).rejects.toThrow(message);
  });

  test('classes have no derivative, and a limit is said', async () => {
    const failed = valueAndGrad((given: Tensor) => supportVectorMachine({ ...base, y: given }).beta.sum(), [y]);
    await expect(failed).rejects.toThrow(/y: it is being differentiated; it holds classes/);
    const hard = { X: engine.tensor(drawn(9, 400), [100, 4]), y: engine.tensor(drawn(8, 100).map(Math.sign)), logC: 6 };
    await expect(supportVectorMachine({ ...hard, limit: 1 }).beta.data()).rejects.toThrow(/Raise limit/);
    await expect(supportVectorMachinePath({ X, y, logC: [1, 0] })).rejects.toThrow(
      /logC\[1\]: it is 0; it must be at least 1/,
    );
  });
});
