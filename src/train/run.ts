/** The state of a training run: all that changes while it goes on. */
import type { Model } from '../layers/sequential.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingRecord } from './checkpoint/checkpoint.ts';
import type { CheckpointInfo } from './checkpoint/options.ts';
import { EarlyStopper } from './early-stopping.ts';
import type { OptimiserState } from './optimiser.ts';
import type { Settings } from './options.ts';
import { EMPTY_TALLY, type EpochProgress, estimator, type Tally } from './progress.ts';

export interface Run {
  readonly model: Model;
  readonly settings: Settings;
  readonly optimiser: OptimiserState;
  readonly stopper: EarlyStopper | undefined;
  /** Epochs done. */
  epoch: number;
  /** Steps done of the epoch under way. */
  step: number;
  /** Of these steps. */
  tally: Tally;
  /** Of all steps done. */
  readonly losses: number[];
  readonly epochs: EpochProgress[];
  /** Seconds since it was called before. */
  readonly lapse: () => number;
  /** Estimated. */
  readonly secondsLeft: () => number;
  /** Writes a checkpoint if the caller wants any; undefined where none are wanted, nor the run goes on from one. */
  readonly writeCheckpoint: CheckpointWriter | undefined;
  /** Set at its end. */
  isOver: boolean;
}

export type CheckpointWriter = (run: Run, reason: CheckpointInfo['reason']) => Promise<void>;

/** @param record of the checkpoint that it goes on from, which the model has taken up */
export function beginRun(
  engine: Engine,
  model: Model,
  settings: Settings,
  record: TrainingRecord | undefined,
  writeCheckpoint: CheckpointWriter | undefined,
): Run {
  const isNew = !model.isInitialised || model.engine !== engine;
  if (isNew) model.initialise(engine, settings.seed);
  try {
    return { ...begun(engine, model, settings, record), writeCheckpoint };
  } catch (error) {
    if (isNew) model.dispose();
    throw error;
  }
}

function begun(
  engine: Engine,
  model: Model,
  settings: Settings,
  record: TrainingRecord | undefined,
): Omit<Run, 'writeCheckpoint'> {
  const parameters = model.parameters.map(({ value }) => value);
  const remembered =
    record && new Map([...record.optimiser].map(([name, own]) => [name, own.map(({ values }) => values)]));
  const losses = [...(record?.losses ?? [])];
  const started = engine.lasting(() => ({
    stopper: stopperOf(engine, settings, record),
    optimiser: settings.optimiser.start(engine, parameters, remembered),
  }));
  return {
    model,
    settings,
    ...started,
    isOver: false,
    epoch: record?.epoch ?? 0,
    step: record?.step ?? 0,
    tally: record?.tally ?? EMPTY_TALLY,
    losses,
    epochs: [...(record?.epochs ?? [])],
    ...clocks(settings, losses),
  };
}

function stopperOf(engine: Engine, { earlyStopping }: Settings, record?: TrainingRecord): EarlyStopper | undefined {
  if (!earlyStopping) return undefined;
  const stopper = new EarlyStopper(earlyStopping);
  if (record?.earlyStopping) {
    const best = stopper.keepsParameters ? record.best : [];
    stopper.takeUp(
      record.earlyStopping,
      best.map(({ values, shape }) => engine.tensor(values, shape)),
    );
  }
  return stopper;
}

function clocks(
  { epochs, steps, maximumSteps }: Settings,
  losses: readonly number[],
): Pick<Run, 'lapse' | 'secondsLeft'> {
  const estimate = estimator();
  const before = losses.length;
  let last = performance.now();
  return {
    lapse() {
      const now = performance.now();
      const seconds = (now - last) / 1000;
      last = now;
      return seconds;
    },
    secondsLeft: () => estimate(losses.length - before, Math.min(epochs * steps, maximumSteps) - losses.length),
  };
}

export function endRun(run: Run): void {
  run.isOver = true;
  run.optimiser.dispose();
  run.stopper?.dispose();
}
