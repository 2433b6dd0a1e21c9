import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  constantRate,
  cosine,
  exponentialDecay,
  linearWarmUp,
  loadCheckpoint,
  oneCycle,
  polynomialDecay,
  type Schedule,
  stepDecay,
} from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';
import { writeCSV } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('options');
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  // 48 rows are for training, 32 of them from the first class: 6 steps of 8.
  const [header, ...rows] = flowers(60);
  const uneven = rows.map((row, at) => [...row.slice(0, -1), at % 3 === 2 ? 'b' : 'a']);
  writeFileSync(path('flowers.csv'), writeCSV([header, ...uneven]));
});

const STEPS = 6;
const train = (...more: string[]) =>
  run([
    'train',
    ...['--data', path('flowers.csv'), '--target', 'species'],
    ...['--backend', 'cpu', '--width', '4', '--batch', '8', '--checkpoint', path('run')],
    ...more,
  ]);

async function recordOf(...more: string[]) {
  const { code, error } = await train(...more);
  expect([code, error]).toEqual([0, '']);
  const { training } = loadCheckpoint(readFileSync(path('run')));
  if (!training) throw new Error('no training was recorded');
  return { ...training, optimiser: training.configuration.optimiser as Record<string, unknown> };
}

test('the layer remembers --step tuned and --warm-start sample, and a resume keeps them', async () => {
  await recordOf('--epochs', '2', '--step', 'tuned', '--warm-start', 'sample');
  const { memories } = loadCheckpoint(readFileSync(path('run')));
  expect(memories[0].numbers.get('step')).toBeGreaterThan(0);
  expect(memories[0].tensors.get('solutions')?.shape).toEqual([STEPS * 8, 4]);
  const again = ['train', '--data', path('flowers.csv'), '--resume', path('run'), '--epochs', '3'];
  expect((await run(again)).code).toBe(0);
  const { code, error } = await run([...again, '--warm-start', 'none']);
  expect([code, error]).toEqual([2, expect.stringContaining('--warm-start')]);
});

describe('--schedule', () => {
  test.each<[string, string[], Schedule]>([
    ['stepDecay without being asked', [], stepDecay(1e-2, { factor: 0.1, every: 15 })],
    ['stepDecay', ['--decay-factor', '0.5', '--decay-every', '1'], stepDecay(1e-2, { factor: 0.5, every: 1 })],
    ['constantRate', ['--schedule', 'constantRate', '--rate', '0.003'], constantRate(0.003)],
    ['exponentialDecay', ['--schedule', 'exponentialDecay'], exponentialDecay(1e-2)],
    [
      'exponentialDecay of another factor',
      ['--schedule', 'exponentialDecay', '--decay-factor', '0.5'],
      exponentialDecay(1e-2, { factor: 0.5 }),
    ],
    ['polynomialDecay', ['--schedule', 'polynomialDecay'], polynomialDecay(1e-2)],
    [
      'polynomialDecay of another power',
      ['--schedule', 'polynomialDecay', '--power', '0.9'],
      polynomialDecay(1e-2, { power: 0.9 }),
    ],
    ['cosine', ['--schedule', 'cosine'], cosine(1e-2, { epochs: 3 })],
    [
      'a longer cosine with warm-up',
      ['--schedule', 'cosine', '--schedule-epochs', '7', '--warm-up', '1.5'],
      cosine(1e-2, { epochs: 7, warmUp: 1.5 }),
    ],
    ['oneCycle', ['--schedule', 'oneCycle'], oneCycle(1e-2, { epochs: 3 })],
    [
      'a warm-up of another',
      ['--schedule', 'constantRate', '--warm-up', '2'],
      linearWarmUp(constantRate(1e-2), { epochs: 2 }),
    ],
  ])('%s', async (_, options, schedule) => {
    const { epochs, optimiser } = await recordOf('--epochs', '3', ...options);
    expect(optimiser.rate).toEqual(schedule.description);
    expect(epochs.map(({ rate }) => rate)).toEqual([0, 1, 2].map((epoch) => schedule(epoch, epoch * STEPS)));
  });
});

describe('--optimiser', () => {
  test.each<[string, string[], object]>([
    ['adam without being asked', [], { name: 'adam', sampling: 'shuffled', beta1: 0.9 }],
    ['adamW', ['--optimiser', 'adamW'], { name: 'adamW', weightDecay: 1e-2 }],
    ['adamW of another decay', ['--optimiser', 'adamW', '--weight-decay', '0.3'], { weightDecay: 0.3 }],
    ['sgd', ['--optimiser', 'sgd'], { name: 'sgd', momentum: 0, weightDecay: 0, sampling: 'shuffled' }],
    [
      'sgd with momentum',
      ['--optimiser', 'sgd', '--momentum', '0.9', '--weight-decay', '1e-3'],
      { momentum: 0.9, weightDecay: 1e-3 },
    ],
    ['clipped', ['--clip-norm', '0.5'], { name: 'adam', clipped: { norm: 0.5 } }],
    [
      'stochasticGradient',
      ['--optimiser', 'stochasticGradient', '--momentum', '0.5'],
      { name: 'stochasticGradient', sampling: 'independent', momentum: 0.5 },
    ],
    [
      'stochasticGradient by Theorem 3',
      ['--optimiser', 'stochasticGradient', '--theorem3', '--power', '0.6'],
      {
        name: 'stochasticGradient',
        sampling: 'independent',
        rate: { name: 'polynomialDecay', options: { power: 0.6 } },
      },
    ],
  ])('%s', async (_, options, settings) => {
    const { optimiser } = await recordOf('--epochs', '1', ...options);
    expect(optimiser).toMatchObject(settings);
  });

  test('the scale of Theorem 3 differs for another seed', async () => {
    const rates = [];
    for (const seed of ['1', '1', '2']) {
      const options = ['--optimiser', 'stochasticGradient', '--theorem3', '--rate', '0.2', '--seed', seed];
      const { epochs } = await recordOf('--epochs', '1', ...options);
      rates.push(epochs[0].rate);
    }
    expect(rates[0]).toBe(rates[1]);
    expect(rates[0]).not.toBe(rates[2]);
    for (const rate of rates) expect(Math.abs(rate - 0.2)).toBeLessThanOrEqual(0.1);
  });
});

