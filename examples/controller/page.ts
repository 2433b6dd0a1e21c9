/** A page about the run: how the loss fell, the weights, and how the cart drives. */
import { page } from '../../src/cli/report/page.ts';
import { html, wideTable } from '../../src/pictures/markup.ts';
import { type Drawn, drawPlot, type Place, type Plot } from '../../src/pictures/plot.ts';
import { STRONGEST, TERMS } from './cart.ts';
import type { Drive } from './controller.ts';
import type { Learnt } from './learn.ts';

interface Results {
  readonly expert: Drive;
  /** Driven with the weights before learning. */
  readonly naive: Drive;
  /** Driven with the weights learnt. */
  readonly own: Drive;
  readonly learnt: Learnt;
  /** The weights of the expert. */
  readonly weights: readonly number[];
  /** The cost of each drive. */
  readonly costs: readonly number[];
}

export function drawPage(results: Results): string {
  const { expert, naive, own, learnt, weights, costs } = results;
  const after = learnt.weights[learnt.weights.length - 1];
  const rows = TERMS.map(
    (term, index) =>
      html`<tr><th scope="row">${term}</th><td>${weights[index].toFixed(3)}</td><td>${learnt.weights[0][index].toFixed(3)}</td><td>${after[index].toFixed(3)}</td></tr>`,
  );
  const table = html`<table><thead><tr><th scope="col">weight of</th><th scope="col">expert</th><th scope="col">before learning</th><th scope="col">learnt</th></tr></thead>
<tbody>${rows}<tr><th scope="row">cost of driving</th>${costs.map((cost) => html`<td>${cost.toFixed(4)}</td>`)}</tr></tbody></table>`;
  return page(
    'A controller that learns its cost',
    html`<p>A cart plans ten steps ahead by a quadratic program, carries out the first, and plans again. The weights of its cost were learnt from what an expert did: the gradient of the difference goes through the solutions of the programs.</p>
<section>${wideTable('Weights and costs', table)}</section>
<section class="charts">${[
      drawPlot(lossPlot(learnt.losses)),
      drawPlot(drivePlot('Position', 'm', positionsOf, { expert, naive, own })),
      drawPlot(drivePlot('Acceleration', 'm/s²', accelerationsOf, { expert, naive, own })),
    ]}</section>`,
  );
}

function lossPlot(losses: readonly number[]): Plot {
  const points = losses.map((loss, epoch): Place => [epoch + 1, Math.log10(loss)]);
  const exponents = points.map(([, exponent]) => exponent);
  return {
    title: 'Loss',
    description: `the mean squared difference of accelerations falls from ${losses[0].toFixed(4)} to ${losses[losses.length - 1].toFixed(4)}`,
    x: { name: 'epoch', from: 1, to: Math.max(losses.length, 2) },
    y: { name: 'log₁₀ of the loss', from: Math.floor(Math.min(...exponents)), to: Math.ceil(Math.max(...exponents)) },
    drawn: [{ kind: 'curve', look: 'first', points }],
    legend: [{ name: 'loss', look: 'first', kind: 'curve' }],
  };
}

/** One number for each step of a drive, of one cart. */
type Series = (drive: Drive, cart: number) => readonly number[];
const positionsOf: Series = ({ states }, cart) => states.map((each) => each[cart][0]);
const accelerationsOf: Series = ({ accelerations }, cart) => accelerations.map((each) => each[cart]);

/** The cart that sets off farthest from the middle. */
function farthestCart({ states: [from] }: Drive): number {
  const distances = from.map(([position]) => Math.abs(position));
  return distances.indexOf(Math.max(...distances));
}

function drivePlot(
  title: string,
  unit: string,
  seriesOf: Series,
  { expert, naive, own }: Pick<Results, 'expert' | 'naive' | 'own'>,
): Plot {
  const cart = farthestCart(expert);
  const all = [expert, naive, own].flatMap((drive) => seriesOf(drive, cart));
  const curve = (look: 'first' | 'second' | 'quiet', drive: Drive): Drawn => ({
    kind: 'curve',
    look,
    points: seriesOf(drive, cart).map((value, step): Place => [step, value]),
  });
  const reach = Math.max(STRONGEST, ...all.map(Math.abs)) * 1.05;
  return {
    title,
    description: 'the learnt controller drives as the expert does',
    x: { name: 'step', from: 0, to: expert.accelerations.length },
    y: { name: `${title.toLowerCase()}, ${unit}`, from: -reach, to: reach },
    drawn: [curve('quiet', naive), curve('first', expert), curve('second', own)],
    legend: [
      { name: 'expert', look: 'first', kind: 'curve' },
      { name: 'learnt', look: 'second', kind: 'curve' },
      { name: 'before learning', look: 'quiet', kind: 'curve' },
    ],
  };
}
