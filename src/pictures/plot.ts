/** Draws curves, areas and points in the plane as SVG, without a script. */
import { html, type Markup } from './markup.ts';
import { multiples, positionOf, roundCoordinate, roundStep } from './scale.ts';

/** The look of an element, whose colours are in the style sheet. 'quiet' is for references such as a diagonal. */
export type Look = 'first' | 'second' | 'quiet';

/** A place in the plane, [x, y]. */
export type Place = readonly [number, number];

export type Drawn =
  /** `thin` is for long curves. */
  | { readonly kind: 'curve'; readonly look: Look; readonly thin?: boolean; readonly points: readonly Place[] }
  | { readonly kind: 'area'; readonly look: Look; readonly points: readonly Place[] }
  | {
      readonly kind: 'point';
      readonly look: Look;
      readonly at: Place;
      readonly label?: string;
      /** The side of the point on which the label stands. Default 'right'. */
      readonly side?: 'left' | 'right';
    }
  /** A piece of a line through a point with the slope dy/dx. Its length in the picture is always the same. */
  | { readonly kind: 'tangent'; readonly look: Look; readonly at: Place; readonly slope: number }
  /** A text that ends at its place. */
  | { readonly kind: 'label'; readonly at: Place; readonly text: string };

/** The range of an axis, and its name. */
export interface Range {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Plot {
  readonly title: string;
  /** A description of the picture for screen readers. */
  readonly description: string;
  readonly x: Range;
  readonly y: Range;
  /** The elements from back to front, clipped to the ranges. */
  readonly drawn: readonly Drawn[];
  readonly legend: readonly {
    readonly name: string;
    readonly look: Look;
    readonly kind: Exclude<Drawn['kind'], 'label'>;
  }[];
}

export const WIDTH = 440;
export const HEIGHT = 320;
const PANE = { left: 44, right: WIDTH - 8, top: 12, bottom: HEIGHT - 40 };

/** The width of a wide digit on a phone, where text is largest. */
export const LETTER = 9.6;

/** The least extents of the pane. Long texts at the vertical axis move its left edge to the right. */
export const PANE_SIZE = { width: 340, height: PANE.bottom - PANE.top };

/**
 * Converts between places in the plane and in the picture, for a page that draws on the picture or reacts to clicks.
 */
interface Pane {
  /** The left edge of the pane in the picture. */
  readonly left: number;
  /** The horizontal place in the picture. */
  across(x: number): number;
  /** The vertical place in the picture. */
  up(y: number): number;
  /** The place in the plane for a place in the picture. */
  place(across: number, up: number): Place;
}

/**
 * The pane of the picture that `plot` draws for these ranges. The picture has WIDTH × HEIGHT units; its element .pane
 * holds the curves.
 */
export function createPane(x: Range, y: Range): Pane {
  const longest = Math.max(...ticksOf(y).map((value) => formatTick(value).length));
  const left = Math.min(Math.max(PANE.left, 10 + LETTER * longest), PANE.right - PANE_SIZE.width);
  return {
    left,
    across: (value) => positionOf(value, x.from, x.to, left, PANE.right),
    up: (value) => positionOf(value, y.from, y.to, PANE.bottom, PANE.top),
    place: (across, up) => [
      positionOf(across, left, PANE.right, x.from, x.to),
      positionOf(up, PANE.bottom, PANE.top, y.from, y.to),
    ],
  };
}

export function drawPlot({ title, description, x, y, drawn, legend }: Plot): Markup {
  const { left, across, up } = createPane(x, y);
  const [width, height] = [PANE.right - left, PANE.bottom - PANE.top];
  return html`<figure class="chart">
<figcaption><h3>${title}</h3><ul class="legend">${legend.map(legendEntry)}</ul></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${description}">
${ticksOf(y).map((value) => html`<path class="grid" d="M${left} ${roundCoordinate(up(value))}H${PANE.right}"/><text x="${left - 8}" y="${roundCoordinate(up(value) + 4)}" text-anchor="end">${formatTick(value)}</text>`)}
${ticksOf(x).map((value) => html`<path class="grid" d="M${roundCoordinate(across(value))} ${PANE.top}V${PANE.bottom}"/><text x="${roundCoordinate(across(value))}" y="${PANE.bottom + 18}" text-anchor="middle">${formatTick(value)}</text>`)}
<text x="${PANE.right}" y="${PANE.bottom + 35}" text-anchor="end">${x.name} →</text>
<text x="${left + 6}" y="${PANE.top + 12}">↑ ${y.name}</text>
<svg class="pane" x="${left}" y="${PANE.top}" width="${width}" height="${height}" viewBox="${left} ${PANE.top} ${width} ${height}">
${drawn.map((each) => drawElement(each, across, up))}
</svg>
</svg>
</figure>`;
}

type Scale = (value: number) => number;

function drawElement(drawn: Drawn, across: Scale, up: Scale): Markup {
  if (drawn.kind === 'point') {
    const { look, at, label, side = 'right' } = drawn;
    const [cx, cy] = [roundCoordinate(across(at[0])), roundCoordinate(up(at[1]))];
    const [x, anchor] = side === 'right' ? [cx + 9, 'start'] : [cx - 9, 'end'];
    const text = html`<text class="label" x="${roundCoordinate(x)}" y="${roundCoordinate(cy + 4)}" text-anchor="${anchor}">${label}</text>`;
    return html`<circle class="mark ${look}" cx="${cx}" cy="${cy}" r="4"/>${label !== undefined && text}`;
  }
  if (drawn.kind === 'label') {
    const [x, y] = drawn.at;
    return html`<text class="label" x="${roundCoordinate(across(x))}" y="${roundCoordinate(up(y) + 4)}" text-anchor="end">${drawn.text}</text>`;
  }
  if (drawn.kind === 'tangent') return drawTangent(drawn, across, up);
  const path = drawn.points.map(
    ([x, y], index) => `${index === 0 ? 'M' : 'L'}${roundCoordinate(across(x))} ${roundCoordinate(up(y))}`,
  );
  if (drawn.kind === 'area') return html`<path class="area ${drawn.look}" d="${path.join('')}Z"/>`;
  return html`<path class="curve ${drawn.look}${drawn.thin ? ' thin' : ''}" d="${path.join('')}"/>`;
}

/** Half the length of a tangent. */
const HALF_LENGTH = 22;

function drawTangent(
  { look, at: [x, y], slope }: Extract<Drawn, { kind: 'tangent' }>,
  across: Scale,
  up: Scale,
): Markup {
  // Maps the direction (1, slope) into the picture; the scales are affine.
  const [dx, dy] = [across(1) - across(0), slope * (up(1) - up(0))];
  const share = HALF_LENGTH / Math.hypot(dx, dy);
  const [cx, cy] = [across(x), up(y)];
  const end = (side: number): string =>
    `${roundCoordinate(cx + side * share * dx)} ${roundCoordinate(cy + side * share * dy)}`;
  return html`<path class="tangent ${look}" d="M${end(-1)}L${end(1)}"/>`;
}

function legendEntry({ name, look, kind }: Plot['legend'][number]): Markup {
  const shapes = {
    curve: html`<path class="curve ${look}" d="M0 4H28"/>`,
    area: html`<path class="area ${look}" d="M2 0H26V8H2Z"/>`,
    point: html`<circle class="mark ${look}" cx="14" cy="4" r="3.5"/>`,
    tangent: html`<path class="tangent ${look}" d="M4 7L24 1"/>`,
  };
  return html`<li><svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">${shapes[kind]}</svg>${name}</li>`;
}

function ticksOf({ from, to }: Range): number[] {
  const step = roundStep((to - from) / 6);
  return multiples(step, Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9));
}

/** Formats a tick in exponential notation where its digits would not fit beside the axis. */
function formatTick(value: number): string {
  const size = Math.abs(value);
  const isPlain = value === 0 || (size >= 1e-3 && size < 1e6);
  return formatSigned(isPlain ? value : Number(value.toPrecision(6)).toExponential().replace('e+', 'e'));
}

/** The number with a minus sign in place of the hyphen. */
export function formatSigned(value: number | string): string {
  return String(value).replaceAll('-', '−');
}
