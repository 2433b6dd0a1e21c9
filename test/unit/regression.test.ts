import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { type RegressionSamples, type Samples, splitSamples, subset } from '../../src/data/samples.ts';
import {
  adam,
  dense,
  evaluate,
  huberLoss,
  loadCheckpoint,
  type Model,
  meanAbsoluteError,
  meanSquaredError,
  modelFrom,
  monotone,
  type Progress,
  saveCheckpoint,
  sequential,
  sgd,
  type Tensor,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { startLinear } from '../../src/train/regression/linear-start.ts';
import { fitRidge, predictLinear } from '../../src/train/regression/ridge.ts';
import { fitScale } from '../../src/train/regression/scale.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';

/** Two linear targets of very different units and offsets, with noise. */
function linear(count: number, seed = 1): RegressionSamples {
  const generator = random(seed);
  const inputs = Float32Array.from({ length: 3 * count }, () => generator.normal());
  const targets = new Float64Array(2 * count);
  for (let row = 0; row < count; row++) {
    const [a, b, c] = inputs.subarray(3 * row, 3 * row + 3);
    targets[2 * row] = 1e7 + 300 * (a - 2 * b) + 10 * generator.normal();
    targets[2 * row + 1] = 0.01 * (b + c);
  }
  return { inputs, targets, count, features: 3 };
}

const affine = (): Model => sequential(dense({ inputs: 3, outputs: 2 }));
/** Gradient descent on all rows comes as close to the least squares as one likes. */
const FULL = { epochs: 200, batch: 1000, optimiser: sgd({ rate: 0.5 }) };

describe('training for regression', () => {
  test('least squares: predictions and measures are in the units of each target', async () => {
    const engine = createOracle();
    const samples = linear(60);
    const model = affine();
    const progress: Progress<'regression'>[] = [];
    const { epochs } = await train(engine, model, samples, {
      ...FULL,
      validation: samples,
      onProgress: (each) => void progress.push(each),
    });
    const { predicted, targets, loss, rSquared } = await evaluate(model, samples);
    expect(await model.predictValues(samples.inputs)).toEqual(predicted);
    const wanted = solveLeastSquares(samples);
    for (const [at, value] of predicted.entries()) {
      expect(Math.abs(value - wanted[at])).toBeLessThan(at % 2 === 0 ? 1e-2 : 1e-6);
    }
    const error = (target: number): number[] =>
      Array.from({ length: 60 }, (_, row) => samples.targets[2 * row + target] - predicted[2 * row + target]);
    for (const target of [0, 1]) {
      const truth = Array.from({ length: 60 }, (_, row) => samples.targets[2 * row + target]);
      const mean = truth.reduce((a, b) => a + b) / 60;
      const squares = error(target).reduce((sum, each) => sum + each ** 2, 0);
      const spread = truth.reduce((sum, each) => sum + (each - mean) ** 2, 0);
      const found = targets[target];
      expect(found.rSquared).toBeCloseTo(1 - squares / spread, 10);
      expect(found.rootMeanSquaredError / Math.sqrt(squares / 60)).toBeCloseTo(1, 10);
      const size = error(target).reduce((sum, each) => sum + Math.abs(each), 0) / 60;
      expect(found.meanAbsoluteError / size).toBeCloseTo(1, 10);
    }
    expect(epochs[199].rootMeanSquaredErrors[0] / targets[0].rootMeanSquaredError).toBeCloseTo(1, 6);
    // In standard deviations, the mean squared error is 1 − R².
    expect(loss).toBeCloseTo(1 - rSquared, 6);
    expect(epochs[199].validation?.rSquared).toBeCloseTo(rSquared, 12);
    expect(epochs[199].validation?.targets[0].intervals).toBeUndefined();
    expect(progress[0]).not.toHaveProperty('accuracy');
  });

  test('intervals contain the measure, and those of many samples are narrower', async () => {
    const engine = createOracle();
    const model = affine();
    await train(engine, model, linear(60), FULL);
    const widthOf = async (count: number): Promise<number> => {
      const [{ intervals, rootMeanSquaredError }] = (await evaluate(model, linear(count, 2))).targets;
      const [low, high] = intervals?.rootMeanSquaredError ?? [0, 0];
      expect(low).toBeLessThan(rootMeanSquaredError);
      expect(high).toBeGreaterThan(rootMeanSquaredError);
      return (high - low) / rootMeanSquaredError;
    };
    // The deviation of a root mean square of n normal errors is 1/√(2n): 1.96 of it to both sides.
    const [few, many] = [await widthOf(100), await widthOf(1600)];
    expect(few).toBeGreaterThan(0.18);
    expect(few).toBeLessThan(0.38);
    expect(many).toBeGreaterThan(0.055);
    expect(many).toBeLessThan(0.085);
  });

  test('a checkpoint keeps the scale of the targets, and training goes on from it as if it had not stopped', async () => {
    const engine = createOracle();
    const samples = linear(40);
    const options = { epochs: 3, batch: 16, loss: 'huber' as const, delta: [100, 0.005] };
    const undisturbed = affine();
    await train(engine, undisturbed, samples, options);
    const written: Uint8Array[] = [];
    const half = affine();
    const checkpoint = { every: { steps: 4 }, write: (bytes: Uint8Array) => void written.push(bytes) };
    await train(engine, half, samples, { ...options, maximumSteps: 4, checkpoint });
    const resumed = affine();
    await train(engine, resumed, samples, { ...options, resume: written[0] });
    expect(await resumed.predictValues(samples.inputs)).toEqual(await undisturbed.predictValues(samples.inputs));
    const loaded = modelFrom(loadCheckpoint(await saveCheckpoint(resumed)), engine);
    expect(loaded.targetScale).toEqual(resumed.targetScale);
    expect(await loaded.predictValues(samples.inputs)).toEqual(await resumed.predictValues(samples.inputs));
    const other = train(engine, affine(), samples, { ...options, delta: 50, resume: written[0] });
    await expect(other).rejects.toThrow('resume: delta is [100,0.005] in the checkpoint and [50,50] now');
  });

  test('other samples do not change the scale of a model that has learned already', async () => {
    const engine = createOracle();
    const model = affine();
    await train(engine, model, linear(40), { epochs: 1 });
    const scale = model.targetScale;
    await train(engine, model, linear(40, 9), { epochs: 1 });
    expect(model.targetScale).toEqual(scale);
    model.initialise(engine);
    expect(model.targetScale).toBeUndefined();
  });

  test('without standardiseTargets, the outputs of the layers are the targets', async () => {
    const engine = createOracle();
    const samples: RegressionSamples = {
      inputs: Float32Array.of(0, 1, 2, 3),
      targets: Float64Array.of(10, 12, 14, 16),
      count: 4,
      features: 1,
    };
    const model = sequential(dense({ inputs: 1, outputs: 1, activation: 'softplus' }));
    await train(engine, model, samples, { epochs: 2, standardiseTargets: false });
    const outputs = await engine.tidy((scope) => model.forward(scope.tensor([5], [1, 1])).data());
    expect([...(await model.predictValues([5]))]).toEqual([...outputs]);
  });

  test('an implicit layer learns what no line fits', async () => {
    const engine = createOracle();
    const generator = random(4);
    const inputs = Float32Array.from({ length: 200 }, () => 2 * generator.uniform() - 1);
    const samples = { inputs, targets: Float64Array.from(inputs, (x) => 50 * Math.abs(x)), count: 200, features: 1 };
    const model = sequential(monotone({ inputs: 1, width: 8 }), dense({ inputs: 8, outputs: 1 }));
    await train(engine, model, samples, { epochs: 30, optimiser: adam({ rate: 1e-2 }) });
    expect((await evaluate(model, samples)).rSquared).toBeGreaterThan(0.95);
  });
});

describe('losses', () => {
  const [outputs, targets, weights] = [
    [0, 2, -3, 0.5, 1, 1],
    [1, 2, 4, 0, 1, -2],
    [2, 0.5, 0.5],
  ];
  const errors = outputs.map((output, at) => output - targets[at]);
  const weighted = (of: (error: number) => number): number =>
    errors.reduce((sum, error, at) => sum + weights[Math.floor(at / 2)] * of(error), 0) / 6;
  const huber = (error: number): number => (Math.abs(error) <= 2 ? error ** 2 / 2 : 2 * (Math.abs(error) - 1));
  const slope = (error: number): number => Math.sign(error) * Math.min(Math.abs(error), 2);

  test.each<[string, (o: Tensor, t: Tensor, w: Tensor) => Tensor, (e: number) => number, (e: number) => number]>([
    ['meanSquaredError', meanSquaredError, (error) => error ** 2, (error) => 2 * error],
    ['meanAbsoluteError', meanAbsoluteError, Math.abs, Math.sign],
    ['huberLoss', (o, t, w) => huberLoss(o, t, w, { delta: 2 }), huber, slope],
  ])('%s is the weighted mean, and so is its gradient', async (_, lossOf, value, derivative) => {
    const engine = createOracle();
    const [t, w] = [engine.tensor(targets, [3, 2]), engine.tensor(weights, [3, 1])];
    const [loss, [gradient]] = await valueAndGrad((o: Tensor) => lossOf(o, t, w), [engine.tensor(outputs, [3, 2])]);
    expect(loss).toBeCloseTo(weighted(value), 12);
    const wanted = errors.map((error, at) => (weights[Math.floor(at / 2)] * derivative(error)) / 6);
    expect([...(await gradient.data())].map((each) => Number(each.toFixed(12)) + 0)).toEqual(
      wanted.map((each) => Number(each.toFixed(12)) + 0),
    );
  });

  test('a loss and metrics of your own see targets in their own units', async () => {
    const engine = createOracle();
    const samples = linear(30);
    const model = affine();
    const { epochs } = await train(engine, model, samples, {
      epochs: 1,
      loss: (o, t) => o.sub(t).div(t).abs().mean(),
      validation: samples,
      metrics: { largest: async (o, t) => Math.max(...(await o.sub(t).abs().data())) },
    });
    const predicted = await model.predictValues(samples.inputs);
    const differences = predicted.map((value, at) => Math.abs(value - samples.targets[at]));
    expect(epochs[0].validation?.metrics?.largest).toBeCloseTo(Math.max(...differences), 6);
    const relative = differences.reduce((sum, each, at) => sum + each / Math.abs(samples.targets[at]), 0) / 60;
    expect((epochs[0].validation?.loss ?? 0) / relative).toBeCloseTo(1, 4);
  });

  test("Huber's δ is in the units of each target", async () => {
    const engine = createOracle();
    const samples = linear(30);
    const model = affine();
    await train(engine, model, samples, { epochs: 1 });
    const { loss, predicted } = await evaluate(model, samples, { loss: 'huber', delta: [200, 0.004] });
    const { deviation } = model.targetScale ?? { deviation: [] };
    const sum = predicted.reduce((all, value, at) => {
      const [unit, delta] = [deviation[at % 2], [200, 0.004][at % 2] / deviation[at % 2]];
      const size = Math.abs(value - samples.targets[at]) / unit;
      return all + (size <= delta ? size ** 2 / 2 : delta * (size - delta / 2));
    }, 0);
    expect(loss).toBeCloseTo(sum / 60, 6);
  });
});

describe('weights of samples', () => {
  /** Every row as often as its weight says. */
  const repeated = (samples: RegressionSamples, weights: readonly number[]): RegressionSamples =>
    subset(
      samples,
      weights.flatMap((weight, row) => new Array<number>(weight).fill(row)),
    );
  const WEIGHTS = Array.from({ length: 30 }, (_, row) => row % 4);
  const all = linear(30);
  const weighted: RegressionSamples = { ...all, weights: Float64Array.from(WEIGHTS, (weight) => 0.1 * weight) };

  test('they are as good as repeated rows, in loss, measures and parameters', async () => {
    const engine = createOracle();
    const [model, copied] = [affine(), affine()];
    const options = { epochs: 20, batch: 1000, optimiser: sgd({ rate: 0.3 }) };
    const twice = repeated(all, WEIGHTS);
    model.initialise(engine, 3);
    copied.initialise(engine, 3);
    // The same scale for both, since that of the targets does not count weights.
    model.targetScale = copied.targetScale = { mean: [1e7, 0], deviation: [600, 0.01] };
    const own = await train(engine, model, weighted, options);
    const wanted = await train(engine, copied, twice, options);
    expect(own.losses[19]).toBeCloseTo(wanted.losses[19], 10);
    expect(own.epochs[19].rootMeanSquaredErrors[0]).toBeCloseTo(wanted.epochs[19].rootMeanSquaredErrors[0], 4);
    const [found, needed] = [await evaluate(model, weighted), await evaluate(copied, twice)];
    expect(found.loss).toBeCloseTo(needed.loss, 10);
    expect(found.targets[0].rSquared).toBeCloseTo(needed.targets[0].rSquared, 8);
    expect(found.targets[1].meanAbsoluteError).toBeCloseTo(needed.targets[1].meanAbsoluteError, 8);
  });

  test('also of a classifier', async () => {
    const engine = createOracle();
    const samples = clouds(30);
    const options = { epochs: 10, batch: 1000, optimiser: sgd({ rate: 0.3 }) };
    const make = (): Model => sequential(dense({ inputs: 2, outputs: 3 }));
    const [model, copied] = [make(), make()];
    const own: Samples = { ...samples, weights: Float32Array.from(WEIGHTS) };
    const twice = subset(
      samples,
      WEIGHTS.flatMap((weight, row) => new Array<number>(weight).fill(row)),
    );
    const { epochs } = await train(engine, model, own, options);
    const wanted = await train(engine, copied, twice, options);
    expect(epochs[9].loss).toBeCloseTo(wanted.epochs[9].loss, 10);
    expect(epochs[0].accuracy).toBeCloseTo(wanted.epochs[0].accuracy, 12);
    expect((await evaluate(model, own)).accuracy).toBeCloseTo((await evaluate(copied, twice)).accuracy, 12);
  });

  test('a loss of your own gets them with mean 1, and parts of samples keep theirs', async () => {
    const engine = createOracle();
    const seen: number[] = [];
    await train(engine, affine(), weighted, {
      epochs: 1,
      batch: 1000,
      loss: (o, t, w) => {
        if (w) void w.data().then((values) => seen.push(...values));
        return meanSquaredError(o, t, w);
      },
    });
    expect(seen.reduce((a, b) => a + b) / 30).toBeCloseTo(1, 12);
    const [first, second] = splitSamples(weighted, 0.5, 1);
    expect([...(first.weights ?? []), ...(second.weights ?? [])].sort()).toEqual([...(weighted.weights ?? [])].sort());
  });

  test.each([
    [Float64Array.of(1, 2), 'weights is '],
    [new Float64Array(30), 'all weights are 0; at least one must be > 0'],
    [new Float64Array(30).fill(-1), 'weights[0] is -1; it must be a finite number ≥ 0'],
  ])('refuses %s', async (weights, message) => {
    await expect(train(createOracle(), affine(), { ...all, weights })).rejects.toThrow(message);
  });
});

describe('refusals', () => {
  const samples = linear(10);
  test.each([
    ['a target too few', { ...samples, targets: samples.targets.subarray(1) }, {}, 'need 30 inputs and 20 targets'],
    ['NaN', { ...samples, targets: samples.targets.map(() => Number.NaN) }, {}, 'targets[0] is NaN'],
    [
      'an unknown loss',
      samples,
      { loss: 'meanSquare' },
      'train: loss is "meanSquare"; it must be one of "meanSquaredError"',
    ],
    ['δ of another loss', samples, { delta: 1 }, 'delta is given and loss is not "huber"'],
    ['too many δ', samples, { loss: 'huber', delta: [1, 2, 3] }, 'or a list of 2, one for each target'],
    ['class weights', samples, { classWeights: 'balanced' }, 'classWeights'],
    [
      'metrics without validation',
      samples,
      { metrics: { one: () => 1 } },
      'validation, on which metrics are computed, is undefined',
    ],
    [
      'an accuracy to watch',
      samples,
      { validation: samples, earlyStopping: { patience: 1, on: 'validation accuracy' } },
      'which regression has not; watch a loss',
    ],
  ])('%s', async (_, data, options, message) => {
    await expect(train(createOracle(), affine(), data, options as object)).rejects.toThrow(message);
  });

  test('classes of a model for regression', async () => {
    const model = affine();
    await train(createOracle(), model, samples, { epochs: 1 });
    await expect(model.predict(samples.inputs)).rejects.toThrow('use predictValues');
  });
});

/** The least squares of each target on the inputs and a constant, by Gaussian elimination. */
function solveLeastSquares({ inputs, targets, count }: RegressionSamples): Float64Array {
  const rows = Array.from({ length: count }, (_, row) => [1, ...inputs.subarray(3 * row, 3 * row + 3)]);
  const system = Array.from({ length: 4 }, (_, i) => [
    ...Array.from({ length: 4 }, (__, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
    ...[0, 1].map((target) => rows.reduce((sum, row, at) => sum + row[i] * targets[2 * at + target], 0)),
  ]);
  for (let pivot = 0; pivot < 4; pivot++) {
    system[pivot] = system[pivot].map((value) => value / system[pivot][pivot]);
    for (const [at, row] of system.entries()) {
      if (at !== pivot) system[at] = row.map((value, column) => value - row[pivot] * system[pivot][column]);
    }
  }
  return Float64Array.from({ length: 2 * count }, (_, at) =>
    rows[Math.floor(at / 2)].reduce((sum, value, i) => sum + value * system[i][4 + (at % 2)], 0),
  );
}

describe('the linear start', () => {
  test('is ridge regression, for each of several targets, with weights and another margin', async () => {
    const engine = createOracle();
    const samples = { ...linear(50), weights: Float64Array.from({ length: 50 }, (_, row) => 1 + (row % 3)) };
    const model = sequential(monotone({ inputs: 3, width: 7, margin: 0.5 }), dense({ inputs: 7, outputs: 2 }));
    expect(await startLinear(model, engine, samples, 1)).toBe(true);
    const fitted = fitRidge(samples, 1);
    const { mean, deviation } = fitScale(samples);
    const outputs = await model.predictValues(samples.inputs);
    for (let at = 0; at < outputs.length; at++) {
      const wanted = predictLinear(fitted[at % 2], samples, Math.floor(at / 2));
      expect(outputs[at]).toBeCloseTo((wanted - mean[at % 2]) / deviation[at % 2], 3); // the tolerance of a solve
    }
  });

  test('ridge regression: the gradient of its objective is 0 at a penalty of the list, and noise is penalised more', () => {
    const generator = random(3);
    const inputs = Float64Array.from({ length: 4 * 40 }, () => generator.normal());
    const rows = (noise: number) => ({
      inputs,
      targets: Float64Array.from({ length: 40 }, (_, row) => inputs[4 * row] + noise * generator.normal()),
      count: 40,
      features: 4,
    });
    const penaltyOf = (noise: number): number => {
      const data = rows(noise);
      const [linear] = fitRidge(data, 0);
      const residuals = Array.from(data.targets, (y, row) => y - predictLinear(linear, data, row));
      expect(residuals.reduce((sum, each) => sum + each)).toBeCloseTo(0, 10);
      const penalties = Array.from(linear.slopes, (slope, feature) => {
        const slopeOfFit = residuals.reduce((sum, each, row) => sum + each * inputs[4 * row + feature], 0);
        return slopeOfFit / (40 * slope);
      });
      for (const each of penalties) expect(each / penalties[0]).toBeCloseTo(1, 6);
      const power = 2 * Math.log10(penalties[0]);
      expect(power).toBeCloseTo(Math.round(power), 6);
      return penalties[0];
    };
    expect(penaltyOf(5)).toBeGreaterThan(penaltyOf(0.01));
  });

  test.each([
    [
      'another activation',
      () => sequential(monotone({ inputs: 3, width: 8, activation: 'tanh' }), dense({ inputs: 8, outputs: 2 })),
    ],
    ['too few units', () => sequential(monotone({ inputs: 3, width: 3 }), dense({ inputs: 3, outputs: 2 }))],
    ['other layers', () => affine()],
  ])('%s: the model starts as it always does', async (_, make) => {
    const engine = createOracle();
    const [model, plain] = [make(), make()];
    expect(await startLinear(model, engine, linear(20), 5)).toBe(false);
    plain.initialise(engine, 5);
    const [found] = await Promise.all(model.parameters.map(({ value }) => value.data()));
    expect(found).toEqual(await plain.parameters[0].value.data());
  });
});
