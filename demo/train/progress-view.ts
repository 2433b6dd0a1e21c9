/** Shows the figures and the curves of a run. */
import type { EpochProgress, TaskName } from '../../src/index.ts';
import { findElement, setText } from '../page/elements.ts';
import { runInOwnFrame } from '../page/frames.ts';
import { createLineChart } from '../page/line-chart.ts';
import { formatNumber } from '../page/words.ts';
import { computeCurves, type RunHistory } from './history.ts';

/** Nobody reads faster. */
const MILLISECONDS_BETWEEN_PAINTINGS = 150;

interface ProgressView {
  /** Schedules a painting. Calls before it have no further effect. */
  changed(): void;
}

/**
 * @param share returns the share of the run that is done, from 0 to 1
 * @param task returns what is learnt
 */
export function createProgressView(history: RunHistory, share: () => number, task: () => TaskName): ProgressView {
  const loss = createLineChart(findElement('chart-loss', HTMLElement), {
    lines: [{ name: 'training', look: 'first' }],
    x: 'step',
    scale: 'logarithmic',
    format: (value) => value.toPrecision(3),
    ticks: formatPower,
    height: 230,
  });
  const accuracy = createLineChart(findElement('chart-accuracy', HTMLElement), {
    lines: [
      { name: 'training', look: 'first' },
      { name: 'held out', look: 'second' },
    ],
    x: 'epoch',
    range: [0, 1],
    format: formatPercent,
    ticks: (value) => `${Math.round(100 * value)} %`,
  });
  const error = createLineChart(findElement('chart-error', HTMLElement), {
    lines: [
      { name: 'training', look: 'first' },
      { name: 'held out', look: 'second' },
    ],
    x: 'epoch',
    format: formatNumber,
  });
  const iterations = createLineChart(findElement('chart-iterations', HTMLElement), {
    lines: [
      { name: 'forward', look: 'first' },
      { name: 'backward', look: 'second' },
    ],
    x: 'step',
    format: (value) => value.toFixed(1),
    ticks: String,
  });

  const paintings = [
    () => {
      const step = history.steps[history.steps.length - 1];
      const epoch = history.epochs[history.epochs.length - 1];
      const host = findElement('run', HTMLElement);
      host.toggleAttribute('data-empty', history.steps.length === 0);
      host.dataset.task = task();
      setText('figure-loss', step ? step.loss.toFixed(4) : '–');
      const held = measureHeldOut(epoch);
      setText('figure-accuracy', held.accuracy === undefined ? '–' : formatPercent(held.accuracy));
      setText('figure-r-squared', held.rSquared === undefined ? '–' : formatRSquared(held.rSquared));
      setText('figure-error', held.error === undefined ? '–' : formatNumber(held.error));
      setText('figure-forward', step?.forward ? step.forward.toFixed(1) : '–');
      setText('figure-backward', step?.backward ? step.backward.toFixed(1) : '–');
      setText('figure-speed', history.speed ? Math.round(history.speed).toLocaleString('en') : '–');
      findElement('progress', HTMLProgressElement).value = share();
    },
    () => {
      const { xs, loss: values } = computeCurves(history.steps);
      loss.update(xs, [values]);
    },
    () => {
      const { xs, forward, backward } = computeCurves(history.steps);
      iterations.update(xs, [forward, backward]);
    },
    () => {
      const { epochs } = history;
      accuracy.update(
        epochs.map(({ epoch }) => epoch),
        [
          epochs.map((each) => ('accuracy' in each ? each.accuracy : null)),
          epochs.map((each) => measureHeldOut(each).accuracy ?? null),
        ],
      );
    },
    () => {
      const { epochs } = history;
      error.update(
        epochs.map(({ epoch }) => epoch),
        [
          epochs.map((each) => ('accuracy' in each ? null : each.rootMeanSquaredErrors[0])),
          epochs.map((each) => measureHeldOut(each).error ?? null),
        ],
      );
    },
  ];
  let isResting = false;
  let isStale = false;
  const changed = (): void => {
    isStale = isResting;
    if (isResting) return;
    isResting = true;
    for (const painting of paintings) runInOwnFrame(painting);
    setTimeout(() => {
      isResting = false;
      if (isStale) changed();
    }, MILLISECONDS_BETWEEN_PAINTINGS);
  };
  return { changed };
}

type Epoch = EpochProgress<TaskName>;

/** What was measured on the held-out rows: the accuracy of a classifier, or R² and the RMSE of the first target. */
function measureHeldOut(epoch: Epoch | undefined): { accuracy?: number; rSquared?: number; error?: number } {
  const { validation } = epoch ?? {};
  if (!validation) return {};
  if ('accuracy' in validation) return { accuracy: validation.accuracy };
  const { rSquared, targets } = validation;
  return { rSquared, error: targets[0].rootMeanSquaredError };
}

/** A sentence about the held-out rows, with a space before it; empty where nothing was measured. */
export function describeHeldOut(epoch: Epoch | undefined): string {
  const { accuracy, rSquared, error } = measureHeldOut(epoch);
  if (accuracy !== undefined) return ` Held-out accuracy ${formatPercent(accuracy)}.`;
  if (rSquared === undefined || error === undefined) return '';
  return ` Held-out R² ${formatRSquared(rSquared)}, RMSE ${formatNumber(error)}.`;
}

function formatRSquared(value: number): string {
  return value.toFixed(3).replace('-', '−');
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** Formats a power of ten for an axis: 0.01 and 1000, but 1e-5. */
export function formatPower(value: number): string {
  return value >= 1e-3 && value < 1e4 ? String(Number(value.toPrecision(1))) : value.toExponential(0);
}
