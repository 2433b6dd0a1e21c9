import { describe, expect, test } from 'vitest';
import {
  constantRate,
  cosine,
  exponentialDecay,
  linearWarmUp,
  oneCycle,
  polynomialDecay,
  SCHEDULE_NAMES,
  type Schedule,
  scheduleNamed,
  stepDecay,
} from '../../src/train/schedules.ts';

const at = (schedule: Schedule, ...epochs: number[]): number[] => epochs.map((epoch) => schedule(epoch, 0));

describe('step sizes', () => {
  test('constant', () => expect(at(constantRate(3), 0, 100)).toEqual([3, 3]));
  test('stepDecay falls at whole multiples of epochs only', () => {
    const schedule = stepDecay(1e-2, { factor: 0.1, every: 15 });
    expect(at(schedule, 0, 14, 14.99, 15, 30)).toEqual([1e-2, 1e-2, 1e-2, 1e-2 * 0.1, 1e-2 * 0.1 ** 2]);
  });
  test('exponentialDecay', () => {
    expect(at(exponentialDecay(2, { factor: 0.5 }), 0, 1, 3, 0.5)).toEqual([2, 1, 0.25, 2 * Math.SQRT1_2]);
  });
  test('polynomialDecay counts steps, not epochs', () => {
    const schedule = polynomialDecay(0.3, { power: 0.75 });
    expect([0, 15, 255].map((step) => schedule(9, step))).toEqual([0.3, 0.3 / 8, 0.3 / 64]);
  });
  test('cosine: half a wave from the rate to its end, where it stays', () => {
    const [start, quarter, middle, end, later] = at(cosine(1, { epochs: 8, final: 0.2 }), 0, 2, 4, 8, 50);
    expect([start, end, later]).toEqual([1, 0.2, 0.2]);
    expect(middle).toBeCloseTo(0.6, 14);
    expect(quarter).toBeCloseTo(0.2 + 0.8 * ((1 + Math.SQRT1_2) / 2), 14);
  });
  test('cosine after a warm-up', () => {
    const [start, rising, top, middle] = at(cosine(1, { epochs: 6, warmUp: 2 }), 0, 1, 2, 4);
    expect(start).toBe(0.1);
    expect(rising).toBeCloseTo(0.55, 14);
    expect(top).toBe(1);
    expect(middle).toBeCloseTo(0.5, 14);
  });
  test('linearWarmUp multiplies a rate or a schedule', () => {
    expect(at(linearWarmUp(2, { epochs: 4, from: 0.5 }), 0, 2, 4, 9)).toEqual([1, 1.5, 2, 2]);
    const schedule = linearWarmUp(stepDecay(2, { factor: 0.5, every: 2 }), { epochs: 4, from: 0.5 });
    expect(at(schedule, 0, 2, 4)).toEqual([1, 0.75, 0.5]);
  });
  test('oneCycle rises to the rate and falls below its start', () => {
    const [start, rising, top, falling, end] = at(oneCycle(1, { epochs: 10 }), 0, 1.5, 3, 6.5, 10);
    expect(start).toBeCloseTo(1 / 25, 14);
    expect(rising).toBeCloseTo((1 + 1 / 25) / 2, 14);
    expect(top).toBe(1);
    expect(falling).toBeCloseTo((1 + 1e-4 / 25) / 2, 14);
    expect(end).toBeCloseTo(1e-4 / 25, 14);
  });
});

describe('by name', () => {
  const all: Schedule[] = [
    constantRate(0.5),
    stepDecay(0.5, { every: 3 }),
    exponentialDecay(0.5),
    polynomialDecay(0.5),
    cosine(0.5, { epochs: 10, warmUp: 1, final: 0.1 }),
    linearWarmUp(cosine(0.5, { epochs: 7 }), { epochs: 2 }),
    oneCycle(0.5, { epochs: 10 }),
  ];
  test('each one can be rebuilt from its description, also after a round trip through JSON', () => {
    expect(all.map(({ description }) => description?.name).sort()).toEqual([...SCHEDULE_NAMES].sort());
    for (const schedule of all) {
      const { name, options } = JSON.parse(JSON.stringify(schedule.description));
      const again = scheduleNamed(name, options);
      expect(again.description).toEqual(schedule.description);
      for (const [epoch, step] of [0, 0.5, 1, 2.25, 5, 11].entries())
        expect(again(epoch, step)).toBe(schedule(epoch, step));
    }
  });
  test('options that are not given have their defaults', () => {
    expect(scheduleNamed('stepDecay', { rate: 1, every: 2 })(2, 0)).toBe(0.1);
  });
  test('a user’s own function has no description, and neither does a schedule built from it', () => {
    expect(linearWarmUp((epoch) => 1 / (1 + epoch), { epochs: 2 }).description).toBeUndefined();
  });
  test.each<[string, () => unknown, string]>([
    [
      'name',
      () => scheduleNamed('cosin', { rate: 1 }),
      'its name is "cosin"; it must be one of constantRate, stepDecay',
    ],
    [
      'no rate',
      () => scheduleNamed('cosine', { epochs: 1 }),
      'cosine: rate is undefined; it must be a finite number > 0',
    ],
    ['a rate in words', () => scheduleNamed('constantRate', { rate: '1' }), 'rate is "1"; it must be a finite number'],
    ['every', () => stepDecay(1, { every: 0 }), 'stepDecay: every is 0; it must be a positive integer'],
    ['factor', () => exponentialDecay(1, { factor: 1.5 }), 'exponentialDecay: factor is 1.5; it must be in (0, 1]'],
    ['warm-up', () => cosine(1, { epochs: 2, warmUp: 2 }), 'warmUp is 2; it must be in [0, epochs = 2)'],
    ['rise', () => oneCycle(1, { epochs: 2, rise: 1 }), 'rise is 1; it must be in (0, 1)'],
    ['power', () => polynomialDecay(1, { power: 0 }), 'power is 0'],
  ])('wrong %s', (_, action, message) => {
    expect(action).toThrow(message);
  });
});
