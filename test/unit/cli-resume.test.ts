import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/index.ts';
import { type RunOptions, run } from '../fixtures/cli/run.ts';
import { imageFiles, writeCSV } from '../support/files.ts';
import { flowers } from '../support/flowers.ts';
import { createFolder } from '../support/folder.ts';

const folder = createFolder('resume');
const path = (name: string): string => join(folder, name);

/** The options of the first run; a resumed run gets only the data again. */
const SETTINGS = ['--backend', 'cpu', '--width', '5', '--batch', '16', '--target', 'species', '--seed', '3'];
const data = () => ['--data', path('flowers.csv')];
const begin = (name: string, more: readonly string[] = [], options: RunOptions = {}) =>
  run(['train', ...data(), ...SETTINGS, '--checkpoint', path(name), ...more], options);
const resume = (name: string, more: readonly string[] = [], options: RunOptions = {}) =>
  run(['train', ...data(), '--resume', path(name), ...more], options);

beforeAll(async () => {
  writeFileSync(path('flowers.csv'), writeCSV(flowers(60)));
  await begin('run', ['--epochs', '2']);
});

/** The state that training produced, without its times. */
function stateOf(name: string) {
  const { parameters, training } = loadCheckpoint(readFileSync(path(name)));
  const untimed = training?.epochs.map(({ seconds, secondsLeft, samplesPerSecond, epochs, ...rest }) => rest);
  return { parameters, losses: training?.losses, optimiser: training?.optimiser, epochs: untimed };
}

const epochsOf = (out: string): string[] =>
  [...out.matchAll(/^epoch .*(?= {2}\d+\.\d\d s$)/gm)].map(([line]) => line.replace(/\/\d+/, ''));

/**
 * Interrupts when a text that matches is shown. The line of an epoch ends with a line break, that of a step does not.
 */
function interruptedAt(pattern: RegExp): RunOptions {
  const controller = new AbortController();
  const onText = (text: string): void => {
    if (pattern.test(text)) controller.abort();
  };
  return { interruption: controller.signal, onOut: onText, onLine: onText, terminal: true };
}

describe('an interrupted and resumed run equals an uninterrupted one, bit for bit', () => {
  test.each([
    ['after an epoch, Adam', /^epoch 3\/5 .*\n/, []],
    ['within an epoch, Adam', /^epoch 3\/5 .* 2\/3 /, []],
    ['AdamW and cosine', /^epoch 2\/5 .* 1\/3 /, ['--optimiser', 'adamW', '--schedule', 'cosine', '--warm-up', '1']],
    ['momentum, clipped', /^epoch 3\/5 .* 1\/3 /, ['--optimiser', 'sgd', '--momentum', '0.8', '--clip-norm', '0.5']],
    ['Theorem 3', /^epoch 2\/5 .* 2\/3 /, ['--optimiser', 'stochasticGradient', '--theorem3', '--power', '0.6']],
    ['early stopping', /^epoch 3\/5 .* 2\/3 /, ['--early-stopping', '2', '--class-weights', 'balanced']],
  ])('%s', async (_, pattern, options) => {
    const more = [...options, '--epochs', '5'];
    const whole = await begin('whole', more);
    expect([whole.code, whole.error]).toEqual([0, '']);
    const first = await begin('part', more, interruptedAt(pattern));
    expect(first.code).toBe(130);
    expect(first.error).toBe(
      `interrupted\ngo on with: equilibra train --resume ${path('part')} --data ${path('flowers.csv')}\n`,
    );
    expect(stateOf('part').losses?.length).toBeLessThan(15);
    const second = await resume('part');
    expect([second.code, second.error]).toEqual([0, '']);
    expect(second.out).toMatch(/^resumed .*part: \d of 5 epochs( and \d steps?)? done$/m);
    expect(stateOf('part')).toEqual(stateOf('whole'));
    expect([...epochsOf(first.out), ...epochsOf(second.out)]).toEqual(epochsOf(whole.out));
    const end = /^test accuracy .*$/m;
    expect(second.out.match(end)?.[0]).toBe(whole.out.match(end)?.[0]);
  });

  test('more epochs are requested after the end', async () => {
    await begin('six', ['--epochs', '6']);
    await begin('three', ['--epochs', '3']);
    const { out } = await resume('three', ['--epochs', '6', '--checkpoint', path('other')]);
    expect(epochsOf(out)).toHaveLength(3);
    expect(stateOf('other')).toEqual(stateOf('six'));
    expect(stateOf('three').losses).toHaveLength(9);
  });
});

describe('equilibra train --checkpoint', () => {
  test('writes a checkpoint after every epoch', async () => {
    const losses: (number | undefined)[] = [];
    const onOut = (text: string): void => {
      // The checkpoint is that of the epoch before, because a line is written before the checkpoint of its epoch.
      if (/^epoch [23]/.test(text)) losses.push(stateOf('every').losses?.length);
    };
    const { out } = await begin('every', ['--epochs', '3'], { onOut });
    expect(losses).toEqual([3, 6]);
    expect(stateOf('every').losses).toHaveLength(9);
    expect(out).toContain(`\nsaved    ${path('every')}\n`);
  });

  test('stores what the model needs besides its parameters: preparation, classes, options', async () => {
    const { extras } = loadCheckpoint(readFileSync(path('run')));
    expect(extras).toMatchObject({
      preparation: { kind: 'table', target: 'species', classNames: ['iris 0', 'iris 1', 'iris 2'] },
      data: { name: 'flowers.csv', bundled: false },
      options: { width: '5', batch: '16', seed: '3', rate: '0.01', schedule: 'stepDecay', target: 'species' },
    });
  });

  test('without it, an interrupted run cannot be resumed', async () => {
    const { code, error } = await run(['train', ...data(), ...SETTINGS], interruptedAt(/^epoch +1\/.*\n/));
    expect([code, error]).toEqual([130, 'interrupted\n']);
  });
});

