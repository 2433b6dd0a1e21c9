/** One step of training: loss, gradients, new parameters. */
import { differentiate } from '../autodiff/gradient.ts';
import type { Samples } from '../data/dataset.ts';
import { type ForwardOptions, indexOfLargest, type Model } from '../layers/sequential.ts';
import type { SolveRecord, SolveReport } from '../solvers/report.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AssumedStep } from './assumed-step.ts';
import { targetsOf } from './class-weights.ts';
import { type BatchLoss, checkedLoss } from './losses.ts';

export interface StepOutcome {
  readonly count: number;
  /** Σ weights of the samples: their number where classes are not weighted. */
  readonly weight: number;
  readonly loss: number;
  readonly right: number;
  readonly forward: readonly SolveReport[];
  readonly backward: readonly SolveReport[];
  /** What layers want done now that the step has been read back. */
  readonly whenRead: readonly (() => Promise<void>)[];
}

export interface StepInputs {
  readonly part: Samples;
  readonly loss: BatchLoss;
  readonly weights: readonly number[] | undefined;
  readonly training: Omit<NonNullable<ForwardOptions['training']>, 'whenRead'>;
  /** Where the step may turn out to be void. */
  readonly assumed: AssumedStep | undefined;
  /** New parameters from gradients. */
  readonly update: (gradients: readonly Tensor[]) => Tensor[];
}

/**
 * Enqueues one step. The inner promise resolves when the loss and the reports are there; with undefined where what was assumed
 * did not hold, so that the step is void.
 */
export async function trainStep(
  model: Model,
  { part, loss: lossOf, weights, training, assumed, update }: StepInputs,
): Promise<{ read: Promise<StepOutcome | undefined> }> {
  const { engine } = model;
  const { rows: targetRows, weight } = targetsOf(part.labels, model.outputs, weights);
  const x = engine.tensor(part.inputs, [part.count, part.features]);
  const targets = engine.tensor(targetRows, [part.count, model.outputs]);
  const solves: SolveRecord[] = [];
  const whenRead: (() => Promise<void>)[] = [];
  /** Freed at the end, also when something throws: what is read back has been enqueued by then. */
  const held = [x, targets];
  const outputs: Tensor[] = [];
  try {
    await model.tune(x, training.step);
    const parameters = assumed?.parameters ?? model.parameters.map(({ value }) => value);
    const { loss, gradients } = await differentiate((...values) => {
      const pass = { ...training, whenRead: (callback: () => Promise<void>) => whenRead.push(callback) };
      const scores = model.forward(x, { values, solves, training: pass });
      outputs.push(engine.kept(scores));
      return checkedLoss('train', lossOf(scores, targets));
    }, parameters);
    held.push(loss, ...gradients);
    model.replaceParameters(update(gradients));
    const [scores] = outputs;
    const reading = Promise.all([
      loss.data(),
      scores.data(),
      Promise.all(solves.map(({ report }) => report)),
      Promise.all(solves.flatMap(({ backwardReports }) => backwardReports)),
      ...gradients.map((gradient) => gradient.verified()),
    ]).then(([[value], rows, forward, backward]) => ({
      count: part.count,
      weight,
      loss: value,
      right: part.labels.reduce((sum, label, row) => {
        const scoresOfRow = rows.subarray(row * model.outputs, (row + 1) * model.outputs);
        return sum + (indexOfLargest(scoresOfRow) === label ? 1 : 0);
      }, 0),
      forward,
      backward,
      whenRead,
    }));
    reading.catch(() => {}); // it is awaited one step later
    const read = assumed ? assumed.unlessVoid(reading) : reading;
    read.catch(() => {});
    return { read };
  } finally {
    for (const tensor of [...held, ...outputs]) tensor.dispose();
  }
}
