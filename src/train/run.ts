/** The state of a training run. */
import type { Model } from '../layers/sequential.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingRecord } from './checkpoint/load.ts';
import type { CheckpointInfo } from './checkpoint/options.ts';
import type { createStopper, EarlyStopper } from './early-stopper.ts';
import type { OptimiserState } from './optimiser.ts';
import type { Settings } from './options.ts';
import { createEstimator, EMPTY_TALLY, type EpochProgress, type Tally } from './progress.ts';
import type { TaskName } from './task.ts';

export interface Run {
  readonly model: Model;
  readonly settings: Settings;
  readonly optimiser: OptimiserState;
  readonly stopper: EarlyStopper | undefined;
  /** The number of finished epochs. */
  epoch: number;
  /** The number of finished steps in the current epoch. */
  step: number;
  /** Sums over the finished steps of the current epoch. */
  tally: Tally;
  /** The loss of every finished step. */
  readonly losses: number[];
  readonly epochs: EpochProgress<TaskName>[];
  /** Returns the seconds since its last call. */
  readonly takeLapse: () => number;
  /** Estimates the seconds until the end of training. */
  readonly secondsLeft: () => number | undefined;
  /** Writes a checkpoint if the caller asked for checkpoints. */
  readonly writeCheckpoint: CheckpointWriter;
  /** True once training has ended. */
  isOver: boolean;
}

type CheckpointWriter = (run: Run, reason: CheckpointInfo['reason']) => Promise<void>;

/** What is loaded only where the options ask for it. */
export interface RunParts {
  readonly writeCheckpoint?: CheckpointWriter;
  readonly createStopper?: typeof createStopper;
}

/** @param record of the checkpoint from which training continues; the model already has its parameters */
export function beginRun(
  engine: Engine,
  model: Model,
  settings: Settings,
  record: TrainingRecord | undefined,
  { writeCheckpoint = async () => {}, createStopper }: RunParts,
): Run {
  const isNew = !model.isInitialised || model.engine !== engine;
  if (isNew) model.initialise(engine, settings.seed);
  model.targetScale = settings.task.chooseScale(model.targetScale);
  try {
    return { ...makeRun(engine, model, settings, record, createStopper), writeCheckpoint };
  } catch (error) {
    if (isNew) model.dispose();
    throw error;
  }
}

function makeRun(
  engine: Engine,
  model: Model,
  settings: Settings,
  record: TrainingRecord | undefined,
  createStopper: RunParts['createStopper'],
): Omit<Run, 'writeCheckpoint'> {
  const parameters = model.parameters.map(({ value }) => value);
  const remembered =
    record && new Map([...record.optimiser].map(([name, own]) => [name, own.map(({ values }) => values)]));
  const losses = [...(record?.losses ?? [])];
  const started = engine.runLasting(() => ({
    stopper: settings.earlyStopping && createStopper?.(engine, settings.earlyStopping, record),
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
    ...createClocks(settings, losses),
  };
}

function createClocks(
  { epochs, steps, maximumSteps }: Settings,
  losses: readonly number[],
): Pick<Run, 'takeLapse' | 'secondsLeft'> {
  const estimate = createEstimator();
  const before = losses.length;
  let last = performance.now();
  return {
    takeLapse() {
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
