/** Draws curves over the epochs, as SVG without scripts. */
import { html, type Markup } from '../../pictures/markup.ts';
import { multiples, positionOf, roundCoordinate, roundStep } from '../../pictures/scale.ts';

export interface Curve {
  readonly name: string;
  /** Determines the colour and the dashes. */
  readonly kind: 'first' | 'second';
  /** One value for each epoch. */
  readonly values: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Whether the axis begins at 0 instead of just below the least value. */
  readonly fromZero: boolean;
  /** The end of the axis, for a quantity with a known greatest value. */
  readonly greatest?: number;
  readonly format: (value: number) => string;
}

const WIDTH = 440;
const HEIGHT = 240;
const PLOT = { left: 56, right: WIDTH - 8, top: 14, bottom: HEIGHT - 28 };

/** Marks of more points would overlap. */
const MAXIMUM_MARKED_POINTS = 30;

export function drawLineChart(chart: Chart): Markup {
  const { title, curves, format } = chart;
  const epochs = curves[0].values.length;
  const ticks = chooseVerticalTicks(chart);
  const [least, greatest] = [ticks[0], ticks[ticks.length - 1]];
  const x = (epoch: number): number => positionOf(epoch, 1, epochs, PLOT.left + 8, PLOT.right - 8);
  const y = (value: number): number => positionOf(value, least, greatest, PLOT.bottom, PLOT.top);
  const spoken = curves.map(({ name, values }) => `${name} ${format(values[0])} to ${format(values[epochs - 1])}`);
  return html`<figure class="chart">
<figcaption><h3>${title}</h3><ul class="legend">${curves.map((curve) => drawLegendItem(curve, format))}</ul></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} over ${epochs} epochs: ${spoken.join('; ')}">
${ticks.map((value) => drawGridLine(y(value), format(value)))}
${chooseEpochTicks(epochs).map((epoch) => html`<text x="${roundCoordinate(x(epoch))}" y="${PLOT.bottom + 20}" text-anchor="middle">${epoch}</text>`)}
<text x="${PLOT.left - 8}" y="${PLOT.bottom + 20}" text-anchor="end">epoch</text>
${curves.map((curve) => drawCurve(curve, x, y))}
</svg>
</figure>`;
}

function drawLegendItem({ name, kind, values }: Curve, format: (value: number) => string): Markup {
  return html`<li><svg class="swatch" viewBox="0 0 28 8" aria-hidden="true"><path class="curve ${kind}" d="M0 4H28"/></svg>${name} <b>${format(values[values.length - 1])}</b></li>`;
}

function drawGridLine(y: number, label: string): Markup {
  return html`<path class="grid" d="M${PLOT.left} ${roundCoordinate(y)}H${PLOT.right}"/><text x="${PLOT.left - 8}" y="${roundCoordinate(y + 4)}" text-anchor="end">${label}</text>`;
}

function drawCurve({ kind, values }: Curve, x: (epoch: number) => number, y: (value: number) => number): Markup {
  const points = values.map((value, index) => [roundCoordinate(x(index + 1)), roundCoordinate(y(value))] as const);
  const path = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.join(' ')}`).join('');
  const marks = points.map(([cx, cy]) => html`<circle class="mark ${kind}" cx="${cx}" cy="${cy}" r="3"/>`);
  return html`<path class="curve ${kind}" d="${path}"/>${points.length <= MAXIMUM_MARKED_POINTS && marks}`;
}

function chooseVerticalTicks({ curves, fromZero, greatest: end }: Chart): number[] {
  const values = curves.flatMap(({ values }) => values);
  const greatest = Math.max(...values);
  const least = fromZero ? Math.min(0, ...values) : Math.min(...values);
  const step = roundStep((greatest - least || Math.abs(greatest) || 1) / 4);
  const first = Math.floor(least / step);
  const last = Math.max(Math.ceil((end ?? greatest) / step), first + 1);
  return multiples(step, first, last);
}

function chooseEpochTicks(epochs: number): number[] {
  const step = Math.max(1, roundStep(epochs / 8));
  const ticks = Array.from({ length: Math.floor(epochs / step) }, (_, index) => (index + 1) * step);
  return ticks[0] === 1 ? ticks : [1, ...ticks];
}
