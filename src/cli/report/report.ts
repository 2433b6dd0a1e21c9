/** The report of a training run: one HTML file that needs neither server nor network nor script. */
import type { EpochProgress, Evaluation } from '../../index.ts';
import { duration } from '../duration.ts';
import { type Chart, type Curve, lineChart } from './chart.ts';
import { classSection, confusionSection } from './confusion.ts';
import { html, type Markup, percent, wideTable } from './markup.ts';
import { type Mistakes, mistakesSection } from './mistakes.ts';
import { STYLE } from './style.ts';

export interface TrainingReport {
  readonly title: string;
  readonly classNames: readonly string[];
  /** What there is to know about the run, by heading: names and values. */
  readonly facts: readonly { readonly heading: string; readonly entries: readonly (readonly [string, string])[] }[];
  /** At least one. */
  readonly history: readonly EpochProgress[];
  /** Of the trained model on the held-out part. */
  readonly evaluation: Evaluation;
  readonly mistakes: Mistakes;
  /** Of the whole run. */
  readonly seconds: number;
}

/** @returns the text of the file; texts that come from data are escaped */
export function trainingReport(report: TrainingReport): string {
  const { title, classNames, history, evaluation, mistakes } = report;
  const wrong = evaluation.count - rightOnes(evaluation);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><p class="brand">Equilibra</p><h1>${title}</h1></header>
${summary(report)}
<section aria-labelledby="training"><h2 id="training">Training</h2>
<div class="charts">${charts(history).map(lineChart)}</div>
${epochTable(history)}</section>
<div class="pair">${confusionSection(evaluation, classNames)}
${classSection(evaluation, classNames)}</div>
${mistakesSection(mistakes, wrong, classNames)}
${facts(report)}
</main>
</body>
</html>
`.text;
}

/** How many rows were classified rightly. */
export function rightOnes({ confusion }: Evaluation): number {
  return confusion.reduce((sum, row, label) => sum + row[label], 0);
}

function summary({ evaluation, history, seconds }: TrainingReport): Markup {
  const right = rightOnes(evaluation);
  const [low, high] = wilsonInterval(right, evaluation.count);
  const last = history[history.length - 1];
  const items = [
    {
      name: 'Held-out accuracy',
      value: percent(evaluation.accuracy, 2),
      note: `${right} of ${evaluation.count}; 95 % interval ${percent(low)} to ${percent(high)}`,
    },
    { name: 'Held-out loss', value: evaluation.loss.toFixed(4), note: 'mean cross-entropy' },
    {
      name: 'Training accuracy',
      value: percent(last.accuracy, 2),
      note: `loss ${last.loss.toFixed(4)} in the last epoch`,
    },
    {
      name: 'Time',
      value: duration(seconds),
      note: `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`,
    },
  ];
  return html`<dl class="summary">${items.map(
    ({ name, value, note }) =>
      html`<div><dt>${name}</dt><dd><b>${value}</b><span class="quiet">${note}</span></dd></div>`,
  )}</dl>`;
}

/** Where the true share lies with 95 % confidence (E. B. Wilson, 1927): sound for few rows and near 0 and 1 too. */
function wilsonInterval(right: number, count: number): readonly [number, number] {
  const z = 1.959964;
  const share = right / count;
  const centre = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

function charts(history: readonly EpochProgress[]): Chart[] {
  const curve = (name: string, kind: Curve['kind'], of: (epoch: EpochProgress) => number): Curve => ({
    name,
    kind,
    values: history.map(of),
  });
  const heldOut = (of: (evaluation: Evaluation) => number): Curve[] =>
    history.every(({ validation }) => validation)
      ? [curve('held-out', 'second', ({ validation }) => of(validation as Evaluation))]
      : [];
  const losses = [curve('training', 'first', ({ loss }) => loss), ...heldOut(({ loss }) => loss)];
  const accuracies = [curve('training', 'first', ({ accuracy }) => accuracy), ...heldOut(({ accuracy }) => accuracy)];
  const iterations = [
    curve('forward', 'first', ({ iterationsForward }) => iterationsForward),
    curve('backward', 'second', ({ iterationsBackward }) => iterationsBackward),
  ];
  const seconds = [curve('epoch', 'first', (epoch) => epoch.seconds)];
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  return [
    { title: 'Loss', curves: losses, fromZero: true, format: short },
    {
      title: 'Accuracy',
      curves: accuracies,
      fromZero: false,
      greatest: 1,
      format: (value) => `${Number((100 * value).toFixed(1))}\u00a0%`,
    },
    { title: 'Solver iterations', curves: iterations, fromZero: true, format: short },
    { title: 'Seconds of an epoch', curves: seconds, fromZero: true, format: short },
  ];
}

function epochTable(history: readonly EpochProgress[]): Markup {
  const headings = [
    'Epoch',
    'Loss',
    'Accuracy',
    'Held-out loss',
    'Held-out accuracy',
    'Forward',
    'Backward',
    'Rate',
    'Seconds',
  ];
  const rows = history.map(
    ({ epoch, loss, accuracy, validation, iterationsForward, iterationsBackward, rate, seconds }) => {
      const cells = [
        loss.toFixed(4),
        percent(accuracy, 2),
        validation?.loss.toFixed(4) ?? '–',
        validation ? percent(validation.accuracy, 2) : '–',
        iterationsForward.toFixed(1),
        iterationsBackward.toFixed(1),
        String(Number(rate.toPrecision(3))),
        seconds.toFixed(2),
      ];
      return html`<tr><th scope="row" class="number">${epoch}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
    },
  );
  const table = wideTable(
    'Every epoch',
    html`<thead><tr>${headings.map((heading) => html`<th scope="col" class="number">${heading}</th>`)}</tr></thead>
<tbody>${rows}</tbody>`,
    html`Forward and backward: mean iterations of the solvers for a row.`,
  );
  return html`<details><summary>The numbers of every epoch</summary>${table}</details>`;
}

function facts({ facts: groups }: TrainingReport): Markup {
  return html`<section aria-labelledby="run"><h2 id="run">The run</h2><div class="facts">${groups.map(
    ({ heading, entries }) =>
      html`<div><h3>${heading}</h3><dl>${entries.map(
        ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
      )}</dl></div>`,
  )}</div></section>`;
}
