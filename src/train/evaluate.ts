import type { Samples } from '../data/dataset.ts';
import type { Model } from '../layers/sequential.ts';
import { type BatchLoss, oneHot } from './losses.ts';

export interface Evaluation {
  /** Mean cross-entropy, or mean of the loss that was asked for. */
  readonly loss: number;
  /** Share of rows whose most probable class is their label. */
  readonly accuracy: number;
  /** classes × classes: row by label, column by prediction. */
  readonly confusion: readonly (readonly number[])[];
  readonly count: number;
}

/** Throws where the samples do not fit the model. */
export function checkSamples(name: string, samples: Samples, model: Model): void {
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
      throw new RangeError(`${name}: labels[${row}] is ${label}; it must be an integer from 0 to ${model.outputs - 1}`);
    }
  }
}

export interface EvaluateOptions {
  /** Rows solved at once. Default 256. */
  batch?: number;
  /** Default: cross-entropy. */
  loss?: BatchLoss;
}

/** Loss, accuracy and confusion matrix of a model on labelled samples. */
export async function evaluate(
  model: Model,
  samples: Samples,
  { batch = 256, loss: lossOf }: EvaluateOptions = {},
): Promise<Evaluation> {
  checkSamples('evaluate', samples, model);
  const { classes, probabilities } = await model.predict(samples.inputs, { batch });
  const outputs = model.outputs;
  const confusion = Array.from({ length: outputs }, () => new Array<number>(outputs).fill(0));
  let loss = 0;
  let right = 0;
  for (let row = 0; row < samples.count; row++) {
    const label = samples.labels[row];
    // A probability that has rounded to 0 counts as the smallest normal float32.
    loss -= Math.log(Math.max(probabilities[row * outputs + label], 1.2e-38));
    confusion[label][classes[row]] += 1;
    if (classes[row] === label) right += 1;
  }
  const mean = lossOf ? await meanLoss(model, samples, batch, lossOf) : loss / samples.count;
  return { loss: mean, accuracy: right / samples.count, confusion, count: samples.count };
}

async function meanLoss(model: Model, samples: Samples, batch: number, lossOf: BatchLoss): Promise<number> {
  let sum = 0;
  for (let start = 0; start < samples.count; start += batch) {
    const rows = Math.min(batch, samples.count - start);
    const inputs = samples.inputs.subarray(start * samples.features, (start + rows) * samples.features);
    const targets = oneHot(samples.labels.subarray(start, start + rows), model.outputs);
    const [loss] = await model.engine.tidy((scope) => {
      const outputs = model.forward(scope.tensor(inputs, [rows, samples.features]));
      return lossOf(outputs, scope.tensor(targets, [rows, model.outputs])).data();
    });
    sum += rows * loss;
  }
  return sum / samples.count;
}
