/** The exhibit of the twenty perturbed problems. */
import { RATE } from '../../../gallery/descent.ts';
import { classifyOutcome, type Outcome, type PerturbedReading, VARIANCE } from '../../../gallery/perturbed.ts';
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot, type Look } from '../../../pictures/plot.ts';
import type { Exhibit } from './exhibit.ts';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  cycle: 'cycles',
  slide: 'slides along the line',
  rest: 'comes to rest at a corner',
  unfinished: 'none of these yet',
};

export function perturbedExhibit(readings: readonly PerturbedReading[]): Exhibit {
  const draws = readings[0].outcomes.length;
  const cycles = readings.map((reading) => countOutcomes(reading, 'cycle'));
  const certified = readings.reduce((sum, reading) => sum + reading.certified, 0);
  return {
    id: 'perturbed',
    title: 'Does the cycle persist?',
    formula: html`the same problem, its coefficients perturbed by normal numbers of variance ${VARIANCE}`,
    figures: [
      picture(readings[0], ['cycle'], 'The draws that cycle'),
      picture(readings[0], ['slide', 'rest', 'unfinished'], 'The draws that do not'),
    ],
    paper: html`Section 5 and Figure 2b: “The cycle persists even if we perturb the coefficients”, 20 experiments with σ² = 0.4. An
      appendix says which coefficients are meant.`,
    here: html`Each draw is solved by the same layer. Of ${draws} draws <b>${cycles[0]}</b> cycle where the line alone is perturbed,
      in descent with steps of ${RATE}. Where a corner comes
      to lie on its own side of the line, descent ends there; where the two sides push towards one another, it slides along the
      line. The table counts three readings of “the coefficients”, with the same draws; the pictures are of the first.`,
    hypothesis: html`As before, in every draw: it holds off the line and fails on it. The layer is certified at the ends of
      ${certified} of the ${readings.length * draws} paths. A cycle is one of the things that may happen where descent meets the
      line, not the only one.`,
    tables: [table(readings)],
    code: [classifyOutcome].map(String),
    summary: `of ${draws} perturbed problems ${cycles.join(', ')} cycle (three readings of what is perturbed)`,
  };
}

function countOutcomes({ outcomes }: PerturbedReading, wanted: Outcome): number {
  return outcomes.filter((outcome) => outcome === wanted).length;
}

function picture({ paths, outcomes }: PerturbedReading, shown: readonly Outcome[], title: string): Markup {
  const look = (outcome: Outcome): Look => (outcome === 'rest' ? 'quiet' : outcome === 'cycle' ? 'first' : 'second');
  const drawn = paths.flatMap((points, row): Drawn[] =>
    shown.includes(outcomes[row]) ? [{ kind: 'curve', look: look(outcomes[row]), thin: true, points }] : [],
  );
  const kinds = shown.filter((outcome) => outcomes.includes(outcome));
  return drawPlot({
    title: `${title}: ${drawn.length}`,
    description: `paths of descent from (1, 1) for ${drawn.length} of ${paths.length} problems`,
    x: { name: 'x', from: -0.5, to: 4 },
    y: { name: 'y', from: -0.6, to: 6 },
    drawn,
    legend: kinds.map((outcome) => ({ name: OUTCOMES[outcome], look: look(outcome), kind: 'curve' })),
  });
}

function table(readings: readonly PerturbedReading[]): Markup {
  const outcomes = Object.keys(OUTCOMES) as Outcome[];
  return wideTable(
    'what becomes of the perturbed problems',
    html`<thead><tr><th scope="col">Perturbed</th>${outcomes.map((outcome) => html`<th scope="col" class="number">${OUTCOMES[outcome]}</th>`)}</tr></thead>
<tbody>${readings.map((reading) => html`<tr><th scope="row">${reading.reading}</th>${outcomes.map((outcome) => html`<td class="number">${countOutcomes(reading, outcome)}</td>`)}</tr>`)}</tbody>`,
  );
}
