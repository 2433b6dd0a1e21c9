/** The report of a training run. */
import type { EpochProgress, TaskName } from '../../index.ts';
import { formatPercent, html, type Markup, wideTable } from '../../pictures/markup.ts';
import { formatDuration } from '../duration.ts';
import { type Chart, type Curve, drawLineChart } from './chart.ts';
import { formatNumber } from './numbers.ts';
import { listOutcomeItems, type Outcome, outcomeSections } from './outcome.ts';
import { type FactGroups, factsSection, page, type SummaryItem, summary } from './page.ts';

export type TrainingReport = Outcome & {
  readonly title: string;
  /** Facts about the run. */
  readonly facts: FactGroups;
  /** At least one epoch. */
  readonly history: readonly EpochProgress<TaskName>[];
  /** The duration of the whole run. */
  readonly seconds: number;
};

/** Returns the text of the HTML file. Text from the data is escaped. */
export function trainingReport(report: TrainingReport): string {
  const { title, facts, history } = report;
  return page(
    title,
    html`${summary([...listOutcomeItems(report, 'Held-out'), ...listTrainingItems(report)])}
<section aria-labelledby="training"><h2 id="training">Training</h2>
<div class="charts">${listCharts(history).map(drawLineChart)}</div>
${epochTable(history)}</section>
${outcomeSections(report)}
${factsSection(facts)}`,
  );
}

function listTrainingItems({ history, seconds }: TrainingReport): SummaryItem[] {
  const last = history[history.length - 1];
  const { name, format, of } = chooseMeasure(history);
  return [
    {
      name: `Training ${name}${isOfSeveral(history) ? ', first target' : ''}`,
      value: format(of(last), 2),
      note: `loss ${last.loss.toFixed(4)} in the last epoch`,
    },
    {
      name: 'Time',
      value: formatDuration(seconds),
      note: `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`,
    },
  ];
}

/** The measure that is followed over the epochs, of what is measured on training rows and on held-out ones. */
interface FollowedMeasure {
  readonly name: string;
  /** What the second curve is of: a regression watches a part of its training rows. */
  readonly watched: 'held-out' | 'watched';
  readonly greatest?: number;
  readonly of: (epoch: EpochProgress<TaskName>) => number;
  readonly heldOut: (epoch: EpochProgress<TaskName>) => number | undefined;
  readonly format: (value: number, digits: number) => string;
}

function chooseMeasure(history: readonly EpochProgress<TaskName>[]): FollowedMeasure {
  if (history.every((epoch): epoch is EpochProgress => 'accuracy' in epoch)) {
    return {
      name: 'accuracy',
      watched: 'held-out',
      greatest: 1,
      of: (epoch) => ('accuracy' in epoch ? epoch.accuracy : Number.NaN),
      heldOut: ({ validation }) => (validation && 'accuracy' in validation ? validation.accuracy : undefined),
      format: formatPercent,
    };
  }
  return {
    name: 'RMSE',
    watched: 'watched',
    of: (epoch) => ('rootMeanSquaredErrors' in epoch ? epoch.rootMeanSquaredErrors[0] : Number.NaN),
    heldOut: ({ validation }) =>
      validation && 'targets' in validation ? validation.targets[0].rootMeanSquaredError : undefined,
    format: (value) => formatNumber(value, 4),
  };
}

function listCharts(history: readonly EpochProgress<TaskName>[]): Chart[] {
  const curve = (name: string, kind: Curve['kind'], of: (epoch: EpochProgress<TaskName>) => number): Curve => ({
    name,
    kind,
    values: history.map(of),
  });
  const measure = chooseMeasure(history);
  const heldOut = (of: (epoch: EpochProgress<TaskName>) => number | undefined): Curve[] =>
    history.every((epoch) => of(epoch) !== undefined)
      ? [curve(measure.watched, 'second', (epoch) => of(epoch) as number)]
      : [];
  const losses = [curve('training', 'first', ({ loss }) => loss), ...heldOut(({ validation }) => validation?.loss)];
  const measured = [curve('training', 'first', measure.of), ...heldOut(measure.heldOut)];
  const iterations = [
    curve('forward', 'first', ({ iterationsForward }) => iterationsForward),
    curve('backward', 'second', ({ iterationsBackward }) => iterationsBackward),
  ];
  const seconds = [curve('epoch', 'first', (epoch) => epoch.seconds)];
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  const { greatest } = measure;
  return [
    { title: 'Loss', curves: losses, fromZero: true, format: short },
    {
      title: `${measure.name[0].toUpperCase()}${measure.name.slice(1)}${isOfSeveral(history) ? ' of the first target' : ''}`,
      curves: measured,
      fromZero: greatest === undefined,
      ...(greatest !== undefined && { greatest }),
      format: greatest === undefined ? short : (value) => `${Number((100 * value).toFixed(1))}\u00a0%`,
    },
    { title: 'Solver iterations', curves: iterations, fromZero: true, format: short },
    { title: 'Seconds of an epoch', curves: seconds, fromZero: true, format: short },
  ];
}

function isOfSeveral([first]: readonly EpochProgress<TaskName>[]): boolean {
  return 'rootMeanSquaredErrors' in first && first.rootMeanSquaredErrors.length > 1;
}

function epochTable(history: readonly EpochProgress<TaskName>[]): Markup {
  const measure = chooseMeasure(history);
  const watched = measure.watched === 'watched' ? 'Watched' : 'Held-out';
  const title = `${measure.name[0].toUpperCase()}${measure.name.slice(1)}`;
  const headings = [
    'Epoch',
    'Loss',
    title,
    `${watched} loss`,
    `${watched} ${measure.name}`,
    'Forward',
    'Backward',
    'Rate',
    'Seconds',
  ];
  const rows = history.map((progress) => {
    const { epoch, loss, validation, iterationsForward, iterationsBackward, rate, seconds } = progress;
    const held = measure.heldOut(progress);
    const cells = [
      loss.toFixed(4),
      measure.format(measure.of(progress), 2),
      validation?.loss.toFixed(4) ?? '–',
      held === undefined ? '–' : measure.format(held, 2),
      iterationsForward.toFixed(1),
      iterationsBackward.toFixed(1),
      String(Number(rate.toPrecision(3))),
      seconds.toFixed(2),
    ];
    return html`<tr><th scope="row" class="number">${epoch}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
  });
  const table = wideTable(
    'Every epoch',
    html`<thead><tr>${headings.map((heading) => html`<th scope="col" class="number">${heading}</th>`)}</tr></thead>
<tbody>${rows}</tbody>`,
    html`Forward and backward: mean iterations of the solvers for a row.`,
  );
  return html`<details><summary>The numbers of every epoch</summary>${table}</details>`;
}
