import type { Dataset, RegressionDataset } from '../data/dataset.ts';
import type { AnySamples, RegressionSamples, Samples } from '../data/samples.ts';
import type { Model } from '../layers/sequential.ts';
import { ConvergenceError } from '../solvers/report.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { isDueAfter } from './checkpoint/options.ts';
import { runSteps } from './epoch-steps.ts';
import { type RegressionTrainOptions, readSettings, type TrainOptions } from './options.ts';
import { EMPTY_TALLY, type EpochProgress, type History, summarise } from './progress.ts';
import { beginRun, endRun, type Run } from './run.ts';
import type { TaskName } from './task.ts';

/**
 * Trains a model on batches of samples: a classifier on samples with labels, a model for regression on samples with
 * targets. Every epoch takes all samples in random order, unless the optimiser draws them independently.
 *
 * If the model already has parameters on this engine, training starts from these; otherwise the model is initialised
 * with `seed`. With `resume`, training continues from a checkpoint instead.
 * @throws ConvergenceError where a forward or backward solve does not converge; RangeError where the data do not fit
 *   the model; CheckpointError where training cannot be resumed; the signal's reason once it is aborted; and an Error
 *   that names the step where the loss, or a parameter after the update, is not finite. A step that fails is undone:
 *   the parameters, and what layers remember, are as they were before it, so that the model can still be used
 */
export function train(engine: Engine, model: Model, data: Dataset | Samples, options?: TrainOptions): Promise<History>;
/**
 * Trains a model to predict numbers. Inside, the targets have mean 0 and standard deviation 1 over the training samples;
 * `model.targetScale` keeps how they get back to their own units, in which predictions and measures are.
 */
export function train(
  engine: Engine,
  model: Model,
  data: RegressionDataset | RegressionSamples,
  options?: RegressionTrainOptions,
): Promise<History<'regression'>>;
/** Trains for either task. */
export function train(
  engine: Engine,
  model: Model,
  data: Dataset | RegressionDataset | AnySamples,
  options?: TrainOptions | RegressionTrainOptions,
): Promise<History<TaskName>>;
export async function train(
  engine: Engine,
  model: Model,
  data: Dataset | RegressionDataset | AnySamples,
  options?: TrainOptions | RegressionTrainOptions,
): Promise<History<TaskName>> {
  ENGINE('train: engine', engine);
  const settings = await readSettings(model, data, options);
  settings.signal?.throwIfAborted();
  const { checkpointing, stopping } = settings;
  const record = settings.resume && checkpointing?.resumeTraining(settings.resume, engine, model, settings);
  const run = beginRun(engine, model, settings, record, { ...checkpointing, ...stopping });
  try {
    while (hasMore(run)) {
      await runSteps(run);
      await stopIfAborted(run);
      if (run.step < settings.steps) break;
      await endEpoch(run);
      if (hasMore(run) && isDueAfter(settings.checkpoint, 'epochs', run.epoch))
        await run.writeCheckpoint(run, 'scheduled');
    }
    await run.writeCheckpoint(run, 'finished');
    if (run.step > 0) await endEpoch(run); // maximumSteps ended the epoch early
    const stoppedEarly = run.stopper?.hasStopped === true && run.epoch < settings.epochs;
    run.stopper?.restore(model);
    const { epochs, losses, stopper } = run;
    return { epochs, losses, backend: engine.backend, stoppedEarly, bestEpoch: stopper?.bestEpoch };
  } catch (error) {
    if (!(error instanceof ConvergenceError)) throw error;
    // Loaded only after a failure. A page that cannot load it reports the original error.
    throw await import('./explain-failure.ts').then(
      ({ explainFailedStep: explainFailure }) => explainFailure(run, error),
      () => error,
    );
  } finally {
    endRun(run);
  }
}

/** @throws the signal's reason where it is aborted, after a checkpoint has been written */
async function stopIfAborted(run: Run): Promise<void> {
  const { signal } = run.settings;
  if (signal?.aborted) await run.writeCheckpoint(run, 'stopped');
  signal?.throwIfAborted();
}

function hasMore({ epoch, losses, settings, stopper }: Run): boolean {
  return epoch < settings.epochs && losses.length < settings.maximumSteps && !stopper?.hasStopped;
}

async function endEpoch(run: Run): Promise<void> {
  const { epochs, steps, optimiser, validation, task, signal, onProgress } = run.settings;
  const evaluation = validation && task.evaluate(run.model, validation, signal);
  await evaluation?.catch(() => stopIfAborted(run));
  const progress = {
    kind: 'epoch' as const,
    epoch: run.epoch + 1,
    epochs,
    ...summarise(run.tally, task),
    rate: optimiser.rate(run.epoch, run.epoch * steps),
    validation: await evaluation,
    secondsLeft: run.secondsLeft(),
  } as EpochProgress<TaskName>;
  run.epochs.push(progress);
  run.stopper?.recordEpoch(progress, run.model);
  run.epoch += 1;
  run.step = 0;
  run.tally = EMPTY_TALLY;
  await onProgress?.(progress);
}
