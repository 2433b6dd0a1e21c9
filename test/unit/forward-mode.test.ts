/** Pushforwards, compared with central differences and with pullbacks, at kinks too; selections for a whole tape. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { DEFINABLE } from '../../src/autodiff/definable.ts';
import { jacobianVectorProduct } from '../../src/autodiff/gradient.ts';
import {
  createLinearisation,
  createProducts,
  type JacobianProducts,
  pushforward,
} from '../../src/autodiff/jacobian-products.ts';
import { kinksOn } from '../../src/autodiff/kinked-operations.ts';
import type { KINKS } from '../../src/autodiff/kinks.ts';
import type { PlaybackOptions } from '../../src/autodiff/playback.ts';
import type { Selection } from '../../src/autodiff/selection.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { elementwise } from '../../src/tensor/kernels.ts';
import { recordOperation } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Tracing } from '../../src/tensor/tracing.ts';
import { DIFFERENTIABLE, type DifferentiableCase } from '../support/differentiable.ts';
import { centralDifferences, dot, gradientError, norm, normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const values = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

/** A function on a tape, with the inputs that `followed` names watched. */
interface Linear {
  readonly tape: Tape;
  readonly watched: Tensor[];
  readonly output: Tensor;
}

function follow(
  { f, arrays, shapes }: DifferentiableCase,
  followed = arrays.map(() => true),
  tape = new Tape(),
): Linear {
  const inputs = arrays.map((array, index) => engine.tensor(array, shapes[index]));
  const given = inputs.map((input, index) => (followed[index] ? tape.watch(input) : input));
  return { tape, watched: given.filter((_, index) => followed[index]), output: f(...given) };
}

const like = (x: Tensor, seed: number): Tensor => engine.tensor(normals(x.size, seed), x.shape);

/** ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for random u and v. */
async function checkAdjoint(
  { tape, watched, output }: Linear,
  seed: number,
  options: PlaybackOptions = {},
): Promise<void> {
  const u = like(output, seed);
  const v = watched.map((input, index) => like(input, seed + 1 + index));
  const [Jv] = pushforward(tape, watched, v, [output], options);
  expect(Jv.shape).toEqual(output.shape);
  const cotangents = createProducts(tape, options).pullback(output, watched, u);
  const forwards = dot(await u.data(), await Jv.data());
  let [backwards, size] = [0, norm(await u.data()) * norm(await Jv.data())];
  for (const [index, cotangent] of cotangents.entries()) {
    expect(cotangent.shape).toEqual(watched[index].shape);
    backwards += dot(await cotangent.data(), await v[index].data());
    size += norm(await cotangent.data()) * norm(await v[index].data());
  }
  expect(Math.abs(forwards - backwards)).toBeLessThanOrEqual(1e-12 * size);
}

/** Random weights of J·v, compared with the derivative of s ↦ weights of f(x + s·v). */
async function checkDifferences(given: DifferentiableCase, followed: readonly boolean[]): Promise<void> {
  const { f, arrays, shapes } = given;
  const { tape, watched, output } = follow(given, [...followed]);
  const directions = arrays.map((array, index) => (followed[index] ? normals(array.length, 31 + index) : undefined));
  const tangents = directions.flatMap((d, index) => (d ? [engine.tensor(d, shapes[index])] : []));
  const [Jv] = pushforward(tape, watched, tangents, [output]);
  for (const seed of [41, 42, 43]) {
    const weights = normals(output.size, seed);
    const along = async ([[s]]: number[][]): Promise<number> => {
      const moved = arrays.map((array, i) => array.map((x, j) => x + s * (directions[i]?.[j] ?? 0)));
      return dot(weights, await f(...moved.map((array, index) => engine.tensor(array, shapes[index]))).data());
    };
    const differences = await centralDifferences(along, [[0]], 0);
    // Relative to all terms of the weighted sum, which may cancel.
    const size = norm(weights) * norm(await Jv.data());
    const error = gradientError([dot(weights, await Jv.data())], differences) * norm(differences.gradient);
    expect(error).toBeLessThan(1e-7 * (size || 1));
  }
}

