import { differentiate } from '../autodiff/gradient.ts';
import { type Dataset, type Samples, subset } from '../data/dataset.ts';
import { random } from '../data/random.ts';
import type { MonotoneSolution } from '../implicit/monotone.ts';
import { type ForwardOptions, indexOfLargest, type Model } from '../layers/sequential.ts';
import type { SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { adam } from './adam.ts';
import { checkSamples, type Evaluation, evaluate } from './evaluate.ts';
import { crossEntropy, oneHot } from './losses.ts';
import type { Optimiser } from './optimiser.ts';

export interface StepProgress {
  readonly kind: 'step';
  /** Both count from 1. */
  readonly epoch: number;
  readonly step: number;
  readonly epochs: number;
  /** Steps in an epoch. */
  readonly steps: number;
  readonly loss: number;
}

export interface EpochProgress {
  readonly kind: 'epoch';
  readonly epoch: number;
  readonly epochs: number;
  /** Mean over the samples of the epoch, as they were trained on. */
  readonly loss: number;
  readonly accuracy: number;
  readonly rate: number;
  /** Mean over the samples; 0 where the model has no implicit layer. */
  readonly iterationsForward: number;
  readonly iterationsBackward: number;
  readonly seconds: number;
  readonly validation: Evaluation | undefined;
}

export type Progress = StepProgress | EpochProgress;

export interface TrainOptions {
  /** Default 10. */
  epochs?: number;
  /** Rows in a step; the last step of an epoch may have fewer. Default 32. */
  batch?: number;
  /** Default adam(). */
  optimiser?: Optimiser;
  /** Of the start of the parameters and of the order of the samples. Default 0. */
  seed?: number;
  /** Evaluated after each epoch. Default none. */
  validation?: Samples;
  /** Stops after so many steps in all. */
  maximumSteps?: number;
  /** Called after each step and each epoch; awaited. */
  onProgress?: (progress: Progress) => void | Promise<void>;
}

export interface History {
  readonly epochs: readonly EpochProgress[];
  /** Of each step. */
  readonly losses: readonly number[];
  readonly backend: string;
}

/**
 * Trains a classifier by mean cross-entropy on shuffled batches.
 *
 * The model is initialised on the engine with `seed`, unless it has parameters there already: then training goes on from these.
 * @throws ConvergenceError where a forward or backward solve does not converge, RangeError where data and model do not
 *   fit, and an error that names the step where the loss is not finite
 */
export async function train(
  engine: Engine,
  model: Model,
  data: Dataset | Samples,
  options: TrainOptions = {},
): Promise<History> {
  const { epochs = 10, batch = 32, optimiser = adam(), seed = 0, validation, onProgress } = options;
  const { maximumSteps = Number.POSITIVE_INFINITY } = options;
  const samples = 'train' in data ? data.train : data;
  checkCount('epochs', epochs);
  checkCount('batch', batch);
  if (maximumSteps !== Number.POSITIVE_INFINITY) checkCount('maximumSteps', maximumSteps);
  checkSamples('train: data', samples, model);
  if (validation) checkSamples('train: validation', validation, model);

  if (!model.isInitialised || model.engine !== engine) model.initialise(engine, seed);
  const valuesOf = (): Tensor[] => model.parameters.map(({ value }) => value);
  const generator = random(seed);
  const steps = Math.ceil(samples.count / batch);
  const state = optimiser.start(engine, valuesOf());
  const losses: number[] = [];
  const history: EpochProgress[] = [];
  try {
    for (let epoch = 0; epoch < epochs && losses.length < maximumSteps; epoch++) {
      const started = performance.now();
      // Of the epoch alone, so that training can be taken up again anywhere.
      const order = generator.fork(`order of epoch ${epoch}`).permutation(samples.count);
      const outcomes = await inSteps(
        Math.min(steps, maximumSteps - losses.length),
        (step) => {
          const rows = order.subarray(step * batch, (step + 1) * batch);
          const training = { random: generator.fork(`step ${step} of epoch ${epoch}`), rows, count: samples.count };
          const update = (gradients: readonly Tensor[]): Tensor[] =>
            state.update(valuesOf(), gradients, epoch + step / steps, epoch * steps + step);
          return trainStep(engine, model, subset(samples, rows), training, update);
        },
        async ({ loss }, step) => {
          losses.push(loss);
          if (!Number.isFinite(loss)) {
            throw new Error(`train: the loss is ${loss} at step ${losses.length}; a smaller rate may help`);
          }
          await onProgress?.({ kind: 'step', epoch: epoch + 1, step: step + 1, epochs, steps, loss });
        },
      );
      const progress: EpochProgress = {
        kind: 'epoch',
        epoch: epoch + 1,
        epochs,
        ...summary(outcomes),
        rate: optimiser.rate(epoch, epoch * steps),
        seconds: (performance.now() - started) / 1000,
        validation: validation && (await evaluate(model, validation)),
      };
      history.push(progress);
      await onProgress?.(progress);
    }
  } finally {
    state.dispose();
  }
  return { epochs: history, losses, backend: engine.backend };
}

function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`train: ${name} is ${count}; it must be a positive integer`);
  }
}

