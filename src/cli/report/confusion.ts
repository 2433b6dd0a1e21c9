/** The sections of a report on which classes are mistaken for which. */
import { formatPercent, html, type Markup, wideTable } from '../../pictures/markup.ts';
import type { ClassOutcome } from './outcome.ts';

/** For more classes, a list of the most frequent mistakes replaces the matrix. */
const MAXIMUM_MATRIX_CLASSES = 20;
const MAXIMUM_MISTAKES = 20;

/** What both sections count, where the accuracy counts otherwise. */
const UNWEIGHTED = html` Rows are counted here, not weighed.`;

export function confusionSection(outcome: ClassOutcome): Markup {
  const matrix = outcome.classNames.length <= MAXIMUM_MATRIX_CLASSES;
  return html`<section aria-labelledby="confusion"><h2 id="confusion">Confusion</h2>
${matrix ? confusionMatrix(outcome) : frequentMistakes(outcome)}
</section>`;
}

function confusionMatrix({ evaluation: { confusion }, classNames, weights }: ClassOutcome): Markup {
  const rows = confusion.map((row, label) => {
    const count = sum(row);
    const cells = row.map((found, predicted) => matrixCell(found, count, label === predicted));
    return html`<tr><th scope="row">${classNames[label]}</th>${cells}</tr>`;
  });
  return wideTable(
    'Confusion matrix',
    html`<thead class="matrix"><tr><td></td>${classNames.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody class="matrix">${rows}</tbody>`,
    html`Rows are the true classes, columns the predicted ones. The shade is the share of the row: <span class="key right">right</span> <span class="key wrong">wrong</span>.${weights && UNWEIGHTED}`,
  );
}

function matrixCell(found: number, count: number, right: boolean): Markup {
  if (found === 0) return html`<td class="none">0</td>`;
  // The root makes a few mistakes visible; 60 % at most keeps the text legible on every shade.
  const shade = Math.round(60 * Math.sqrt(found / count));
  return html`<td class="${right ? 'right' : 'wrong'}" style="--shade:${shade}%">${found}</td>`;
}

function frequentMistakes({ evaluation: { confusion }, classNames, weights }: ClassOutcome): Markup {
  const mistakes = confusion
    .flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count, of: sum(row) })))
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAXIMUM_MISTAKES);
  if (mistakes.length === 0) return html`<p>No row was taken for another class.</p>`;
  const rows = mistakes.map(
    ({ label, predicted, count, of }) =>
      html`<tr><th scope="row">${classNames[label]}</th><td>${classNames[predicted]}</td><td class="number">${count}</td><td class="number">${formatPercent(count / of)}</td></tr>`,
  );
  return wideTable(
    'Most frequent mistakes',
    html`<thead><tr><th scope="col">True class</th><th scope="col">Predicted</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Of the class</th></tr></thead>
<tbody>${rows}</tbody>`,
    html`The most frequent mistakes among ${classNames.length} classes.${weights && UNWEIGHTED}`,
  );
}

/**
 * Precision is the share of the rows predicted as a class that belong to it; recall is the share of its rows that are
 * found.
 */
export function classSection({ evaluation: { confusion }, classNames, weights }: ClassOutcome): Markup {
  const rows = classNames.map((name, label) => {
    const right = confusion[label][label];
    const precision = shareCell(right, sum(confusion.map((row) => row[label])));
    const recall = shareCell(right, sum(confusion[label]));
    return html`<tr><th scope="row">${name}</th>${precision}${recall}<td class="number">${sum(confusion[label])}</td></tr>`;
  });
  const table = wideTable(
    'Precision and recall',
    html`<thead><tr><th scope="col">Class</th><th scope="col" class="number">Precision</th><th scope="col" class="number">Recall</th><th scope="col" class="number">Rows</th></tr></thead>
<tbody>${rows}</tbody>`,
    html`Precision: the share of the rows predicted as the class that belong to it. Recall: the share of its rows that were found.${weights && UNWEIGHTED}`,
  );
  return html`<section aria-labelledby="classes"><h2 id="classes">Classes</h2>${table}</section>`;
}

function shareCell(part: number, whole: number): Markup {
  if (whole === 0) return html`<td class="number" title="no such row">–</td>`;
  return html`<td class="number"><span class="bar" style="--share:${((100 * part) / whole).toFixed(1)}%"></span><span class="share">${formatPercent(part / whole)}</span></td>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