/** All choices of at least one input. */
function choices(count: number): boolean[][] {
  return Array.from({ length: 2 ** count - 1 }, (_, bits) =>
    Array.from({ length: count }, (_unused, index) => (((bits + 1) >> index) & 1) === 1),
  );
}

describe('every operation', () => {
  for (const [name, given] of Object.entries(DIFFERENTIABLE)) {
    test(`${name}: central differences and the adjoint, whichever inputs have tangents`, async () => {
      for (const followed of choices(given.arrays.length)) {
        await checkDifferences(given, followed);
        for (const seed of [51, 61]) await checkAdjoint(follow(given, followed), seed);
      }
    });
  }

  test('no operation is left out, and each has a reason why it is definable', () => {
    const names = new Set<string>();
    class Listing extends Tape {
      override record(...of: Parameters<Tape['record']>): void {
        names.add(of[0]);
        super.record(...of);
      }
    }
    for (const given of Object.values(DIFFERENTIABLE)) follow(given, undefined, new Listing());
    expect([...names].sort()).toEqual(Object.keys(DEFINABLE).sort());
    for (const reason of Object.values(DEFINABLE)) expect(reason).toMatch(/^[A-Z].*\.$/);
  });

  test('random compositions of one and two inputs', async () => {
    const maps: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
      tanh: (x) => x.tanh(),
      softmax: (x) => x.softmax(),
      relu: (x) => x.relu(),
      clip: (x) => x.clip(-0.6, 0.7),
      multiply: (x, y) => x.mul(y),
      maximum: (x, y) => x.maximum(y),
      matmul: (x, y) => x.matmul(y, { transposeB: true }).matmul(y).mul(0.1),
      layerNorm: (x) => x.layerNorm(),
      gather: (x) => x.gather([1, 0, 1]),
      divide: (x, y) => x.div(y.square().add(1)),
      minus: (x, y) => y.sub(x),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(maps)), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 999 }),
        fc.constantFrom<Selection | undefined>(undefined, 0.25, { relu: 1 }),
        async (steps, seed, selection) => {
          const given: DifferentiableCase = {
            f: (x, y) => steps.reduce((z, step) => maps[step](z, y), x),
            arrays: [normals(12, seed), normals(12, seed + 1)],
            shapes: [
              [3, 4],
              [3, 4],
            ],
          };
          await checkAdjoint(follow(given), seed + 2, { selection });
          await checkAdjoint(follow(given, [true, false]), seed + 5, { selection });
        },
      ),
      { numRuns: 60 },
    );
  });
});

/**
 * A row x of points: the kinks with their intervals, followed by a point on each smooth piece with the derivative
 * there.
 */
interface Bent {
  readonly f: (x: Tensor) => Tensor;
  readonly x: readonly number[];
  readonly kinks: readonly { readonly low: number; readonly high: number }[];
  readonly slopes: readonly number[];
  /** The default selection. */
  readonly usual: number;
}

