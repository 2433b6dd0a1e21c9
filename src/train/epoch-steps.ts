/**
 * The steps of one epoch. At most two are in flight: while the outcome of one is read back, the step after it is
 * already enqueued. Where the backend allows it, steps are enqueued speculatively (speculative-step.ts): a step whose
 * speculation fails is void, and is repeated without speculation.
 */
import { yieldIfTurnIsOver } from '../backends/event-loop.ts';
import { random } from '../data/random.ts';
import { subset } from '../data/samples.ts';
import { unlessAborted } from '../implicit/run-limits.ts';
import type { Model } from '../layers/sequential.ts';
import { drawBatches } from './batches.ts';
import { isDueAfter } from './checkpoint/options.ts';
import { addToTally, EMPTY_TALLY, type StepOutcome, summarise } from './progress.ts';
import type { Run } from './run.ts';
import type { SpeculativeStep } from './speculative-step.ts';
import { trainStep } from './step.ts';
import { holdStepStart, type StepStart } from './step-start.ts';

/** A step that has been enqueued and has not ended yet. */
interface StepInFlight {
  /** Resolves to undefined where the step is void. A step that was enqueued after it is then void, too. */
  readonly read: Promise<StepOutcome | undefined>;
  readonly start: StepStart;
  /** Present where the step was enqueued speculatively. */
  readonly speculative: SpeculativeStep | undefined;
  /** False while callbacks of layers run. If one of them throws, the step has to be undone. */
  isWhole: boolean;
}

/**
 * Runs the remaining steps of the epoch in order, until the signal is aborted. A step that fails is undone, and so is
 * the step that was enqueued after it.
 */
export async function runSteps(run: Run): Promise<void> {
  const { settings, model, epoch } = run;
  const end = Math.min(settings.steps, run.step + settings.maximumSteps - run.losses.length);
  const enqueueStep = createStepEnqueuer(run);
  /** The step whose outcome is awaited next, and the step enqueued after it. */
  let current: StepInFlight | undefined;
  let next: StepInFlight | undefined;
  let mustRepeat = false;
  run.takeLapse();
  try {
    for (;;) {
      const step = run.step + (current ? 1 : 0);
      const isCheckpointDue = current !== undefined && isDueAfter(settings.checkpoint, 'steps', run.losses.length + 1);
      // A checkpoint and the tuning of a layer read the results of `current`, which must no longer be able to turn out
      // void.
      const mustWait =
        isCheckpointDue || (current?.speculative && model.tuningDue(epoch * settings.steps + step).includes(true));
      let failure: { readonly cause: unknown } | undefined;
      if (step < end && !settings.signal?.aborted && !mustWait) {
        try {
          next = await enqueueStep(step, !mustRepeat);
        } catch (cause) {
          failure = { cause };
        }
      }
      if (!current && !next && !failure) return;
      const stands = await settleStep(run, current, next);
      // Where `current` is void, the failed step started from wrong numbers, and both are repeated.
      if (failure && stands) throw failure.cause;
      mustRepeat = !stands;
      current = stands ? next : undefined;
      next = undefined;
      if (isCheckpointDue && stands) await run.writeCheckpoint(run, 'scheduled');
      await yieldIfTurnIsOver();
    }
  } finally {
    // After an error no step may remain in flight, except after an abort, for which nobody waits.
    const concluded = concludeSteps(current, next);
    if (!abortSignalOf(run, current, next)?.aborted) await concluded;
  }
}

/**
 * The signal whose abort cuts the wait for a step short: the model then has the parameters to which the step leads, as
 * soon as they are computed. Undefined where the step must be awaited, because it may turn out void or because a
 * checkpoint will be written from it.
 */
function abortSignalOf(
  { settings: { signal, checkpoint } }: Run,
  current: StepInFlight | undefined,
  next: StepInFlight | undefined,
): AbortSignal | undefined {
  return checkpoint || current?.speculative || next?.speculative ? undefined : signal;
}

/**
 * Waits for the outcome of `current` and ends the step.
 * @returns false where the step was void; the run is then back at the start of that step
 */
