/** What evaluation and training of every task share. */
import { COUNT, checkSingles, createArgumentCheck, createArgumentError, OBJECT, SIGNAL } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { random } from '../data/random.ts';
import { type AnySamples, type RegressionSamples, type Samples, subset } from '../data/samples.ts';
import { fetchPartOnce } from '../implicit/fetch-part.ts';
import type { Model } from '../layers/sequential.ts';
import type { Engine } from '../tensor/engine.ts';
import { type BatchLoss, checkLoss } from './losses.ts';
import type { Compared, Metrics } from './metrics.ts';

const TYPED_ARRAY = /* @__PURE__ */ createArgumentCheck(
  'a typed array',
  (value) => ArrayBuffer.isView(value) && 'subarray' in value,
);

/** @param width the numbers of `wanted` that each sample has */
export function checkInputs(
  name: string,
  samples: AnySamples,
  model: Model,
  wanted: 'labels' | 'targets',
  width: number,
): void {
  OBJECT(name, samples);
  const { inputs, count, features, [wanted]: compared } = samples as Samples & RegressionSamples;
  COUNT(`${name}: features`, features);
  TYPED_ARRAY(`${name}: inputs`, inputs);
  TYPED_ARRAY(`${name}: ${wanted}`, compared);
  if (count < 1) throw new RangeError(`${name}: it holds no samples; at least one is needed`);
  if (features !== model.inputs) {
    throw new RangeError(`${name}: its rows hold ${features} numbers, the model takes ${model.inputs}`);
  }
  if (inputs.length !== count * features || compared.length !== count * width) {
    throw new RangeError(
      `${name}: count ${count} and features ${features} need ${count * features} inputs and ` +
        `${count * width} ${wanted}; there are ${inputs.length} and ${compared.length}`,
    );
  }
}

export const loadOnDemand = /* @__PURE__ */ fetchPartOnce('a part of training', () => import('./on-demand.ts'));

/** @throws RangeError where the samples and the model tell of images of different shapes */
export async function checkShape(name: string, samples: AnySamples, model: Model): Promise<void> {
  if (samples.shape && model.layers[0].inputShape) (await loadOnDemand()).compareShapes(name, samples, model, SHARED);
}

/** Samples whose weights have mean 1, after a check of them. */
export async function withWeights<Own extends AnySamples>(name: string, samples: Own): Promise<Own> {
  if (samples.weights === undefined) return samples;
  return (await loadOnDemand()).withScaledWeights(name, samples, SHARED);
}

export async function measure(engine: Engine, metrics: Metrics, compared: Compared): Promise<Record<string, number>> {
  return (await loadOnDemand()).computeMetrics(engine, metrics, compared, SHARED);
}

interface LossOptions {
  readonly batch?: number;
  readonly signal?: AbortSignal;
  readonly loss: BatchLoss;
  /** The targets of samples as the loss takes them, count × outputs. */
  readonly targetsOf: (part: AnySamples) => Float32Array;
}

/** Runs the model on all samples, a batch at a time. @returns the mean loss, and all outputs, count × outputs */
export async function computeLoss(
  model: Model,
  samples: AnySamples,
  { batch = 256, signal, loss: lossOf, targetsOf }: LossOptions,
): Promise<{ loss: number; outputs: Float64Array }> {
  const { engine, outputs: width } = model;
  const { count, features } = samples;
  const all = new Float64Array(count * width);
  let loss = 0;
  for (let start = 0; start < count; start += batch) {
    signal?.throwIfAborted();
    const rows = Math.min(batch, count - start);
    const part = subset(
      samples,
      Int32Array.from({ length: rows }, (_, row) => start + row),
    );
    const [outputs, [mean]] = await engine.tidy((scope) => {
      const output = model.forward(scope.tensor(part.inputs, [rows, features]), { signal });
      const targets = scope.tensor(targetsOf(part), [rows, width]);
      const weights = part.weights && scope.tensor(part.weights, [rows, 1]);
      return Promise.all([output.data(), checkLoss('evaluate', lossOf(output, targets, weights)).data()]);
    });
    all.set(outputs, start * width);
    loss += rows * mean;
  }
  return { loss: loss / count, outputs: all };
}

/** The checks of the options that every evaluation has. */
export const COMMON_CHECKS = { batch: COUNT, metrics: OBJECT, signal: SIGNAL };

/**
 * What the parts that are loaded later share with training. It is passed to them, since a module that they imported
 * would have to be a file of its own, and pages would load several small files in the place of one.
 */
export const SHARED = {
  COMMON_CHECKS,
  checkInputs,
  checkSingles,
  computeLoss,
  createArgumentError,
  measure,
  random,
  readOptions,
  withWeights,
};
export type Shared = typeof SHARED;
