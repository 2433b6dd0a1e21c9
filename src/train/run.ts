/** The state of a training run: all that changes while it goes on. */
import type { Model } from '../layers/sequential.ts';
import type { Engine } from '../tensor/engine.ts';
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
}

export function beginRun(engine: Engine, model: Model, settings: Settings): Run {
  if (!model.isInitialised || model.engine !== engine) model.initialise(engine, settings.seed);
  const parameters = model.parameters.map(({ value }) => value);
  const losses: number[] = [];
  const estimate = estimator();
  let last = performance.now();
  return {
    model,
    settings,
    optimiser: settings.optimiser.start(engine, parameters),
    stopper: settings.earlyStopping && new EarlyStopper(settings.earlyStopping),
    epoch: 0,
    step: 0,
    tally: EMPTY_TALLY,
    losses,
    epochs: [],
    lapse() {
      const seconds = (performance.now() - last) / 1000;
      last += 1000 * seconds;
      return seconds;
    },
    secondsLeft: () =>
      estimate(losses.length, Math.min(settings.epochs * settings.steps, settings.maximumSteps) - losses.length),
  };
}

export function endRun({ optimiser, stopper }: Run): void {
  optimiser.dispose();
  stopper?.dispose();
}
