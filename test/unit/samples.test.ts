/**
 * Assigning the numbers of a function to samples, however the function lays them out; and functions that mix samples.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { random } from '../../src/data/random.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import type { ImplicitFunction } from '../../src/implicit/system.ts';
import { concat, pad } from '../../src/tensor/arrange.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { affine } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { zerosOn } from '../support/engines.ts';
import { findTruth } from '../support/families.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const t = (values: ArrayLike<number>, shape: readonly number[]): Tensor => engine.tensor(values, shape);
const zeros = zerosOn(engine);
const solutionGiven = (f: ImplicitFunction, z: Tensor, inputs: Tensor[] = [], more: object = {}) =>
  fixedPoint(f, { unknown: z, inputs, solver: 'given', ...more });

test('a certificate does not depend on how the rows are laid out', async () => {
  const inputs = [t([2, 0, 0, 0.5], [2, 2]), t([-1, 0.5, 0, 0.5], [2, 2])];
  const z = t([1, 1, 0, 1], [2, 2]);
  const rows = await solutionGiven(
    (y, W, c) => y.matmul(W, { transposeB: true }).relu().add(c),
    z,
    inputs,
  ).solve.certify();
  const columns = await solutionGiven(
    (y, W, c) => W.matmul(y, { transposeB: true }).relu().transpose().add(c),
    z,
    inputs,
  ).solve.certify();
  expect(rows.samples.map(({ status }) => status)).toEqual(['certified', 'failed']);
  expect(columns.samples.map(({ status, kinks }) => [status, kinks])).toEqual([
    ['certified', 0],
    ['failed', 1],
  ]);
  expect(columns.kinks).toEqual(rows.kinks);
});

/** Ways to compute a value for every sample, [batch, m], in another layout. */
const LAYOUTS: Readonly<Record<string, (x: Tensor, f: (y: Tensor) => Tensor) => Tensor>> = {
  rows: (x, f) => f(x),
  columns: (x, f) => f(x.transpose()).transpose(),
  flat: (x, f) => f(x.reshape([x.size])).reshape(x.shape),
  'columns, flat': (x, f) =>
    f(x.transpose().reshape([x.size]))
      .reshape([x.shape[1], x.shape[0]])
      .transpose(),
  'three axes': (x, f) =>
    f(x.reshape([1, ...x.shape]).transpose([2, 0, 1]))
      .transpose([1, 2, 0])
      .reshape(x.shape),
  'columns exchanged and taken twice': (x, f) => {
    const last = x.shape[1] - 1;
    const order = Array.from({ length: x.shape[1] }, (_, column) => last - column);
    return f(
      x
        .gather([...order, 0], -1)
        .gather(
          Array.from({ length: last + 1 }, (_, column) => column),
          1,
        )
        .gather(order, -1),
    );
  },
  'turned around': (x, f) => {
    const order = Array.from({ length: x.shape[0] }, (_, row) => x.shape[0] - 1 - row);
    return f(x.gather(order)).gather(order);
  },
  'twice, one below the other': (x, f) => f(concat([x, x.mul(2)], 0)).slice([0, 0], x.shape),
  'beside constants': (x, f) => f(concat([x.mul(0).add(1), x], 1)).slice([0, x.shape[1]], x.shape),
  'in a larger tensor': (x, f) => f(pad(x, [1, 0], [x.shape[0] + 2, x.shape[1]])).slice([1, 0], x.shape),
  'row by row': (x, f) =>
    concat(
      Array.from({ length: x.shape[0] }, (_, row) => f(x.slice([row, 0], [1, x.shape[1]]))),
      0,
    ),
};

/** z = relu(Wz + b) − active at z = 0, in multiples of ⅛. */
function drawProblem(seed: number) {
  const draws = random(seed);
  const [n, batch] = [1 + draws.integer(3), 2 + draws.integer(3)];
  const size = [4, 8, 12][draws.integer(3)];
  const W = Array.from({ length: n * n }, () => (draws.integer(2 * size + 1) - size) / 8);
  const sides = Array.from({ length: batch * n }, () => [0, 0, 1, -1][draws.integer(4)]);
  return { n, batch, W, sides, active: sides.map((side) => (side > 0 ? 1 : 0)) };
}

