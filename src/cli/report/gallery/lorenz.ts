/** The exhibit of the ascent that turns into the Lorenz attractor. */
import { implicitGradient, type Lorenz, optimality, RATE } from '../../../gallery/lorenz.ts';
import { field, type Vector } from '../../../gallery/lorenz-field.ts';
import { type ProgramAnswer, programGradient, solveFourthPower } from '../../../gallery/lorenz-programs.ts';
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { drawPlot, formatSigned, type Look } from '../../../pictures/plot.ts';
import { answerCell, type Exhibit } from './exhibit.ts';

export function lorenzExhibit(found: Lorenz): Exhibit {
  const { attractor, implicit, gradient, at, answers, programs } = found;
  const fourth = programs[programs.length - 1];
  const steps = implicit.length - 1;
  const largest = Math.max(...implicit.flat().map(Math.abs));
  const farthest = Math.hypot(...gradient[gradient.length - 1]);
  return {
    id: 'lorenz',
    title: 'Gradient ascent that is the Lorenz attractor',
    formula: html`max uᵀz, z ∈ argmin ‖s − F(u)‖⁴, F(x, y, z) = (10(y − x), x(28 − z) − y, xy − 8z/3)`,
    figures: [
      butterfly('(a) The system u′ = F(u)', attractor, 'first'),
      butterfly('(b) Implicit ascent, dz/du dropped', implicit, 'second'),
      line('(c) Ascent along the true gradient', gradient),
    ],
    paper: html`Section 5 and Figure 3: the problem is that of max uᵀF(u), a quadratic whose one critical point is a saddle. Ascent
      with implicit differentiation draws a curve that resembles the Lorenz attractor, unlike the classical gradient. The reason
      given is the lack of invertibility, by the power 4, and numerical approximations.`,
    here: html`As in the paper the inner problem is a cone program, min t with ‖s − F(u)‖ ≤ w, w² ≤ v, v² ≤ t, and a layer solves it.
      Its gradient is ${fourth.gradient ? 'answered' : 'refused'}. Asked for the solution of least norm of the singular system instead, which is what
      solvers that truncate or regularise return, it gives dz/du = 0. The “gradient” is then F(u) itself, and ascent is Euler’s
      method for the Lorenz system: after ${steps} steps of ${RATE} from (0, 1, 1.05) it is still within ${largest.toFixed(0)} of 0
      in every coordinate. The true gradient leads away: in ${gradient.length - 1} steps to a distance of
      <b>${farthest.toFixed(0)}</b>. With the power 1 or 2 in the place of 4 the solution is the same, and the gradient is the true one.`,
    hypothesis: html`It fails at every u. Where s = F(u) the cone of w and s − F(u) is at its apex with a multiplier of 0, so that the
      smallest element of the Jacobian does not hold s. In the equation 4‖r‖²r = 0, r = s − F(u), it is B = 4‖r‖²I + 8rrᵀ that
      vanishes: at the exact solution the system is singular, and off by ever so little it gives the true gradient. The powers 1
      and 2 are certified.`,
    certificate: fourth.certificate,
    tables: [programTable(found), table(found)],
    code: [field, solveFourthPower, programGradient, optimality, implicitGradient].map(String),
    summary: `implicit ascent stays within ${largest.toFixed(0)} of 0 for ${steps} steps, true ascent is at ${farthest.toFixed(0)} after ${gradient.length - 1}; at u = ${formatVector(at, '-')} the powers ${describeVerdicts(programs)}, and the exact root is ${answers[0].refusal ? 'refused' : 'answered'}`,
  };
}

/** Draws a path as seen along y. */
function butterfly(title: string, path: readonly Vector[], look: Look): Markup {
  return drawPlot({
    title,
    description: `a path of ${path.length} points that winds about two centres, in x and z`,
    x: { name: 'x', from: -25, to: 25 },
    y: { name: 'z', from: -2, to: 55 },
    drawn: [
      { kind: 'curve', look, thin: true, points: path.map(([x, , z]) => [x, z]) },
      { kind: 'point', look, at: [path[0][0], path[0][2]], label: 'start' },
    ],
    legend: [],
  });
}

/** Draws a path as seen along z, which tends to 0. */
function line(title: string, path: readonly Vector[]): Markup {
  const [x, y, z] = path[path.length - 1];
  const end = 1.2 * Math.max(Math.abs(x), Math.abs(y));
  return drawPlot({
    title,
    description: `a straight path that leaves for ever: after ${path.length - 1} steps it is at ${formatVector([x, y, z])}`,
    x: { name: 'x', from: -0.1 * end, to: end },
    y: { name: 'y', from: -0.1 * end, to: end },
    drawn: [
      { kind: 'curve', look: 'first', points: path.map((each) => [each[0], each[1]]) },
      { kind: 'point', look: 'first', at: [path[0][0], path[0][1]], label: 'start' },
      { kind: 'point', look: 'first', at: [x, y], label: `step ${path.length - 1}`, side: 'left' },
    ],
    legend: [],
  });
}

function describeVerdicts(programs: readonly ProgramAnswer[]): string {
  return programs.map(({ power, certificate }) => `${power} (${certificate.status})`).join(', ');
}

const FORMS: Readonly<Record<ProgramAnswer['power'], string>> = {
  1: '‖s − F(u)‖, a cone program',
  2: '‖s − F(u)‖², a quadratic program',
  4: '‖s − F(u)‖⁴, a cone program',
};

function programTable({ at, programs, leastNorm }: Lorenz): Markup {
  const rows = programs.map(
    ({ power, certificate, gradient, refusal }) =>
      html`<tr><th class="words" scope="row">${FORMS[power]}</th><td>${certificate.status}</td>${answerCell(gradient && formatVector(gradient), refusal)}</tr>`,
  );
  return wideTable(
    'the inner problem as a program',
    html`<thead><tr><th scope="col">At u = ${formatVector(at)}</th><th scope="col">certificate</th><th scope="col">gradient</th></tr></thead>
<tbody>${rows}<tr><th class="words" scope="row">‖s − F(u)‖⁴, least norm</th><td></td><td>${formatVector(leastNorm)}</td></tr></tbody>`,
  );
}

function table({ at, answers, trueGradient, field: value }: Lorenz): Markup {
  const row = (name: string, cell: Markup): Markup => html`<tr><th class="words" scope="row">${name}</th>${cell}</tr>`;
  const rows = [
    ...answers.map(({ distance, gradient, refusal }) => {
      const name = distance === 0 ? 'root of 4‖r‖²r exact' : `root off by ${distance} in each coordinate`;
      return row(name, answerCell(gradient && formatVector(gradient), refusal));
    }),
    row('the true gradient, of uᵀF(u)', html`<td>${formatVector(trueGradient)}</td>`),
    row('F(u), which is left where dz/du is dropped', html`<td>${formatVector(value)}</td>`),
  ];
  return wideTable(
    'the inner problem as an equation',
    html`<thead><tr><th scope="col">At u = ${formatVector(at)}</th><th scope="col">gradient</th></tr></thead>
<tbody>${rows}</tbody>`,
  );
}

function formatVector(values: Vector, minus = '−'): string {
  return `(${values.map((value) => formatSigned(Number(value.toFixed(4))).replace('−', minus)).join(', ')})`;
}
