/** Curves, areas and points in the plane, as SVG that needs no script. */
import { html, type Markup } from './markup.ts';
import { multiples, position, round, roundStep } from './scale.ts';

/** The look: colours are those of the style sheet. quiet: what the rest is to be read against. */
export type Look = 'first' | 'second' | 'quiet';

export type Place = readonly [number, number];

export type Drawn =
  /** thin: for long curves. */
  | { readonly kind: 'curve'; readonly look: Look; readonly thin?: boolean; readonly points: readonly Place[] }
  | { readonly kind: 'area'; readonly look: Look; readonly points: readonly Place[] }
  | {
      readonly kind: 'point';
      readonly look: Look;
      readonly at: Place;
      readonly label?: string;
      /** Of the label. Default right. */
      readonly side?: 'left' | 'right';
    };

export interface Range {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Plot {
  readonly title: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  readonly x: Range;
  readonly y: Range;
  /** From the back to the front; what lies beyond the ranges is cut off. */
  readonly drawn: readonly Drawn[];
  readonly legend: readonly { readonly name: string; readonly look: Look; readonly kind: Drawn['kind'] }[];
}

export const WIDTH = 440;
export const HEIGHT = 320;
const PANE = { left: 44, right: WIDTH - 8, top: 12, bottom: HEIGHT - 40 };

/** Between places in the plane and in the picture, for a page that draws on it or is clicked on. */
export interface Pane {
  across(x: number): number;
  up(y: number): number;
  /** The place in the plane of a place in the picture. */
  place(across: number, up: number): Place;
}

/** Of the picture that `plot` makes of these ranges; it is WIDTH × HEIGHT, and what is drawn stands in its element .pane. */
export function paneOf(x: Range, y: Range): Pane {
  return {
    across: (value) => round(position(value, x.from, x.to, PANE.left, PANE.right)),
    up: (value) => round(position(value, y.from, y.to, PANE.bottom, PANE.top)),
    place: (across, up) => [
      position(across, PANE.left, PANE.right, x.from, x.to),
      position(up, PANE.bottom, PANE.top, y.from, y.to),
    ],
  };
}

export function plot({ title, description, x, y, drawn, legend }: Plot): Markup {
  const { across, up } = paneOf(x, y);
  const [width, height] = [PANE.right - PANE.left, PANE.bottom - PANE.top];
  return html`<figure class="chart">
<figcaption><h3>${title}</h3><ul class="legend">${legend.map(legendEntry)}</ul></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${description}">
${ticksOf(y).map((value) => html`<path class="grid" d="M${PANE.left} ${up(value)}H${PANE.right}"/><text x="${PANE.left - 8}" y="${round(up(value) + 4)}" text-anchor="end">${signed(value)}</text>`)}
${ticksOf(x).map((value) => html`<path class="grid" d="M${across(value)} ${PANE.top}V${PANE.bottom}"/><text x="${across(value)}" y="${PANE.bottom + 18}" text-anchor="middle">${signed(value)}</text>`)}
<text x="${PANE.right}" y="${PANE.bottom + 36}" text-anchor="end">${x.name} →</text>
<text x="${PANE.left + 6}" y="${PANE.top + 12}">↑ ${y.name}</text>
<svg class="pane" x="${PANE.left}" y="${PANE.top}" width="${width}" height="${height}" viewBox="${PANE.left} ${PANE.top} ${width} ${height}">
${drawn.map((each) => element(each, across, up))}
</svg>
</svg>
</figure>`;
}

type Scale = (value: number) => number;

function element(drawn: Drawn, across: Scale, up: Scale): Markup {
  if (drawn.kind === 'point') {
    const { look, at, label, side = 'right' } = drawn;
    const [cx, cy] = [across(at[0]), up(at[1])];
    const [x, anchor] = side === 'right' ? [cx + 9, 'start'] : [cx - 9, 'end'];
    const text = html`<text class="label" x="${round(x)}" y="${round(cy + 4)}" text-anchor="${anchor}">${label}</text>`;
    return html`<circle class="mark ${look}" cx="${cx}" cy="${cy}" r="4"/>${label !== undefined && text}`;
  }
  const path = drawn.points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${across(x)} ${up(y)}`).join('');
  if (drawn.kind === 'area') return html`<path class="area ${drawn.look}" d="${path}Z"/>`;
  return html`<path class="curve ${drawn.look}${drawn.thin ? ' thin' : ''}" d="${path}"/>`;
}

function legendEntry({ name, look, kind }: Plot['legend'][number]): Markup {
  const shapes = {
    curve: html`<path class="curve ${look}" d="M0 4H28"/>`,
    area: html`<path class="area ${look}" d="M2 0H26V8H2Z"/>`,
    point: html`<circle class="mark ${look}" cx="14" cy="4" r="3.5"/>`,
  };
  return html`<li><svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">${shapes[kind]}</svg>${name}</li>`;
}

function ticksOf({ from, to }: Range): number[] {
  const step = roundStep((to - from) / 6);
  return multiples(step, Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9));
}

/** With the sign for minus. */
export function signed(value: number): string {
  return String(value).replace('-', '−');
}
