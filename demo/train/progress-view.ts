/** The figures and the curves of a run. */
import { part, text } from '../page/elements.ts';
import { inOwnFrame } from '../page/frames.ts';
import { lineChart } from '../page/line-chart.ts';
import { curvesOf, type RunHistory } from './history.ts';

/** Milliseconds between two paintings: nobody reads faster. */
const BETWEEN = 150;

export interface ProgressView {
  /** Paints soon; calls in between are one. */
  changed(): void;
}

/** @param share of the run that is done, from 0 to 1 */
export function progressView(history: RunHistory, share: () => number): ProgressView {
  const loss = lineChart(part('chart-loss', HTMLElement), {
    lines: [{ name: 'training', look: 'first' }],
    x: 'step',
    scale: 'logarithmic',
    format: (value) => value.toPrecision(3),
    ticks: power,
    height: 230,
  });
  const accuracy = lineChart(part('chart-accuracy', HTMLElement), {
    lines: [
      { name: 'training', look: 'first' },
      { name: 'held out', look: 'second' },
    ],
    x: 'epoch',
    range: [0, 1],
    format: percent,
    ticks: (value) => `${Math.round(100 * value)} %`,
  });
  const iterations = lineChart(part('chart-iterations', HTMLElement), {
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
      text('figure-loss', step ? step.loss.toFixed(4) : '–');
      text('figure-accuracy', epoch?.validation ? percent(epoch.validation.accuracy) : '–');
      text('figure-forward', step?.forward ? step.forward.toFixed(1) : '–');
      text('figure-backward', step?.backward ? step.backward.toFixed(1) : '–');
      text('figure-speed', history.speed ? Math.round(history.speed).toLocaleString('en') : '–');
      part('progress', HTMLProgressElement).value = share();
    },
    () => {
      const { xs, loss: values } = curvesOf(history.steps);
      loss.update(xs, [values]);
    },
    () => {
      const { xs, forward, backward } = curvesOf(history.steps);
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
    for (const painting of paintings) inOwnFrame(painting);
    setTimeout(() => {
      isResting = false;
      if (isStale) changed();
    }, BETWEEN);
  };
  return { changed };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** 0.01, but 1e-5. */
export function power(value: number): string {
  return value >= 1e-3 && value < 1e4 ? String(Number(value.toPrecision(1))) : value.toExponential(0);
}
