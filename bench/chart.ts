/** Draws a run of the benchmark as an SVG that is legible on light and on dark pages. */
import { CASES, type CaseName } from './cases.ts';
import { type Contestant, type LibraryName, nameOf } from './contestants.ts';
import type { Entry, Results } from './results.ts';
import type { Scaling } from './scaling.ts';
import { decades, escapeMarkup, logarithmic, pageOf, type Scale } from './svg.ts';
import { describe } from './table.ts';

/** Mid-tones, which stand out from white and from black. */
const COLOURS: Readonly<Record<LibraryName, string>> = {
  equilibra: '#d1495b',
  'jax-js': '#2f86c5',
  tfjs: '#d98a1f',
  'gpu.js': '#4a9a5b',
  plain: '#8d99ae',
  pytorch: '#8a6fc0',
};

const PANEL = 270;
const GAP = 30;
const NAMES = 120;
const TOP = 66;
const BAR = 13;
const LINES = 210;

type Chartable = Pick<Results, 'entries' | 'scaling'>;

/**
 * Bars for the largest measured size of each case, in Chrome and in Python; below them the scaling curves, if there are
 * any.
 */
export function drawBench({ entries, scaling }: Chartable): string {
  const chosen = (Object.keys(CASES) as CaseName[]).flatMap((name) => largestOf(entries, name));
  const bars = chosen.map((group, index) => barPanel(group, 20 + index * (NAMES + PANEL + GAP)));
  const most = Math.max(...chosen.map((group) => group.length));
  const below = TOP + most * (BAR + 5) + 90;
  const kinds = (['batch', 'iterations'] as const).filter((of) => scaling.some((curve) => curve.of === of));
  const curves = kinds.map((of, index) => {
    const left = 70 + index * 1.5 * (NAMES + PANEL + GAP);
    return curvePanel(
      scaling.filter((curve) => curve.of === of),
      left,
      below,
    );
  });
  const height = kinds.length > 0 ? below + LINES + 60 : below - 40;
  return pageOf(20 + chosen.length * (NAMES + PANEL + GAP), height, captionOf(entries), [...bars, ...curves]);
}

function captionOf(entries: readonly Entry[]): string {
  const { adapter } = entries.find(({ backend, adapter: own }) => own && backend === 'webgpu') ?? {};
  const versions = [
    ...new Set(entries.filter(({ environment }) => environment !== 'node').map(({ version }) => version)),
  ];
  return ['Milliseconds, shorter is better', ...versions, adapter ? `WebGPU on ${describe(adapter)}` : '']
    .filter(Boolean)
    .join(' · ');
}

/** The entries of the size that most contestants have numbers for; entries from Node only where there are no others. */
function largestOf(entries: readonly Entry[], name: CaseName): Entry[][] {
  const done = entries.filter((entry) => entry.case === name && entry.timing);
  const shown = done.some(({ environment }) => environment === 'chrome')
    ? done.filter(({ environment }) => environment !== 'node')
    : done;
  if (shown.length === 0) return [];
  const sizeOf = ({ batch, width }: Entry): number => batch * width ** 2;
  // Training steps are compared at the size for which a figure from PyTorch is known: 128 × 87.
  const preferred = name === 'training' ? shown.filter(({ batch, width }) => batch === 128 && width === 87) : [];
  const candidates = preferred.length > 0 ? preferred : shown;
  const largest = Math.max(...candidates.map(sizeOf));
  const group = candidates.filter((entry) => sizeOf(entry) === largest);
  return [[...group].sort((a, b) => millisecondsOf(a) - millisecondsOf(b))];
}

function millisecondsOf({ timing }: Entry): number {
  return timing?.median ?? Number.NaN;
}

