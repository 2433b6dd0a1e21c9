/** Networks of layers for images: maximum pooling, batch normalisation, residuals, training and checkpoints. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  activation,
  adam,
  averagePooling,
  batchNorm,
  convolution,
  convolutionNetwork,
  dense,
  flatten,
  imageLayers,
  loadCheckpoint,
  type Memory,
  maximumPooling,
  modelFrom,
  residual,
  sequential,
  type TrainingPass,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';
import { dot, normals, relativeError } from '../support/numbers.ts';
import { poolNumbers } from '../support/plain-images.ts';

const engine = createOracle();
afterAll(() => engine.close());

const emptyMemory = (): Memory => ({ numbers: new Map(), tensors: new Map() });
const training = (batch: number): TrainingPass => ({
  step: 0,
  random: random(1),
  rows: new Int32Array(batch),
  count: batch,
  whenRead: () => {},
});

describe('maximumPooling', () => {
  const cases = [
    { channels: 2, size: [4, 6], window: [2, 2], stride: [2, 2], padding: [0, 0] },
    { channels: 1, size: [5, 7], window: [3, 2], stride: [2, 1], padding: [1, 0] },
    { channels: 2, size: [4, 3], window: [3, 3], stride: [1, 2], padding: [1, 1] },
    { channels: 1, size: [1, 1], window: [1, 1], stride: [1, 1], padding: [0, 0] },
    { channels: 1, size: [2, 3], window: [4, 3], stride: [3, 1], padding: [2, 1] },
  ] as const;

  test.each(cases)('$channels channels of $size, window $window, stride $stride, padding $padding', async (given) => {
    const layer = maximumPooling(given);
    const x = normals(2 * layer.inputs, 1);
    const v = normals(2 * layer.outputs, 2);
    const pass = { solves: [], memory: emptyMemory() };
    const input = engine.tensor(x, [2, layer.inputs]);
    expect([...(await layer.forward(input, [], pass).data())]).toEqual(
      poolNumbers(x, given, (all) => Math.max(...all)),
    );
    const [, gradients] = await valueAndGrad(
      (a) =>
        layer
          .forward(a, [], pass)
          .mul(engine.tensor(v, [2, layer.outputs]))
          .sum(),
      [input],
    );
    const step = 1e-6;
    const value = (at: number, by: number): number =>
      dot(
        v,
        poolNumbers(
          x.map((each, other) => (other === at ? each + by : each)),
          given,
          (all) => Math.max(...all),
        ),
      );
    const slopes = Array.from(x, (_, at) => (value(at, step) - value(at, -step)) / (2 * step));
    expect(relativeError(await gradients[0].data(), slopes)).toBeLessThan(1e-8);
  });

  test.each([
    [1, [1, 0, 0, 0]],
    [0, [0, 0, 0, 1]],
  ])('at a tie the selection %j takes one of the greatest', async (selection, expected) => {
    const layer = maximumPooling({ channels: 1, size: [2, 2], window: 2, selection });
    const pass = { solves: [], memory: emptyMemory() };
    const [, gradients] = await valueAndGrad(
      (a) => layer.forward(a, [], pass).sum(),
      [engine.tensor([3, 3, 3, 3], [1, 4])],
    );
    expect([...(await gradients[0].data())]).toEqual(expected);
  });
});

describe('where numbers of a window tie, the gradient goes to', () => {
  const wide = { channels: 2, size: [5, 6], window: [3, 2], stride: [2, 1], padding: [1, 1] } as const;

  test.each([
    ['the first of them, row by row', 1],
    ['the last of them', 0],
  ])('%s', async (_, selection) => {
    const layer = maximumPooling({ ...wide, selection });
    const x = normals(2 * layer.inputs, 4).map((each) => Math.round(Math.max(0, each)));
    const v = normals(2 * layer.outputs, 5);
    const [, [gradient]] = await valueAndGrad(
      (a) =>
        layer
          .forward(a, [], { solves: [], memory: emptyMemory() })
          .mul(engine.tensor(v, [2, layer.outputs]))
          .sum(),
      [engine.tensor(x, [2, layer.inputs])],
    );
    const expected = new Array<number>(x.length).fill(0);
    const places = Array.from(x, (_, at) => at);
    const chosen = poolNumbers(places, wide, (inside) => {
      const most = Math.max(...inside.map((at) => x[at]));
      const ties = inside.filter((at) => x[at] === most);
      return selection === 1 ? ties[0] : ties[ties.length - 1];
    });
    for (const [window, at] of chosen.entries()) expected[at] += v[window];
    expect(relativeError(await gradient.data(), expected)).toBeLessThan(1e-14);
  });
});

describe('batchNorm', () => {
  const layer = batchNorm({ channels: 2, size: [2, 3], epsilon: 1e-3, momentum: 0.25 });
  const gain = [1.5, -0.5];
  const bias = [0.25, 2];
  const x = normals(4 * 12, 5);
  const numbersOf = (values: ArrayLike<number>, channel: number): number[] =>
    Array.from(values).filter((_, at) => Math.floor(at / 6) % 2 === channel);
  const moments = (values: number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, squares: values.reduce((sum, each) => sum + (each - mean) ** 2, 0), count: values.length };
  };
  const normalised = (values: ArrayLike<number>): number[] =>
    Array.from(values, (each, at) => {
      const channel = Math.floor(at / 6) % 2;
      const { mean, squares, count } = moments(numbersOf(values, channel));
      return (gain[channel] * (each - mean)) / Math.sqrt(squares / count + 1e-3) + bias[channel];
    });
  const parameters = () => [engine.tensor(gain), engine.tensor(bias)];

  test('in training it uses the batch, and in evaluation the running statistics', async () => {
    const memory = emptyMemory();
    const input = engine.tensor(x, [4, 12]);
    const output = layer.forward(input, parameters(), { solves: [], memory, training: training(4) });
    expect(relativeError(await output.data(), normalised(x))).toBeLessThan(1e-12);
    const all = [0, 1].map((channel) => moments(numbersOf(x, channel)));
    const mean = all.map((each) => 0.25 * each.mean);
    const variance = all.map(({ squares, count }) => 0.75 + (0.25 * squares) / (count - 1));
    expect(relativeError((await memory.tensors.get('running mean')?.data()) ?? [], mean)).toBeLessThan(1e-12);
    expect(relativeError((await memory.tensors.get('running variance')?.data()) ?? [], variance)).toBeLessThan(1e-12);
    expect(memory.numbers.get('batches')).toBe(1);
    const evaluated = await layer.forward(input, parameters(), { solves: [], memory }).data();
    const expected = x.map((each, at) => {
      const channel = Math.floor(at / 6) % 2;
      return (gain[channel] * (each - mean[channel])) / Math.sqrt(variance[channel] + 1e-3) + bias[channel];
    });
    expect(relativeError(evaluated, expected)).toBeLessThan(1e-12);
    expect(memory.numbers.get('batches')).toBe(1);
  });

  test('gradients in training are those of the batch statistics too', async () => {
    const v = normals(48, 6);
    const pass = () => ({ solves: [], memory: emptyMemory(), training: training(4) });
    const [, gradients] = await valueAndGrad(
      (a, ...values) =>
        layer
          .forward(a, values, pass())
          .mul(engine.tensor(v, [4, 12]))
          .sum(),
      [engine.tensor(x, [4, 12]), ...parameters()],
    );
    const step = 1e-6;
    const slopes = Array.from(x, (_, at) => {
      const [high, low] = [step, -step].map((by) =>
        dot(v, normalised(x.map((each, other) => (other === at ? each + by : each)))),
      );
      return (high - low) / (2 * step);
    });
    expect(relativeError(await gradients[0].data(), slopes)).toBeLessThan(1e-7);
    expect(
      relativeError(
        await gradients[2].data(),
        [0, 1].map((c) => numbersOf(v, c).reduce((a, b) => a + b, 0)),
      ),
    ).toBeLessThan(1e-12);
  });

  test('a batch with one number of a feature is refused in training', () => {
    const rows = batchNorm({ inputs: 2 });
    const pass = { solves: [], memory: emptyMemory(), training: training(1) };
    expect(() => rows.forward(engine.tensor([1, 2], [1, 2]), parameters(), pass)).toThrow('one number of each feature');
  });

  test.each<[object, string]>([
    [{}, 'give one of the two'],
    [{ inputs: 2, channels: 1, size: [1, 2] }, 'give one of the two'],
    [{ channels: 1 }, 'size is'],
    [{ inputs: 2, epsilon: 0 }, 'epsilon is 0'],
    [{ inputs: 2, momentum: 2 }, 'momentum is 2'],
  ])('refuses %j', (options, message) => {
    expect(() => batchNorm(options)).toThrow(message);
  });
});

describe('residual', () => {
  test('adds its input, and remembers what layers inside of it remember', async () => {
    const layer = residual(residual(batchNorm({ inputs: 3 })), dense({ inputs: 3, outputs: 3 }));
    expect(layer.parameters.map(({ name }) => name)).toEqual([
      '0.residual.0.batchNorm.gain',
      '0.residual.0.batchNorm.bias',
      '1.dense.W',
      '1.dense.b',
    ]);
    const memory = emptyMemory();
    const values = [
      [1, 1, 1],
      [0, 0, 0],
      [1, 0, 0, 0, 1, 0, 0, 0, 1],
      [1, 2, 3],
    ];
    const parameters = layer.parameters.map(({ shape }, at) => engine.tensor(values[at], shape));
    const x = engine.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    await layer.forward(x, parameters, { solves: [], memory, training: training(2) }).data();
    expect([...memory.tensors.keys()].sort()).toEqual(['0.0.running mean', '0.0.running variance']);
    expect([...memory.numbers]).toEqual([['0.0.batches', 1]]);
    // In evaluation: x + ((x + n(x)) + b) with the running mean 0.1·mean and the variance 0.9 + 0.1·4.5.
    const output = await layer.forward(x, parameters, { solves: [], memory }).data();
    const expected = [1, 2, 3, 4, 5, 6].map((each, at) => {
      const mean = 0.1 * (2.5 + (at % 3));
      return 2 * each + (each - mean) / Math.sqrt(1.35 + 1e-5) + (at % 3) + 1;
    });
    expect(relativeError(output, expected)).toBeLessThan(1e-12);
  });

  test('refuses layers that do not give what they take', () => {
    expect(() => residual()).toThrow('no layers were given');
    expect(() => residual(dense({ inputs: 2, outputs: 3 }))).toThrow('gives 3 outputs; it must give 2');
    expect(() =>
      residual(
        averagePooling({ channels: 1, size: [3, 2], window: 1 }),
        convolution({ inputChannels: 1, channels: 6, size: [3, 2], kernel: [3, 2] }),
      ),
    ).toThrow('averagePooling takes images [1, 3, 2], convolution before it gives images [6, 1, 1]');
  });
});

describe('activation', () => {
  test.each([
    ['plain rows', { inputs: 3 }, undefined],
    ['images', { channels: 1, size: [1, 3] as const }, [1, 1, 3]],
  ])('is applied to each number of %s', async (_, given, shape) => {
    const layer = activation({ ...given, activation: 'relu' });
    const model = sequential(layer);
    model.initialise(engine);
    expect([...(await model.predictValues([-1, 0, 2]))]).toEqual([0, 0, 2]);
    expect([layer.inputShape, layer.outputShape]).toEqual([shape, shape]);
    const [description] = loadCheckpoint(await model.save()).layers;
    expect(description.options).toEqual({ ...given, activation: 'relu' });
    const again = modelFrom(loadCheckpoint(await model.save()), engine, { layers: imageLayers });
    expect([...(await again.predictValues([-1, 0, 2]))]).toEqual([0, 0, 2]);
  });

  test.each<[object, string]>([
    [{ activation: 'relu' }, 'activation: inputs is for plain rows'],
    [{ inputs: 2, channels: 1, size: [1, 2], activation: 'relu' }, 'give one of the two'],
    [{ inputs: 2 }, 'activation'],
    [{ inputs: 2, activation: 'gelu' }, 'activation: activation is "gelu"; it must be one of none, relu'],
    [{ channels: 1, activation: 'relu' }, 'size is'],
  ])('refuses %j', (options, message) => {
    expect(() => activation(options as never)).toThrow(message);
  });

  test('keeps the shape of images: a layer after it compares it', () => {
    const after = activation({ channels: 2, size: [2, 3], activation: 'relu' });
    expect(() => sequential(after, flatten({ channels: 3, size: [2, 2] }))).toThrow(
      'flatten takes images [3, 2, 2], activation before it gives images [2, 2, 3]',
    );
  });
});

describe('a network', () => {
  const network = () =>
    sequential(
      convolution({ inputChannels: 1, channels: 2, size: [2, 4], padding: 1, bias: false }),
      batchNorm({ channels: 2, size: [2, 4], activation: 'relu' }),
      residual(
        convolution({ inputChannels: 2, channels: 2, size: [2, 4], padding: 1 }),
        batchNorm({ channels: 2, size: [2, 4] }),
      ),
      maximumPooling({ channels: 2, size: [2, 4], window: 2 }),
      flatten({ channels: 2, size: [1, 2] }),
      dense({ inputs: 4, outputs: 3 }),
    );
  const samples = { ...clouds(40), inputs: Float32Array.from(normals(320, 9)), features: 8 };

  test('continues from a checkpoint bit for bit', async () => {
    const settings = { epochs: 2, batch: 10, seed: 3, optimiser: adam({ rate: 0.01 }) };
    const whole = network();
    await train(engine, whole, samples, settings);
    const first = network();
    const written: Uint8Array[] = [];
    await train(engine, first, samples, {
      ...settings,
      maximumSteps: 3,
      checkpoint: { write: (bytes) => void written.push(bytes), every: { steps: 3 } },
    });
    const second = network();
    await train(engine, second, samples, { ...settings, resume: written[0] });
    const state = async (model: typeof whole) => [
      ...(await Promise.all(model.parameters.map(({ value }) => value.data()))),
      ...(await Promise.all(model.memories.flatMap(({ tensors }) => [...tensors.values()].map((each) => each.data())))),
    ];
    const [expected, found] = [await state(whole), await state(second)];
    expect(expected.length).toBe(13);
    expect(found).toEqual(expected);
  });

  test('shows its images in its summary', () => {
    const widths = network()
      .summary()
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/)[2]);
    expect(widths).toEqual([
      '[1, 2, 4] → [2, 2, 4]',
      ...new Array(2).fill('[2, 2, 4] → [2, 2, 4]'),
      '[2, 2, 4] → [2, 1, 2]',
      '[2, 1, 2] → 4',
      '4 → 3',
    ]);
  });

  test('is made again from a checkpoint by imageLayers, and predicts the same', async () => {
    const model = network();
    await train(engine, model, samples, { epochs: 1, batch: 10 });
    const again = modelFrom(loadCheckpoint(await model.save()), engine, { layers: imageLayers });
    const rows = samples.inputs.slice(0, 80);
    expect(await again.predictValues(rows)).toEqual(await model.predictValues(rows));
  });
});

describe('the networks of Winston & Kolter', () => {
  test.each([
    [[1, 28, 28], 'monotoneConvolution 784 → 42336, averagePooling 42336 → 2646, dense 2646 → 10'],
    [[3, 32, 32], 'monotoneConvolution 3072 → 82944, averagePooling 82944 → 5184, dense 5184 → 10'],
    [[1, 8, 8], 'monotoneConvolution 64 → 1024, averagePooling 1024 → 256, dense 256 → 10'],
    [[1, 1, 1], 'monotoneConvolution 1 → 16, averagePooling 16 → 16, dense 16 → 10'],
  ] as const)('for images %j has their sizes', (shape, layers) => {
    const model = convolutionNetwork({ shape, outputs: 10 });
    expect(model.layers.map(({ kind, inputs, outputs }) => `${kind} ${inputs} → ${outputs}`).join(', ')).toBe(layers);
  });

  test('other sizes are taken, and wrong ones named', () => {
    const model = convolutionNetwork({ shape: [1, 9, 8], outputs: 2, channels: 3, window: 4, kernel: 5, margin: 0.5 });
    expect(model.layers[0].options).toMatchObject({ channels: 3, size: [9, 8], kernel: 5, margin: 0.5 });
    expect(model.outputs).toBe(2);
    expect(() => convolutionNetwork({ shape: [8, 8] as never, outputs: 2 })).toThrow(
      'convolutionNetwork: shape is [8, 8]; it must be a list of three: channels, rows and columns',
    );
    expect(() => convolutionNetwork({ shape: [1, 8, 8], outputs: 2, window: 9 })).toThrow('averagePooling: window');
  });
});
