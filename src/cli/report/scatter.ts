/** Draws points in the plane, as SVG without scripts. */
import { html, type Markup } from '../../pictures/markup.ts';
import { multiples, positionOf, roundCoordinate, roundStep } from '../../pictures/scale.ts';

export interface Scatter {
  readonly title: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly xName: string;
  readonly yName: string;
  /** Where exact predictions would lie: y = x, or y = 0. */
  readonly line: 'diagonal' | 'zero';
}

const WIDTH = 440;
const HEIGHT = 320;
const PLOT = { left: 64, right: WIDTH - 30, top: 12, bottom: HEIGHT - 40 };

/** More points than this are thinned evenly, since a file with each of many rows would be slow to open. */
const MAXIMUM_POINTS = 2000;

export function drawScatter({ title, x, y, xName, yName, line }: Scatter): Markup {
  const ticks = line === 'diagonal' ? [chooseTicks([...x, ...y])] : [chooseTicks(x), chooseTicks([...y, 0])];
  const [horizontal, vertical = horizontal] = ticks;
  const at = (value: number): number =>
    positionOf(value, horizontal[0], horizontal[horizontal.length - 1], PLOT.left, PLOT.right);
  const up = (value: number): number =>
    positionOf(value, vertical[0], vertical[vertical.length - 1], PLOT.bottom, PLOT.top);
  const every = Math.ceil(x.length / MAXIMUM_POINTS);
  const rows = x.map((_, row) => row).filter((row) => row % every === 0);
  const [from, to] = line === 'diagonal' ? [vertical[0], vertical[vertical.length - 1]] : [0, 0];
  const shown = every === 1 ? `${x.length} rows` : `${rows.length} of ${x.length} rows`;
  return html`<figure class="chart">
<figcaption><h3>${title}</h3><span class="quiet">${shown}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${yName} over ${xName} of ${shown}">
${vertical.map((value) => html`<path class="grid" d="M${PLOT.left} ${roundCoordinate(up(value))}H${PLOT.right}"/><text x="${PLOT.left - 8}" y="${roundCoordinate(up(value) + 4)}" text-anchor="end">${formatTick(value)}</text>`)}
${horizontal.map((value) => html`<text x="${roundCoordinate(at(value))}" y="${PLOT.bottom + 18}" text-anchor="middle">${formatTick(value)}</text>`)}
<text x="${PLOT.right}" y="${HEIGHT - 4}" text-anchor="end">${xName} →</text>
${rows.map((row) => html`<circle class="dot" cx="${roundCoordinate(at(x[row]))}" cy="${roundCoordinate(up(y[row]))}" r="3"/>`)}
<path class="curve second" d="M${PLOT.left} ${roundCoordinate(up(from))}L${PLOT.right} ${roundCoordinate(up(to))}"/>
</svg>
</figure>`;
}

function chooseTicks(values: readonly number[]): number[] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const step = roundStep((greatest - least || Math.abs(greatest) || 1) / 5);
  const first = Math.floor(least / step);
  return multiples(step, first, Math.max(Math.ceil(greatest / step), first + 1));
}

/** Long numbers are written with a power of ten. */
function formatTick(value: number): string {
  const plain = String(value);
  return plain.length <= 7 ? plain : value.toExponential().replace('e+', 'e');
}
