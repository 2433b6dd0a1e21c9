/** Crops and flips of training images: what they do, and on what they depend. */
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';
import { dense } from '../../src/layers/dense.ts';
import type { Layer } from '../../src/layers/layer.ts';
import { sequential } from '../../src/layers/sequential.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type AugmentationOptions, createAugmentation } from '../../src/train/augmentation.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import { SHARED } from '../../src/train/evaluation-parts.ts';
import { train } from '../../src/train/train.ts';
import { createOracle } from '../support/engines.ts';
import { parametersOf } from '../support/interrupted.ts';

const [CHANNELS, ROWS, COLUMNS] = [2, 3, 4];
const SIZE = CHANNELS * ROWS * COLUMNS;

/** Images whose numbers are all different, and none is 0. */
function images(count: number): Samples {
  const inputs = Float32Array.from({ length: count * SIZE }, (_, at) => (at + 1) / 64);
  const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
  return { inputs, labels, count, features: SIZE, shape: [CHANNELS, ROWS, COLUMNS] };
}

/** One image, moved and mirrored as the definition says. */
function moved(image: ArrayLike<number>, down: number, right: number, isMirrored: boolean): number[] {
  return Array.from({ length: SIZE }, (_, at) => {
    const [channel, y] = [Math.floor(at / (ROWS * COLUMNS)), Math.floor(at / COLUMNS) % ROWS];
    const x = isMirrored ? COLUMNS - 1 - (at % COLUMNS) : at % COLUMNS;
    const [row, column] = [y + down, x + right];
    const isInside = row >= 0 && row < ROWS && column >= 0 && column < COLUMNS;
    return isInside ? image[(channel * ROWS + row) * COLUMNS + column] : 0;
  });
}

const varied = (options: AugmentationOptions, samples: Samples, rows: readonly number[], epoch = 0): Samples => {
  const part = {
    ...samples,
    count: rows.length,
    inputs: Float32Array.from(rows.flatMap((row) => [...samples.inputs.subarray(row * SIZE, (row + 1) * SIZE)])),
  };
  const { augment } = createAugmentation(options, samples, SHARED);
  return augment(part, rows, random(7), epoch) as Samples;
};

describe('what becomes of an image', () => {
  test.each([
    ['a crop', { crop: 2 }, [false]],
    ['a flip', { flip: true }, [false, true]],
    ['both', { crop: 1, flip: true }, [false, true]],
  ] as const)('%s: one of the moves that the options allow, each of them at times', (_, options, mirrors) => {
    const reach = 'crop' in options ? options.crop : 0;
    const offsets = Array.from({ length: 2 * reach + 1 }, (_, at) => at - reach);
    const samples = images(1);
    const allowed = offsets.flatMap((down) =>
      offsets.flatMap((right) => mirrors.map((isMirrored) => String(moved(samples.inputs, down, right, isMirrored)))),
    );
    const counts = new Map(allowed.map((one) => [one, 0]));
    const draws = 60 * allowed.length;
    for (let epoch = 0; epoch < draws; epoch++) {
      const found = String([...varied(options, samples, [0], epoch).inputs]);
      expect(counts.has(found)).toBe(true);
      counts.set(found, (counts.get(found) ?? 0) + 1);
    }
    // Each expects 60; five standard deviations are 39.
    for (const count of counts.values()) expect(Math.abs(count - 60)).toBeLessThan(39);
  });

  test('depends on the row and the epoch, not on the batch or the order in it', () => {
    const samples = images(40);
    const rows = Array.from({ length: 40 }, (_, row) => row);
    const options = { crop: 2, flip: true };
    const all = varied(options, samples, rows);
    const backwards = varied(options, samples, [...rows].reverse());
    for (const row of rows) {
      const own = all.inputs.subarray(row * SIZE, (row + 1) * SIZE);
      expect(varied(options, samples, [row]).inputs).toEqual(own);
      expect(backwards.inputs.subarray((39 - row) * SIZE, (40 - row) * SIZE)).toEqual(own);
    }
    expect(varied(options, samples, rows, 1).inputs).not.toEqual(all.inputs);
    expect(samples.inputs).toEqual(images(40).inputs);
  });
});

