/** Tables that compare the search by gradient with a grid, and list its evaluations. */
import { formatPercent, html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { capitalise, formatFigures, formatSignificant } from '../../../pictures/numbers.ts';
import type { TuningReport, VisitedPoint } from './report.ts';

export function searchTables({ visited, chosen, grid, solves, criterion, several }: TuningReport): Markup {
  const row = (name: string, point: VisitedPoint, count: number): Markup =>
    html`<tr><th scope="row">${name}</th>${[...formatPlace(point), formatFigures(point.value, 6), String(count)].map(numberCell)}</tr>`;
  const comparison = wideTable(
    'Gradient and grid',
    html`<thead><tr><th scope="col">Search</th>${['log λ', 'λ', capitalise(criterion), 'Solves'].map(numberHeading)}</tr></thead>
<tbody>${row('by gradient', several ? { value: chosen.value } : chosen, solves)}${row(several ? 'single λ, over a grid' : 'over a grid', grid, grid.solves)}</tbody>`,
    html`${compareCriteria(chosen.value, grid.value)}, with ${formatEffort(solves / grid.solves)} the solves.`,
  );
  const steps = visited.map(
    ({ logLambda, value, gradient }, index) =>
      html`<tr><th scope="row" class="number">${index + 1}</th>${[...(several ? [] : [formatOptional(logLambda, 5)]), formatFigures(value, 6), formatOptional(gradient)].map(numberCell)}</tr>`,
  );
  const every = wideTable(
    'Every point visited',
    html`<thead><tr>${['Point', ...(several ? [] : ['log λ']), capitalise(criterion), several ? 'Length of the gradient' : 'Derivative in log λ'].map(numberHeading)}</tr></thead>
<tbody>${steps}</tbody>`,
  );
  const isByGradient = visited.some(({ gradient }) => gradient !== undefined);
  return html`${isByGradient && comparison}<details><summary>Every point visited</summary>${every}</details>`;
}

/** Formats log λ and λ, or dashes where there are several penalties. */
function formatPlace({ logLambda }: VisitedPoint): string[] {
  return [formatOptional(logLambda, 5), formatOptional(logLambda === undefined ? undefined : Math.exp(logLambda))];
}

function formatOptional(value: number | undefined, digits?: number): string {
  return value === undefined ? '–' : formatFigures(value, digits);
}

/** Compares the result of the gradient method with that of the grid, in words. */
function compareCriteria(byGradient: number, byGrid: number): string {
  const difference = (byGradient - byGrid) / Math.abs(byGrid || 1);
  // A smaller difference does not change the digits that are shown.
  if (Math.abs(difference) < 5e-7) return 'The gradient method reaches the criterion of the grid';
  const share = `${formatSignificant(Math.abs(100 * difference), 2)}\u00a0%`;
  return `The gradient method reaches a criterion ${share} ${difference < 0 ? 'below' : 'above'} that of the grid`;
}

function formatEffort(share: number): string {
  return share < 1.5 ? `${formatPercent(share)} of` : `${share.toFixed(1)} times`;
}

function numberHeading(text: string): Markup {
  return html`<th scope="col" class="number">${text}</th>`;
}

function numberCell(text: string): Markup {
  return html`<td class="number">${text}</td>`;
}
