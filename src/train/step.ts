/** One step of training: loss, gradients, new parameters. */
import { differentiate } from '../autodiff/gradient.ts';
import type { Samples } from '../data/dataset.ts';
import { type ForwardOptions, indexOfLargest, type Model } from '../layers/sequential.ts';
import type { SolveRecord, SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceAll } from '../tensor/kernels.ts';
import { endToEnd } from '../tensor/move-kernels.ts';
import { describe, sameShape } from '../tensor/shape.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { targetsOf } from './class-weights.ts';
import { type BatchLoss, checkedLoss } from './losses.ts';
import type { SpeculativeStep } from './speculative-step.ts';

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
  readonly speculative: SpeculativeStep | undefined;
  /** New parameters from gradients. */
  readonly update: (gradients: readonly Tensor[]) => Tensor[];
}

/**
 * Enqueues one step. The inner promise resolves when the loss and the reports are there; with undefined where the
 * speculation did not hold, so that the step is void.
 */
export async function trainStep(
  model: Model,
  { part, loss: lossOf, weights, training, speculative, update }: StepInputs,
): Promise<{ read: Promise<StepOutcome | undefined> }> {
  const { engine } = model;
  const { rows: targetRows, weight } = targetsOf(part.labels, model.outputs, weights);
  const solves: SolveRecord[] = [];
  const whenRead: (() => Promise<void>)[] = [];
  /** Freed at the end, also when something throws: what is read back has been enqueued by then. */
  const held: Tensor[] = [];
  const hold = (tensor: Tensor): Tensor => {
    held.push(tensor);
    return tensor;
  };
  const outputs: Tensor[] = [];
  try {
    const x = hold(engine.tensor(part.inputs, [part.count, part.features]));
    const targets = hold(engine.tensor(targetRows, [part.count, model.outputs]));
    await model.tune(x, training.step);
    const parameters = speculative?.parameters ?? model.parameters.map(({ value }) => value);
    const { loss, gradients } = await differentiate(
      (...values) => {
        const pass = { ...training, whenRead: (callback: () => Promise<void>) => whenRead.push(callback) };
        const scores = model.forward(x, { values, solves, training: pass });
        outputs.push(engine.kept(scores));
        return checkedLoss('train', lossOf(scores, targets));
      },
      parameters,
      'train',
    );
    held.push(loss, ...gradients);
    const next = engine.lasting(() => checkedUpdate(update(gradients), parameters));
    model.replaceParameters(next);
    const told = hold(lossAndNotFinite(engine, loss, next));
    const [scores] = outputs;
    const reading = Promise.all([
      told.data(),
      scores.data(),
      Promise.all(solves.map(({ report }) => report)),
      Promise.all(solves.flatMap(({ backwardReports }) => backwardReports)),
      ...gradients.map((gradient) => gradient.verified()),
    ]).then(([[value, notFinite], rows, forward, backward]) => ({
      count: part.count,
      weight,
      loss: finite(value, notFinite, training.step + 1),
      right: part.labels.reduce((sum, label, row) => {
        const scoresOfRow = rows.subarray(row * model.outputs, (row + 1) * model.outputs);
        return sum + (indexOfLargest(scoresOfRow) === label ? 1 : 0);
      }, 0),
      forward,
      backward,
      whenRead,
    }));
    reading.catch(() => {}); // it is awaited one step later
    const read = speculative ? speculative.unlessVoid(reading) : reading;
    read.catch(() => {});
    return { read };
  } finally {
    for (const tensor of [...held, ...outputs]) tensor.dispose();
  }
}

/** @throws RangeError unless an optimiser has given one tensor for each parameter, of its shape */
function checkedUpdate(next: Tensor[], parameters: readonly Tensor[]): Tensor[] {
  const fits = (tensor: unknown, { shape }: Tensor): boolean =>
    isTensor(tensor) && !tensor.isDisposed && sameShape(tensor.shape, shape);
  if (next.length === parameters.length && next.every((tensor, index) => fits(tensor, parameters[index]))) return next;
  const shapes = (tensors: readonly Tensor[]): string => tensors.map(({ shape }) => describe(shape ?? [])).join(', ');
  throw new RangeError(
    `optimiser: update gave tensors of the shapes ${shapes(next)}; it must give one for each parameter that is not disposed: ${shapes(parameters)}`,
  );
}

/** The loss, and behind it how many numbers of the parameters are not finite: [2], read back as one. */
function lossAndNotFinite(engine: Engine, loss: Tensor, parameters: readonly Tensor[]): Tensor {
  const [told] = engine.run('loss and parameters', [loss, ...parameters], ([value, ...traced]) => {
    const counts = traced.map((one) => reduceAll('countNotFinite', one));
    return [
      endToEnd(
        value,
        counts.reduce((a, b) => elementwise('add', [a, b])),
      ),
    ];
  });
  return told;
}

/** @throws Error where a step has failed: its numbers are of no use, and would spoil every step after it */
function finite(loss: number, notFinite: number, step: number): number {
  if (!Number.isFinite(loss)) throw new Error(`train: the loss is ${loss} at step ${step}; a smaller rate may help`);
  if (notFinite === 0) return loss;
  throw new Error(
    `train: after step ${step}, ${notFinite} numbers of the parameters are NaN or infinite, though the loss is finite; a smaller rate may help`,
  );
}