/** One bar for each entry, on a logarithmic scale. The bar ends at the median; the line spans the repetitions. */
function barPanel(group: readonly Entry[], left: number): string {
  const [{ case: name, batch, width }] = group;
  const ticks = decades(group.flatMap(({ timing }) => (timing ? [timing.minimum, timing.maximum] : [])));
  const scale = logarithmic(ticks[0], ticks[ticks.length - 1]);
  const start = left + NAMES;
  const x = (value: number): number => start + (PANEL - 40) * scale(value);
  const bottom = TOP + group.length * (BAR + 5);
  const rows = group.map((entry, index) => {
    const top = TOP + index * (BAR + 5);
    const middle = top + BAR / 2;
    const { minimum, maximum, median } = entry.timing ?? { minimum: 0, maximum: 0, median: 0 };
    const weight = entry.library === 'equilibra' ? ' font-weight="700"' : '';
    return (
      `<text x="${start - 6}" y="${top + 11}" text-anchor="end"${weight}>${escapeMarkup(nameOf(entry))}</text>` +
      `<rect x="${start}" y="${top}" width="${(x(median) - start).toFixed(1)}" height="${BAR}" fill="${COLOURS[entry.library]}"/>` +
      `<line x1="${x(minimum).toFixed(1)}" x2="${x(maximum).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#777" stroke-width="1.5"/>` +
      `<text x="${(x(maximum) + 5).toFixed(1)}" y="${top + 11}"${weight}>${digits(median)}</text>`
    );
  });
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 4}" y2="${bottom}"/>` +
      `<text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
  );
  const heading = `<text x="${start}" y="${TOP - 14}" font-weight="600">${CASES[name].title}, ${batch} × ${width}</text>`;
  return [heading, ...grid, ...rows].join('\n');
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const TITLES: Readonly<Record<Scaling['of'], { title: string; horizontal: string; unit: number }>> = {
  batch: { title: 'Solve and gradient, width 128: milliseconds against the batch', horizontal: 'batch', unit: 1 },
  iterations: {
    title: 'Memory of a solve and its gradient, 128 × 128: megabytes',
    horizontal: 'iterations; tfjs differentiates through them',
    unit: 1e-6,
  },
};

function curvePanel(curves: readonly Scaling[], left: number, top: number): string {
  const { title, horizontal, unit } = TITLES[curves[0].of];
  const width = PANEL + NAMES - 20;
  const xs = curves.flatMap(({ points }) => points.map(([x]) => x));
  const ys = decades(curves.flatMap(({ points }) => points.map(([, y]) => y * unit)));
  const across: Scale = logarithmic(Math.min(...xs), Math.max(...xs));
  const up: Scale = logarithmic(ys[0], ys[ys.length - 1]);
  const x = (value: number): number => left + width * across(value);
  const y = (value: number): number => top + LINES * (1 - up(value));
  const grid = ys.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${left + width}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text x="${left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`,
  );
  const marks = [...new Set(xs)].map(
    (tick) => `<text x="${x(tick).toFixed(1)}" y="${top + LINES + 18}" text-anchor="middle">${tick}</text>`,
  );
  const labels = spreadLabels(curves.map(({ points }) => y((points[points.length - 1]?.[1] ?? ys[0]) * unit)));
  const lines = curves.map((curve, index) => {
    const points = curve.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value * unit).toFixed(1)}`).join(' ');
    const colour = COLOURS[curve.library];
    const dashes = dashesOf(curve);
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="2"${dashes} points="${points}"/>` +
      `<text x="${left + width + 6}" y="${(labels[index] + 4).toFixed(1)}" style="fill: ${colour}">${escapeMarkup(nameOf(curve))}</text>`
    );
  });
  const heading = `<text x="${left}" y="${top - 14}" font-weight="600">${title}</text>`;
  const axis = `<text x="${left + width / 2}" y="${top + LINES + 36}" text-anchor="middle">${horizontal}</text>`;
  return [heading, ...grid, ...marks, axis, ...lines].join('\n');
}

/** A library has one colour; its curve on WebGPU is solid, and every other one is dashed. */
function dashesOf({ backend }: Contestant): string {
  return backend === 'webgpu' ? '' : ' stroke-dasharray="6 3"';
}

/** The heights of labels, moved down where labels would overlap. */
function spreadLabels(heights: readonly number[]): number[] {
  const order = heights.map((_, index) => index).sort((a, b) => heights[a] - heights[b]);
  const moved = [...heights];
  for (let place = 1; place < order.length; place++) {
    moved[order[place]] = Math.max(moved[order[place]], moved[order[place - 1]] + 14);
  }
  return moved;
}
