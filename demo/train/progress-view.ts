/** Shows the figures and the curves of a run. */
import { findElement, setText } from '../page/elements.ts';
import { runInOwnFrame } from '../page/frames.ts';
import { createLineChart } from '../page/line-chart.ts';
import { computeCurves, type RunHistory } from './history.ts';

/** Nobody reads faster. */
const MILLISECONDS_BETWEEN_PAINTINGS = 150;

interface ProgressView {
  /** Schedules a painting. Calls before it have no further effect. */
  changed(): void;
}

/** @param share returns the share of the run that is done, from 0 to 1 */
export function createProgressView(history: RunHistory, share: () => number): ProgressView {
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
      findElement('run', HTMLElement).toggleAttribute('data-empty', history.steps.length === 0);
      setText('figure-loss', step ? step.loss.toFixed(4) : '–');
      setText('figure-accuracy', epoch?.validation ? formatPercent(epoch.validation.accuracy) : '–');
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
        [epochs.map((each) => each.accuracy), epochs.map(({ validation }) => validation?.accuracy ?? null)],
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

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** Formats a power of ten for an axis: 0.01 and 1000, but 1e-5. */
export function formatPower(value: number): string {
  return value >= 1e-3 && value < 1e4 ? String(Number(value.toPrecision(1))) : value.toExponential(0);
}