test('--class-weights balanced: every class weighs the same', async () => {
  expect((await recordOf('--epochs', '1')).configuration.classWeights).toBeUndefined();
  const { configuration } = await recordOf('--epochs', '1', '--class-weights', 'balanced');
  expect(configuration.classWeights).toEqual([48 / (2 * 32), 48 / (2 * 16)]);
});

test('--early-stopping ends the run, and states which parameters are kept', async () => {
  // The garden is independent of the other columns, so that memorising the training rows harms the held-out rows.
  const noise = ['--target', '<script>garden</script>', '--standardise', 'no', '--rate', '3e-2'];
  const { out } = await train(...noise, '--epochs', '60', '--early-stopping', '2');
  const [, best] = out.match(/^stopped early; the parameters are those of epoch (\d+), the best$/m) ?? [];
  const epochs = [...out.matchAll(/^epoch +(\d+)\//gm)].map(([, epoch]) => Number(epoch));
  expect(epochs).toHaveLength(Number(best) + 2);
  const held = (epoch: number): string | undefined => out.split('\n').find((line) => line.match(`^epoch +${epoch}/`));
  const accuracy = out.match(/^test accuracy ([\d.]+ %)/m)?.[1] as string;
  expect(held(Number(best))).toMatch(new RegExp(`held-out +${accuracy}`));
});

describe('wrong or conflicting options are one line, with exit code 2', () => {
  const theorem = ['--optimiser', 'stochasticGradient', '--theorem3'];
  test.each<[string[], string]>([
    [['--optimiser', 'Adam'], '--optimiser: it is "Adam"; it must be one of adam, adamW, sgd, stochasticGradient'],
    [['--momentum', '0.9'], '--momentum: it does not go with the optimiser adam; it is for sgd, stochasticGradient'],
    [['--optimiser', 'sgd', '--momentum', '1'], '--momentum: it is "1"; it must be a number in [0, 1)'],
    [['--weight-decay', '0.1'], '--weight-decay: it does not go with the optimiser adam; it is for adamW, sgd'],
    [['--optimiser', 'sgd', '--weight-decay=-1'], '--weight-decay: it is "-1"; it must be a finite number ≥ 0'],
    [['--clip-norm', '0'], '--clip-norm: it is "0"; it must be a finite number > 0'],
    [['--schedule', 'linearWarmUp'], '--schedule: it is "linearWarmUp"; it must be one of constantRate, stepDecay'],
    [['--power', '0.5'], '--power: it does not go with the schedule stepDecay; it is for polynomialDecay'],
    [['--schedule', 'cosine', '--decay-every', '3'], '--decay-every: it does not go with the schedule cosine'],
    [['--schedule', 'oneCycle', '--warm-up', '1'], '--warm-up: it does not go with the schedule oneCycle'],
    [['--schedule', 'cosine', '--warm-up', '40'], '--warm-up: it is "40"; it must be a number in [0, 40)'],
    [['--warm-up=-1'], '--warm-up: it is "-1"; it must be a finite number ≥ 0'],
    [['--schedule', 'cosine', '--schedule-epochs', '5'], '--epochs: it is 40, and the schedule cosine ends after 5'],
    [['--decay-factor', '1.5'], '--decay-factor: it is "1.5"; it must be a number in (0, 1]'],
    [['--theorem3'], '--theorem3: it does not go with the optimiser adam; it is for stochasticGradient'],
    [[...theorem, '--power', '1.5'], '--power: it is "1.5"; it must be a number in (0, 1]'],
    ...['--momentum', '--weight-decay', '--clip-norm', '--early-stopping', '--warm-up', '--decay-every'].map(
      (name): [string[], string] => [[...theorem, name, '0.5'], `${name}: the theorem does not cover it`],
    ),
    [[...theorem, '--schedule', 'cosine'], '--schedule: the theorem does not cover it; leave it out, or leave out'],
    [[...theorem, '--class-weights', 'balanced'], '--class-weights: the theorem does not cover it'],
    [['--class-weights', 'equal'], '--class-weights: it is "equal"; it must be one of balanced'],
    [['--early-stopping', '0'], '--early-stopping: it is "0"; it must be a positive integer'],
  ])('%j', async (options, message) => {
    const { code, out, error } = await train(...options);
    expect(error).toContain(message);
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect([code, out]).toEqual([2, '']);
  });
});
