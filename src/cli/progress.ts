/** How training looks on a terminal. */
import type { EpochProgress, StepProgress, TuneProgress } from '../index.ts';
import { duration } from './duration.ts';

const BAR = 24;

/** One line that is drawn over and over within an epoch. */
export function stepLine({ epoch, epochs, step, steps, loss, secondsLeft }: StepProgress): string {
  const done = Math.round((BAR * step) / steps);
  const bar = '█'.repeat(done) + '░'.repeat(BAR - done);
  return `${epochOf(epoch, epochs)}  ${bar} ${step}/${steps}  loss ${loss.toFixed(4)}  ${duration(secondsLeft, 0)} left`;
}

/** One line that is drawn over and over while a penalty is looked for. */
export function tuneLine({ kind, visited, evaluations, best, secondsLeft }: TuneProgress): string {
  const told = (value: number): string => String(Number(value.toPrecision(7)));
  const last = visited.reduce((a, b) => (b.value < a.value ? b : a));
  return [
    `evaluation ${evaluations}`,
    ...(kind === 'step' && last.parameters.length === 1 ? [`λ ${last.parameters[0].toFixed(4)}`] : []),
    `criterion ${told(last.value)}`,
    ...(best ? [`the least ${told(best.value)}`] : []),
    `at most ${duration(secondsLeft, 0)} left`,
  ].join('  ');
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
