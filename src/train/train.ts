import { breathe } from '../backends/event-loop.ts';
import { type Dataset, type Samples, subset } from '../data/dataset.ts';
import { random } from '../data/random.ts';
import { fetched } from '../implicit/fetched.ts';
import { unlessAborted } from '../implicit/run-limits.ts';
import type { Model } from '../layers/sequential.ts';
import { ConvergenceError } from '../solvers/report.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { batchesOf } from './batches.ts';
import { type CheckpointInfo, isDueAfterEpochs, isDueAfterSteps } from './checkpoint/options.ts';
import { evaluate } from './evaluate.ts';
import { crossEntropy } from './losses.ts';
import { type Settings, settingsOf, type TrainOptions } from './options.ts';
import { EMPTY_TALLY, type EpochProgress, type History, summary, tallied } from './progress.ts';
import { beginRun, endRun, type Run } from './run.ts';
import type { SpeculativeStep } from './speculative-step.ts';
import { type StepOutcome, trainStep } from './step.ts';
import { type StepStart, stepStart } from './step-start.ts';

/**
 * Trains a classifier on batches of samples, shuffled unless the optimiser draws them independently.
 *
 * The model is initialised on the engine with `seed`, unless it has parameters there already: then training goes on from
 * these, or with `resume` from those of the checkpoint.
 * @throws ConvergenceError where a forward or backward solve does not converge, RangeError where data and model do not
 *   fit, CheckpointError where training cannot be taken up again, the signal's reason once it is aborted, and an error
 *   that names the step where the loss, or what it makes of the parameters, is not finite. A step that fails leaves the
 *   parameters, and what layers remember, as they were before it: the model goes on to work
 */
export async function train(
  engine: Engine,
  model: Model,
  data: Dataset | Samples,
  options?: TrainOptions,
): Promise<History> {
  ENGINE('train: engine', engine);
  const settings = settingsOf(model, data, options);
  settings.signal?.throwIfAborted();
  const checkpoints = await checkpointsFor(settings);
  const record = settings.resume && checkpoints?.takeUp(settings.resume, engine, model, settings);
  const run = beginRun(engine, model, settings, record, checkpoints?.writeCheckpoint);
  try {
    while (hasMore(run)) {
      await runSteps(run);
      await stopIfAborted(run);
      if (run.step < settings.steps) break;
      await endEpoch(run);
      if (hasMore(run) && isDueAfterEpochs(settings.checkpoint, run.epoch)) await writeCheckpoint(run, 'scheduled');
    }
    await writeCheckpoint(run, 'finished');
    if (run.step > 0) await endEpoch(run); // cut short by maximumSteps
    const stoppedEarly = run.stopper?.hasStopped === true && run.epoch < settings.epochs;
    run.stopper?.restore(model);
    const { epochs, losses, stopper } = run;
    return { epochs, losses, backend: engine.backend, stoppedEarly, bestEpoch: stopper?.bestEpoch };
  } catch (error) {
    if (!(error instanceof ConvergenceError)) throw error;
    // Fetched where something has failed; a page that cannot load it says what the solve says.
    throw await import('./driven-off.ts').then(
      ({ explained }) => explained(run, error),
      () => error,
    );
  } finally {
    endRun(run);
  }
}

/** Where there are any to be written or read: fetched before the first step, so that no step is lost to a network that is gone. */
async function checkpointsFor({ checkpoint, resume }: Settings): Promise<Checkpoints | undefined> {
  return checkpoint || resume ? fetched('what writes checkpoints', import('./checkpoint/resume.ts')) : undefined;
}

type Checkpoints = typeof import('./checkpoint/resume.ts');

async function writeCheckpoint(run: Run, reason: CheckpointInfo['reason']): Promise<void> {
  await run.writeCheckpoint?.(run, reason);
}

/** @throws the signal's reason where it is aborted, once there is a checkpoint to go on from */
async function stopIfAborted(run: Run): Promise<void> {
  const { signal } = run.settings;
  if (signal?.aborted) await writeCheckpoint(run, 'stopped');
  signal?.throwIfAborted();
}

function hasMore({ epoch, losses, settings, stopper }: Run): boolean {
  return epoch < settings.epochs && losses.length < settings.maximumSteps && !stopper?.hasStopped;
}

/** A step that is under way. */
interface Begun {
  /** Undefined where the step is void, and with it whatever was begun after it. */
  readonly read: Promise<StepOutcome | undefined>;
  readonly start: StepStart;
  readonly speculative: SpeculativeStep | undefined;
  /** False while layers do what they wanted done once it has been read. */
  isWhole: boolean;
}

/**
 * Runs the steps of the epoch that are left, in order, until the signal is aborted. One is always under way while the
 * outcome of the one before it is read back. Steps are enqueued on the speculation that their loops are as long as before;
 * one for which that does not hold is void, and is repeated from its start without it. One that fails is undone.
 */
