/** Optimisers and schedules, compared with their formulas in plain float64 loops. */
import { describe, expect, test } from 'vitest';
import { adam, adamW } from '../../src/train/adam.ts';
import { clipped } from '../../src/train/clipped.ts';
import type { Optimiser } from '../../src/train/optimiser.ts';
import { stepDecay } from '../../src/train/schedules.ts';
import { sgd } from '../../src/train/sgd.ts';
import { stochasticGradient } from '../../src/train/stochastic-gradient.ts';
import { createOracle } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';
import { GRADIENTS, runOptimiser, START } from '../support/optimisers.ts';

const rateAt = (step: number): number => 0.1 * 0.5 ** step;
/** One step in each epoch. */
const rate = stepDecay(0.1, { factor: 0.5, every: 1 });

/** A reference implementation: moves all numbers by one step. Its memory starts at zero. */
type Reference = (theta: number[], g: number[], step: number) => void;

function adamReference(weightDecay: number): Reference {
  const m = START.flat().fill(0);
  const v = START.flat().fill(0);
  return (theta, g, step) => {
    for (const [i, gradient] of g.entries()) {
      theta[i] -= rateAt(step) * weightDecay * theta[i];
      m[i] = 0.8 * m[i] + 0.2 * gradient;
      v[i] = 0.9 * v[i] + 0.1 * gradient * gradient;
      const [mean, square] = [m[i] / (1 - 0.8 ** (step + 1)), v[i] / (1 - 0.9 ** (step + 1))];
      theta[i] -= (rateAt(step) * mean) / (Math.sqrt(square) + 1e-6);
    }
  };
}

function sgdReference(momentum: number, nesterov: boolean, weightDecay: number): Reference {
  const b = START.flat().fill(0);
  return (theta, g, step) => {
    for (const [i, gradient] of g.entries()) {
      const full = gradient + weightDecay * theta[i];
      b[i] = momentum * b[i] + full;
      theta[i] -= rateAt(step) * (nesterov ? full + momentum * b[i] : b[i]);
    }
  };
}

const plain = (): Reference => sgdReference(0, false, 0);

function changeGradient(inner: Reference, change: (g: number[]) => number[]): Reference {
  return (theta, g, step) => inner(theta, change(g), step);
}

const toNorm = (limit: number) => (g: number[]) => {
  const norm = Math.sqrt(g.reduce((sum, x) => sum + x * x, 0));
  return g.map((x) => x * Math.min(1, limit / (norm + 1e-6)));
};
const toValue = (limit: number) => (g: number[]) => g.map((x) => Math.min(Math.max(x, -limit), limit));

const betas = { beta1: 0.8, beta2: 0.9, epsilon: 1e-6 };
const cases: [string, Optimiser, Reference][] = [
  ['adam', adam({ rate, ...betas }), adamReference(0)],
  ['adamW', adamW({ rate, ...betas, weightDecay: 0.3 }), adamReference(0.3)],
  ['sgd', sgd({ rate }), plain()],
  ['sgd with momentum', sgd({ rate, momentum: 0.9 }), sgdReference(0.9, false, 0)],
  ['sgd with weight decay', sgd({ rate, momentum: 0.9, weightDecay: 0.2 }), sgdReference(0.9, false, 0.2)],
  ['nesterov', sgd({ rate, momentum: 0.9, nesterov: true, weightDecay: 0.2 }), sgdReference(0.9, true, 0.2)],
  ['clipped to a norm', clipped(sgd({ rate }), { norm: 2 }), changeGradient(plain(), toNorm(2))],
  ['a norm never reached', clipped(sgd({ rate }), { norm: 1e3 }), plain()],
  ['clipped to a value', clipped(sgd({ rate }), { value: 0.7 }), changeGradient(plain(), toValue(0.7))],
  [
    'Adam clipped to a norm',
    clipped(adam({ rate, ...betas }), { norm: 2 }),
    changeGradient(adamReference(0), toNorm(2)),
  ],
  ['stochasticGradient', stochasticGradient({ rate, momentum: 0.9 }), sgdReference(0.9, false, 0)],
];

