/** Tables of the features in the support, with their coefficients, and of the others. */
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { formatFigures, formatSignificant } from '../../../pictures/numbers.ts';
import type { TuningReport } from './report.ts';

/** Further rows are in a part of the page that is closed at first. */
const MAXIMUM_OPEN_ROWS = 30;

const MAXIMUM_LISTED_NAMES = 40;

export function supportTable(report: TuningReport): Markup {
  const { problem, chosen, several } = report;
  const { coefficients, support, model } = chosen;
  const kept = [...support].sort((a, b) => Math.abs(coefficients[b]) - Math.abs(coefficients[a]));
  const inSupport = new Set(support);
  const dropped = problem.names.filter((_, feature) => !inSupport.has(feature));
  const caption = html`Coefficients of standardised features: the change of ${problem.target} by one deviation of the feature${model && ', then by one unit of it'}.`;
  const table = (label: string, features: readonly number[], text?: Markup): Markup =>
    wideTable(
      label,
      html`<thead><tr><th scope="col">Feature</th><th scope="col" class="number">Coefficient</th>${model && html`<th scope="col" class="number">By unit</th>`}${several?.byFeature && html`<th scope="col" class="number">log λ</th>`}</tr></thead>
<tbody>${features.map((feature) => tableRow(report, feature))}</tbody>`,
      text,
    );
  const rest = kept.slice(MAXIMUM_OPEN_ROWS);
  return html`${kept.length === 0 ? html`<p>Every coefficient is 0: the best model without features is the mean of ${problem.target}.</p>` : table('Coefficients', kept.slice(0, MAXIMUM_OPEN_ROWS), caption)}
${rest.length > 0 && html`<details><summary>Smaller coefficients: ${rest.length}</summary>${table('Smaller coefficients', rest)}</details>`}
${model && html`<p class="quiet">Intercept, for features as they are: ${formatSignificant(model.intercept, 5)}.</p>`}
${dropped.length > 0 && html`<p><b>Coefficient 0:</b> ${listNames(dropped)}</p>`}`;
}

function tableRow({ problem, several, chosen }: TuningReport, feature: number): Markup {
  const { coefficients, support, model } = chosen;
  const greatest = support.reduce((most, each) => Math.max(most, Math.abs(coefficients[each])), 0);
  const value = coefficients[feature];
  const share = ((100 * Math.abs(value)) / greatest).toFixed(1);
  return html`<tr><th scope="row" class="name">${problem.names[feature]}</th><td class="number"><span class="bar${value < 0 && ' negative'}" style="--share:${share}%"></span><span class="share long">${formatFigures(value)}</span></td>${model && html`<td class="number">${formatFigures(model.coefficients[feature])}</td>`}${several?.byFeature && html`<td class="number">${formatFigures(several.byFeature[feature], 3)}</td>`}</tr>`;
}

function listNames(names: readonly string[]): string {
  if (names.length <= MAXIMUM_LISTED_NAMES) return names.join(', ');
  return `${names.slice(0, MAXIMUM_LISTED_NAMES).join(', ')} and ${names.length - MAXIMUM_LISTED_NAMES} more`;
}
