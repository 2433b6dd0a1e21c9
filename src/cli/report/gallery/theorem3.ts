/** The exhibit of training by the method of Theorem 3. */
import {
  createNetwork,
  EPOCHS_BETWEEN,
  REACH,
  SAMPLES,
  STEP_SIZES,
  type Theorem3,
  theorem3,
} from '../../../gallery/theorem3.ts';
import { html, type Markup } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot } from '../../../pictures/plot.ts';
import type { Exhibit } from './exhibit.ts';

export function theorem3Exhibit({ steps, scale, objective, curve, certificates }: Theorem3): Exhibit {
  const [first, last] = [objective[0], objective[objective.length - 1]];
  const late = objective.slice(-Math.ceil(objective.length / 10));
  const unrest = Math.max(...late) - Math.min(...late);
  const certified = certificates.filter((status) => status === 'certified').length;
  return {
    id: 'theorem3',
    title: 'Training through a program, where the theorem holds',
    formula: html`dense → argmin {½xᵀ(LLᵀ + εI)x + qᵀx : x ≥ 0, Gx ≤ Gz + s} → dense, L, G, s, z learnt, q the output of the layer before`,
    figures: [picture(objective, steps), outputPicture(curve)],
    paper: html`Theorem 3: stochastic gradient descent on single samples, drawn independently, with steps sαₖ, αₖ = o(1/log k) and
      Σαₖ = ∞, s drawn once: where the iterates stay bounded, for almost every start and s the objective converges, and every limit
      point is Clarke-critical.`,
    here: html`Four numbers in two classes, the outer and the inner ones, fitted by mean absolute error with
      αₖ = ${STEP_SIZES.rate}/(k + 1)^${STEP_SIZES.power} and s = ${scale.toFixed(3)}, by
      <code>stochasticGradient({ theorem3: true })</code>. In ${steps} steps the objective falls from ${first.toFixed(2)} to
      <b>${last.toFixed(2)}</b>; over the last tenth it moves by ${unrest.toFixed(3)}. Where it settles an output is right, and the
      objective has a kink.`,
    hypothesis: html`It failed at no step: LLᵀ + εI is positive definite, the active rows were independent, and the layer would have
      thrown. At the end the program is certified for ${certified} of the ${certificates.length} samples.`,
    code: [createNetwork, theorem3].map(String),
    summary: `training through a quadratic program by the method of Theorem 3: the objective falls from ${first.toFixed(2)} to ${last.toFixed(2)} in ${steps} steps; certified for ${certified} of ${certificates.length} samples at the end`,
  };
}

function picture(objective: readonly number[], steps: number): Markup {
  const points = objective.map((value, index) => [(index * steps) / (objective.length - 1), value] as const);
  return drawPlot({
    title: 'The objective',
    description: `${objective.length} values, from ${objective[0].toFixed(2)} to ${objective[objective.length - 1].toFixed(2)}, one every ${EPOCHS_BETWEEN} epochs`,
    x: { name: 'step', from: 0, to: steps },
    y: { name: 'mean absolute error', from: 0, to: 1.05 * Math.max(...objective) },
    drawn: [{ kind: 'curve', look: 'first', points }],
    legend: [],
  });
}

function outputPicture(curve: Theorem3['curve']): Markup {
  const samples = Array.from(
    SAMPLES.inputs,
    (x, at): Drawn => ({
      kind: 'point',
      look: 'second',
      at: [x, SAMPLES.labels[at]],
    }),
  );
  return drawPlot({
    title: 'The output for the inner numbers',
    description: `a piecewise linear curve near 1 at −1 and 1, and near 0 at −2 and 2`,
    x: { name: 'input', from: -REACH, to: REACH },
    y: { name: 'output', from: -1, to: 2 },
    drawn: [{ kind: 'curve', look: 'first', points: curve }, ...samples],
    legend: [
      { name: 'network, at the end', look: 'first', kind: 'curve' },
      { name: 'samples', look: 'second', kind: 'point' },
    ],
  });
}
