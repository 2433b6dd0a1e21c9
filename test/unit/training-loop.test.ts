/** The options of the training loop: early stopping, class weights, a chosen loss, stopping, the time left. */
import { describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';
import { dense } from '../../src/layers/dense.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { type Model, sequential } from '../../src/layers/sequential.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { adam } from '../../src/train/adam.ts';
import { drawBatches } from '../../src/train/batches.ts';
import { weightTargets } from '../../src/train/class-weights.ts';
import { EarlyStopper } from '../../src/train/early-stopper.ts';
import { evaluate } from '../../src/train/evaluate.ts';
import { crossEntropy, oneHot } from '../../src/train/losses.ts';
import { createEstimator, type EpochProgress, type Progress } from '../../src/train/progress.ts';
import { sgd } from '../../src/train/sgd.ts';
import { stochasticGradient } from '../../src/train/stochastic-gradient.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle } from '../support/engines.ts';

const small = (): Model => sequential(dense({ inputs: 2, outputs: 3 }));
const numbersOf = async (model: Model): Promise<number[]> =>
  (await Promise.all(model.parameters.map(({ value }) => value.data()))).flatMap((data) => Array.from(data));

describe('early stopping', () => {
  /** Labels that are independent of the inputs: the validation loss soon rises. */
  const noise = (seed: number): Samples => {
    const generator = random(seed);
    const samples = clouds(12, seed);
    return { ...samples, labels: samples.labels.map(() => generator.integer(3)) };
  };

  test('ends after `patience` epochs without improvement, with the parameters of the best one', async () => {
    const engine = createOracle();
    const model = small();
    const validation = noise(9);
    const after: number[][] = [];
    const history = await train(engine, model, noise(8), {
      epochs: 60,
      batch: 6,
      optimiser: adam({ rate: 0.05 }),
      validation,
      earlyStopping: { patience: 4 },
      onProgress: async ({ kind }) => {
        if (kind === 'epoch') after.push(await numbersOf(model));
      },
    });
    const losses = history.epochs.map((epoch) => epoch.validation?.loss ?? Number.NaN);
    const best = losses.indexOf(Math.min(...losses));
    expect(history.stoppedEarly).toBe(true);
    expect(history.bestEpoch).toBe(best + 1);
    expect(history.epochs).toHaveLength(best + 1 + 4);
    expect(await numbersOf(model)).toEqual(after[best]);
    expect(after[best]).not.toEqual(after[after.length - 1]);
    expect((await evaluate(model, validation)).loss).toBe(losses[best]);
  });

  test('keeps the last parameters on request, and frees all memory', async () => {
    const engine = createOracle();
    const model = small();
    let last: number[] = [];
    await train(engine, model, noise(8), {
      epochs: 60,
      batch: 6,
      optimiser: adam({ rate: 0.05 }),
      validation: noise(9),
      earlyStopping: { patience: 4, restoreBest: false },
      onProgress: async () => {
        last = await numbersOf(model);
      },
    });
    expect(await numbersOf(model)).toEqual(last);
    const { buffers } = engine.memory();
    model.dispose();
    expect(engine.memory().buffers).toBe(buffers - 2);
  });

  test('an improvement must exceed the minimum; accuracy counts upwards', () => {
    const model = small();
    model.initialise(createOracle());
    const watch = (on: 'training loss' | 'training accuracy', values: number[]): boolean[] => {
      const stopper = new EarlyStopper({ patience: 2, minimumImprovement: 0.1, on });
      return values.map((value, epoch) => {
        stopper.recordEpoch({ epoch: epoch + 1, loss: value, accuracy: value } as EpochProgress, model);
        return stopper.hasStopped;
      });
    };
    expect(watch('training loss', [1, 0.95, 0.85, 0.9, 0.8])).toEqual([false, false, false, false, true]);
    expect(watch('training accuracy', [0.5, 0.7, 0.6, 0.75])).toEqual([false, false, false, true]);
  });
});

describe('class weights', () => {
  const scores = [0.3, -1, 2, 0.5, 0, -0.5, 1, 1, 0, -2, 0.1, 0.7];
  const labels = Int32Array.from([2, 0, 1, 0]);
  const weights = [0.5, 2, 3];

  test('the loss is Σ w·ℓ / Σ w', async () => {
    const engine = createOracle();
    const targets = oneHot(labels, 3);
    const weight = weightTargets(targets, labels, weights);
    const [found] = await crossEntropy(engine.tensor(scores, [4, 3]), engine.tensor(targets, [4, 3])).data();
    let [sum, total] = [0, 0];
    for (const [row, label] of labels.entries()) {
      const own = scores.slice(3 * row, 3 * row + 3);
      const loss = Math.log(own.reduce((all, x) => all + Math.exp(x), 0)) - own[label];
      sum += weights[label] * loss;
      total += weights[label];
    }
    expect(weight).toBe(total);
    expect(found).toBeCloseTo(sum / total, 6); // the targets are float32
  });

  test('balanced: with uninformative inputs all classes are equally probable; without weights, as probable as they are frequent', async () => {
    const blind: Samples = {
      inputs: new Float32Array(12),
      labels: Int32Array.from([0, 0, 0, 0, 1, 2]),
      count: 6,
      features: 2,
    };
    const probabilities = async (classWeights: 'balanced' | undefined): Promise<Float32Array> => {
      const model = small();
      await train(createOracle(), model, blind, { epochs: 150, batch: 6, optimiser: sgd({ rate: 1 }), classWeights });
      return (await model.predict([0, 0])).probabilities;
    };
    const close = (found: Float32Array, wanted: number[]): void =>
      wanted.forEach((share, label) => {
        expect(found[label]).toBeCloseTo(share, 5);
      });
    close(await probabilities('balanced'), [1 / 3, 1 / 3, 1 / 3]);
    close(await probabilities(undefined), [4 / 6, 1 / 6, 1 / 6]);
  });

  test('equal weights change nothing but rounding', async () => {
    const run = async (classWeights?: number[]): Promise<readonly number[]> =>
      (await train(createOracle(), small(), clouds(20), { epochs: 2, batch: 8, classWeights })).losses;
    expect(await run([2, 2, 2])).toEqual(await run());
  });
});

describe('a user’s own loss', () => {
  const absolute = (outputs: Tensor, targets: Tensor): Tensor =>
    outputs
      .sub(targets)
      .abs()
      .sum()
      .mul(1 / outputs.shape[0]);
  test('is trained on and evaluated', async () => {
    const model = small();
    const data = clouds(30);
    const { epochs } = await train(createOracle(), model, data, {
      epochs: 3,
      batch: 30,
      loss: absolute,
      optimiser: sgd({ rate: 0.05 }),
      validation: data,
    });
    // With one step in each epoch, the validation loss after it is the training loss of the next.
    expect(epochs[0].validation?.loss).toBeCloseTo(epochs[1].loss, 12);
    expect(epochs[1].validation?.loss).toBeCloseTo(epochs[2].loss, 12);
    expect((await evaluate(model, data, { loss: absolute, batch: 7 })).loss).toBeCloseTo(
      epochs[2].validation?.loss ?? Number.NaN,
      12,
    );
  });
});

describe('stopping', () => {
  test('a signal ends training at once; the model has the parameters of the step under way', async () => {
    const model = small();
    const controller = new AbortController();
    const reason = new Error('enough');
    let steps = 0;
    const training = train(createOracle(), model, clouds(40), {
      epochs: 100,
      batch: 10,
      signal: controller.signal,
      onProgress: ({ kind }) => {
        if (kind === 'step') steps += 1;
        if (steps === 6) controller.abort(reason);
      },
    });
    await expect(training).rejects.toBe(reason);
    expect(steps).toBe(6); // the step under way is not awaited
    expect((await numbersOf(model)).every(Number.isFinite)).toBe(true);
  });

  test('an already aborted signal ends it at once', async () => {
    const model = small();
    await expect(train(createOracle(), model, clouds(6), { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(model.isInitialised).toBe(false);
  });
});

test('timers fire during training, also with epochs of one step', async () => {
  let ticks = 0;
  let ticksAtEnd = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 1);
  await train(createOracle(), small(), clouds(4), {
    epochs: 150,
    batch: 4,
    onProgress: ({ kind }) => {
      const started = performance.now();
      while (kind === 'step' && performance.now() < started + 2); // makes the step take 2 ms on any machine
      ticksAtEnd = ticks;
    },
  });
  clearInterval(timer);
  expect(ticksAtEnd).toBeGreaterThan(1);
});

describe('the report of a step', () => {
  test('the steps of an epoch, weighted by their samples, add up to the report of the epoch', async () => {
    const seen: Progress[] = [];
    const model = sequential(monotone({ inputs: 2, width: 4 }), dense({ inputs: 4, outputs: 3 }));
    await train(createOracle(), model, clouds(20), {
      epochs: 20,
      optimiser: adam({ rate: 0.1 }),
      batch: 16,
      onProgress: (progress) => void seen.push(progress),
    });
    const steps = seen.filter((progress) => progress.kind === 'step').slice(-2);
    const [epoch] = seen.filter((progress) => progress.kind === 'epoch').slice(-1);
    expect(steps.map(({ samples }) => samples)).toEqual([16, 4]);
    for (const name of ['loss', 'accuracy', 'iterationsForward', 'iterationsBackward'] as const) {
      const mean = steps.reduce((sum, step) => sum + step.samples * step[name], 0) / 20;
      expect(epoch[name], name).toBeCloseTo(mean, 12);
      expect(mean, name).toBeGreaterThan(0);
    }
    expect(steps[0].seconds + steps[1].seconds).toBeCloseTo(epoch.seconds, 12);
    // The speed is the quotient of the sums, not the mean of the quotients.
    expect(steps[0].samplesPerSecond).toBeCloseTo(16 / steps[0].seconds, 6);
    for (const { samplesPerSecond } of [steps[1], epoch]) expect(samplesPerSecond).toBeCloseTo(20 / epoch.seconds, 6);
  });
});

describe('time left', () => {
  test('the mean of the later half of the steps, times the steps ahead; nothing while they compile', () => {
    let clock = 0;
    const estimate = createEstimator(() => clock);
    clock = 90_000; // compiling
    expect(estimate(1, 10)).toBeUndefined();
    clock += 3000; // still slow
    expect(estimate(2, 9)).toBeUndefined();
    clock += 100;
    expect(estimate(3, 8)).toBeCloseTo((8 * 3.1) / 2, 12);
    for (let done = 4; done <= 9; done++) {
      clock += 100;
      // Step 3 was the first quick one, and from step 6 on only quick ones count.
      if (done >= 6) expect(estimate(done, 20)).toBeCloseTo(20 * 0.1, 12);
      else estimate(done, 20);
    }
    expect(estimate(10, 0)).toBe(0);
  });

  test('every event from the third step on has it, and it ends at 0', async () => {
    const seen: Progress[] = [];
    await train(createOracle(), small(), clouds(20), {
      epochs: 3,
      batch: 8,
      onProgress: (progress) => void seen.push(progress),
    });
    expect(seen).toHaveLength(12);
    for (const { secondsLeft } of seen.slice(0, 2)) expect(secondsLeft).toBeUndefined();
    for (const { secondsLeft } of seen.slice(2, -2)) expect(secondsLeft).toBeGreaterThan(0);
    expect(seen[11].secondsLeft).toBe(0);
  });
});

describe('rows', () => {
  test('independent ones are uniform and reproducible, and every step takes a whole batch', () => {
    const steps = drawBatches(random(3), 0, 5, 4, 'independent');
    const counts = new Array<number>(5).fill(0);
    for (let step = 0; step < 1000; step++) {
      expect(steps(step)).toHaveLength(4);
      for (const row of steps(step)) counts[row] += 1;
    }
    // Each count is about 800, with a standard deviation of 25.
    for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(125);
    expect(steps(7)).toEqual(drawBatches(random(3), 0, 5, 4, 'independent')(7));
    expect(steps(7)).not.toEqual(drawBatches(random(3), 1, 5, 4, 'independent')(7));
  });
  test('shuffled ones take each row once', () => {
    const steps = drawBatches(random(3), 2, 10, 4, 'shuffled');
    expect([...steps(0), ...steps(1), ...steps(2)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('wrong use is refused, naming what was wrong', () => {
  const data = clouds(6);
  test.each<[string, object, string]>([
    ['patience', { earlyStopping: { patience: 0 } }, 'earlyStopping: patience is 0; it must be a positive integer'],
    [
      'no validation',
      { earlyStopping: { patience: 1 } },
      'on is "validation loss", but there are no validation samples',
    ],
    ['quantity', { earlyStopping: { patience: 1, on: 'luck' } }, 'on is "luck"; it must be one of validation loss'],
    [
      'too few weights',
      { classWeights: [1, 2] },
      'classWeights is [1, 2]; it must be "balanced" or a list of 3 numbers',
    ],
    ['a weight of 0', { classWeights: [1, 0, 1] }, 'classWeights[1] is 0; it must be a finite number > 0'],
    ['a loss by name', { loss: 'hinge' }, 'loss is "hinge"; it must be "crossEntropy" or a function'],
    [
      'weights with a function',
      { loss: crossEntropy, classWeights: [1, 1, 1] },
      'class weights need the loss crossEntropy',
    ],
    [
      'weights with the theorem',
      { classWeights: 'balanced', optimiser: stochasticGradient({ theorem3: true }) },
      'has theorem3: true, which does not cover them',
    ],
  ])('%s', async (_, options, message) => {
    await expect(train(createOracle(), small(), data, options)).rejects.toThrow(message);
  });
});
