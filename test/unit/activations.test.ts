/**
 * The activations of the monotone layer: values, derivatives and prox_{αf} on the oracle, against their definitions.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import {
  ACTIVATION_KERNELS,
  type Activation,
  type ActivationOption,
  activationOf,
  type ElementwiseActivation,
} from '../../src/solvers/activations.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { elementwise } from '../../src/tensor/kernels.ts';
import { ACTIVATION_DEFINITIONS } from '../support/activations.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

/** Tails, the kinks of the definitions below, and points between. */
const POINTS = [
  -700, -60, -20, -5, -3, -2, -1.5, -1, -0.8, -0.5, -0.3, -0.1, -1e-5, -1e-12, 0, 1e-12, 1e-5, 0.1, 0.3, 0.5, 0.7, 1,
  1.25, 2, 3, 5, 20, 60, 700,
];

const kernelsOf = (
  option: ActivationOption,
): { activation: Activation; kernels: (typeof ACTIVATION_KERNELS)['relu'] } => {
  const activation = activationOf(option);
  return { activation, kernels: ACTIVATION_KERNELS[activation.name as ElementwiseActivation] };
};

async function valuesAt(option: ActivationOption, points: readonly number[]): Promise<ArrayLike<number>> {
  const { activation, kernels } = kernelsOf(option);
  return elementwise(kernels.value, [engine.tensor(points)], [...activation.parameters]).data();
}

async function slopesAt(option: ActivationOption, points: readonly number[], q: number): Promise<ArrayLike<number>> {
  const { activation, kernels } = kernelsOf(option);
  const x = engine.tensor(points);
  if (kernels.kinks(activation.parameters).length === 0) return elementwise(kernels.derivative, [x]).data();
  return elementwise(kernels.derivative, [x, engine.tensor([1e-9])], [q, ...activation.parameters]).data();
}

async function proximalAt(
  option: ActivationOption,
  points: readonly number[],
  step: number,
): Promise<ArrayLike<number>> {
  const { activation, kernels } = kernelsOf(option);
  return elementwise(
    kernels.proximal,
    [engine.tensor(points), engine.tensor([step])],
    [...activation.parameters],
  ).data();
}

