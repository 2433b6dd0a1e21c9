import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum } from '../../src/data/checksum.ts';
import { CheckpointError, unpack } from '../../src/layers/checkpoint/bytes.ts';
import { pack } from '../../src/layers/checkpoint/pack.ts';
import { dense } from '../../src/layers/dense.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { adam, adamW } from '../../src/train/adam.ts';
import { modelFrom, saveCheckpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { downloadCheckpoint } from '../../src/train/checkpoint/download.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import type { CheckpointInfo } from '../../src/train/checkpoint/options.ts';
import { clipped } from '../../src/train/clipped.ts';
import type { Optimiser } from '../../src/train/optimiser.ts';
import type { TrainOptions } from '../../src/train/options.ts';
import type { EpochProgress, History, Progress } from '../../src/train/progress.ts';
import { cosine } from '../../src/train/schedules.ts';
import { sgd } from '../../src/train/sgd.ts';
import { stochasticGradient } from '../../src/train/stochastic-gradient.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';
import {
  createJitterLayer,
  createJitteryModel,
  parametersOf,
  trainUninterrupted,
  trainUntil,
} from '../support/interrupted.ts';

/** A history without its times. */
function withoutTimes({ epochs, losses, stoppedEarly, bestEpoch }: History): object {
  const plain = ({ seconds, secondsLeft, samplesPerSecond, ...rest }: EpochProgress): object => rest;
  return { losses, stoppedEarly, bestEpoch, epochs: epochs.map(plain) };
}

describe('a stopped and resumed run equals the uninterrupted one, bit for bit', () => {
  const optimisers: [string, Optimiser][] = [
    ['adam', adam({ rate: cosine(0.05, { epochs: 6, warmUp: 1 }) })],
    ['sgd with momentum', sgd({ rate: 0.05, momentum: 0.9 })],
    ['clipped adamW', clipped(adamW({ rate: 0.05 }), { norm: 0.5 })],
    ['rows drawn independently', stochasticGradient({ theorem3: true, rate: 0.2 })],
  ];
  // A step that is under way when the training is stopped still counts. An epoch has four steps.
  const places: [string, (progress: Progress) => boolean, number, number][] = [
    ['at the end of epoch 3', ({ kind, epoch }) => kind === 'epoch' && epoch === 3, 3, 0],
    ['in the middle of epoch 3', (it) => it.kind === 'step' && it.epoch === 3 && it.step === 1, 2, 2],
    ['after the last step of epoch 3', (it) => it.kind === 'step' && it.epoch === 3 && it.step === 4, 2, 4],
  ];
  const cases = optimisers.flatMap(([name, optimiser]) =>
    places.map(([place, at, epoch, step]) => [name, place, optimiser, at, { reason: 'stopped', epoch, step }] as const),
  );
  test.each(cases)('%s, %s', async (_name, _place, optimiser, at, where) => {
    const options: TrainOptions = {
      epochs: 6,
      batch: 6,
      seed: 5,
      optimiser,
      validation: clouds(9, 2),
      earlyStopping: { patience: 3, minimumImprovement: 1e-3 },
    };
    const whole = await trainUninterrupted(createOracle(), options);
    const { bytes, info } = await trainUntil(createOracle(), options, at);
    expect(info).toEqual(where);
    const again = await trainUninterrupted(createOracle(), { ...options, resume: bytes });
    expect(withoutTimes(again.history)).toEqual(withoutTimes(whole.history));
    expect(again.parameters).toEqual(whole.parameters);
    expect(whole.history.losses.length).toBeGreaterThan(12);
  });

  test('early stopping continues its count', async () => {
    const options: TrainOptions = {
      epochs: 50,
      batch: 22,
      optimiser: sgd({ rate: 0.05 }),
      // After the first epoch nothing counts as an improvement.
      earlyStopping: { patience: 4, minimumImprovement: 1000, on: 'training loss' },
    };
    const whole = await trainUninterrupted(createOracle(), options);
    expect(whole.history.epochs).toHaveLength(5);
    const { bytes } = await trainUntil(createOracle(), options, ({ kind, epoch }) => kind === 'epoch' && epoch === 3);
    const again = await trainUninterrupted(createOracle(), { ...options, resume: bytes });
    expect(withoutTimes(again.history)).toEqual(withoutTimes(whole.history));
    // The best parameters come from an epoch before the checkpoint.
    expect(again.parameters).toEqual(whole.parameters);
    const engine = createOracle();
    const best = modelFrom(loadCheckpoint(bytes), engine, {
      parameters: 'best',
      layers: { jitter: ({ width }: { width: number }) => createJitterLayer(width) },
    });
    expect(await parametersOf(best)).toEqual(whole.parameters);
  });

  test('a finished run continues with more epochs, and a run cut by maximumSteps with more steps', async () => {
    const options: TrainOptions = { batch: 6, optimiser: adam({ rate: 0.05 }) };
    const whole = await trainUninterrupted(createOracle(), { ...options, epochs: 4 });
    for (const part of [{ epochs: 2 }, { epochs: 4, maximumSteps: 6 }]) {
      const written: Uint8Array[] = [];
      const checkpoint = { write: (bytes: Uint8Array) => void written.push(bytes) };
      await trainUninterrupted(createOracle(), { ...options, ...part, checkpoint });
      const resume = written[written.length - 1];
      const again = await trainUninterrupted(createOracle(), { ...options, epochs: 4, resume });
      expect(again.history.losses).toEqual(whole.history.losses);
      expect(again.parameters).toEqual(whole.parameters);
      expect(again.history.epochs.map(({ loss }) => loss)).toEqual(whole.history.epochs.map(({ loss }) => loss));
    }
  });

  test('memory is given back', async () => {
    const options: TrainOptions = {
      epochs: 3,
      batch: 6,
      earlyStopping: { patience: 9, on: 'training loss' },
      checkpoint: { every: { steps: 1 }, write: () => {} },
    };
    const { bytes } = await trainUntil(createOracle(), options, ({ epoch }) => epoch === 2, createJitteryModel(0.5));
    const countKept = async (more: TrainOptions): Promise<number> => {
      const engine = createOracle();
      const model = createJitteryModel(0.5);
      await train(engine, model, clouds(22), { batch: 6, ...more });
      model.dispose();
      return engine.memory().buffers;
    };
    // The engine itself keeps the margin, the tolerance and the step size.
    expect(await countKept({ epochs: 1 })).toBe(3);
    expect(await countKept(options)).toBe(3);
    expect(await countKept({ ...options, resume: bytes })).toBe(3);
  });
});

describe('when checkpoints are written', () => {
  const infos = async (every?: { epochs: number } | { steps: number }): Promise<string[]> => {
    const seen: CheckpointInfo[] = [];
    const checkpoint = { every, write: (_: Uint8Array, info: CheckpointInfo) => void seen.push(info) };
    await train(createOracle(), createJitteryModel(), clouds(12), { epochs: 3, batch: 4, checkpoint });
    return seen.map(({ reason, epoch, step }) => `${reason} ${epoch}.${step}`);
  };
  test('after each epoch, and at the end', async () => {
    expect(await infos()).toEqual(['scheduled 1.0', 'scheduled 2.0', 'finished 3.0']);
    expect(await infos({ epochs: 2 })).toEqual(['scheduled 2.0', 'finished 3.0']);
  });
  test('after a number of steps', async () => {
    expect(await infos({ steps: 4 })).toEqual(['scheduled 1.1', 'scheduled 2.2', 'finished 3.0']);
  });
});

describe('a model from its checkpoint', () => {
  test('is rebuilt from the bytes alone, predicts the same, and keeps its extras', async () => {
    const engine = createOracle();
    const model = sequential(
      monotone({ inputs: 2, width: 5, activation: { name: 'softThreshold', threshold: 0.2 }, margin: 0.5 }),
      dense({ inputs: 5, outputs: 3, activation: 'tanh' }),
    );
    model.initialise(engine, 3);
    const extras = { classes: ['a', 'b', 'c'], mean: [0.1, 1e-300] };
    const checkpoint = loadCheckpoint(await saveCheckpoint(model, { extras }));
    expect(checkpoint.extras).toEqual(extras);
    const again = modelFrom(checkpoint, createOracle());
    expect(again.layers.map(({ options }) => options)).toEqual(model.layers.map(({ options }) => options));
    const { inputs } = clouds(5);
    expect(await again.predict(inputs)).toEqual(await model.predict(inputs));
  });

  test('a layer of the user needs its maker', async () => {
    const model = createJitteryModel();
    model.initialise(createOracle());
    const checkpoint = loadCheckpoint(await saveCheckpoint(model));
    expect(() => modelFrom(checkpoint, createOracle())).toThrow('there is no maker for the kind "jitter"');
    expect(() => modelFrom(checkpoint, createOracle(), { layers: { jitter: () => createJitterLayer(9) } })).toThrow(
      'the layer made for "jitter" has {"inputs":9,',
    );
    const again = modelFrom(checkpoint, createOracle(), {
      layers: { jitter: ({ width }: { width: number }) => createJitterLayer(width) },
    });
    expect(await parametersOf(again)).toEqual(await parametersOf(model));
  });
});

describe('bytes', () => {
  const packed = pack({
    content: { text: 'θ', list: [1, null] },
    arrays: new Map([
      ['exact', { shape: [2, 2], values: Float64Array.of(0.1, -0, 5e-324, 1.7976931348623157e308) }],
      ['single', { shape: [3], values: Float32Array.of(0.1, -1e-45, 3.4e38) }],
      ['empty', { shape: [0], values: new Float64Array(0) }],
    ]),
  });

  test('are restored unchanged, wherever they lie in a buffer', () => {
    const shifted = new Uint8Array(packed.length + 3);
    shifted.set(packed, 3);
    for (const bytes of [packed, shifted.subarray(3)]) {
      const { content, arrays } = unpack(bytes);
      expect(content).toEqual({ text: 'θ', list: [1, null] });
      expect(arrays.get('exact')).toEqual({
        shape: [2, 2],
        values: Float64Array.of(0.1, -0, 5e-324, 1.7976931348623157e308),
      });
      expect(arrays.get('single')).toEqual({ shape: [3], values: Float32Array.of(0.1, -1e-45, 3.4e38) });
      expect(arrays.get('empty')?.values).toHaveLength(0);
    }
  });

  test('any content and any numbers are restored', () => {
    const numbers = fc.oneof(fc.float64Array(), fc.float32Array());
    const arrays = fc.dictionary(fc.string(), numbers);
    fc.assert(
      fc.property(fc.jsonValue(), arrays, (content, dictionary) => {
        const named = Object.entries(dictionary).map(
          ([name, values]) => [name, { shape: [values.length], values }] as const,
        );
        const again = unpack(pack({ content, arrays: new Map(named) }));
        expect(JSON.stringify(again.content)).toBe(JSON.stringify(content));
        expect([...again.arrays]).toEqual(named);
      }),
    );
  });

  test('the checksum is the CRC-32 of the standard, also in parts', () => {
    const digits = new TextEncoder().encode('123456789');
    expect(checksum(digits)).toBe(0xcbf43926);
    expect(checksum(digits.subarray(4), checksum(digits.subarray(0, 4)))).toBe(0xcbf43926);
  });

  test('every flipped bit and every cut is found', () => {
    for (let at = 0; at < packed.length; at++) {
      const flipped = packed.slice();
      flipped[at] ^= 1 << (at % 8);
      expect(() => unpack(flipped)).toThrow(CheckpointError);
    }
    for (let length = 0; length < packed.length; length++) {
      expect(() => unpack(packed.subarray(0, length))).toThrow(CheckpointError);
    }
  });

  const changed = (at: number, value: number): Uint8Array => {
    const bytes = packed.slice();
    bytes[at] = value;
    return bytes;
  };
  test.each<[string, Uint8Array, string]>([
    ['another file', new TextEncoder().encode('%PDF-1.7 and more than enough of it'), 'these bytes are something else'],
    ['nothing', new Uint8Array(0), 'these bytes are something else'],
    ['a start alone', packed.subarray(0, 20), 'it is cut short, only 20 bytes are there'],
    ['a part', packed.subarray(0, 100), `it is cut short, 100 of ${packed.length} bytes are there`],
    ['a flipped byte', changed(packed.length - 9, 77), 'it is damaged, its checksum does not fit its content'],
    [
      'a newer version',
      changed(8, 2),
      'version 2 of the format, this library reads version 1; a newer equilibra is needed',
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => loadCheckpoint(bytes)).toThrow(message);
  });
});

describe('training is resumed only with the same', () => {
  const data = clouds(12);
  const options: TrainOptions = {
    epochs: 2,
    batch: 4,
    optimiser: adam(),
    earlyStopping: { patience: 5, on: 'training loss' },
  };
  const bytes = async (): Promise<Uint8Array> => {
    const written: Uint8Array[] = [];
    await train(createOracle(), createJitteryModel(), data, {
      ...options,
      checkpoint: { write: (one) => void written.push(one) },
    });
    return written[0];
  };
  const other = { ...data, inputs: data.inputs.map((x) => x + 1) };
  test.each<[string, () => Promise<unknown>, string]>([
    [
      'model',
      async () =>
        train(createOracle(), sequential(dense({ inputs: 2, outputs: 3 })), data, {
          ...options,
          resume: await bytes(),
        }),
      'resume: layer 0 is {"inputs":2,"kind":"monotone"',
    ],
    [
      'batch',
      async () => train(createOracle(), createJitteryModel(), data, { ...options, batch: 5, resume: await bytes() }),
      'batch is 4 in the checkpoint and 5 now',
    ],
    [
      'seed',
      async () => train(createOracle(), createJitteryModel(), data, { ...options, seed: 1, resume: await bytes() }),
      'seed is 0 in the checkpoint and 1 now',
    ],
    [
      'optimiser',
      async () =>
        train(createOracle(), createJitteryModel(), data, {
          ...options,
          optimiser: adam({ rate: 0.1 }),
          resume: await bytes(),
        }),
      'optimiser is {"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"name":"adam"',
    ],
    [
      'data',
      async () => train(createOracle(), createJitteryModel(), other, { ...options, resume: await bytes() }),
      'data is {"checksum":',
    ],
    [
      'classWeights',
      async () =>
        train(createOracle(), createJitteryModel(), data, {
          ...options,
          classWeights: [1, 2, 1],
          resume: await bytes(),
        }),
      'classWeights is absent in the checkpoint and [1,2,1] now',
    ],
    [
      'quantity watched',
      async () =>
        train(createOracle(), createJitteryModel(), data, {
          ...options,
          earlyStopping: { patience: 1, on: 'training accuracy' },
          resume: await bytes(),
        }),
      'earlyStopping.on is "training loss" in the checkpoint and "training accuracy" now',
    ],
    [
      'a model alone',
      async () => {
        const model = createJitteryModel();
        model.initialise(createOracle());
        return train(createOracle(), createJitteryModel(), data, { resume: await saveCheckpoint(model) });
      },
      'holds a model, but no state of training',
    ],
  ])('%s', async (_, action, message) => {
    await expect(action()).rejects.toThrow(message);
    await expect(action()).rejects.toBeInstanceOf(CheckpointError);
  });

  test('a wrong interval', async () => {
    const checkpoint = { every: { steps: 0 }, write: () => {} };
    await expect(train(createOracle(), createJitteryModel(), data, { checkpoint })).rejects.toThrow(
      'checkpoint: every is {"steps":0}',
    );
  });
});

test('a download needs a page', () => {
  expect(() => downloadCheckpoint(new Uint8Array(1), 'x')).toThrow('there is no page here');
});