async function runSteps(run: Run): Promise<void> {
  const { settings, model, epoch } = run;
  const limit = Math.min(settings.steps, run.step + settings.maximumSteps - run.losses.length);
  const begin = stepsOf(run);
  let pending: Begun | undefined;
  let later: Begun | undefined;
  let speculates = true;
  run.lapse();
  try {
    for (;;) {
      const step = run.step + (pending ? 1 : 0);
      const isDue = pending !== undefined && isDueAfterSteps(settings.checkpoint, run.losses.length + 1);
      // What is written down, or read to tune a layer, must not be void.
      const mustWait = isDue || (pending?.speculative && model.tuningDue(epoch * settings.steps + step).includes(true));
      let failure: { readonly cause: unknown } | undefined;
      if (step < limit && !settings.signal?.aborted && !mustWait) {
        later = await begin(step, speculates).catch((cause: unknown) => {
          failure = { cause };
          return undefined;
        });
      }
      if (!pending && !later && !failure) return;
      speculates = await settle(run, pending, later);
      // The one before it comes to its end first.
      if (failure && speculates) throw failure.cause;
      pending = speculates ? later : undefined;
      later = undefined;
      if (isDue && speculates) await writeCheckpoint(run, 'scheduled');
      await breathe();
    }
  } finally {
    // Nothing of this run is under way once it has thrown, but for steps that nobody waits for any more.
    const concluded = conclude(pending, later);
    if (!signalOf(run, pending, later)?.aborted) await concluded;
  }
}

/**
 * What ends the wait for a step: the model then has the parameters that it leads to, as soon as they are computed. A checkpoint
 * is written from steps that have ended, and one that may be void is waited for.
 */
function signalOf(
  { settings: { signal, checkpoint } }: Run,
  pending: Begun | undefined,
  later: Begun | undefined,
): AbortSignal | undefined {
  return checkpoint || pending?.speculative || later?.speculative ? undefined : signal;
}

/** Waits for the outcome of a step. @returns false where it was void: the run is then at its start again */
async function settle(run: Run, pending: Begun | undefined, later: Begun | undefined): Promise<boolean> {
  if (!pending) return true;
  const outcome = await unlessAborted(pending.read, signalOf(run, pending, later));
  if (!outcome) {
    await conclude(pending, later);
    return false;
  }
  const end = async (): Promise<void> => {
    pending.isWhole = false;
    await allOrNothing(run.model, outcome.whenRead);
    pending.isWhole = true;
    leave(pending);
    await endStep(run, outcome);
  };
  // Meanwhile the model holds what is known to stand.
  await (later?.speculative ? later.speculative.before(end) : end());
  return true;
}

/** What layers want done once a step has been read: where that throws, the numbers that they remember are as before. */
async function allOrNothing({ memories }: Model, callbacks: StepOutcome['whenRead']): Promise<void> {
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

/** Waits for steps, the later one begun after the other. What has failed, or is void, is undone, with what came after it. Never rejects. */
async function conclude(pending: Begun | undefined, later: Begun | undefined): Promise<void> {
  const steps = [pending, later].filter((step) => step !== undefined);
  const outcomes = await Promise.all(steps.map(({ read }) => read.catch(() => undefined)));
  const firstUndone = outcomes.findIndex((outcome, index) => !outcome || !steps[index].isWhole);
  if (firstUndone >= 0) for (const { start } of steps.slice(firstUndone).reverse()) start.restore();
  for (const step of steps) leave(step);
}

function leave({ start, speculative }: Pick<Begun, 'start' | 'speculative'>): void {
  speculative?.leave();
  start.release();
}

/** Enqueues a step of the epoch under way. Where it throws nothing is left of the step. */
function stepsOf(run: Run): (step: number, speculates: boolean) => Promise<Begun> {
  const { model, settings, optimiser, epoch } = run;
  const { samples, batch, steps, seed, ownLoss: loss = crossEntropy, weights } = settings;
  const generator = random(seed);
  const rowsOf = batchesOf(generator, epoch, samples.count, batch, settings.optimiser.sampling ?? 'shuffled');
  return async (step, speculates) => {
    const rows = rowsOf(step);
    const start = stepStart(run);
    let speculative: SpeculativeStep | undefined;
    try {
      const speculation = speculates ? model.engine.speculate() : undefined;
      // A page that cannot load it any more goes on without.
      const loaded = speculation && (await import('./speculative-step.ts').catch(() => undefined));
      speculative = speculation && loaded?.speculativeStep(model, start, speculation);
      const { read } = await trainStep(model, {
        part: subset(samples, rows),
        loss,
        weights,
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
      leave({ start, speculative });
      throw error;
    }
  };
}

async function endStep(run: Run, outcome: StepOutcome): Promise<void> {
  const { epochs, steps, onProgress } = run.settings;
  const { loss } = outcome;
  run.losses.push(loss);
  const seconds = run.lapse();
  run.tally = tallied(run.tally, outcome, seconds);
  run.step += 1;
  await onProgress?.({
    kind: 'step',
    epoch: run.epoch + 1,
    step: run.step,
    epochs,
    steps,
    samples: outcome.count,
    ...summary(tallied(EMPTY_TALLY, outcome, seconds)),
    loss, // itself, not weighted and divided again
    secondsLeft: run.secondsLeft(),
  });
}

async function endEpoch(run: Run): Promise<void> {
  const { epochs, steps, optimiser, validation, ownLoss, signal, onProgress } = run.settings;
  const evaluation = validation && evaluate(run.model, validation, { loss: ownLoss, signal });
  await evaluation?.catch(() => stopIfAborted(run));
  const progress: EpochProgress = {
    kind: 'epoch',
    epoch: run.epoch + 1,
    epochs,
    ...summary(run.tally),
    rate: optimiser.rate(run.epoch, run.epoch * steps),
    validation: await evaluation,
    secondsLeft: run.secondsLeft(),
  };
  run.epochs.push(progress);
  run.stopper?.see(progress, run.model);
  run.epoch += 1;
  run.step = 0;
  run.tally = EMPTY_TALLY;
  await onProgress?.(progress);
}