async function settleStep(
  run: Run,
  current: StepInFlight | undefined,
  next: StepInFlight | undefined,
): Promise<boolean> {
  if (!current) return true;
  const outcome = await unlessAborted(current.read, abortSignalOf(run, current, next));
  if (!outcome) {
    await concludeSteps(current, next);
    return false;
  }
  const endCurrent = async (): Promise<void> => {
    current.isWhole = false;
    await runAllCallbacks(run.model, outcome.whenRead);
    current.isWhole = true;
    releaseStep(current);
    await endStep(run, outcome);
  };
  // Callbacks see the parameters that `current` led to, not those of a step that may still turn out void.
  await (next?.speculative ? next.speculative.runWithStartParameters(endCurrent) : endCurrent());
  return true;
}

/**
 * Runs what layers asked to be called back for. If a callback throws, the numbers that layers remember are restored.
 */
async function runAllCallbacks({ memories }: Model, callbacks: StepOutcome['whenRead']): Promise<void> {
  const before = memories.map(({ numbers }) => new Map(numbers));
  try {
    for (const callback of callbacks) await callback();
  } catch (error) {
    for (const [layer, { numbers }] of memories.entries()) {
      numbers.clear();
      for (const [name, value] of before[layer]) numbers.set(name, value);
    }
    throw error;
  }
}

/**
 * Waits for the steps in flight, then undoes the first one that is void, failed or incomplete, together with the step
 * after it. Never rejects.
 */
async function concludeSteps(current: StepInFlight | undefined, next: StepInFlight | undefined): Promise<void> {
  const steps = [current, next].filter((step) => step !== undefined);
  const outcomes = await Promise.all(steps.map(({ read }) => read.catch(() => undefined)));
  const firstUndone = outcomes.findIndex((outcome, index) => !outcome || !steps[index].isWhole);
  if (firstUndone >= 0) for (const { start } of steps.slice(firstUndone).reverse()) start.restore();
  for (const step of steps) releaseStep(step);
}

function releaseStep({ start, speculative }: Pick<StepInFlight, 'start' | 'speculative'>): void {
  speculative?.release();
  start.release();
}

/** Returns a function that enqueues a step of the current epoch. If it throws, the step leaves no trace. */
function createStepEnqueuer(run: Run): (step: number, maySpeculate: boolean) => Promise<StepInFlight> {
  const { model, settings, optimiser, epoch } = run;
  const { samples, batch, steps, seed, task, augmentation } = settings;
  const generator = random(seed);
  const rowsOf = drawBatches(generator, epoch, samples.count, batch, settings.optimiser.sampling ?? 'shuffled');
  return async (step, maySpeculate) => {
    const rows = rowsOf(step);
    const chosen = subset(samples, rows);
    const part = augmentation?.augment(chosen, rows, generator, epoch) ?? chosen;
    const start = holdStepStart(run);
    let speculative: SpeculativeStep | undefined;
    try {
      speculative = maySpeculate ? await speculateOn(model, start) : undefined;
      const { read } = await trainStep(model, {
        part,
        task,
        training: {
          step: epoch * steps + step,
          random: generator.fork(`step ${step} of epoch ${epoch}`),
          rows,
          count: samples.count,
        },
        speculative,
        update: (gradients) => {
          const values = model.parameters.map(({ value }) => value);
          return optimiser.update(values, gradients, epoch + step / steps, epoch * steps + step);
        },
      });
      start.enqueued();
      return { read, start, speculative, isWhole: true };
    } catch (error) {
      start.restore();
      releaseStep({ start, speculative });
      throw error;
    }
  };
}

/** Undefined where the backend needs no speculation, or where a page can no longer load the code for it. */
async function speculateOn(model: Model, start: StepStart): Promise<SpeculativeStep | undefined> {
  const speculation = model.engine.speculate();
  if (!speculation) return undefined;
  const loaded = await import('./speculative-step.ts').catch(() => undefined);
  return loaded?.createSpeculativeStep(model, start, speculation);
}

async function endStep(run: Run, outcome: StepOutcome): Promise<void> {
  const { epochs, steps, task, onProgress } = run.settings;
  const { loss } = outcome;
  run.losses.push(loss);
  const seconds = run.takeLapse();
  run.tally = addToTally(run.tally, outcome, seconds);
  run.step += 1;
  await onProgress?.({
    kind: 'step',
    epoch: run.epoch + 1,
    step: run.step,
    epochs,
    steps,
    samples: outcome.count,
    ...summarise(addToTally(EMPTY_TALLY, outcome, seconds), task),
    samplesPerSecond: run.tally.count / run.tally.seconds,
    loss, // exactly as it was read: weighting and dividing it would round
    secondsLeft: run.secondsLeft(),
  });
}
