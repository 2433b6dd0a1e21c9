/** Layers, optimiser, training loop and evaluation, on the oracle. */
import { describe, expect, test } from 'vitest';
import { digits } from '../../src/data/digits.ts';
import { dense } from '../../src/layers/dense.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { adam } from '../../src/train/adam.ts';
import { evaluate } from '../../src/train/evaluate.ts';
import { crossEntropy, oneHot } from '../../src/train/losses.ts';
import type { Progress } from '../../src/train/progress.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';

const small = () => sequential(monotone({ inputs: 2, width: 6 }), dense({ inputs: 6, outputs: 3 }));

describe('training', () => {
  test('learns three clouds, and reports its progress', async () => {
    const engine = createOracle();
    const model = small();
    const seen: Progress[] = [];
    const data = clouds(90);
    const history = await train(engine, model, data, {
      epochs: 12,
      batch: 16,
      optimiser: adam({ rate: 0.05 }),
      validation: clouds(30, 2),
      onProgress: (progress) => void seen.push(progress),
    });
    expect(history.losses).toHaveLength(12 * 6);
    expect(seen.filter(({ kind }) => kind === 'step')).toHaveLength(72);
    const last = history.epochs[11];
    expect(last.accuracy).toBeGreaterThan(0.97);
    expect(last.validation?.accuracy).toBeGreaterThan(0.97);
    expect(last.loss).toBeLessThan(history.epochs[0].loss / 4);
    expect(last.iterationsForward).toBeGreaterThan(1);
    expect(last.iterationsBackward).toBeGreaterThanOrEqual(1);
    const { confusion, accuracy } = await evaluate(model, data);
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(90);
    expect(confusion.reduce((sum, row, label) => sum + row[label], 0) / 90).toBe(accuracy);
    const { classes, probabilities } = await model.predict(data.inputs.slice(0, 6), { batch: 2 });
    expect(Array.from(classes)).toEqual([0, 1, 2]);
    for (let row = 0; row < 3; row++) {
      expect(probabilities.slice(3 * row, 3 * row + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
  });

  test('a prediction tells classes apart whose probabilities are the same in float32', async () => {
    const engine = createOracle();
    const model = sequential(dense({ inputs: 1, outputs: 2 }));
    model.initialise(engine);
    model.replaceParameters([engine.tensor([0, 0], [2, 1]), engine.tensor([0, 1e-9])]);
    const { classes, probabilities } = await model.predict([1]);
    expect([...probabilities]).toEqual([0.5, 0.5]);
    expect([...classes]).toEqual([1]);
  });

  test('the same seed gives the same losses to the last bit, another seed others', async () => {
    const run = async (seed: number): Promise<readonly number[]> =>
      (await train(createOracle(), small(), clouds(40), { epochs: 2, batch: 16, seed })).losses;
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });

  test('memory is the same after step 5 and after step 200, and all of it is freed at the end', async () => {
    const engine = createOracle();
    const model = small();
    const figures: string[] = [];
    let step = 0;
    await train(engine, model, clouds(40), {
      epochs: 70,
      batch: 14,
      onProgress: ({ kind }) => {
        if (kind === 'step') step += 1;
        if (kind === 'step' && (step === 5 || step === 200)) figures.push(JSON.stringify(engine.memory()));
      },
    });
    expect(figures).toHaveLength(2);
    expect(figures[1]).toBe(figures[0]);
    const { buffers } = engine.memory();
    await model.predict(new Float32Array(8));
    expect(engine.memory().buffers).toBe(buffers);
  });

  test('continues from the parameters that a model has on the engine', async () => {
    const engine = createOracle();
    const model = small();
    const first = await train(engine, model, clouds(40), { epochs: 5, optimiser: adam({ rate: 0.05 }) });
    const second = await train(engine, model, clouds(40), { epochs: 1, optimiser: adam({ rate: 0.05 }) });
    expect(second.losses[0]).toBeLessThan(first.losses[0] / 2);
  });

  test('digits: 30 steps bring the loss down', async () => {
    const engine = createOracle();
    const model = sequential(monotone({ inputs: 64, width: 20 }), dense({ inputs: 20, outputs: 10 }));
    const { losses } = await train(engine, model, await digits(), {
      epochs: 2,
      batch: 64,
      maximumSteps: 30,
      optimiser: adam({ rate: 1e-2 }),
    });
    expect(losses).toHaveLength(30);
    expect(losses[29]).toBeLessThan(0.6 * losses[0]);
  });
});

describe('losses', () => {
  test('cross-entropy is the mean of −log p', async () => {
    const engine = createOracle();
    const scores = engine.tensor([1, 2, 3, 0, 0, 5], [2, 3]);
    const [loss] = await crossEntropy(scores, engine.tensor(oneHot([2, 0], 3), [2, 3])).data();
    const p = (row: number[], at: number): number => Math.exp(row[at]) / row.reduce((sum, x) => sum + Math.exp(x), 0);
    expect(loss).toBeCloseTo(-(Math.log(p([1, 2, 3], 2)) + Math.log(p([0, 0, 5], 0))) / 2, 13);
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  const data = clouds(6);
  test.each<[string, () => unknown, string]>([
    ['no layers', () => sequential(), 'no layers were given'],
    [
      'widths',
      () => sequential(dense({ inputs: 2, outputs: 3 }), dense({ inputs: 4, outputs: 1 })),
      'layer 1 (dense) takes 4 inputs, layer 0 (dense) gives 3',
    ],
    ['width 0', () => monotone({ inputs: 2, width: 0 }), 'monotone: width is 0; it must be a positive integer'],
    ['margin', () => monotone({ inputs: 2, width: 3, margin: -1 }), 'margin: it is -1; it must be a finite number > 0'],
    ['activation', () => dense({ inputs: 1, outputs: 1, activation: 'gelu' as 'relu' }), 'activation is "gelu"'],
    [
      'layer activation',
      () => monotone({ inputs: 1, width: 1, activation: 'gelu' as 'relu' }),
      'not the proximal operator',
    ],
    ['label', () => oneHot([3], 3), 'labels[0] is 3; it must be an integer from 0 to 2'],
    ['parameters', () => small().parameters, 'it has no parameters yet'],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  });
  test.each<[string, () => Promise<unknown>, string]>([
    ['epochs', () => train(createOracle(), small(), data, { epochs: 0 }), 'train: epochs is 0'],
    ['batch', () => train(createOracle(), small(), data, { batch: 0 }), 'train: batch is 0'],
    [
      'features',
      () => train(createOracle(), small(), { ...data, features: 3, count: 4 }),
      'its rows hold 3 numbers, the model takes 2',
    ],
    ['no samples', () => train(createOracle(), small(), { ...data, count: 0 }), 'it holds no samples'],
    ['label', () => train(createOracle(), small(), { ...data, labels: new Int32Array(6).fill(9) }), 'labels[0] is 9'],
    [
      'NaN',
      () => train(createOracle(), small(), { ...data, inputs: new Float32Array(12).fill(Number.NaN) }),
      'inputs[0] is NaN',
    ],
  ])('train: %s', async (_, action, message) => {
    await expect(action()).rejects.toThrow(message);
  });
  test('predict', async () => {
    const model = small();
    model.initialise(createOracle());
    await expect(model.predict([1, 2, 3])).rejects.toThrow(
      'inputs holds 3 numbers; it must be a positive multiple of 2',
    );
    await expect(model.predict([])).rejects.toThrow('inputs holds 0 numbers');
    await expect(model.predictValues([])).rejects.toThrow('predictValues: inputs holds 0 numbers');
    await expect(model.predictValues([1, 2], { batch: 0 })).rejects.toThrow('predictValues: batch');
  });
});
