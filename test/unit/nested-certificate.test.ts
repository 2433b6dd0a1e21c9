/** Functions that contain a solve: their certificates and intervals include the kinks of the inner problem. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { random } from '../../src/data/random.ts';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import type { ActivationOption } from '../../src/solvers/activations.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { recordOperation } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { zerosOn } from '../support/engines.ts';
import { findTruth, vertices } from '../support/families.ts';
import { denseSolve } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const t = (values: ArrayLike<number>, shape: number[]): Tensor => engine.tensor(values, shape);
const zeros = zerosOn(engine);

/** y = relu(y/2 + x): y′ is in [0, 2] at 0. */
const inner = (x: Tensor): Tensor =>
  fixedPoint((y, given) => y.mul(0.5).add(given).relu(), { unknown: zeros(1, 1), inputs: [x] });
const outer = (f: (z: Tensor) => Tensor) =>
  fixedPoint(f, { unknown: zeros(1, 1), inputs: [], solver: 'given' }).solve.certify();

describe('a solve inside a function of one unknown', () => {
  test('a fixed point', async () => {
    const certificate = await outer((z) => inner(z).mul(0.75));
    expect(certificate.status).toBe('failed');
    expect(certificate.kinks).toEqual([{ sample: 0, operation: 'relu', place: 0, index: 0, value: 0, distance: 0 }]);
    expect((await outer((z) => inner(z).mul(0.25))).status).toBe('certified');
    expect((await outer((z) => inner(z).mul(-4))).status).toBe('certified');
    // The inner problem must be invertible too: 1 − 2s is 0 at s = ½.
    expect(
      (await outer((z) => fixedPoint((y, x) => y.mul(2).add(x).relu(), { unknown: zeros(1, 1), inputs: [z] }).mul(0.1)))
        .status,
    ).toBe('failed');
  });

  test('a solve whose first input does not depend on the unknown: the norms of the operations show nothing', async () => {
    // relu(x) = z for every z > 0, so that no derivative exists.
    const [W, b] = [t([0], [1, 1]), t([1], [1, 1])];
    const tape = new Tape();
    const given = tape.watch(b);
    const f = (x: Tensor, matrix: Tensor, bias: Tensor): Tensor =>
      monotoneFixedPoint(matrix, x.add(bias).sub(bias), { activation: 'relu', margin: 1 }).z;
    const z = fixedPoint(f, { unknown: b, inputs: [W, given], solver: 'given', onFailure: 'report' });
    tape.pullback(z, [given], t([1], [1, 1]));
    expect((await z.solve.backwardReports[0]).certificate.status).not.toBe('certified');
  });

  test('a root, and a root inside a root: all their kinks, after those of the function itself', async () => {
    const within = (x: Tensor): Tensor =>
      root((y, given) => y.sub(y.mul(0.5).add(inner(given)).relu()), {
        unknown: zeros(1, 1),
        inputs: [x],
        solver: 'given',
      });
    // The slope of the outermost function is in [0, 4].
    expect((await outer((z) => within(z).mul(0.26))).status).toBe('failed');
    const { status, kinks } = await outer((z) => within(z).mul(0.24).sub(z.abs().mul(0)));
    expect(status).toBe('certified');
    expect(kinks.map(({ operation, place }) => [operation, place])).toEqual([
      ['abs', 0],
      ['relu', 1],
      ['relu', 2],
    ]);
  });

  test('a fixed point within one within one, in seconds and not in days', async () => {
    const between = (z: Tensor): Tensor =>
      fixedPoint((w, given) => inner(w.mul(0.25).add(given)), { unknown: zeros(1, 1), inputs: [z] });
    // y' of the innermost is in [0, 2], so that w' is in [0, 4].
    expect((await outer((z) => between(z).mul(0.3))).status).toBe('failed');
    expect((await outer((z) => between(z).mul(0.2))).status).toBe('certified');
  });

  test.each<[ActivationOption, number, number]>([
    // z = σ(wz + x) with slopes s/(1 − ws): the largest of them, and x at the kink.
    ['relu', 2, 0],
    [{ name: 'leakyRelu', slope: 0.25 }, 2, 0],
    [{ name: 'elu', alpha: 0.5 }, 2, 0],
    [{ name: 'softThreshold', threshold: 1 }, 2, 1],
    [{ name: 'clip', low: -1, high: 1 }, 2, 0.5],
    ['tanh', 2, 0],
    ['softplus', 1 / (2 - 0.5), 0],
  ])('a monotone layer: %s', async (activation, largest, shift) => {
    const layer = (x: Tensor): Tensor =>
      monotoneFixedPoint(t([0.5], [1, 1]), x.add(shift), { activation, margin: 0.5, tolerance: 1e-13 }).z;
    // The value of the layer at 0, subtracted so that 0 is the solution.
    const value = (await layer(zeros(1, 1)).data())[0];
    const slopeIsBelow = activation === 'softplus' ? 3 : largest;
    expect(
      (
        await outer((z) =>
          layer(z)
            .sub(value)
            .mul(0.99 / slopeIsBelow),
        )
      ).status,
    ).toBe('certified');
    if (activation === 'softplus' || activation === 'tanh') return;
    expect(
      (
        await outer((z) =>
          layer(z)
            .sub(value)
            .mul(1.01 / largest),
        )
      ).status,
    ).toBe('failed');
  });

  test('a monotone layer with masked units, and softmax', async () => {
    const W = t([0.5, 0.25, 0, 0.25, 0.5, 0, 0, 0, 0.5], [3, 3]);
    for (const [name, slope] of [
      ['relu', 4],
      ['softmax', 4],
    ] as const) {
      for (const mask of [undefined, [1, 0, 1]]) {
        const layer = (x: Tensor): Tensor => monotoneFixedPoint(W, x, { activation: { name, mask }, margin: 0.25 }).z;
        const at = fixedPoint((z) => layer(z).mul(0.9 / slope), { unknown: zeros(1, 3), inputs: [], tolerance: 1e-12 });
        const { status, kinks } = await at.solve.certify();
        expect([name, status]).toEqual([name, 'certified']);
        expect(kinks).toHaveLength(name === 'softmax' ? 0 : mask ? 2 : 3);
      }
    }
  });

  test('a Lasso: β = S(y, 1) at y = 1 has slopes in [0, 1]', async () => {
    const solved = (y: Tensor): Tensor => lasso({ X: t([1], [1, 1]), y: y.add(1), logLambda: t([0], [1]) }).beta;
    expect((await outer((z) => solved(z).mul(0.9))).status).toBe('certified');
    expect((await outer((z) => solved(z).mul(1.1))).status).toBe('failed');
    expect((await outer((z) => solved(z).mul(-3))).kinks.length).toBeGreaterThan(0);
  });

  test('matrices built from parameters have no kinks', async () => {
    const f = (z: Tensor): Tensor =>
      monotoneMatrix(z, z, t([1], [1]))
        .mul(0.1)
        .relu();
    expect(await outer(f)).toMatchObject({ status: 'certified', kinks: [{ operation: 'relu' }] });
  });

  test('a custom operation without kink information is unknown', async () => {
    const strange = (x: Tensor): Tensor =>
      recordOperation('custom', [x], x.context.alias(x, x.shape), {
        name: 'strange',
        pullback: (u: Tensor) => [u],
        pushforward: ([dx]: Tensor[]) => dx,
      });
    const certificate = await outer((z) => strange(z).mul(0.5));
    expect(certificate).toMatchObject({ status: 'unknown', argument: 'σ_min estimate' });
    expect(certificate.reason).toContain('the function calls strange, whose kinks are not known here');
    const solution = fixedPoint((z, x) => strange(z).mul(0.5).add(x), {
      unknown: zeros(1, 1),
      inputs: [t([0], [1])],
      solver: 'given',
    });
    expect(await solution.solve.gradientInterval(t([1], [1, 1]))).toMatchObject({
      ...{ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, exact: false, argument: 'unbounded' },
      attained: { low: expect.closeTo(2, 12), high: expect.closeTo(2, 12) },
    });
  });
});