describe('equilibra train --report', () => {
  test('is written of an interrupted run too, once an epoch is done', async () => {
    const report = path('report.html');
    const { code, out } = await begin('cut', ['--report', report], interruptedAt(/^epoch +2\/.*\n/));
    expect(code).toBe(130);
    expect(out).toContain(`report   ${report}\n`);
    const text = readFileSync(report, 'utf8');
    expect(text).toContain('<dt>ended</dt><dd>interrupted</dd>');
    expect(text).toContain('2 epochs');
  });

  test('is not written before that', async () => {
    const report = path('none.html');
    const { code, out } = await begin('cut', ['--report', report], interruptedAt(/ 1\/3 /));
    expect([code, out.includes('report')]).toEqual([130, false]);
    expect(() => readFileSync(report)).toThrow('ENOENT');
  });

  test('includes the epochs before a resume, and which parameters were the best', async () => {
    const report = path('both.html');
    await resume('run', ['--epochs', '3', '--early-stopping', '3', '--checkpoint', path('more'), '--report', report]);
    const text = readFileSync(report, 'utf8');
    expect(text).toContain('3 epochs');
    expect(text).toMatch(/<dt>ended<\/dt><dd>early stopping; the parameters are those of epoch \d, the best<\/dd>/);
  });
});

describe('conflicts are one line on standard error, with exit code 2', () => {
  beforeAll(() => {
    writeFileSync(path('other.csv'), writeCSV(flowers(63)));
    writeFileSync(path('text'), 'no checkpoint');
    writeFileSync(path('short'), readFileSync(path('run')).subarray(0, 1000));
    const [header, ...rows] = flowers(60);
    writeFileSync(path('changed.csv'), writeCSV([header, ...rows.slice(3), ...rows.slice(0, 3)]));
    for (const { name, bytes } of imageFiles(8, 4, 4)) writeFileSync(path(name), bytes);
  });

  const on = (...more: string[]) => ['--resume', path('run'), ...more];
  test.each([
    ['no such checkpoint', () => ['--resume', path('nothing')], 'nothing: there is no such file or folder'],
    ['no checkpoint', () => ['--resume', path('text')], 'they do not start as a checkpoint does'],
    ['a checkpoint cut short', () => ['--resume', path('short')], 'short: checkpoint: it is cut short, 1000 of'],
    ['no data', () => on(), '--data is missing:'],
    ['other data', () => on('--data', path('other.csv')), 'these are not the data that'],
    ['the rows in another order', () => on('--data', path('changed.csv')), 'not the data that'],
    ['data of another kind', () => on('--data', folder), 'learned from flowers.csv, a CSV file; give the same'],
    ['another width', () => on(...data(), '--width', '6'), '--width: it is "6"; '],
    ['another rate', () => on(...data(), '--rate', '0.1'), 'was trained with "0.01", and training goes on only with'],
    ['another optimiser', () => on(...data(), '--optimiser', 'sgd'), '--optimiser: it is "sgd"'],
    ['another target', () => on(...data(), '--target', 'planet'), '--target: it is "planet"'],
    ['an option that it did not have', () => on(...data(), '--ignore', 'planet'), 'was trained without it'],
    ['fewer epochs', () => on(...data(), '--epochs', '1'), 'has begun epoch 2 already'],
    ['a checkpoint nowhere', () => on(...data(), '--checkpoint', path('no/where')), 'there is no folder'],
  ])('%s', async (_, given, message) => {
    const { code, out, error } = await run(['train', ...given()]);
    expect(error).toContain(message);
    expect(error).toMatch(/^equilibra: [^\n]+\n$/);
    expect([code, out]).toEqual([2, '']);
  });

  test('other images of the same number and size', async () => {
    const more = ['--backend', 'cpu', '--width', '4', '--epochs', '1'];
    await run(['train', '--data', folder, ...more, '--checkpoint', path('pictures')]);
    const images = path('train-images-idx3-ubyte');
    const bytes = readFileSync(images);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(images, bytes);
    const { code, out, error } = await run(['train', '--data', folder, '--resume', path('pictures'), '--epochs', '2']);
    expect([code, out.includes('epoch 2')]).toEqual([2, false]);
    expect(error).toMatch(
      /^equilibra: --resume [^\n]*pictures: data is {"checksum":[^\n]* now; training goes on only with[^\n]*\n$/,
    );
  });

  test('the same options may be given again, however they are written', async () => {
    const again = [...SETTINGS, '--rate', '1e-2', '--activation', 'ReLU', '--checkpoint', path('again')];
    expect(await resume('run', again)).toMatchObject({ code: 0, error: '' });
  });
});