const UNIT = { low: 0, high: 1 };
const BENT: Readonly<Record<keyof typeof KINKS, Bent>> = {
  relu: { f: (x) => x.relu(), x: [0, -2, 3], kinks: [UNIT], slopes: [0, 1], usual: 0 },
  abs: { f: (x) => x.abs(), x: [0, -2, 3], kinks: [{ low: -1, high: 1 }], slopes: [-1, 1], usual: 0.5 },
  softThreshold: {
    f: (x) => x.softThreshold(0.5),
    x: [-0.5, 0.5, -2, 0.1, 3],
    kinks: [UNIT, UNIT],
    slopes: [1, 0, 1],
    usual: 0,
  },
  leakyRelu: {
    f: (x) => x.leakyRelu(0.25),
    x: [0, -2, 3],
    kinks: [{ low: 0.25, high: 1 }],
    slopes: [0.25, 1],
    usual: 0,
  },
  elu: {
    f: (x) => x.elu(0.5),
    x: [0, -2, 3],
    kinks: [{ low: 0.5, high: 1 }],
    slopes: [0.5 * Math.exp(-2), 1],
    usual: 0,
  },
  clip: { f: (x) => x.clip(-1, 2), x: [-1, 2, -3, 0.5, 4], kinks: [UNIT, UNIT], slopes: [0, 1, 0], usual: 1 },
  maximum: {
    f: (x) => x.maximum(engine.tensor([1, 1, 1])),
    x: [1, -2, 3],
    kinks: [UNIT],
    slopes: [0, 1],
    usual: 0.5,
  },
  minimum: {
    f: (x) => x.minimum(engine.tensor([1, 1, 1])),
    x: [1, -2, 3],
    kinks: [UNIT],
    slopes: [1, 0],
    usual: 0.5,
  },
};

describe('at kinks', () => {
  for (const [name, { f, x, kinks, slopes, usual }] of Object.entries(BENT)) {
    const bent = (): Linear => follow({ f, arrays: [[...x]], shapes: [[1, x.length]] });
    const expected = (q: readonly number[]): number[] => [
      ...kinks.map(({ low, high }, index) => (1 - q[index]) * low + q[index] * high),
      ...slopes,
    ];
    /** The diagonal of J, by forward and by reverse mode. */
    const diagonals = async ({ tape, watched, output }: Linear, selection?: Selection): Promise<number[][]> => {
      const ones = engine.tensor(new Float64Array(x.length).fill(1), [1, x.length]);
      const [forwards] = pushforward(tape, watched, [ones], [output], { selection });
      const [backwards] = createProducts(tape, { selection }).pullback(output, watched, ones);
      return Promise.all([values(forwards), values(backwards)]);
    };
    const check = async (selection: Selection | undefined, q: readonly number[]): Promise<void> => {
      const [forwards, backwards] = await diagonals(bent(), selection);
      expect(forwards).toEqual(backwards);
      for (const [index, slope] of expected(q).entries()) expect(forwards[index]).toBeCloseTo(slope, 14);
      await checkAdjoint(bent(), 71, { selection });
    };
    const each = (q: number): number[] => kinks.map(() => q);

    test(`${name}: its own selection, ${usual}, unless another is given`, async () => {
      await check(undefined, each(usual));
      await check({}, each(usual));
      await check([undefined], each(usual));
      // A selection for another operation has no effect.
      await check({ [name === 'relu' ? 'abs' : 'relu']: 1 - usual / 2 }, each(usual));
    });
    test.each([0, 0.5, 1])(
      `${name}: selection %d as a number, by name, in a list and for each coordinate`,
      async (q) => {
        await check(q, each(q));
        await check({ [name]: q }, each(q));
        await check([q], each(q));
        await check([engine.tensor(new Float64Array(x.length).fill(q), [1, x.length])], each(q));
      },
    );
    test(`${name}: a selection for each coordinate`, async () => {
      const q = x.map((_, index) => [0.75, 0.125, 0.5, 1, 0][index]);
      await check([engine.tensor(q, [1, x.length])], q);
    });

    test(`${name}: what the tape tells of its kinks`, async () => {
      const { tape } = bent();
      const [found, ...others] = kinksOn(tape);
      expect(others).toEqual([]);
      expect([found.operation, found.place]).toEqual([name, 0]);
      expect(found.x.shape).toEqual([1, x.length]);
      const arguments_ = await values(found.x);
      expect(arguments_.slice(0, kinks.length)).toEqual(found.positions);
      const largest = Math.max(...x.map((value) => Math.abs(value)));
      expect(found.tolerance.shape).toEqual([1, 1]);
      expect(await values(found.tolerance)).toEqual([64 * Number.EPSILON * largest]);
    });
  }

  test('several operations: one list, in the order in which they were called, with their places', async () => {
    const { tape, watched, output } = follow({
      f: (x) => x.relu().square().add(x.abs()).leakyRelu(1).elu(1).add(x.neg().relu()),
      arrays: [[0, 2]],
      shapes: [[2]],
    });
    // leakyRelu and elu with parameter 1 have no kinks.
    const kinks = kinksOn(tape);
    expect(kinks.map(({ operation, place }) => [operation, place])).toEqual([
      ['relu', 0],
      ['abs', 2],
      ['relu', 7],
    ]);
    const at = async (selection: Selection): Promise<number[]> => {
      const [tangent] = pushforward(tape, watched, [engine.tensor([1, 1])], [output], { selection });
      return values(tangent);
    };
    // The derivative is 2·relu(x)·relu' + |·|' − relu'(−x); at 0 it is |·|' − relu'.
    expect(await at([undefined, 1, undefined])).toEqual([1, 5]);
    expect(await at([undefined, 1, 0.25])).toEqual([0.75, 5]);
    expect(await at([0.5, engine.tensor([0.25, 0.25]), engine.tensor([1, 1])])).toEqual([-1.5, 5]);
    expect(await at({ relu: 0.5, abs: 1 })).toEqual([0.5, 5]);
    expect(await at(1)).toEqual([0, 5]);
  });

  test('broadcast operands: one selection for each coordinate of the result', async () => {
    const { tape, watched, output } = follow({
      f: (a, b) => a.maximum(b),
      arrays: [
        [1, 2],
        [1, 2, 3],
      ],
      shapes: [[2, 1], [3]],
    });
    const selection = [engine.tensor([0.25, 0, 0, 0, 0.75, 0], [2, 3])];
    const [a, b] = createProducts(tape, { selection }).pullback(
      output,
      watched,
      engine.tensor([1, 1, 1, 1, 1, 1], [2, 3]),
    );
    // Ties at (0, 0) and (1, 1); a is the larger one at (1, 0).
    expect(await values(a)).toEqual([0.25, 1.75]);
    expect(await values(b)).toEqual([0.75, 1.25, 2]);
    await checkAdjoint({ tape, watched, output }, 81, { selection });
  });
});

