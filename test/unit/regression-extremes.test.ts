/** Regressions of targets whose scales lie far apart, and with measures and losses that are not finite. */
import { describe, expect, test } from 'vitest';
import type { RegressionSamples } from '../../src/data/samples.ts';
import { open } from '../../src/index.ts';
import { dense } from '../../src/layers/dense.ts';
import { type Model, sequential } from '../../src/layers/sequential.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import { EarlyStopper } from '../../src/train/early-stopper.ts';
import { evaluate } from '../../src/train/evaluate.ts';
import type { EpochProgress, History } from '../../src/train/progress.ts';
import { sgd } from '../../src/train/sgd.ts';
import { train } from '../../src/train/train.ts';
import { createOracle } from '../support/engines.ts';

const COUNT = 40;
const inputs = Float32Array.from({ length: 2 * COUNT }, (_, at) => Math.sin(1.7 * at + at * at));
/** Two targets, x₀ in units of 1e-6 and x₁ in units of 1e9. */
const samples: RegressionSamples = {
  inputs,
  targets: Float64Array.from(inputs, (value, at) => (at % 2 ? 1e9 : 1e-6) * value),
  count: COUNT,
  features: 2,
};
const affine = (): Model => sequential(dense({ inputs: 2, outputs: 2 }));
const STEPS = { epochs: 60, batch: COUNT, optimiser: sgd({ rate: 0.5 }) } as const;

describe('Huber’s δ', () => {
  test('of one target far larger or smaller than that of the other leaves the gradients of both', async () => {
    for (const engine of [createOracle(), await open({ backend: 'wasm' })]) {
      for (const delta of [1e-2, [1e5, 1e9]]) {
        const model = affine();
        await train(engine, model, samples, { ...STEPS, loss: 'huber', delta });
        const [first] = (await evaluate(model, samples, { intervals: false })).targets;
        // For each of these δ all errors of the first target are smaller, so that it is least squares.
        expect(first.rSquared).toBeGreaterThan(0.99);
        model.dispose();
      }
      engine.close();
    }
  });

  test('may be as large as float64 allows', async () => {
    const engine = await open({ backend: 'wasm' });
    const model = affine();
    await train(engine, model, samples, { ...STEPS, loss: 'huber', delta: [1e300, 1e12] });
    expect((await evaluate(model, samples)).rSquared).toBeGreaterThan(0.99);
    engine.close();
  });
});

test('weights whose sum exceeds float64 count as others do', async () => {
  const engine = createOracle();
  const parametersWith = async (unit: number): Promise<unknown> => {
    const model = affine();
    const weights = Float64Array.from({ length: COUNT }, (_, row) => unit * (1 + (row % 3)));
    await train(engine, model, { ...samples, weights }, { epochs: 1 });
    return Promise.all(model.parameters.map(({ value }) => value.data()));
  };
  expect(await parametersWith(2 ** 1020)).toEqual(await parametersWith(1));
});

/** A history without its times. */
function withoutTimes({ epochs, losses, stoppedEarly, bestEpoch }: History<'regression'>): object {
  const plain = ({ seconds, secondsLeft, samplesPerSecond, ...rest }: EpochProgress<'regression'>): object => rest;
  return { losses, stoppedEarly, bestEpoch, epochs: epochs.map(plain) };
}

test('a resumed history keeps predictions, and measures that are not finite', async () => {
  const engine = createOracle();
  const one = { inputs: inputs.slice(0, 2), targets: samples.targets.slice(0, 2), count: 1, features: 2 };
  const options = {
    epochs: 4,
    validation: one,
    metrics: { infinite: () => Number.NEGATIVE_INFINITY, undefined: () => Number.NaN, zero: () => -0 },
    earlyStopping: { patience: 4 },
  };
  const whole = await train(engine, affine(), samples, options);
  expect(whole.epochs[0].validation?.rSquared).toBeNaN();
  const written: Uint8Array[] = [];
  const checkpoint = { write: (bytes: Uint8Array) => void written.push(bytes) };
  await train(engine, affine(), samples, { ...options, checkpoint });
  const resumed = await train(engine, affine(), samples, { ...options, resume: written[1] });
  expect(withoutTimes(resumed)).toEqual(withoutTimes(whole));
  expect(resumed.epochs[0].validation?.predicted).toBeInstanceOf(Float64Array);
});

describe('early stopping on a loss that is NaN at first', () => {
  const options = { patience: 2, on: 'training loss' } as const;
  const record = (stopper: EarlyStopper, model: Model, losses: readonly number[], from = 1): boolean[] =>
    losses.map((loss, at) => {
      stopper.recordEpoch({ epoch: from + at, loss } as EpochProgress, model);
      return stopper.hasStopped;
    });
  const initialised = (): Model => {
    const model = affine();
    model.initialise(createOracle());
    return model;
  };

  test('takes the first number as the best, and ends where none comes', () => {
    const model = initialised();
    const stopper = new EarlyStopper(options);
    expect(record(stopper, model, [Number.NaN, 3, 2, Number.NaN, 2.5])).toEqual([false, false, false, false, true]);
    expect(stopper.bestEpoch).toBe(3);
    expect(record(new EarlyStopper(options), model, [Number.NaN, Number.NaN, Number.NaN])).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('also after a resume', async () => {
    let calls = 0;
    const written: Uint8Array[] = [];
    const own = { epochs: 3, batch: COUNT, validation: samples, earlyStopping: { patience: 3 } };
    const metrics = {};
    await train(createOracle(), affine(), samples, {
      ...own,
      epochs: 1,
      metrics,
      loss: (outputs, targets) => {
        const loss = outputs.sub(targets).square().mean();
        calls += 1;
        return calls === 2 ? loss.neg().sub(1).log() : loss; // the first validation
      },
      checkpoint: { write: (bytes) => void written.push(bytes) },
    });
    expect(loadCheckpoint(written[0]).training?.earlyStopping?.bestValue).toBeNaN();
    const { bestEpoch } = await train(createOracle(), affine(), samples, {
      ...own,
      metrics,
      loss: (outputs, targets) => outputs.sub(targets).square().mean(),
      resume: written[0],
    });
    expect(bestEpoch).toBeGreaterThan(1);
  });
});
