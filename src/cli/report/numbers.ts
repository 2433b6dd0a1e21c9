/** The sections of a report on predicted numbers: beside the true ones, and what separates them. */
import type { RegressionEvaluation } from '../../index.ts';
import { html, type Markup, wideTable } from '../../pictures/markup.ts';
import type { SummaryItem } from './page.ts';
import { drawScatter } from './scatter.ts';

/** Predictions of rows whose targets are known. */
export interface PredictedNumbers {
  readonly evaluation: RegressionEvaluation;
  readonly targetNames: readonly string[];
  /** Whether the rows have weights, by which the errors are means. */
  readonly isWeighted: boolean;
  /** The true targets: count × targets, row-major. */
  readonly truth: ArrayLike<number>;
  /** The rows with the largest errors, in standard deviations of the errors of their target, the largest first. */
  readonly largest: LargestErrors;
}

/** The rows that a report shows. */
export interface LargestErrors {
  /** What `number` counts, such as "Line". */
  readonly counted: string;
  /** The names of the cells. */
  readonly columns: readonly string[];
  readonly shown: readonly {
    readonly number: number;
    readonly target: number;
    readonly truth: number;
    readonly predicted: number;
    readonly cells: readonly string[];
  }[];
}

/** Six digits, since float32 has about seven. */
export function formatNumber(value: number, digits = 6): string {
  return String(Number(value.toPrecision(digits)));
}

/** @param of the rows that were evaluated, such as "Held-out"; empty where the report has no other rows */
export function listNumberItems({ evaluation, targetNames }: PredictedNumbers, of: string): SummaryItem[] {
  const named = (name: string): string => (of === '' ? name : `${of} ${name}`);
  const [first, ...others] = evaluation.targets;
  const interval = (values: readonly [number, number] | undefined): string =>
    values ? `95 % interval ${formatNumber(values[0], 3)} to ${formatNumber(values[1], 3)}` : '';
  if (others.length > 0) {
    return [
      {
        name: named('R²'),
        value: formatNumber(evaluation.rSquared, 3),
        note: `mean over ${targetNames.length} targets, ${evaluation.count} rows`,
      },
    ];
  }
  const { rSquared, rootMeanSquaredError, meanAbsoluteError, intervals } = first;
  return [
    { name: named('R²'), value: formatNumber(rSquared, 3), note: interval(intervals?.rSquared) },
    {
      name: named('RMSE'),
      value: formatNumber(rootMeanSquaredError, 4),
      note: `root mean squared error; ${interval(intervals?.rootMeanSquaredError)}`,
    },
    {
      name: named('MAE'),
      value: formatNumber(meanAbsoluteError, 4),
      note: `mean absolute error; ${interval(intervals?.meanAbsoluteError)}`,
    },
  ];
}

export function numberSections(numbers: PredictedNumbers): Markup {
  const { targetNames, evaluation } = numbers;
  const pairs = targetNames.map((name, target) => {
    const [truth, predicted] = [columnOf(numbers.truth, target), columnOf(evaluation.predicted, target)];
    const id = `target-${target}`;
    return html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
<div class="charts">${drawScatter({ title: 'Predicted and true', x: truth, y: predicted, xName: 'true', yName: 'predicted', line: 'diagonal' })}
${drawScatter({ title: 'Residuals: true less predicted', x: predicted, y: truth.map((value, row) => value - predicted[row]), xName: 'predicted', yName: 'residual', line: 'zero' })}</div>
</section>`;
  });
  return html`${measureSection(numbers)}
${pairs}
${largestSection(numbers)}`;

  function columnOf(values: ArrayLike<number>, target: number): number[] {
    const width = targetNames.length;
    return Array.from({ length: evaluation.count }, (_, row) => values[row * width + target]);
  }
}

function measureSection({ evaluation, targetNames, isWeighted }: PredictedNumbers): Markup {
  const cell = (value: number, interval: readonly [number, number] | undefined): Markup =>
    html`<td class="number">${formatNumber(value, 4)}${interval && html` <span class="quiet">${formatNumber(interval[0], 3)} to ${formatNumber(interval[1], 3)}</span>`}</td>`;
  const rows = evaluation.targets.map(
    ({ rSquared, rootMeanSquaredError, meanAbsoluteError, intervals }, target) =>
      html`<tr><th scope="row">${targetNames[target]}</th>${cell(rSquared, intervals?.rSquared)}${cell(rootMeanSquaredError, intervals?.rootMeanSquaredError)}${cell(meanAbsoluteError, intervals?.meanAbsoluteError)}</tr>`,
  );
  const table = wideTable(
    'Errors of each target',
    html`<thead><tr><th scope="col">Target</th><th scope="col" class="number">R²</th><th scope="col" class="number">RMSE</th><th scope="col" class="number">MAE</th></tr></thead>
<tbody>${rows}</tbody>`,
    html`Root mean squared error and mean absolute error are in the unit of the target. The small numbers are 95 % intervals, by 1000 bootstrap samples of the ${evaluation.count} rows.${isWeighted && ' Rows count by their weights.'}`,
  );
  return html`<section aria-labelledby="errors"><h2 id="errors">Errors</h2>${table}</section>`;
}

function largestSection({ largest, targetNames }: PredictedNumbers): Markup {
  const { counted, columns, shown } = largest;
  const isOne = targetNames.length === 1;
  const body = shown.map(
    ({ number, target, truth, predicted, cells }) =>
      html`<tr><th scope="row" class="number">${number}</th>${!isOne && html`<td>${targetNames[target]}</td>`}<td class="number">${formatNumber(truth)}</td><td class="number">${formatNumber(predicted)}</td><td class="number answer">${formatNumber(truth - predicted, 4)}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  );
  const table = wideTable(
    'Largest errors',
    html`<thead><tr><th scope="col" class="number">${counted}</th>${!isOne && html`<th scope="col">Target</th>`}<th scope="col" class="number">True</th><th scope="col" class="number">Predicted</th><th scope="col" class="number">Residual</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${body}</tbody>`,
  );
  return html`<section aria-labelledby="largest"><h2 id="largest">Largest errors</h2>${table}</section>`;
}
