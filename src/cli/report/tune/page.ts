/** The page with the report of a tuning. */
import { html, type Markup } from '../../../pictures/markup.ts';
import { capitalise, formatSignificant } from '../../../pictures/numbers.ts';
import { formatDuration } from '../../duration.ts';
import { factsSection, page, type SummaryItem, summary } from '../page.ts';
import { criterionCharts } from './criterion.ts';
import { pathChart } from './path.ts';
import type { TuningReport } from './report.ts';
import { searchTables } from './search.ts';
import { supportTable } from './support.ts';

/** Returns the text of the HTML file. Text from the data is escaped. */
export function tuningPage(report: TuningReport): string {
  const { problem, warnings } = report;
  return page(
    `Lasso for ${problem.target}`,
    html`${summary(listSummaryItems(report))}
${warnings.length > 0 && warningSection(warnings)}
<div class="pair"><section aria-labelledby="path"><h2 id="path">Path</h2>${pathChart(report)}</section>
<section aria-labelledby="support"><h2 id="support">Support</h2>${supportTable(report)}</section></div>
<section aria-labelledby="criterion"><h2 id="criterion">Criterion</h2>${criterionCharts(report)}
${searchTables(report)}</section>
${factsSection(listFacts(report))}`,
  );
}

function listSummaryItems(report: TuningReport): SummaryItem[] {
  const { problem, criterion, several, chosen, grid, solves, seconds, backend } = report;
  return [
    several?.card ?? {
      name: 'Penalty λ',
      value: formatSignificant(Math.exp(chosen.logLambda)),
      note: `log λ = ${formatSignificant(chosen.logLambda)}`,
    },
    {
      name: capitalise(criterion),
      value: formatSignificant(chosen.value, 5),
      note: `${formatSignificant(grid.value, 5)} by ${several ? 'the best single λ' : 'grid search'}`,
    },
    {
      name: 'Support',
      value: `${chosen.support.length} of ${problem.features}`,
      note: 'features are kept',
    },
    { name: 'Solves', value: String(solves), note: `${grid.solves} by grid search` },
    { name: 'Time', value: formatDuration(seconds), note: `on the backend ${backend}` },
  ];
}

function warningSection(warnings: readonly string[]): Markup {
  return html`<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2><ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul></section>`;
}

function listFacts({ problem, criterion, path, visited, solves, grid, seconds, backend }: TuningReport) {
  return [
    {
      heading: 'Data',
      entries: [
        ['target', problem.target],
        ['rows', String(problem.rows)],
        ['features', String(problem.features)],
      ],
    },
    {
      heading: 'Tuning',
      entries: [
        ['criterion', criterion],
        ['points visited', String(visited.length)],
        ['solves', `${solves} (grid search: ${grid.solves})`],
        ['points on the path', String(path.logLambdas.length)],
        ['backend', backend],
        ['time', formatDuration(seconds)],
      ],
    },
  ] as const;
}