function statusesOf({ n, batch, W, sides }: ReturnType<typeof drawProblem>): string[] {
  return Array.from({ length: batch }, (_, sample) => {
    const own = sides.slice(sample * n, (sample + 1) * n);
    const base = W.map((w, at) => (at % (n + 1) === 0 ? 1 : 0) - (own[Math.floor(at / n)] > 0 ? w : 0));
    const kinked = own.flatMap((side, i) => (side === 0 ? [i] : []));
    const unit = (kink: number): number[] => own.map((_, i) => (i === kink ? 1 : 0));
    const terms = kinked.map((kink) => ({ a: unit(kink), b: W.slice(kink * n, (kink + 1) * n) }));
    return findTruth({ n, base, terms }, 8).invertible ? 'certified' : 'failed';
  });
}

describe.each(Object.keys(LAYOUTS))('kinks of each sample, laid out as %s', (layout) => {
  test('certificates as exact determinants say, the same kinks, and each selection in its place', async () => {
    const counts = { certified: 0, failed: 0 };
    for (let seed = 0; seed < 25; seed++) {
      const problem = drawProblem(seed);
      const { n, batch, W, sides, active } = problem;
      const inputs = [t(W, [n, n]), t(sides, [batch, n]), t(active, [batch, n])];
      const kinked: ImplicitFunction = (z, w, b, taken) =>
        LAYOUTS[layout](z.matmul(w, { transposeB: true }).add(b), (y) => y.relu()).sub(taken);
      const { samples, kinks } = await solutionGiven(kinked, zeros(batch, n), inputs, {
        tolerance: 1e-12,
      }).solve.certify();
      const expected = statusesOf(problem);
      expect([seed, ...samples.map(({ status }) => status)]).toEqual([seed, ...expected]);
      for (const status of expected) counts[status as keyof typeof counts] += 1;
      const countPlanted = (sample: number): number =>
        sides.filter((side, at) => side === 0 && Math.floor(at / n) === sample).length;
      const countReported = (sample: number): number => kinks.filter((kink) => kink.sample === sample).length;
      for (let sample = 0; sample < batch; sample++) {
        const doubled = layout.startsWith('twice') ? 2 : 1;
        const extra = samples[sample].kinks - countReported(sample);
        // The padding zeros are at a kink too, but do not affect the result, so their sample does not matter.
        if (layout === 'in a larger tensor') continue;
        expect([seed, sample, countReported(sample), extra]).toEqual([seed, sample, doubled * countPlanted(sample), 0]);
      }
      if (expected.includes('failed')) continue;
      // q = 1 in one sample and 0 in the others: b moves the units at a kink in that sample alone.
      const one = batch - 1;
      const [, [gradient]] = await valueAndGrad(
        (b) =>
          solutionGiven(kinked, zeros(batch, n), [inputs[0], b, inputs[2]], {
            selection: ({ sample }: { sample?: number }) => (sample === one ? 1 : 0),
            tolerance: 1e-12,
          }).sum(),
        [inputs[1]],
      );
      for (const [at, value] of (await gradient.data()).entries()) {
        if (sides[at] === 0 && Math.floor(at / n) !== one) expect([seed, at, value]).toEqual([seed, at, 0]);
      }
    }
    expect(Math.min(counts.certified, counts.failed), JSON.stringify(counts)).toBeGreaterThan(10);
  });
});

