/** The exhibit of the descent that cycles. */
import {
  CALM,
  type Cycle,
  MENDED,
  type PointAnswer,
  type SelectedAnswer,
  type Verdicts,
} from '../../../gallery/cycle.ts';
import { type Bilevel, computeGradients, PAPER, type Point, RATE, solveInner } from '../../../gallery/descent.ts';
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot, formatSigned } from '../../../pictures/plot.ts';
import { answerCell, type Exhibit } from './exhibit.ts';

export function cycleExhibit(found: Cycle): Exhibit {
  const { cycling, calm, mended, mendedGradients, stepsAround, flow, certificate, answers, selected, turn } = found;
  const steps = [...new Set(stepsAround)].join(' or ');
  const around = [...new Set(stepsAround.map((each) => (each * RATE).toFixed(2)))].join(' or ');
  const farthest = Math.max(...calm.map((path) => computeDistance(path[path.length - 1], CALM.box)));
  const steepest = Math.max(...mendedGradients.map((gradient) => Math.hypot(...gradient)));
  const [first, second] = [...flow.crossings].sort((a, b) => b[0] - a[0]).map((point) => formatPoint(point));
  return {
    id: 'cycle',
    title: 'Gradient descent that goes round and round',
    formula: html`min (x − s₁)² + 4(y − s₂)², s ∈ argmax {(a + b)(−3x + y + 2) : 0 ≤ a ≤ 3, 0 ≤ b ≤ 5}`,
    figures: [
      picture('The paper’s line, −3x + y + 2 = 0', PAPER, cycling),
      picture('Another line, −2x + y + 2 = 0', CALM, calm),
      picture('The paper’s line, with −½‖s‖²', MENDED, mended),
    ],
    paper: html`Section 5 and Figure 2a: descent along the gradients of an optimisation layer converges from every start to one limit
      cycle of points that are not critical.`,
    here: html`So it does, through a linear program that is solved and differentiated at each step: from ${cycling.length} starts, with
      steps of ${RATE}, one turn takes ${steps} steps, a time of <b>${around}</b>. The gradient flow, solved in closed form, turns in
      <b>${flow.period.toFixed(4)}</b> and crosses the line at ${first} and ${second}. Above the line s is (3, 5) and descent heads
      there; below it s is (0, 0) and descent heads there; each lies across the line. With −2x + y + 2 the corner (3, 5) lies on its
      own side: after ${calm[0].length - 1} steps every start is within ${farthest.toExponential(0)} of it. With −½‖s‖² added to the
      inner problem s is continuous, and every start ends where the gradient is at most ${steepest.toExponential(0)}.`,
    hypothesis: html`Off the line it holds, and the gradient is right: of the last turn the layer is certified at
      ${formatVerdicts(turn.steps)} steps. On the line every s is a solution, so that s is no function of (x, y): it jumps. Where the
      turn crosses the line, the certificate fails at ${turn.crossings.failed} of ${turn.crossings.points} points, and the library
      throws rather than return a gradient. With −½‖s‖² it holds everywhere.`,
    certificate,
    tables: [pointTable(answers), selectionTable(selected)],
    code: [solveInner, computeGradients].map(String),
    summary: `one turn takes ${steps} steps of ${RATE}, a time of ${around}; the flow turns in ${flow.period.toFixed(4)}; the layer is certified at ${formatVerdicts(turn.steps)} steps of a turn, and fails at ${turn.crossings.failed} of ${turn.crossings.points} points of the line; with -2x + y + 2 every start ends within ${farthest.toExponential(0)} of (3, 5)`,
  };
}

function formatVerdicts({ points, certified }: Verdicts): string {
  return certified === points ? `all ${points}` : `${certified} of ${points}`;
}

function picture(title: string, problem: Bilevel, paths: Cycle['cycling']): Markup {
  const [p, q, r] = problem.line;
  const line = [-1, 7].map((y): Point => [(-r - q * y) / p, y]);
  const drawn: Drawn[] = [
    { kind: 'curve', look: 'quiet', points: line },
    ...paths.map((points): Drawn => ({ kind: 'curve', look: 'first', thin: true, points })),
    // The last turn, where the start no longer matters.
    { kind: 'curve', look: 'second', points: paths[0].slice(-TURN_STEPS) },
    ...paths.map(([at]): Drawn => ({ kind: 'point', look: 'first', at })),
    { kind: 'point', look: 'quiet', at: problem.box, label: formatPoint(problem.box) },
    { kind: 'point', look: 'quiet', at: [0, 0], label: '(0, 0)', side: 'left' },
  ];
  return drawPlot({
    title,
    description: `descent from ${paths.length} starts, the last of them ends at ${formatPoint(paths[paths.length - 1].slice(-1)[0])}`,
    x: { name: 'x', from: -1.2, to: 4.8 },
    y: { name: 'y', from: -0.6, to: 6 },
    drawn,
    legend: [
      { name: 'descent from 5 starts', look: 'first', kind: 'curve' },
      { name: `its last ${TURN_STEPS} steps`, look: 'second', kind: 'curve' },
      { name: problem.curvature ? 'where s is (0, 0) below' : 'line on which s jumps', look: 'quiet', kind: 'curve' },
    ],
  });
}

/** A little more than one turn. */
const TURN_STEPS = 130;

function pointTable(answers: readonly PointAnswer[]): Markup {
  const rows = answers.map(
    ({ point, level, certificate: { status, nullVector }, gradient, refusal }) =>
      html`<tr><th scope="row">${formatPoint(point, 6)}</th><td>${formatSigned(Number(level.toPrecision(3)))}</td><td>${status}</td>
<td>${nullVector ? formatPoint([nullVector[0], nullVector[1]]) : ''}</td>${answerCell(gradient && formatPoint(gradient), refusal)}</tr>`,
  );
  return wideTable(
    'the layer on the line and off it',
    html`<thead><tr><th scope="col">(x, y)</th><th scope="col">−3x + y + 2</th><th scope="col">certificate</th><th scope="col">s may move along</th><th scope="col">gradient</th></tr></thead>
<tbody>${rows}</tbody>`,
    html`On the line the certificate names a direction in which s moves among the solutions. A millionth beside it s is a corner.`,
  );
}

function selectionTable(answers: readonly SelectedAnswer[]): Markup {
  const rows = answers.map(
    ({ selection, gradient, refusal }) =>
      html`<tr><th scope="row">${selection}</th>${answerCell(gradient && formatPoint(gradient), refusal)}</tr>`,
  );
  return wideTable(
    'where the certificate is ignored',
    html`<thead><tr><th scope="col">share with which bounds count as active</th><th scope="col">gradient at (1, 1)</th></tr></thead>
<tbody>${rows}</tbody>`,
    html`Told to ignore the certificate, the library answers what a differentiation without one would: numbers that depend on the
      selection, or an error where the system is singular.`,
  );
}

function formatPoint([x, y]: Point, digits = 4): string {
  return `(${[x, y].map((each) => formatSigned(Number(each.toFixed(digits)))).join(', ')})`;
}

function computeDistance([x, y]: Point, [u, v]: Point): number {
  return Math.hypot(x - u, y - v);
}