describe('a tape can be played any number of times', () => {
  const given: DifferentiableCase = {
    f: (x, W) => x.matmul(W).tanh().relu().maximum(x).softmax(),
    arrays: [normals(12, 1), normals(16, 2)],
    shapes: [
      [3, 4],
      [4, 4],
    ],
  };

  test('forwards and backwards in turn, linearised or not, to the last bit', async () => {
    const { tape, watched, output } = follow(given);
    const v = watched.map((input, index) => like(input, 91 + index));
    const u = like(output, 99);
    const [unprepared, prepared] = [createProducts(tape), createLinearisation(tape)];
    const play = async (from: JacobianProducts): Promise<number[][]> =>
      Promise.all(
        [...from.pushforward(watched, v, [output]), ...from.pullback(output, watched, u)].map((one) => values(one)),
      );
    const first = await play(unprepared);
    for (const from of [unprepared, prepared, unprepared, prepared]) expect(await play(from)).toEqual(first);
    const [, ...selected] = createLinearisation(tape, { selection: 0.5 }).pullback(output, watched, u);
    const [, ...direct] = createProducts(tape, { selection: 0.5 }).pullback(output, watched, u);
    expect(await values(selected[0])).toEqual(await values(direct[0]));
  });

  test('inside an arena nothing stays behind', async () => {
    const input = engine.tensor(normals(12, 1), [3, 4]);
    await engine.idle();
    const before = engine.memory().buffers;
    await engine.tidy(async (scope) => {
      const tape = new Tape();
      const x = tape.watch(scope.use(input));
      const output = x
        .relu()
        .gather([0, 2])
        .sum(0)
        .maximum(x.slice([0, 0], [1, 4]));
      kinksOn(tape);
      const v = scope.tensor(normals(12, 2), [3, 4]);
      const selection = [0.5, scope.tensor(normals(4, 3), [1, 4])];
      createLinearisation(tape, { selection }).pushforward([x], [v], [output]);
      createProducts(tape, { selection }).pullback(output, [x], scope.tensor(normals(4, 3), [1, 4]));
      tape.dispose();
    });
    expect(engine.memory().buffers).toBe(before);
  });

  test('kinks of a tape outside an arena: x and tolerance are all that it makes', () => {
    const { tape } = follow({ f: (a, b) => a.minimum(b).relu(), arrays: [[1], [2]], shapes: [[1], [1]] });
    const before = engine.memory().buffers;
    for (const { x, tolerance } of kinksOn(tape)) for (const made of [x, tolerance]) made.dispose();
    expect(engine.memory().buffers).toBe(before);
  });

  test('a watched output of an operation is independent of its inputs', async () => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([2]));
    const y = x.square();
    const z = y.mul(x);
    const [along] = pushforward(tape, [x, y], [engine.tensor([1]), engine.tensor([10])], [z]);
    // ∂(yx) = x·dy + y·dx = 2·10 + 4·1
    expect(await values(along)).toEqual([24]);
    const [both] = pushforward(tape, [x], [engine.tensor([1])], [z]);
    expect(await values(both)).toEqual([12]);
  });

  test('only operations between the watched tensors and the outputs are played', async () => {
    const calls: string[] = [];
    const pullback = (g: Tensor): Tensor[] => {
      calls.push('pullback');
      return [g];
    };
    const tape = new Tape();
    const [x, W] = [tape.watch(engine.tensor([1, 2])), tape.watch(engine.tensor([3, 4]))];
    const mapped = recordOperation('custom', [W], elementwise('copy', [W]), { pullback });
    const output = x.mul(mapped);
    const [cotangent] = tape.pullback(output, [x], engine.tensor([1, 1]));
    expect(await values(cotangent)).toEqual([3, 4]);
    // It has no forward mode, but x does not need one.
    const other = x.square();
    const [tangent] = pushforward(tape, [x, W], [engine.tensor([1, 1]), engine.tensor([1, 1])], [other]);
    expect(await values(tangent)).toEqual([2, 4]);
    // The pullback starts at its output, and needs nothing before it.
    expect(await values(tape.pullback(output, [mapped], engine.tensor([1, 1]))[0])).toEqual([1, 2]);
    expect(calls).toEqual([]);
    tape.pullback(output, [W], engine.tensor([1, 1]));
    expect(calls).toEqual(['pullback']);
  });

  test('the derivative is 0 where nothing depends on the inputs', async () => {
    const tape = new Tape();
    const [x, y] = [tape.watch(engine.tensor([1, 2])), tape.watch(engine.tensor([3]))];
    const outside = engine.tensor([5, 6, 7]);
    const results = pushforward(tape, [x], [engine.tensor([1, 1])], [y.square(), outside, x]);
    expect(await Promise.all(results.map(values))).toEqual([[0], [0, 0, 0], [1, 1]]);
    expect(await values(tape.pullback(y.square(), [x])[0])).toEqual([0, 0]);
  });
});

