/** Formats the progress of training and tuning for a terminal. */
import type { EpochProgress, StepProgress, TuneProgress } from '../index.ts';
import { formatDuration } from './duration.ts';

/** The length of the progress bar in characters. */
const BAR_LENGTH = 24;

/** The line that is redrawn at every step of an epoch. */
export function formatStep({ epoch, epochs, step, steps, loss, secondsLeft }: StepProgress): string {
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
export function formatEpoch(progress: EpochProgress): string {
  const { epoch, epochs, loss, accuracy, iterationsForward, iterationsBackward, seconds, validation } = progress;
  return [
    formatEpochNumber(epoch, epochs),
    `loss ${loss.toFixed(4)}`,
    `training ${formatPercent(accuracy)}`,
    ...(validation ? [`held-out ${formatPercent(validation.accuracy)}`] : []),
    `iterations ${iterationsForward.toFixed(1)} forward, ${iterationsBackward.toFixed(1)} backward`,
    `${seconds.toFixed(2)} s`,
  ].join('  ');
}

export function formatAccuracy(right: number, count: number): string {
  return `accuracy ${formatPercent(right / count).trim()} (${right} of ${count})`;
}

function formatEpochNumber(epoch: number, epochs: number): string {
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2).padStart(6)} %`;
}