describe('rows that depend on one another are refused where coupled is not set', () => {
  const x = t([1, 2, 3, 4, 5, 6], [3, 2]);
  const M = t([1, 0, 0.5, 0, 1, 0, 0, 0, 1], [3, 3]);
  const MIXING: Readonly<Record<string, ImplicitFunction>> = {
    gather: (z) => z.gather([1, 0, 2]).neg(),
    'a mean over the batch': (z, y) => y.add(z.mean(0, { keepAxes: true }).mul(0.5)),
    'a sum of everything': (z) => z.mul(0.1).add(z.sum().mul(0.1)),
    'softmax over the batch': (z) => z.transpose().softmax().transpose(),
    'normalised over the batch': (z) => z.transpose().layerNorm().transpose(),
    'products of rows': (z) => z.matmul(z, { transposeB: true }).matmul(z).mul(0.01),
    'rows cut and put together': (z) => concat([z.slice([1, 0], [2, 2]), z.slice([0, 0], [1, 2])], 0).mul(0.5),
    'read in another order': (z) => z.transpose().reshape([3, 2]).mul(0.5),
    'the largest of two rows': (z) => z.maximum(z.slice([0, 0], [1, 2])).mul(0.5),
    'weights of all': (z) => z.matmul(z.matmul(z, { transposeA: true })).mul(0.01),
    'divided by another': (z) => z.div(z.gather([1, 2, 0]).square().add(1)),
    affine: (z) => affine(z, z.matmul(z, { transposeA: true }), z.sum(0)).mul(0.01),
  };
  test.each(Object.keys(MIXING))('%s', (name) => {
    for (const solve of [fixedPoint, root]) {
      for (const solver of ['given', 'newton-krylov'] as const) {
        const options = { unknown: zeros(3, 2), inputs: [x], solver };
        expect(() => solve(MIXING[name], options)).toThrow(
          /^(fixedPoint|root): coupled is false, but row \d of what the function returns depends on (row \d|other rows) of the unknown; coupled must be true/,
        );
        expect(() => solve(MIXING[name], { ...options, coupled: true, onFailure: 'report' })).not.toThrow();
        expect(() =>
          solve((z) => MIXING[name](z.reshape([3, 2]), x).reshape([6]), {
            ...options,
            unknown: zeros(6),
            inputs: [],
            onFailure: 'report',
          }),
        ).not.toThrow(/coupled/);
      }
    }
  });

  test('a singular system that was once certified fails with coupled', async () => {
    const certificate = await solutionGiven((z) => z.gather([1, 0]).neg(), zeros(2, 1), [], {
      coupled: true,
    }).solve.certify();
    expect(certificate.status).toBe('failed');
  });

  test('a matrix that mixes samples is recognised by its numbers, and another one is accepted', async () => {
    const solved = (weights: Tensor) =>
      solutionGiven((z, w, y) => w.matmul(z).mul(0.5).add(y).relu().sub(y), zeros(3, 2), [weights, zeros(3, 2)]);
    const mixing = solved(M);
    await expect(mixing.data()).rejects.toThrow('coupled is false, but row');
    await expect(mixing.solve.report).rejects.toThrow('coupled');
    await expect(mixing.solve.certify()).rejects.toThrow('coupled');
    await expect(valueAndGrad((w) => solved(w).sum(), [M])).rejects.toThrow('coupled');
    const quiet = solutionGiven((z, w) => w.matmul(z).mul(0.5), zeros(3, 2), [M], { onFailure: 'report' });
    await expect(quiet.data()).rejects.toThrow('coupled');
    const diagonal = solved(t([1, 0, 0, 0, 3, 0, 0, 0, -1], [3, 3]));
    expect(Array.from(await diagonal.data())).toEqual([0, 0, 0, 0, 0, 0]);
    expect((await diagonal.solve.certify()).samples.map(({ status }) => status)).toEqual([
      'certified',
      'failed',
      'certified',
    ]);
  });

  test('a mask of numbers is recognised too', async () => {
    const gram = (mask: Tensor) =>
      solutionGiven(
        (z, m) => z.matmul(z, { transposeB: true }).mul(m).sum(1, { keepAxes: true }).mul(0.1).mul(z),
        x,
        [mask],
        {
          solver: 'picard',
          onFailure: 'report',
        },
      );
    expect(Array.from(await gram(t([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3])).data()).length).toBe(6);
    await expect(gram(t([1, 0, 0, 0, 1, 0, 1, 0, 1], [3, 3])).data()).rejects.toThrow('coupled');
  });

  test('an inner solve may mix samples, or not', async () => {
    const own = (z: Tensor): Tensor => fixedPoint((y, u) => y.mul(0.5).add(u), { unknown: zeros(3, 2), inputs: [z] });
    const across = (z: Tensor): Tensor =>
      fixedPoint((y, u) => y.mul(0.5).add(u.gather([1, 2, 0])), { unknown: zeros(3, 2), inputs: [z] });
    const one = (z: Tensor): Tensor =>
      fixedPoint((y, u) => y.mul(0.25).add(u), { unknown: zeros(3, 2), inputs: [z], coupled: true });
    const layer = (z: Tensor): Tensor =>
      monotoneFixedPoint(t([0.5, 0, 0, 0.5], [2, 2]), z, { activation: 'relu', margin: 0.5 }).z;
    for (const f of [own, one, layer]) {
      expect(Array.from(await solutionGiven((z) => f(z).mul(0.1), zeros(3, 2)).data())).toEqual([0, 0, 0, 0, 0, 0]);
    }
    expect(() => solutionGiven((z) => across(z).mul(0.1), zeros(3, 2))).toThrow('coupled');
    expect(() => solutionGiven((z) => own(z.gather([2, 1, 0])).mul(0.1), zeros(3, 2))).toThrow('coupled');
    await expect(
      solutionGiven((z) => layer(z.gather([2, 1, 0])).add(z.mul(0.1)), x, [], {
        solver: 'picard',
        onFailure: 'report',
      }).data(),
    ).rejects.toThrow('coupled');
    expect(() => solutionGiven((z) => across(z).gather([2, 0, 1]).mul(0.1), zeros(3, 2))).not.toThrow();
  });
});