describe('inside a Program', () => {
  /** (JᵀJ)³v, by a loop of the Program or by a loop here. */
  const build = (play: (tape: Tape, x: Tensor, y: Tensor, q: Tensor) => Tensor, [x0, W, q]: Tensor[]): Tensor => {
    const tape = new Tape();
    const x = tape.watch(x0);
    return play(tape, x, x.matmul(W).relu().maximum(x.mul(0.5)).tanh(), q);
  };
  const step = (from: JacobianProducts, x: Tensor, y: Tensor, v: Tensor): Tensor => {
    const [Jv] = from.pushforward([x], [v], [y]);
    return from.pullback(y, [x], Jv)[0];
  };
  const inputs = (): Tensor[] => [
    engine.tensor([0, 0, 0, ...normals(9, 1)], [4, 3]),
    engine.tensor(normals(9, 2), [3, 3]),
    engine.tensor(
      normals(12, 3).map((x) => 1 / (1 + Math.exp(-x))),
      [4, 3],
    ),
    engine.tensor(normals(12, 4), [4, 3]),
  ];

  test.each([false, true])('a loop that plays one tape repeatedly; linearised before: %s', async (linearise) => {
    const [found] = engine.run(`played in a loop ${linearise}`, inputs(), (traced, tracing) => [
      build((tape, x, y, q) => {
        const from = (linearise ? createLinearisation : createProducts)(tape, { selection: [0.25, q] });
        const running = tracing.constant({ kind: 'fill', value: 0 }, [1]);
        const body = ({ v }: { v: Tensor }): { v: Tensor } => ({ v: step(from, x, y, v) });
        return tracing.loop({ v: traced[3] }, () => running, 3, body).v;
      }, traced),
    ]);
    const given = inputs();
    const expected = build((tape, x, y, q) => {
      let v = given[3];
      for (let pass = 0; pass < 3; pass++) {
        v = step(createProducts(tape, { selection: [0.25, q] }), x, y, v);
      }
      return v;
    }, given);
    expect(norm(await expected.data())).toBeGreaterThan(1e-3);
    expect(relativeError(await found.data(), await expected.data())).toBeLessThan(1e-14);
  });
});