describe('optimisers follow their formulas', () => {
  test.each(cases)('%s', async (_, optimiser, reference) => {
    const theta = START.flat();
    const found = await runOptimiser(createOracle(), optimiser);
    for (const [step, gradients] of GRADIENTS.entries()) {
      reference(theta, gradients.flat(), step);
      expect(relativeError(found[step], theta)).toBeLessThan(1e-13);
    }
  });

  test('the memory of one state lets another one continue', async () => {
    for (const optimiser of [adamW({ rate }), sgd({ rate, momentum: 0.9 }), clipped(adam({ rate }), { norm: 1 })]) {
      const engine = createOracle();
      const whole = await runOptimiser(engine, optimiser);
      const halves = await runOptimiser(engine, optimiser, { interruptedAt: 2 });
      expect(halves).toEqual(whole);
    }
  });

  test('no memory is left', async () => {
    const engine = createOracle();
    const { buffers } = engine.memory();
    await runOptimiser(engine, clipped(adamW({ rate }), { norm: 1 }));
    expect(engine.memory().buffers).toBe(buffers);
  });
});

describe('Theorem 3', () => {
  test('the step sizes are s·α₀/(k + 1)^p with one s from the interval', () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { rate: schedule, scale } = stochasticGradient({
        theorem3: true,
        rate: 0.2,
        power: 0.6,
        scale: [2, 3],
        seed,
      });
      expect(scale).toBeGreaterThan(2);
      expect(scale).toBeLessThan(3);
      for (const k of [0, 1, 17, 1e6]) expect(schedule(k / 10, k)).toBeCloseTo((scale * 0.2) / (k + 1) ** 0.6, 15);
      seen.add(scale);
    }
    expect(seen.size).toBe(20);
    const again = () => stochasticGradient({ theorem3: true, seed: 4 }).scale;
    expect(again()).toBe(again());
  });

  test.each<[string, object, string]>([
    ['momentum', { momentum: 0.9 }, 'momentum is 0.9; the theorem does not cover it'],
    ['weight decay', { weightDecay: 0.1 }, 'weightDecay is 0.1; the theorem does not cover it'],
    ['another schedule', { rate: stepDecay(1, { every: 1 }) }, 'rate is a schedule; the theorem does not cover'],
    ['p = 0, a constant step', { power: 0 }, 'power is 0; with theorem3 it must be in (0, 1]'],
    ['p > 1, a finite sum', { power: 1.01 }, 'power is 1.01'],
    ['a point instead of an interval', { scale: [1, 1] }, 'scale is [1, 1]; it must be an interval'],
    ['rate', { rate: -1 }, 'rate is -1'],
  ])('refuses %s', (_, options, message) => {
    expect(() => stochasticGradient({ theorem3: true, ...options })).toThrow(message);
  });

  test('refuses clipping', () => {
    expect(() => clipped(stochasticGradient({ theorem3: true }), { norm: 1 })).toThrow(
      'the theorem does not cover clipped gradients',
    );
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  test.each<[string, () => unknown, string]>([
    ['rate', () => adam({ rate: 0 }), 'rate is 0'],
    ['beta', () => adam({ beta1: 1 }), 'adam: beta1 is 1; it must be in [0, 1)'],
    ['beta of adamW', () => adamW({ beta2: -1 }), 'adamW: beta2 is -1; it must be in [0, 1)'],
    ['weight decay', () => adamW({ weightDecay: -1 }), 'weightDecay is -1; it must be a finite number ≥ 0'],
    ['momentum', () => sgd({ rate: 1, momentum: 1 }), 'momentum is 1; it must be in [0, 1)'],
    ['nesterov', () => sgd({ rate: 1, nesterov: true }), 'nesterov needs a momentum > 0'],
    ['no limit', () => clipped(adam(), {} as { norm: number }), 'give exactly one of them'],
    ['a limit of 0', () => clipped(adam(), { value: 0 }), 'value is 0; it must be a finite number > 0'],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});