describe('inputs of one sample, and of all samples', () => {
  test('may mix, and be shared', async () => {
    const inputs = [t([1, 2], [2, 1]), t([0.5], [1]), t([0.25], [1, 1])];
    const z = fixedPoint(
      (y, x, shared, W) =>
        y
          .matmul(W)
          .add(x.gather([1, 0]))
          .add(x.sum())
          .add(shared.relu())
          .add(x.mean(0)),
      { unknown: zeros(2, 1), inputs, tolerance: 1e-12 },
    );
    expect(Array.from(await z.data())).toEqual(
      [7, 6].map((value, row) => expect.closeTo((value + [-0, 0][row]) / 0.75, 8)),
    );
  });

  test('kinks of values computed from inputs alone belong to the sample that they affect', async () => {
    // relu of [2, 2] numbers: the numbers of each sample separately, and those of W for all.
    const selected: unknown[] = [];
    const f: ImplicitFunction = (z, x, W) =>
      z
        .mul(0.5)
        .add(x.relu())
        .add(x.transpose().abs().transpose())
        .add(x.mul(0).matmul(W.relu()))
        .add(x.relu().gather([1, 0]).mul(0));
    const solution = solutionGiven(f, zeros(2, 2), [zeros(2, 2), zeros(2, 2)]);
    await solution.solve.select(({ operation, place, sample, index }) => {
      selected.push([operation, place, sample, index]);
      return 0;
    });
    const each = (operation: string, place: number, samples: readonly (number | undefined)[]): unknown[] =>
      samples.flatMap((sample) => [0, 1].map((index) => [operation, place, sample, index]));
    expect(selected).toEqual(
      expect.arrayContaining([
        ...each('relu', 0, [0, 1]),
        ...each('abs', 1, [0, 1]),
        ...Array.from({ length: 4 }, (_, index) => ['relu', 2, undefined, index]),
      ]),
    );
  });

  test('where samples share a kink, the interval is that of one system', async () => {
    // z = relu(x)·(1, −1): the sum is 0 whatever the selection, although each term is in [−1, 1].
    const solution = solutionGiven((z, x, sign) => z.mul(0).add(x.relu().mul(sign)), zeros(2, 1), [
      t([0], [1]),
      t([1, -1], [2, 1]),
    ]);
    const { low, high, exact, kinks } = await solution.solve.gradientInterval(t([1, 1], [2, 1]));
    expect([low, high, exact]).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12), true]);
    expect(kinks).toEqual([{ sample: undefined, operation: 'relu', place: 0, index: 0, value: 0, distance: 0 }]);
  });

  test('places of kinks count the operations on inputs too', async () => {
    const { kinks } = await solutionGiven((z, x) => x.abs().add(z.mul(0.5).relu()), zeros(2, 1), [
      zeros(2, 1),
    ]).solve.certify();
    expect(kinks.map(({ operation, place, sample }) => [operation, place, sample])).toEqual([
      ['relu', 1, 0],
      ['relu', 1, 1],
    ]);
  });

  test('operands of a maximum that are broadcast', async () => {
    // max(z, c·mean z) with the mean of a row: slopes between those of the operands.
    const at = (c: number) =>
      solutionGiven((z) => z.maximum(z.mean(1, { keepAxes: true }).mul(c)).mul(0.9), zeros(2, 2)).solve.certify();
    expect((await at(1)).status).toBe('certified');
    expect((await at(1.5)).status).toBe('failed');
  });
});