test('with a linearisation before a loop, no derivative is computed in the loop', () => {
  const derivativesInLoop = (linearise: boolean): number => {
    const tracing = new Tracing('counted', engine);
    const tape = new Tape();
    const x = tape.watch(tracing.input([2, 3]));
    const y = x.relu().maximum(x.tanh()).softplus();
    const from = (linearise ? createLinearisation : createProducts)(tape, { selection: { relu: 0.5 } });
    const running = tracing.constant({ kind: 'fill', value: 0 }, [1]);
    const body = ({ v }: { v: Tensor }): { v: Tensor } => ({ v: from.pushforward([x], [v], [y])[0] });
    const { v } = tracing.loop({ v: tracing.input([2, 3]) }, () => running, 3, body);
    const loop = tracing.finish([v]).statements.find((step) => step.kernel === 'loop');
    const names = loop?.body.map((step) => ('operation' in step ? step.operation : step.kernel)) ?? [];
    return names.filter((name) => /Derivative|sigmoid|maximumAbsolute/.test(name)).length;
  };
  // relu, maximum and tanh take one call each, softplus the sigmoid; the two kinked ones a tolerance each.
  expect(derivativesInLoop(false)).toBe(6);
  expect(derivativesInLoop(true)).toBe(0);
});

describe('jacobianVectorProduct', () => {
  test('returns the output and its tangent, and frees everything else', async () => {
    const [x, W] = [engine.tensor([1, 2], [1, 2]), engine.tensor([1, 2, 3, 4], [2, 2])];
    const tangents = [engine.tensor([1, 0], [1, 2]), engine.tensor([0, 0, 0, 1], [2, 2])];
    const before = engine.memory().buffers;
    const [output, tangent] = await jacobianVectorProduct(async (a, b) => a.matmul(b).square(), [x, W], tangents);
    expect(await values(output)).toEqual([49, 100]);
    // 2y∘(dx·W + x·dW) with y = [7, 10], dx·W = [1, 2] and x·dW = [0, 2]
    expect(await values(tangent)).toEqual([14, 80]);
    expect(output.node).toBeUndefined();
    expect(engine.memory().buffers).toBe(before + 2);
    for (const one of [output, tangent]) one.dispose();
    expect(engine.memory().buffers).toBe(before);
  });

  test('a function that does not depend on its inputs has tangent 0', async () => {
    const x = engine.tensor([1, 2]);
    const [, tangent] = await jacobianVectorProduct(() => engine.tensor([3, 4, 5]), [x], [x]);
    expect(await values(tangent)).toEqual([0, 0, 0]);
  });

  test('rejects where a solve on the way failed', async () => {
    const failing = (x: Tensor): Tensor =>
      engine.attachPromise(x, Promise.reject(new Error('it did not converge'))).square();
    const x = engine.tensor([1]);
    const checked = failing(x);
    await expect(jacobianVectorProduct((a) => a.mul(checked), [x], [x])).rejects.toThrow('it did not converge');
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  const x = (): Tensor => engine.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const play = (selection: Selection): Tensor[] => {
    const tape = new Tape();
    const watched = tape.watch(x());
    return pushforward(tape, [watched], [x()], [watched.relu()], { selection });
  };
  const pushed = (...tangents: Tensor[]): Tensor[] => {
    const tape = new Tape();
    const watched = tape.watch(x());
    return pushforward(tape, [watched], tangents, [watched.relu()]);
  };
  test.each<[string, () => unknown, string]>([
    ['no tangent', () => pushed(), 'tangents holds 0 tensors; it must hold 1'],
    ['shape', () => pushed(engine.tensor([1])), 'tangents[0] has shape [1]; it must be [2, 3]'],
    [
      'a tensor off the tape',
      () => pushforward(new Tape(), [x()], [x()], [x()]),
      'watched[0] is not followed by this tape',
    ],
    [
      'a tensor of another tape',
      () => pushforward(new Tape(), [new Tape().watch(x())], [x()], [x()]),
      'watched[0] is not followed by this tape',
    ],
    [
      'the shape of a cotangent',
      () => {
        const tape = new Tape();
        const watched = tape.watch(x());
        return tape.pullback(watched.relu(), [watched], engine.tensor([1]));
      },
      'cotangent[0] has shape [1]; it must be [2, 3]',
    ],
    ['selection 2', () => play(2), 'selection is 2; it must be a number from 0 to 1'],
    ['selection NaN by name', () => play({ relu: Number.NaN }), 'relu: selection is NaN'],
    ['selection -1 for another name', () => play({ abs: -1 }), 'abs: selection is -1'],
    [
      'unknown name',
      () => play({ tanh: 0 } as Selection),
      'selection names tanh; the operations with kinks are relu, abs, softThreshold, leakyRelu, elu, clip, maximum, minimum',
    ],
    ['length of a list', () => play([0, 1]), 'selection lists 2 entries; the tape has 1 operations with kinks'],
    ['number in a list', () => play([3]), 'relu: selection is 3'],
    ['tensor in a list', () => play([engine.tensor([1])]), 'selection[0] has shape [1]; relu has x of shape [2, 3]'],
    [
      'no forward mode',
      () => {
        const tape = new Tape();
        const watched = tape.watch(x());
        const output = recordOperation('custom', [watched], elementwise('copy', [watched]), {
          name: 'fixedPoint',
          pullback: (g: Tensor) => [g],
        });
        return pushforward(tape, [watched], [x()], [output]);
      },
      'autodiff: fixedPoint has no forward mode; differentiate in reverse',
    ],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  });

  test('jacobianVectorProduct', async () => {
    const f = (a: Tensor): Tensor => a.square();
    await expect(jacobianVectorProduct(f, [], [])).rejects.toThrow('jacobianVectorProduct: inputs is empty');
    await expect(jacobianVectorProduct(f, [x()], [])).rejects.toThrow('tangents holds 0 tensors; it must hold 1');
    await expect(jacobianVectorProduct(f, [x()], [engine.tensor([1])])).rejects.toThrow('tangents[0] has shape [1]');
    const other = new Engine(openCPU());
    const strange = other.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    await expect(jacobianVectorProduct(f, [x()], [strange])).rejects.toThrow('belongs to another engine');
    other.close();
  });
});
