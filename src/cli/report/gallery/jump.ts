/** The exhibit of the minimiser that jumps. */
import { type Jump, type JumpingPenalty, judgeJump, poolForWeights } from '../../../gallery/jump.ts';
import { html, type Markup } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot } from '../../../pictures/plot.ts';
import type { Exhibit } from './exhibit.ts';

const NAMES: Readonly<Record<JumpingPenalty, string>> = { welsch: 'Welsch', truncated: 'truncated quadratic' };

export function jumpExhibit(found: Jump): Exhibit {
  const { curves, verdicts, weights } = found;
  const middle = weights.length / 2;
  const [below, above] = [middle - 1, middle].map((at) => curves.welsch.y[at].toFixed(3));
  const slopes = [middle - 1, middle].map((at) => curves.welsch.slope[at].toFixed(3));
  return {
    id: 'jump',
    title: 'A minimiser that jumps',
    formula: html`y = argmin Σ wᵢρ(y − xᵢ), with a ρ that is not convex and α = 1`,
    figures: (Object.keys(curves) as JumpingPenalty[]).map((penalty) => branches(found, penalty)),
    paper: html`The theorem needs one solution that depends on the data without a jump. Gould, Hartley & Campbell (2021, section
      5.2) pool by such penalties inside of networks.`,
    here: html`Numbers on both sides of 0 are pooled, those above with the weight w. Under Welsch's penalty y goes from
      <b>${below}</b> to <b>${above}</b> as w passes 1. The derivatives dy/dw near it, ${slopes[0]} and ${slopes[1]}, are those of the two
      branches, and say nothing of the jump. At w = 1 a gradient is refused: “${verdicts.welsch.refusal}”.`,
    hypothesis: html`At w = 1 two minimisers have the same value: the argmin has no conservative Jacobian there, although the
      second derivative is positive at both. Elsewhere it holds.`,
    certificate: verdicts.welsch.certificate,
    code: [poolForWeights, judgeJump].map(String),
    summary: `Welsch's minimiser jumps from ${below} to ${above} at w = 1: ${verdicts.welsch.certificate.status}, and the truncated quadratic's: ${verdicts.truncated.certificate.status}; gradients there are refused`,
  };
}

function branches({ weights, curves }: Jump, penalty: JumpingPenalty): Markup {
  const points = weights.map((weight, index) => [weight, curves[penalty].y[index]] as const);
  const middle = points.length / 2;
  const drawn = [points.slice(0, middle), points.slice(middle)].map(
    (branch): Drawn => ({ kind: 'curve', look: 'first', points: branch }),
  );
  return drawPlot({
    title: `The minimiser, ${NAMES[penalty]}`,
    description: `two nearly level curves, the left one below 0 and the right one above, with a jump at w = 1`,
    x: { name: 'w', from: 0.5, to: 2 },
    y: { name: 'y', from: -2, to: 2 },
    drawn,
    legend: [{ name: 'y', look: 'first', kind: 'curve' }],
  });
}