describe('training with it', () => {
  /** Keeps what goes into training steps and into evaluation. */
  function watched(): { layer: Layer; seen: { rows: Int32Array; x: Tensor }[]; evaluated: Tensor[] } {
    const seen: { rows: Int32Array; x: Tensor }[] = [];
    const evaluated: Tensor[] = [];
    const layer: Layer = {
      kind: 'watched',
      inputs: SIZE,
      outputs: SIZE,
      parameters: [],
      forward(x, _, { training }) {
        const kept = engine.keepAlias(x);
        if (training) seen.push({ rows: training.rows, x: kept });
        else evaluated.push(kept);
        return x;
      },
    };
    return { layer, seen, evaluated };
  }
  const engine = createOracle();
  const options = { epochs: 2, batch: 4, seed: 7, augmentation: { crop: 1, flip: true } };

  test('varies the training rows of each epoch, and no row that is evaluated', async () => {
    const { layer, seen, evaluated } = watched();
    const samples = images(10);
    await train(engine, sequential(layer, dense({ inputs: SIZE, outputs: 2 })), samples, {
      ...options,
      validation: samples,
    });
    expect(seen.length).toBe(6);
    for (const [step, { rows, x }] of seen.entries()) {
      const expected = varied(options.augmentation, samples, [...rows], Math.floor(step / 3)).inputs;
      expect(await x.data()).toEqual(Float64Array.from(expected));
    }
    for (const x of evaluated) expect(await x.data()).toEqual(Float64Array.from(samples.inputs));
  });

  test('a stopped and resumed run equals the uninterrupted one, bit for bit', async () => {
    const model = () => sequential(dense({ inputs: SIZE, outputs: 2 }));
    const whole = model();
    await train(engine, whole, images(10), options);
    let bytes: Uint8Array | undefined;
    const first = await train(engine, model(), images(10), {
      ...options,
      maximumSteps: 4,
      checkpoint: {
        write(written) {
          bytes = written;
        },
      },
    });
    expect(first.losses.length).toBe(4);
    const resumed = model();
    await train(engine, resumed, images(10), { ...options, resume: bytes });
    expect(await parametersOf(resumed)).toEqual(await parametersOf(whole));
    const plain = model();
    await train(engine, plain, images(10), { ...options, augmentation: undefined });
    expect(await parametersOf(plain)).not.toEqual(await parametersOf(whole));
    const { configuration } = loadCheckpoint(bytes as Uint8Array).training ?? {};
    expect([configuration?.augmentation, configuration?.shape]).toEqual([{ crop: 1, flip: true }, [2, 3, 4]]);
    const goOn = (change: object, samples = images(10)) =>
      train(engine, model(), samples, { ...options, resume: bytes, ...change });
    await expect(goOn({ augmentation: { flip: true } })).rejects.toThrow(
      'resume: augmentation is {"crop":1,"flip":true} in the checkpoint and {"flip":true} now',
    );
    await expect(goOn({}, { ...images(10), shape: [2, 4, 3] })).rejects.toThrow(
      'resume: shape is [2,3,4] in the checkpoint and [2,4,3] now',
    );
  });

  test.each([
    ['no shape', {}, { shape: undefined }, 'the samples have no shape [channels, rows, columns]'],
    ['a plain row', {}, { shape: [SIZE] }, 'the samples have no shape [channels, rows, columns]'],
    ['a crop of 0', { crop: 0 }, {}, 'crop is 0; it must be a positive integer'],
    ['a crop as large as the image', { crop: 3 }, {}, 'crop is 3; it must be below 3, for images of 3 × 4'],
    ['a flip that is no flag', { flip: 1 }, {}, 'flip is 1; it must be true or false'],
    ['another option', { crops: 1 }, {}, 'crops'],
    ['nothing to vary', { crop: undefined, flip: false }, {}, '{ crop, flip } with at least one of them'],
    ['a shape of other numbers', {}, { shape: [2, 3, 5] }, 'shape is [2, 3, 5]'],
  ])('refuses %s', async (_, given, changed, message) => {
    const augmentation = { crop: 1, ...given } as AugmentationOptions;
    const samples = { ...images(4), ...changed } as Samples;
    await expect(
      train(engine, sequential(dense({ inputs: SIZE, outputs: 2 })), samples, { ...options, augmentation }),
    ).rejects.toThrow(message);
  });
});
