/** The exhibit of the descent that cycles. */
import { CALM, type Cycle, RADIUS } from '../../../gallery/cycle.ts';
import { ascendInner, type Bilevel, computeGradients, PAPER, type Point, RATE } from '../../../gallery/descent.ts';
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot, formatSigned } from '../../../pictures/plot.ts';
import { answerCell, type Exhibit } from './exhibit.ts';

export function cycleExhibit(found: Cycle): Exhibit {
  const { cycling, calm, stepsAround, flow, onTheLine, certificate, near } = found;
  const steps = [...new Set(stepsAround)].join(' or ');
  const around = [...new Set(stepsAround.map((each) => (each * RATE).toFixed(2)))].join(' or ');
  const farthest = Math.max(...calm.map((path) => computeDistance(path[path.length - 1], CALM.box)));
  const [first, second] = [...flow.crossings].sort((a, b) => b[0] - a[0]).map(formatPoint);
  return {
    id: 'cycle',
    title: 'Gradient descent that goes round and round',
    formula: html`min (x − s₁)² + 4(y − s₂)², s ∈ argmax {(a + b)(−3x + y + 2) : 0 ≤ a ≤ 3, 0 ≤ b ≤ 5}`,
    figures: [
      picture('The paper’s line, −3x + y + 2 = 0', PAPER, cycling),
      picture('Another line, −2x + y + 2 = 0', CALM, calm),
    ],
    paper: html`Section 5 and Figure 2a: descent along these gradients converges from every start to one limit cycle of points that
      are not critical.`,
    here: html`So it does: from ${cycling.length} starts, with steps of ${RATE}, one turn takes ${steps} steps, a time of
      <b>${around}</b>. The gradient flow, solved in closed form, turns in <b>${flow.period.toFixed(4)}</b> and crosses the line at
      ${first} and ${second}. Above the line s is (3, 5) and descent heads there; below it s is (0, 0) and descent heads there;
      each lies across the line. With −2x + y + 2 the corner (3, 5) lies on its own side: after ${calm[0].length - 1} steps every
      start is within ${farthest.toExponential(0)} of it.`,
    hypothesis: html`Off the line, where every step is taken, it holds: B = I, ds/d(x, y) = 0, and the gradient is right. On the line
      every s is a solution and B = (1 − q)I may be singular: there s is no function of (x, y) at all, it jumps. Of the ${near.steps} steps of a turn ${near.within} come within ${RADIUS} of it, and
      at ${near.failed} of them the certificate with that radius fails.`,
    certificate,
    tables: [table(onTheLine)],
    code: [ascendInner, computeGradients].map(String),
    summary: `one turn takes ${steps} steps of ${RATE}, a time of ${around}; the flow turns in ${flow.period.toFixed(4)}; with -2x + y + 2 every start ends within ${farthest.toExponential(0)} of (3, 5)`,
  };
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
    { kind: 'point', look: 'quiet', at: problem.box, label: `s = ${formatPoint(problem.box)}` },
    { kind: 'point', look: 'quiet', at: [0, 0], label: 's = (0, 0)', side: 'left' },
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
      { name: 'line on which s jumps', look: 'quiet', kind: 'curve' },
    ],
  });
}

/** A little more than one turn. */
const TURN_STEPS = 130;

function table(answers: Cycle['onTheLine']): Markup {
  return wideTable(
    'the gradient on the line',
    html`<thead><tr><th scope="col">relu′(0)</th><th scope="col">gradient in x and y</th></tr></thead>
<tbody>${answers.map(({ q, gradient, refusal }) => html`<tr><th scope="row">${q}</th>${answerCell(gradient && formatPoint(gradient), refusal)}</tr>`)}</tbody>`,
    html`On the line, at (1, 1), with s = (0, 0), by the derivative of the projection at 0.`,
  );
}

function formatPoint([x, y]: Point): string {
  return `(${[x, y].map((each) => formatSigned(Number(each.toFixed(4)))).join(', ')})`;
}

function computeDistance([x, y]: Point, [u, v]: Point): number {
  return Math.hypot(x - u, y - v);
}
