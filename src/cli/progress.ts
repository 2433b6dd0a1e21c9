/** How training looks on a terminal. */
import type { EpochProgress, StepProgress } from '../index.ts';
import { duration } from './duration.ts';

const BAR = 24;

/** One line that is drawn over and over within an epoch. */
export function stepLine({ epoch, epochs, step, steps, loss, secondsLeft }: StepProgress): string {
  const done = Math.round((BAR * step) / steps);
  const bar = '█'.repeat(done) + '░'.repeat(BAR - done);
  return `${epochOf(epoch, epochs)}  ${bar} ${step}/${steps}  loss ${loss.toFixed(4)}  ${duration(secondsLeft, 0)} left`;
}

/** One line for a finished epoch. */
export function epochLine(progress: EpochProgress): string {
  const { epoch, epochs, loss, accuracy, iterationsForward, iterationsBackward, seconds, validation } = progress;
  return [
    epochOf(epoch, epochs),
    `loss ${loss.toFixed(4)}`,
    `training ${percent(accuracy)}`,
    ...(validation ? [`held-out ${percent(validation.accuracy)}`] : []),
    `iterations ${iterationsForward.toFixed(1)} forward, ${iterationsBackward.toFixed(1)} backward`,
    `${seconds.toFixed(2)} s`,
  ].join('  ');
}

export function accuracyLine(right: number, count: number): string {
  return `accuracy ${percent(right / count).trim()} (${right} of ${count})`;
}

function epochOf(epoch: number, epochs: number): string {
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2).padStart(6)} %`;
}