describe('an inner problem solved to a tolerance', () => {
  const near =
    (start: number, f: (y: Tensor, x: Tensor) => Tensor, solver: 'auto' | 'picard' = 'auto') =>
    (x: Tensor) =>
      fixedPoint(f, { unknown: t([start], [1, 1]), inputs: [x], solver });
  test('is at the kink that a Newton step reaches', async () => {
    for (const start of [0, 1, -1, 0.3, 1e-3]) {
      for (const solver of ['auto', 'picard'] as const) {
        const one = near(start, (y, x) => y.mul(0.5).add(x).relu(), solver);
        const outermost = (c: number) =>
          fixedPoint((z) => one(z).mul(c), {
            unknown: zeros(1, 1),
            inputs: [],
            solver: 'given',
            tolerance: 1,
          }).solve.certify();
        const { status, kinks } = await outermost(0.75);
        expect([start, solver, status, kinks.length]).toEqual([start, solver, 'failed', 1]);
        expect((await outermost(0.25)).status).toBe('certified');
      }
    }
  });
  test('is undecided where that is inconclusive, and certified where it makes no difference', async () => {
    // y = relu(tanh(y)/2 + x²…) near 0, solved from 1: the step leaves an error of third order.
    const one = near(1, (y, x) => y.tanh().mul(0.5).add(y.square().mul(0.25)).add(x).relu());
    const outermost = (c: number) =>
      fixedPoint((z) => one(z).mul(c), {
        unknown: zeros(1, 1),
        inputs: [],
        solver: 'given',
        tolerance: 1,
      }).solve.certify();
    expect(['failed', 'unknown']).toContain((await outermost(0.75)).status);
    expect((await outermost(0.25)).status).toBe('certified');
  });
  test('is at no kink where its distance exceeds the error', async () => {
    const one = near(1, (y, x) => y.mul(0.5).add(x).add(0.01).relu());
    const solution = fixedPoint((z) => one(z).sub(0.02).mul(0.75), {
      unknown: zeros(1, 1),
      inputs: [],
      solver: 'given',
      tolerance: 1e9,
    });
    // To the right of the kink the slope is 2.
    expect(await solution.solve.certify()).toMatchObject({ status: 'certified', kinks: [] });
  });
});

