/** Formats the progress of training and tuning for a terminal. */
import type {
  EpochProgress,
  Evaluation,
  RegressionEvaluation,
  StepProgress,
  TaskName,
  TuneProgress,
} from '../index.ts';
import { formatDuration } from './duration.ts';
import { toOneLine } from './io.ts';
import { formatNumber } from './report/numbers.ts';

/** The length of the progress bar in characters. */
const BAR_LENGTH = 24;

/** The line that is redrawn at every step of an epoch. */
export function formatStep({ epoch, epochs, step, steps, loss, secondsLeft }: StepProgress<TaskName>): string {
  const done = Math.round((BAR_LENGTH * step) / steps);
  const bar = '█'.repeat(done) + '░'.repeat(BAR_LENGTH - done);
  const left = secondsLeft === undefined ? '' : `  ${formatDuration(secondsLeft, 0)} left`;
  return `${formatEpochNumber(epoch, epochs)}  ${bar} ${step}/${steps}  loss ${loss.toFixed(4)}${left}`;
}

/** The line that is redrawn at every evaluation of the search for a penalty. */
export function formatEvaluation({ kind, visited, evaluations, best, secondsLeft }: TuneProgress): string {
  const formatRounded = (value: number, digits = 7): string => String(Number(value.toPrecision(digits)));
  const last = visited.reduce((a, b) => (b.value < a.value ? b : a));
  return [
    `evaluation ${evaluations}`,
    ...(kind === 'step' && last.parameters.length === 1 ? [`λ ${formatRounded(Math.exp(last.parameters[0]), 5)}`] : []),
    `criterion ${formatRounded(last.value)}`,
    ...(best ? [`the least ${formatRounded(best.value)}`] : []),
    ...(secondsLeft === undefined ? [] : [`at most ${formatDuration(secondsLeft, 0)} left`]),
  ].join('  ');
}

/** The line for a finished epoch. */
export function formatEpoch(progress: EpochProgress<TaskName>): string {
  const { epoch, epochs, loss, iterationsForward, iterationsBackward, seconds } = progress;
  return [
    formatEpochNumber(epoch, epochs),
    `loss ${loss.toFixed(4)}`,
    ...formatMeasures(progress),
    `iterations ${iterationsForward.toFixed(1)} forward, ${iterationsBackward.toFixed(1)} backward`,
    `${seconds.toFixed(2)} s`,
  ].join('  ');
}

function formatMeasures(progress: EpochProgress<TaskName>): string[] {
  if ('accuracy' in progress) {
    const { accuracy, validation } = progress;
    const heldOut = validation ? [`held-out ${formatPercent(validation.accuracy)}`] : [];
    return [`training ${formatPercent(accuracy)}`, ...heldOut];
  }
  const { rootMeanSquaredErrors, validation } = progress;
  const list = (errors: readonly number[]): string => errors.map((error) => formatNumber(error, 4)).join(', ');
  const heldOut = validation?.targets.map(({ rootMeanSquaredError }) => rootMeanSquaredError);
  return [
    `training RMSE ${list(rootMeanSquaredErrors)}`,
    ...(heldOut ? [`watched RMSE ${list(heldOut)}  R² ${formatNumber(validation?.rSquared ?? Number.NaN, 3)}`] : []),
  ];
}

/**
 * One line for each target, with 95 % intervals.
 * @param isWeighted whether the rows have weights
 */
export function formatErrors(
  { targets, count }: RegressionEvaluation,
  names: readonly string[],
  isWeighted: boolean,
): string[] {
  return targets.map(({ rSquared, rootMeanSquaredError, meanAbsoluteError, intervals }, target) => {
    const between = (interval: readonly [number, number] | undefined): string =>
      interval ? ` (${formatNumber(interval[0], 3)} to ${formatNumber(interval[1], 3)})` : '';
    const name = names.length > 1 ? `${toOneLine(names[target])}: ` : '';
    return [
      `${name}RMSE ${formatNumber(rootMeanSquaredError, 4)}${between(intervals?.rootMeanSquaredError)}`,
      `MAE ${formatNumber(meanAbsoluteError, 4)}${between(intervals?.meanAbsoluteError)}`,
      `R² ${formatNumber(rSquared, 3)}${between(intervals?.rSquared)} on ${count} rows${isWeighted ? ', by weight' : ''}`,
    ].join(', ');
  });
}

/** The accuracy, and how many rows were classified rightly: another share of the rows where they have weights. */
export function formatAccuracy(
  { accuracy, count }: Pick<Evaluation, 'accuracy' | 'count'>,
  right: number,
  isWeighted: boolean,
): string {
  const rows = `${right} of ${count}`;
  return `accuracy ${formatPercent(accuracy).trim()} ${isWeighted ? `by weight (${rows} rows)` : `(${rows})`}`;
}

function formatEpochNumber(epoch: number, epochs: number): string {
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2).padStart(6)} %`;
}
