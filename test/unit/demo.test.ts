/** The parts of the web app that need no page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { applyNames, chooseShortNames, compactSource } from '../../demo/build/shaders.ts';
import { runInOwnFrame } from '../../demo/page/frames.ts';
import { recogniseSource } from '../../demo/train/data.ts';
import { computeCurves, RunHistory } from '../../demo/train/history.ts';
import { chooseFraming, type Place, rasterise } from '../../demo/train/raster.ts';
import { DEFAULTS, OPTIMISERS, readSettings, toOptions } from '../../demo/train/settings.ts';
import type { StepProgress } from '../../src/index.ts';

const shaders = fileURLToPath(new URL('../../shaders/', import.meta.url));

describe('a drawing becomes an image', () => {
  const total = (image: Float32Array): number => image.reduce((sum, value) => sum + value, 0);
  const one: Place[] = [
    [0.5, 0.1],
    [0.5, 0.9],
  ];

  test('the loss travels with a regression only', () => {
    const settings = { ...DEFAULTS, loss: 'huber' as const };
    expect(toOptions(settings, 'regression').loss).toBe('huber');
    expect(readSettings(toOptions(settings, 'regression'))).toEqual(settings);
    expect(toOptions(settings, 'classification')).not.toHaveProperty('loss');
    expect(readSettings({ ...toOptions(settings, 'regression'), loss: 'own' })).toBeUndefined();
  });

  test('a stroke fills the height of a small image, in the middle, with the area of the pen', () => {
    const framing = chooseFraming([8, 8]);
    const image = rasterise([one], framing);
    const rows = Array.from({ length: 8 }, (_, row) => total(image.subarray(8 * row, 8 * row + 8)));
    for (const row of rows.slice(1, -1)) expect(row).toBeCloseTo(framing.pen, 0);
    expect(rows[0]).toBeGreaterThan(0.5);
    for (let at = 0; at < 64; at++) expect(image[at]).toBe(image[8 * Math.floor(at / 8) + 7 - (at % 8)]); // symmetric
  });

  test('the place and the size of the drawing make no difference', () => {
    const smaller = one.map(([x, y]): Place => [0.2 + 0.3 * x, 0.4 + 0.3 * y]);
    for (const shape of [
      [8, 8],
      [28, 28],
    ]) {
      const [large, small] = [one, smaller].map((stroke) => rasterise([stroke], chooseFraming(shape)));
      for (const [at, value] of large.entries()) expect(small[at]).toBeCloseTo(value, 6);
    }
  });

  test('a large image has a border, a point is as large as the pen, and an empty drawing is empty', () => {
    const framing = chooseFraming([28, 28]);
    const image = rasterise([one], framing);
    expect(total(image.subarray(0, 4 * 28))).toBe(0);
    expect(total(rasterise([[[0.3, 0.3]]], framing))).toBeCloseTo((Math.PI / 4) * framing.pen ** 2, 0);
    expect(total(rasterise([], framing))).toBe(0);
  });
});

describe('settings in a checkpoint', () => {
  test.each(OPTIMISERS)('are restored unchanged: %s', (optimiser) => {
    const settings = { ...DEFAULTS, optimiser, width: 33, tolerance: 1e-4, activation: 'tanh' as const };
    expect(readSettings(toOptions(settings, 'classification'))).toEqual(settings);
  });

  test('a run with options that the page does not offer is not mistaken for another one', () => {
    const options = toOptions(DEFAULTS, 'classification');
    expect(readSettings({ ...options, 'clip-norm': '1' })).toBeUndefined();
    expect(readSettings({ ...options, schedule: 'cosine' })).toBeUndefined();
    expect(readSettings({ ...options, solver: 'picard' })).toBeUndefined();
    expect(readSettings({ ...options, backend: 'webgpu', target: 'kind' })).toEqual(DEFAULTS);
  });
});

describe('the history of a run', () => {
  const step = (loss: number) => ({ loss, forward: null, backward: 2 * loss });

  test('many steps become few points, each the mean of as many steps', () => {
    const { xs, loss, forward, backward } = computeCurves([1, 3, 5, 7, 9].map(step), 3);
    expect(xs).toEqual([1.5, 3.5, 5]);
    expect(loss).toEqual([2, 6, 9]);
    expect(forward).toEqual([null, null, null]);
    expect(backward).toEqual([4, 12, 18]);
  });

  const told = (samples: number, seconds: number): StepProgress => ({
    kind: 'step',
    epoch: 1,
    step: 1,
    epochs: 1,
    steps: 1,
    samples,
    loss: 1,
    accuracy: 0,
    iterationsForward: 0,
    iterationsBackward: 0,
    seconds,
    samplesPerSecond: 0,
    secondsLeft: 0,
  });

  test('the speed divides sums: of two steps that are read back together, one seems to take no time', () => {
    const history = new RunHistory();
    expect(history.speed).toBeUndefined();
    for (let pair = 0; pair < 50; pair++) for (const seconds of [0.0999, 0.0001]) history.addStep(told(64, seconds));
    expect(history.speed).toBeCloseTo(1280, 0);
  });

  test('the speed is that of the last seconds, without a pause', () => {
    const history = new RunHistory();
    for (let step = 0; step < 30; step++) history.addStep(told(10, 1));
    for (let step = 0; step < 30; step++) history.addStep(told(10, 0.1));
    expect(history.speed).toBeCloseTo(100, 6);
    history.interrupt();
    history.addStep(told(10, 3600));
    expect(history.speed).toBeCloseTo(100, 6);
    history.addStep(told(10, 3600));
    expect(history.speed).toBeLessThan(1);
  });

  test('it is cut where training resumes from a checkpoint', () => {
    const history = new RunHistory();
    history.restore([5, 4, 3, 2], []);
    history.cut(3, 0);
    expect(history.steps.map(({ loss }) => loss)).toEqual([5, 4, 3]);
  });
});

describe('dropped files', () => {
  const files = (...names: string[]): File[] => names.map((name) => new File(['x'], name));
  const four = [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte.gz',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ];

  test('are known by their names', () => {
    expect(recogniseSource(files('iris.csv')).kind).toBe('table');
    expect(recogniseSource(files('iris.TSV.gz')).kind).toBe('table');
    expect(recogniseSource(files(...four)).kind).toBe('images');
  });

  test.each([
    ['one of four', [four[0]], /train-labels-idx1-ubyte/],
    ['a picture', ['cat.png'], /^cat\.png: no data set\. Drop one CSV file/],
    ['two tables', ['a.csv', 'b.csv'], /^a\.csv, b\.csv: no data set/],
  ])('%s is refused, with the accepted files', (_, names, message) => {
    expect(() => recogniseSource(files(...names))).toThrow(message);
  });
});

/** The names of all shaders, with their text. */
const sources = readdirSync(shaders, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.wgsl'))
  .map((name) => [name, readFileSync(join(shaders, name), 'utf8')] as const);
const words = (text: string): string => (text.match(/[\w.]+|[^\w\s]/g) ?? []).join(' ');

test('shaders without their comments are otherwise the same', () => {
  expect(sources.length).toBeGreaterThan(15);
  for (const [name, source] of sources) {
    expect(source, `${name} has a block comment, which the page's build leaves in`).not.toContain('/*');
    const lines = source.split('\n').map((line) => (line.includes('//') ? line.slice(0, line.indexOf('//')) : line));
    expect(words(compactSource(source)), name).toBe(words(lines.join('\n')));
  }
});

test('short names in shaders stand for one name each, and never for an external one', () => {
  const short = chooseShortNames(sources.map(([, source]) => compactSource(source)));
  expect(short.size).toBeGreaterThan(200);
  expect(new Set(short.values()).size).toBe(short.size);
  for (const [, source] of sources)
    for (const [, name] of source.matchAll(/override (\w+)/g)) expect(short).not.toContain(name);
  for (const name of ['main', 'x', 'xyz', 'default', 'max', 'select', 'f32']) expect(short.has(name)).toBe(false);
  const long = new Map([...short].map(([name, abbreviation]) => [abbreviation, name]));
  for (const [name, source] of sources) {
    expect(applyNames(applyNames(compactSource(source), short), long), name).toBe(compactSource(source));
  }
});

describe('painting is spread over frames', () => {
  /** Animation frames for a page that has none: the returned function runs everything that was requested. */
  function stubFrames(): () => void {
    let asked: (() => void)[] = [];
    vi.stubGlobal('requestAnimationFrame', (work: () => void) => void asked.push(work));
    return () => {
      const due = asked;
      asked = [];
      for (const work of due) work();
    };
  }

  afterEach(() => vi.unstubAllGlobals());

  test('one piece a frame, in the order of the requests, each once', () => {
    const frame = stubFrames();
    const done: string[] = [];
    const [first, second] = ['first', 'second'].map((name) => () => void done.push(name));
    for (const work of [first, second, first]) runInOwnFrame(work);
    const seen = [1, 2, 3].map(() => {
      frame();
      return done.length;
    });
    expect(seen).toEqual([1, 2, 2]);
    expect(done).toEqual(['first', 'second']);
  });

  test('a piece that requests itself again waits for the others; a failing one stops none', () => {
    const frame = stubFrames();
    const done: string[] = [];
    const again = (): void => {
      done.push('again');
      if (done.length === 1) runInOwnFrame(again);
    };
    runInOwnFrame(again);
    runInOwnFrame(() => {
      throw new Error('cannot be painted');
    });
    runInOwnFrame(() => void done.push('last'));
    frame();
    expect(frame).toThrow('cannot be painted');
    frame();
    frame();
    expect(done).toEqual(['again', 'last', 'again']);
  });
});
