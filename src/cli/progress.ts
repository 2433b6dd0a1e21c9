/** How training looks on a terminal. */
import type { EpochProgress, Evaluation, StepProgress } from '../index.ts';

const BAR = 24;

/** One line that is drawn over and over within an epoch. */
export function stepLine({ epoch, epochs, step, steps, loss }: StepProgress): string {
  const done = Math.round((BAR * step) / steps);
  const bar = '█'.repeat(done) + '░'.repeat(BAR - done);
  return `${epochOf(epoch, epochs)}  ${bar} ${step}/${steps}  loss ${loss.toFixed(4)}`;
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

export function accuracyLine({ accuracy, count, confusion }: Evaluation): string {
  const right = confusion.reduce((sum, row, label) => sum + row[label], 0);
  return `test accuracy ${percent(accuracy).trim()} (${right} of ${count})`;
}

function epochOf(epoch: number, epochs: number): string {
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2).padStart(6)} %`;
}