/** y = relu(Ay + Uz + px + sides) − active inside z = Cy + qx, all 0 at x = 0; the numbers are multiples of ⅛. */
function drawProblem(seed: number) {
  const draws = random(seed);
  const [n, m, batch] = [1 + draws.integer(2), 1 + draws.integer(3), 1 + draws.integer(3)];
  const entries = (count: number, size: number): number[] =>
    Array.from({ length: count }, () => (draws.integer(2 * size + 1) - size) / 8);
  const size = [6, 16][draws.integer(2)];
  const sides = Array.from({ length: batch * m }, () => [0, 0, 1, -1][draws.integer(4)]);
  return {
    ...{ n, m, batch, sides, active: sides.map((side) => (side > 0 ? 1 : 0)) },
    ...{ A: entries(m * m, 4), U: entries(m * n, size), C: entries(n * m, size), p: entries(m, 8), q: entries(n, 8) },
  };
}
type Drawn = ReturnType<typeof drawProblem>;

/** For a sample, [I, −C; −SU, I − SA] in (z, y), and the kinks. */
function familyOf({ n, m, A, U, C, sides }: Drawn, sample: number) {
  const order = n + m;
  const own = sides.slice(sample * m, (sample + 1) * m);
  const row = (i: number): number[] => [...U.slice(i * n, (i + 1) * n), ...A.slice(i * m, (i + 1) * m)];
  const base = new Float64Array(order * order);
  for (let i = 0; i < order; i++) base[i * order + i] = 1;
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) base[i * order + n + j] -= C[i * m + j];
  for (let i = 0; i < m; i++) {
    if (own[i] > 0) for (const [j, value] of row(i).entries()) base[(n + i) * order + j] -= value;
  }
  const kinks = own.flatMap((side, i) => (side === 0 ? [i] : []));
  const terms = kinks.map((i) => ({ a: Array.from({ length: order }, (_, j) => (j === n + i ? 1 : 0)), b: row(i) }));
  return { family: { n: order, base, terms }, own, kinks };
}

