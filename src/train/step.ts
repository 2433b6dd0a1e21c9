/** One step of training: loss, gradients, new parameters. */
import { differentiate } from '../autodiff/gradient.ts';
import type { AnySamples } from '../data/samples.ts';
import type { ForwardOptions, Model } from '../layers/sequential.ts';
import type { SolveRecord } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, reduceAll } from '../tensor/kernels.ts';
import { joinEndToEnd } from '../tensor/move-kernels.ts';
import { add } from '../tensor/operations.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { checkLoss } from './losses.ts';
import type { StepOutcome } from './progress.ts';
import type { SpeculativeStep } from './speculative-step.ts';
import type { Task } from './task.ts';

interface StepInputs {
  readonly part: AnySamples;
  readonly task: Task;
  readonly training: Omit<NonNullable<ForwardOptions['training']>, 'whenRead' | 'addToLoss'>;
  /** Present where the step may turn out void. */
  readonly speculative: SpeculativeStep | undefined;
  /** Returns the new parameters. */
  readonly update: (gradients: readonly Tensor[]) => Tensor[];
}

/**
 * Enqueues one step. The promise `read` resolves once the loss and the reports have been read back, to undefined where
 * the speculation failed, so that the step is void.
 */
export async function trainStep(
  model: Model,
  { part, task, training, speculative, update }: StepInputs,
): Promise<{ read: Promise<StepOutcome | undefined> }> {
  const { engine } = model;
  const { targets: targetRows, weight } = task.prepare(part, model);
  const solves: SolveRecord[] = [];
  const whenRead: (() => Promise<void>)[] = [];
  /** Freed at the end, also after an error; by then all read-backs have been enqueued. */
  const held: Tensor[] = [];
  const hold = (tensor: Tensor): Tensor => {
    held.push(tensor);
    return tensor;
  };
  const outputs: Tensor[] = [];
  try {
    const x = hold(engine.tensor(part.inputs, [part.count, part.features]));
    const targets = hold(engine.tensor(targetRows, [part.count, model.outputs]));
    const weights = part.weights && hold(engine.tensor(part.weights, [part.count, 1]));
    await model.tune(x, training.step);
    const parameters = speculative?.parameters ?? model.parameters.map(({ value }) => value);
    const { loss, gradients } = await differentiate(
      (...values) => {
        const terms: Tensor[] = [];
        const trainingPass = {
          ...training,
          whenRead: (callback: () => Promise<void>) => whenRead.push(callback),
          addToLoss: (term: Tensor) => terms.push(term),
        };
        const scores = model.forward(x, { values, solves, training: trainingPass });
        outputs.push(engine.keepAlias(scores));
        return terms.reduce(add, checkLoss('train', task.loss(scores, targets, weights)));
      },
      parameters,
      'train',
    );
    held.push(loss, ...gradients);
    const next = engine.runLasting(() => checkUpdate(update(gradients), parameters));
    model.replaceParameters(next);
    const lossAndCount = hold(joinLossAndCount(engine, loss, next));
    const [scores] = outputs;
    const reading = Promise.all([
      lossAndCount.data(),
      scores.data(),
      Promise.all(solves.map(({ report }) => report)),
      Promise.all(solves.flatMap(({ backwardReports }) => backwardReports)),
      ...gradients.map((gradient) => gradient.verified()),
    ]).then(([[value, notFinite], rows, forward, backward]) => ({
      count: part.count,
      weight,
      loss: checkStepFinite(value, notFinite, training.step + 1),
      measured: task.measure(rows, part, model),
      forward,
      backward,
      whenRead,
    }));
    reading.catch(() => {}); // it is awaited only one step later
    const read = speculative ? speculative.resolveUnlessVoid(reading) : reading;
    read.catch(() => {});
    return { read };
  } finally {
    for (const tensor of [...held, ...outputs]) tensor.dispose();
  }
}

/** @throws RangeError unless the optimiser returned one tensor per parameter, of the parameter's shape */
function checkUpdate(next: Tensor[], parameters: readonly Tensor[]): Tensor[] {
  const fits = (tensor: unknown, { shape }: Tensor): boolean =>
    isTensor(tensor) && !tensor.isDisposed && sameShape(tensor.shape, shape);
  if (next.length === parameters.length && next.every((tensor, index) => fits(tensor, parameters[index]))) return next;
  const shapes = (tensors: readonly Tensor[]): string =>
    tensors.map(({ shape }) => formatShape(shape ?? [])).join(', ');
  throw new RangeError(
    `optimiser: update gave tensors of the shapes ${shapes(next)}; it must give one tensor, not disposed, for each parameter, of the shapes ${shapes(parameters)}`,
  );
}

/**
 * [2]: the loss, and how many numbers of the parameters are not finite. One tensor, so that one read-back is enough.
 */
function joinLossAndCount(engine: Engine, loss: Tensor, parameters: readonly Tensor[]): Tensor {
  const [joined] = engine.run('loss and parameters', [loss, ...parameters], ([value, ...traced]) => {
    const counts = traced.map((one) => reduceAll('countNotFinite', one));
    return [
      joinEndToEnd(
        value,
        counts.reduce((a, b) => elementwise('add', [a, b])),
      ),
    ];
  });
  return joined;
}

/** @throws Error where the loss or a parameter is not finite, since this would spoil every later step */
function checkStepFinite(loss: number, notFinite: number, step: number): number {
  if (!Number.isFinite(loss)) throw new Error(`train: the loss is ${loss} at step ${step}; a smaller rate may help`);
  if (notFinite === 0) return loss;
  throw new Error(
    `train: after step ${step}, ${notFinite} numbers of the parameters are NaN or infinite, though the loss is finite; a smaller rate may help`,
  );
}
