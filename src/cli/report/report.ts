/** The report of a training run. */
import type { EpochProgress, Evaluation } from '../../index.ts';
import { formatPercent, html, type Markup, wideTable } from '../../pictures/markup.ts';
import { formatDuration } from '../duration.ts';
import { type Chart, type Curve, drawLineChart } from './chart.ts';
import { classSection, confusionSection } from './confusion.ts';
import { type Mistakes, mistakesSection } from './mistakes.ts';
import {
  countRight,
  type FactGroups,
  factsSection,
  listEvaluationItems,
  page,
  type SummaryItem,
  summary,
} from './page.ts';

export interface TrainingReport {
  readonly title: string;
  readonly classNames: readonly string[];
  /** Facts about the run. */
  readonly facts: FactGroups;
  /** At least one epoch. */
  readonly history: readonly EpochProgress[];
  /** The evaluation of the trained model on the held-out rows. */
  readonly evaluation: Evaluation;
  readonly mistakes: Mistakes;
  /** The duration of the whole run. */
  readonly seconds: number;
}

/** Returns the text of the HTML file. Text from the data is escaped. */
export function trainingReport(report: TrainingReport): string {
  const { title, classNames, facts, history, evaluation, mistakes } = report;
  const wrong = evaluation.count - countRight(evaluation);
  return page(
    title,
    html`${summary([...listEvaluationItems(evaluation, 'Held-out'), ...listTrainingItems(report)])}
<section aria-labelledby="training"><h2 id="training">Training</h2>
<div class="charts">${listCharts(history).map(drawLineChart)}</div>
${epochTable(history)}</section>
<div class="pair">${confusionSection(evaluation, classNames)}
${classSection(evaluation, classNames)}</div>
${mistakesSection(mistakes, wrong, classNames)}
${factsSection(facts)}`,
  );
}

function listTrainingItems({ history, seconds }: TrainingReport): SummaryItem[] {
  const last = history[history.length - 1];
  return [
    {
      name: 'Training accuracy',
      value: formatPercent(last.accuracy, 2),
      note: `loss ${last.loss.toFixed(4)} in the last epoch`,
    },
    {
      name: 'Time',
      value: formatDuration(seconds),
      note: `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`,
    },
  ];
}

function listCharts(history: readonly EpochProgress[]): Chart[] {
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
        formatPercent(accuracy, 2),
        validation?.loss.toFixed(4) ?? '–',
        validation ? formatPercent(validation.accuracy, 2) : '–',
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