/** y from z, x, A, U, p (a row), sides and active, in several formulations: [batch, m]. */
const WAYS: Readonly<Record<string, (...given: Tensor[]) => Tensor>> = {
  'a fixed point': (...inputs) =>
    fixedPoint(
      (y, z, x, A, U, p, sides, active) =>
        y
          .matmul(A, { transposeB: true })
          .add(z.matmul(U, { transposeB: true }))
          .add(x.mul(p))
          .add(sides)
          .relu()
          .sub(active),
      { unknown: zeros(...inputs[5].shape), inputs, solver: 'given' },
    ),
  'a fixed point of columns': (...inputs) =>
    fixedPoint(
      (y, z, x, A, U, p, sides, active) =>
        A.matmul(y, { transposeB: true })
          .add(U.matmul(z, { transposeB: true }))
          .add(x.mul(p.transpose()))
          .add(sides.transpose())
          .relu()
          .transpose()
          .sub(active),
      { unknown: zeros(...inputs[5].shape), inputs, solver: 'given' },
    ),
  'a root, whose rows are one system': (...inputs) =>
    root(
      (y, z, x, A, U, p, sides, active) =>
        A.matmul(y)
          .add(U.matmul(z, { transposeB: true }))
          .add(x.mul(p.transpose()))
          .add(sides.transpose())
          .relu()
          .sub(active.transpose())
          .sub(y),
      { unknown: zeros(inputs[5].shape[1], inputs[5].shape[0]), inputs, solver: 'given', coupled: true },
    ).transpose(),
};

describe.each(Object.keys(WAYS))('random systems within systems: %s', (way) => {
  const solutionOf = ({ n, m, batch, A, U, C, p, q, sides, active }: Drawn, input: Tensor) =>
    fixedPoint(
      (z, x, c, e, ...rest) =>
        WAYS[way](z, x, ...rest)
          .matmul(c, { transposeB: true })
          .add(x.mul(e)),
      {
        unknown: zeros(batch, n),
        inputs: [
          ...[input, t(C, [n, m]), t(q, [1, n]), t(A, [m, m]), t(U, [m, n]), t(p, [1, m])],
          ...[sides, active].map((values) => t(values, [batch, m])),
        ],
        solver: 'given',
      },
    );
  test('certified or failed as exact determinants say, with the interval over all selections', async () => {
    const counts = { certified: 0, failed: 0 };
    for (let seed = 0; seed < 60; seed++) {
      const given = drawProblem(seed);
      const { solve } = solutionOf(given, t([0], [1]));
      const { samples } = await solve.certify();
      const v = Array.from({ length: given.batch * given.n }, (_, at) => (at % 3) - 1.25);
      const interval = await solve.gradientInterval(t(v, [given.batch, given.n]));
      const expected = { low: 0, high: 0 };
      for (const [sample, { status, kinks: count }] of samples.entries()) {
        const { family, own, kinks } = familyOf(given, sample);
        const known = findTruth(family, 8).invertible ? 'certified' : 'failed';
        expect([seed, sample, status, count]).toEqual([seed, sample, known, kinks.length]);
        counts[known] += 1;
        const { n, m, p, q } = given;
        const values = vertices(kinks.length).map((d) => {
          const slope = own.map((side, i) => (side === 0 ? d[kinks.indexOf(i)] : side > 0 ? 1 : 0));
          const right = [...q, ...slope.map((s, i) => s * p[i])];
          const B = Array.from(family.base, (entry, at) => {
            const row = Math.floor(at / (n + m)) - n;
            return row >= 0 && own[row] === 0
              ? entry - slope[row] * family.terms[kinks.indexOf(row)].b[at % (n + m)]
              : entry;
          });
          if (known === 'failed') return 0;
          const solved = denseSolve(B, right, n + m);
          return v.slice(sample * n, (sample + 1) * n).reduce((sum, each, i) => sum + each * solved[i], 0);
        });
        expected.low += Math.min(...values);
        expected.high += Math.max(...values);
      }
      if (samples.some(({ status }) => status === 'failed')) {
        expect([seed, interval.argument, interval.exact]).toEqual([seed, 'unbounded', false]);
      } else {
        expect([seed, interval.argument, interval.exact]).toEqual([seed, 'enumeration', true]);
        const scale = 1 + Math.abs(expected.low) + Math.abs(expected.high);
        expect(Math.abs(interval.low - expected.low) / scale).toBeLessThan(1e-9);
        expect(Math.abs(interval.high - expected.high) / scale).toBeLessThan(1e-9);
      }
    }
    expect(Math.min(counts.certified, counts.failed), JSON.stringify(counts)).toBeGreaterThan(15);
  });
});