/** Runs the steps in order. One is always under way while the outcome of the one before it is read back. */
async function inSteps(
  count: number,
  begin: (step: number) => Promise<{ read: Promise<StepOutcome> }>,
  onOutcome: (outcome: StepOutcome, step: number) => Promise<void>,
): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  const pause = pauses();
  let pending: Promise<StepOutcome> | undefined;
  const settle = async (): Promise<void> => {
    if (!pending) return;
    const outcome = await pending;
    pending = undefined;
    outcomes.push(outcome);
    await onOutcome(outcome, outcomes.length - 1);
  };
  try {
    for (let step = 0; step < count; step++) {
      const { read } = await begin(step);
      await settle();
      pending = read;
      await pause();
    }
    await settle();
  } finally {
    await pending?.catch(() => {}); // nothing of this run is under way once it has thrown
  }
  return outcomes;
}

interface StepOutcome {
  readonly count: number;
  readonly loss: number;
  readonly right: number;
  readonly forward: readonly SolveReport[];
  readonly backward: readonly SolveReport[];
}

/** Enqueues one step: loss, gradients, new parameters. The inner promise resolves when the loss and the reports are there. */
async function trainStep(
  engine: Engine,
  model: Model,
  part: Samples,
  training: ForwardOptions['training'],
  update: (gradients: readonly Tensor[]) => Tensor[],
): Promise<{ read: Promise<StepOutcome> }> {
  const x = engine.tensor(part.inputs, [part.count, part.features]);
  const targets = engine.tensor(oneHot(part.labels, model.outputs), [part.count, model.outputs]);
  const solves: MonotoneSolution[] = [];
  const parameters = model.parameters.map(({ value }) => value);
  /** Freed at the end, also when something throws: what is read back has been enqueued by then. */
  const held = [x, targets];
  const outputs: Tensor[] = [];
  try {
    const { loss, gradients } = await differentiate((...values) => {
      const scores = model.forward(x, { values, solves, training });
      outputs.push(engine.kept(scores));
      return crossEntropy(scores, targets);
    }, parameters);
    held.push(loss, ...gradients);
    model.replaceParameters(update(gradients));
    const [scores] = outputs;
    const read = Promise.all([
      loss.data(),
      scores.data(),
      Promise.all(solves.map(({ report }) => report)),
      Promise.all(solves.flatMap(({ backwardReports }) => backwardReports)),
      ...gradients.map((gradient) => gradient.verified()),
    ]).then(([[value], rows, forward, backward]) => ({
      count: part.count,
      loss: value,
      right: part.labels.reduce((sum, label, row) => {
        const scoresOfRow = rows.subarray(row * model.outputs, (row + 1) * model.outputs);
        return sum + (indexOfLargest(scoresOfRow) === label ? 1 : 0);
      }, 0),
      forward,
      backward,
    }));
    read.catch(() => {}); // it is awaited one step later
    return { read };
  } finally {
    for (const tensor of [...held, ...outputs]) tensor.dispose();
  }
}

function summary(
  outcomes: readonly StepOutcome[],
): Pick<EpochProgress, 'loss' | 'accuracy' | 'iterationsForward' | 'iterationsBackward'> {
  const count = outcomes.reduce((sum, outcome) => sum + outcome.count, 0);
  const meanIterations = (reports: readonly SolveReport[]): number => {
    const iterations = reports.flatMap(({ samples }) => samples.map((sample) => sample.iterations));
    return iterations.length === 0 ? 0 : iterations.reduce((a, b) => a + b, 0) / iterations.length;
  };
  return {
    loss: outcomes.reduce((sum, outcome) => sum + outcome.loss * outcome.count, 0) / count,
    accuracy: outcomes.reduce((sum, outcome) => sum + outcome.right, 0) / count,
    iterationsForward: meanIterations(outcomes.flatMap(({ forward }) => forward)),
    iterationsBackward: meanIterations(outcomes.flatMap(({ backward }) => backward)),
  };
}

/** Lets the page or the process breathe every now and then: on the CPU backend nothing else would. */
function pauses(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 40) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}