/** The t with (1 − α)σ(t) + αt = x by bisection, without a derivative or a closed form. */
function preimage(sigma: (t: number) => number, step: number, x: number): number {
  let [low, high] = [-1e6, 1e6];
  for (let halving = 0; halving < 200; halving++) {
    const middle = 0.5 * (low + high);
    if ((1 - step) * sigma(middle) + step * middle < x) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

for (const { title, option, value, slope, kinks } of ACTIVATION_DEFINITIONS) {
  describe(title, () => {
    test('value, in the tails too', async () => {
      const found = await valuesAt(option, POINTS);
      for (const [index, x] of POINTS.entries()) {
        // The definitions suffer from cancellation where the library does not: they are accurate to 1e-16.
        expect(Math.abs(found[index] - value(x))).toBeLessThanOrEqual(1e-15 * Math.abs(value(x)) + 1.2e-16);
      }
    });

    test('derivative against its formula and central differences of fourth order', async () => {
      const smooth = POINTS.filter((x) => kinks.every(({ at }) => x !== at));
      const found = await slopesAt(option, smooth, 0.5);
      const h = 1e-3;
      for (const [index, x] of smooth.entries()) {
        if (kinks.some(({ at }) => Math.abs(x - at) < 1e-6)) continue; // within the tolerance, or nearly
        expect(Math.abs(found[index] - slope(x))).toBeLessThanOrEqual(1e-14);
        // Pieces meet at 0 and at the kinks, and differences must not reach across.
        if ([0, ...kinks.map(({ at }) => at)].some((at) => Math.abs(x - at) < 4 * h)) continue;
        const near = value(x + h) - value(x - h);
        const far = value(x + 2 * h) - value(x - 2 * h);
        expect(Math.abs(found[index] - (8 * near - far) / (12 * h))).toBeLessThan(1e-10 + 1e-12 * Math.abs(x));
      }
    });

    test('at its kinks the derivative is (1 − q)·min + q·max of the Clarke interval', async () => {
      const { activation, kernels } = kernelsOf(option);
      expect([...kernels.kinks(activation.parameters)].sort((a, b) => a - b)).toEqual(kinks.map(({ at }) => at));
      if (kinks.length === 0) return;
      for (const q of [0, 0.5, 1]) {
        const found = await slopesAt(
          option,
          kinks.map(({ at }) => at),
          q,
        );
        for (const [index, { low, high }] of kinks.entries())
          expect(found[index]).toBeCloseTo((1 - q) * low + q * high, 14);
      }
    });

    test.each([1e-3, 0.3, 1, 5, 50])('prox of αf at α = %d: its equation, and bisection', async (step) => {
      const found = await proximalAt(option, POINTS, step);
      for (const [index, x] of POINTS.entries()) {
        const expected = value(preimage(value, step, x));
        // t is accurate to 1e-16·|t|, and (1 − α)s + αt = x to 1e-16 of its largest term.
        const size = Math.max(1, Math.abs(x)) * Math.max(1, step);
        expect(Math.abs(found[index] - expected)).toBeLessThan(1e-14 * size);
        // s = σ(t) with t from the equation itself: the optimality condition of the proximal operator.
        const t = (x - (1 - step) * found[index]) / step;
        expect(Math.abs(found[index] - value(t))).toBeLessThan((1e-14 * size) / Math.min(1, step));
      }
    });
  });
}

describe('tails where the plain formula loses all digits', () => {
  test('softplus, elu and their derivatives', async () => {
    const [softplus] = Array.from(await valuesAt('softplus', [-50]));
    expect(softplus / Math.exp(-50)).toBeCloseTo(1, 14);
    const [elu] = Array.from(await valuesAt('elu', [-1e-20]));
    expect(elu).toBe(-1e-20);
    const [slope] = Array.from(await slopesAt('softplus', [-50], 0));
    expect(slope / Math.exp(-50)).toBeCloseTo(1, 14);
  });
});

describe('elu and leakyRelu at the ends of their parameters', () => {
  test('parameter 1: no kink, and the right derivative without a selection', async () => {
    expect(Array.from(await slopesAt('elu', [-1, 0, 1], 0))).toEqual([Math.exp(-1), 1, 1]);
    expect(Array.from(await slopesAt({ name: 'leakyRelu', slope: 1 }, [-1, 0, 1], 0))).toEqual([1, 1, 1]);
  });
  test('parameter 0: relu', async () => {
    for (const option of [
      { name: 'elu', alpha: 0 },
      { name: 'leakyRelu', slope: 0 },
    ] as const) {
      expect(Array.from(await valuesAt(option, [-2, 3])).map(Math.abs)).toEqual([0, 3]);
      expect(Array.from(await slopesAt(option, [-2, 0, 3], 0.25))).toEqual([0, 0.25, 1]);
      expect(Array.from(await proximalAt(option, [-2, 3], 0.3)).map(Math.abs)).toEqual([0, 3]);
    }
  });
});

describe('refused, with the reason', () => {
  test.each<[string, unknown, string]>([
    [
      'leakyRelu with slope 2',
      { name: 'leakyRelu', slope: 2 },
      'the slope of leakyRelu is 2; it must be a number from 0 to 1',
    ],
    ['leakyRelu with slope −1', { name: 'leakyRelu', slope: -1 }, 'the slope of leakyRelu is -1'],
    ['elu with α 1.5', { name: 'elu', alpha: 1.5 }, 'the alpha of elu is 1.5; it must be a number from 0 to 1'],
    ['elu with NaN', { name: 'elu', alpha: Number.NaN }, 'the alpha of elu is NaN'],
    ['clip the wrong way', { name: 'clip', low: 1, high: 1 }, 'the low of clip is 1 and its high 1; low must be less'],
    ['clip without end', { name: 'clip', low: 0, high: Number.POSITIVE_INFINITY }, 'the high of clip is Infinity'],
    [
      'threshold 0',
      { name: 'softThreshold', threshold: 0 },
      'the threshold of softThreshold is 0; it must be a finite number > 0',
    ],
    ['a stray key', { name: 'clip', low: 0, high: 1, slope: 0.1 }, 'slope is given, but clip has low and high'],
    ['a key for relu', { name: 'relu', slope: 0.1 }, 'slope is given, but relu has no parameter'],
    ['step', 'step', 'step is not the proximal operator of a convex function: it jumps'],
    ['sign', 'sign', 'it jumps'],
    ['GELU', 'GELU', 'it decreases for x < −0.75'],
    ['selu', 'selu', 'its slope reaches 1.758'],
    ['mish', 'mish', 'it decreases for x < −1.19'],
    ['hardswish', 'hardswish', 'it decreases for x between −3 and −1.5'],
    ['exp', 'exp', 'its slope has no bound'],
    ['relu6', 'relu6', "relu6 is not a name here; write { name: 'clip', low: 0, high: 6 }"],
    ['hardtanh', 'hardtanh', "write { name: 'clip', low: -1, high: 1 }"],
    [
      'unknown',
      'rely',
      'activation: "rely" is unknown; it must be one of relu, tanh, sigmoid, softThreshold, leakyRelu, clip, softplus, elu, softsign, arctan',
    ],
    ['nothing', undefined, 'activation: undefined is unknown'],
    ['null', null, 'activation: null is unknown'],
  ])('%s', (_, option, message) => {
    expect(() => activationOf(option as ActivationOption)).toThrow(message);
  });
});
