import {
  COUNT,
  checkSingles,
  createArgumentCheck,
  createArgumentError,
  FUNCTION,
  OBJECT,
  SIGNAL,
} from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Samples } from '../data/samples.ts';
import { indexOfLargest, MODEL, type Model } from '../layers/sequential.ts';
import { type BatchLoss, checkLoss, crossEntropy, oneHot } from './losses.ts';

/** How well a model classifies labelled samples. */
export interface Evaluation {
  /** The mean over the samples of the cross-entropy, or of the loss given in the options. */
  readonly loss: number;
  /** Share of the samples whose most probable class is their label. */
  readonly accuracy: number;
  /** Confusion matrix, classes × classes: entry [i][j] counts the samples with label i and prediction j. */
  readonly confusion: readonly (readonly number[])[];
  /** The number of samples. */
  readonly count: number;
}

const TYPED_ARRAY = /* @__PURE__ */ createArgumentCheck(
  'a typed array',
  (value) => ArrayBuffer.isView(value) && 'subarray' in value,
);

/** @throws RangeError where the samples are malformed or do not fit the model */
export function checkSamples(name: string, samples: Samples, model: Model): void {
  OBJECT(name, samples);
  COUNT(`${name}: features`, samples.features);
  TYPED_ARRAY(`${name}: inputs`, samples.inputs);
  TYPED_ARRAY(`${name}: labels`, samples.labels);
  if (samples.count < 1) throw new RangeError(`${name}: it holds no samples; at least one is needed`);
  if (samples.features !== model.inputs) {
    throw new RangeError(`${name}: its rows hold ${samples.features} numbers, the model takes ${model.inputs}`);
  }
  if (samples.inputs.length !== samples.count * samples.features || samples.labels.length !== samples.count) {
    throw new RangeError(
      `${name}: count ${samples.count} and features ${samples.features} need ${samples.count * samples.features} inputs and ` +
        `${samples.count} labels; there are ${samples.inputs.length} and ${samples.labels.length}`,
    );
  }
  for (let row = 0; row < samples.count; row++) {
    const label = samples.labels[row];
    if (!Number.isInteger(label) || label < 0 || label >= model.outputs) {
      throw createArgumentError(`${name}: labels[${row}]`, label, `an integer from 0 to ${model.outputs - 1}`);
    }
  }
  checkSingles(`${name}: inputs`, samples.inputs);
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** The number of samples in a batch, an integer from 1. Default 256. */
  batch?: number;
  /** The loss of a batch. Default `crossEntropy`. */
  loss?: BatchLoss;
  /** Aborting it ends the solves; the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

const OPTIONS: Checks<EvaluateOptions> = { batch: COUNT, loss: FUNCTION, signal: SIGNAL };

/**
 * Computes loss, accuracy and confusion matrix of a model on labelled samples.
 * @throws RangeError where the samples do not fit the model; ConvergenceError where a solve does not converge
 */
export async function evaluate(model: Model, samples: Samples, options?: EvaluateOptions): Promise<Evaluation> {
  const { batch = 256, loss: lossOf = crossEntropy, signal } = readOptions('evaluate', options, OPTIONS);
  MODEL('evaluate: model', model);
  checkSamples('evaluate: samples', samples, model);
  const { engine, outputs: classes } = model;
  const { inputs, labels, features, count } = samples;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let loss = 0;
  let right = 0;
  for (let start = 0; start < count; start += batch) {
    signal?.throwIfAborted();
    const own = labels.subarray(start, start + batch);
    const rows = inputs.subarray(start * features, (start + own.length) * features);
    const [scores, [mean]] = await engine.tidy((scope) => {
      const outputs = model.forward(scope.tensor(rows, [own.length, features]), { signal });
      const targets = scope.tensor(oneHot(own, classes), [own.length, classes]);
      return Promise.all([outputs.data(), checkLoss('evaluate', lossOf(outputs, targets)).data()]);
    });
    loss += own.length * mean;
    for (const [row, label] of own.entries()) {
      const found = indexOfLargest(scores.subarray(row * classes, (row + 1) * classes));
      confusion[label][found] += 1;
      if (found === label) right += 1;
    }
  }
  return { loss: loss / count, accuracy: right / count, confusion, count };
}
