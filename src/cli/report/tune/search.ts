/** What the search by gradient found and cost beside a grid, and every step of it. */
import { html, type Markup, percent, wideTable } from '../../../pictures/markup.ts';
import { capitalised, figures, significant } from '../../../pictures/numbers.ts';
import type { CriterionPoint, TuningReport } from './report.ts';

export function searchTables({ visited, chosen, grid, solves, criterion }: TuningReport): Markup {
  const row = (name: string, point: CriterionPoint, count: number): Markup =>
    html`<tr><th scope="row">${name}</th>${[figures(point.logLambda, 5), figures(Math.exp(point.logLambda)), figures(point.value, 6), String(count)].map(numberCell)}</tr>`;
  const comparison = wideTable(
    'Gradient and grid',
    html`<thead><tr><th scope="col">Search</th>${['log λ', 'λ', capitalised(criterion), 'Solves'].map(numberHeading)}</tr></thead>
<tbody>${row('by gradient', chosen, solves)}${row('over a grid', grid, grid.solves)}</tbody>`,
    html`${compared(chosen.value, grid.value)}, with ${percent(solves / grid.solves)} of the solves.`,
  );
  const steps = visited.map(
    ({ logLambda, value, gradient }, index) =>
      html`<tr><th scope="row" class="number">${index + 1}</th>${[figures(logLambda, 5), figures(value, 6), figures(gradient)].map(numberCell)}</tr>`,
  );
  const every = wideTable(
    'Every point visited',
    html`<thead><tr>${['Point', 'log λ', capitalised(criterion), 'Derivative by log λ'].map(numberHeading)}</tr></thead>
<tbody>${steps}</tbody>`,
  );
  return html`${comparison}<details><summary>Every point visited</summary>${every}</details>`;
}

/** What the gradient method reached beside the grid, in words. */
function compared(byGradient: number, byGrid: number): string {
  const difference = (byGradient - byGrid) / Math.abs(byGrid || 1);
  // Below this the digits that are shown are the same.
  if (Math.abs(difference) < 5e-7) return 'The gradient method reaches the criterion of the grid';
  const share = `${significant(Math.abs(100 * difference), 2)}\u00a0%`;
  return `The gradient method reaches a criterion ${share} ${difference < 0 ? 'below' : 'above'} that of the grid`;
}

function numberHeading(text: string): Markup {
  return html`<th scope="col" class="number">${text}</th>`;
}

function numberCell(text: string): Markup {
  return html`<td class="number">${text}</td>`;
}
