/** A chart whose curves grow during a run, drawn with uPlot in the colours of the page. */
import uPlot from 'uplot';
import { createElement, updateText } from './elements.ts';
import { runInOwnFrame } from './frames.ts';
import { onColourChange, resolveColour } from './theme.ts';

export interface Line {
  readonly name: string;
  readonly look: 'first' | 'second';
}

interface LineChart {
  /** @param ys for each line, one value for each x; null where there is none */
  update(xs: readonly number[], ys: readonly (readonly (number | null)[])[]): void;
}

interface ChartOptions {
  readonly lines: readonly Line[];
  readonly x: string;
  readonly scale?: 'linear' | 'logarithmic';
  /** The range of the vertical axis, where it is known in advance. */
  readonly range?: readonly [number, number];
  readonly format: (value: number) => string;
  /** Formats the numbers at the axis. Default: `format`. */
  readonly ticks?: (value: number) => string;
  readonly height?: number;
}

/** More points are drawn without marks. */
const MAXIMUM_MARKED_POINTS = 40;
/** The distances between ticks of the horizontal axis, which counts steps, epochs or iterations. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];

/** @param figure a figure with a caption, to which the legend is added */
export function createLineChart(figure: HTMLElement, options: ChartOptions): LineChart {
  const { lines, format, height = 190 } = options;
  const values = lines.map(() => createElement('b', {}, '–'));
  const legend = createElement(
    'ul',
    { class: 'legend' },
    ...lines.map((line, index) => createLegendItem(line, values[index])),
  );
  figure.querySelector('figcaption')?.append(legend);
  const host = createElement('div', { class: 'plot-host', role: 'img' });
  figure.append(host);
  const title = figure.querySelector('h2, h3')?.textContent ?? '';
  let data: uPlot.AlignedData = [[], ...lines.map(() => [])];
  let plot: uPlot | undefined;
  let width = 0;

  const describe = (): void => {
    const count = data[0].length;
    const spoken = lines.map(({ name }, line) => `${name} ${describeValues(data[line + 1], format)}`).join('; ');
    host.setAttribute('aria-label', `${title}: ${count === 0 ? 'nothing yet' : spoken}`);
  };
  const draw = (): void => {
    plot?.destroy();
    plot = width > 0 ? new uPlot(createPlotOptions(options, width, height), data, host) : undefined;
  };
  const fit = (): void => {
    if (plot) plot.setSize({ width, height });
    else draw();
  };
  new ResizeObserver(([{ contentRect }]) => {
    width = Math.floor(contentRect.width);
    if (width > 0) runInOwnFrame(fit);
  }).observe(host);
  onColourChange(() => runInOwnFrame(draw));
  describe();
  return {
    update(xs, ys) {
      if (isSame(data, [xs, ...ys])) return;
      data = [[...xs], ...ys.map((each) => [...each])];
      plot?.setData(data);
      for (const [line, each] of ys.entries()) updateText(values[line], formatLast(each, format));
      describe();
    },
  };
}

function isSame(now: uPlot.AlignedData, next: readonly (readonly (number | null)[])[]): boolean {
  return next.every(
    (row, line) => row.length === now[line].length && row.every((value, at) => value === now[line][at]),
  );
}

function formatLast(values: ArrayLike<number | null | undefined>, format: (value: number) => string): string {
  for (let index = values.length - 1; index >= 0; index--) {
    const value = values[index];
    if (typeof value === 'number') return format(value);
  }
  return '–';
}

/** Describes the first and the last value of a line, for screen readers. */
function describeValues(values: ArrayLike<number | null | undefined>, format: (value: number) => string): string {
  const present = Array.from(values).filter((value) => typeof value === 'number');
  if (present.length === 0) return 'none yet';
  return `from ${format(present[0])} to ${format(present[present.length - 1])}`;
}

function createLegendItem({ name, look }: Line, value: HTMLElement): HTMLElement {
  const dashes = look === 'second' ? 'curve second' : 'curve first';
  const item = createElement('li');
  item.innerHTML = `<svg class="swatch" viewBox="0 0 28 8" aria-hidden="true"><path class="${dashes}" d="M0 4H28"/></svg>`;
  item.append(`${name} `, value);
  return item;
}

const FONT = '12px system-ui, sans-serif';
const TICK_GAP = 4;
const pen = document.createElement('canvas').getContext('2d');

function measureText(text: string): number {
  if (!pen) return 7 * text.length;
  pen.font = FONT;
  return Math.ceil(pen.measureText(text).width);
}

/** The room for the ticks of the vertical axis. */
function measureTicks(texts: readonly string[] | null): number {
  return Math.max(24, ...(texts ?? []).map((text) => measureText(text ?? '') + 2 * TICK_GAP));
}

/** The room to the right for half of the last tick of the horizontal axis. */
function measureLastTick(plot: uPlot): number {
  const xs = plot.data?.[0] ?? []; // a plot that is being made has no data yet
  return measureText((xs[xs.length - 1] ?? 0).toLocaleString('en')) / 2 + 2;
}

function createPlotOptions(options: ChartOptions, width: number, height: number): uPlot.Options {
  const { lines, x, scale = 'linear', range, format, ticks = format } = options;
  const [ink, grid] = [resolveColour('quiet'), resolveColour('line')];
  const font = FONT;
  const axis = { stroke: ink, ticks: { show: false }, font };
  const isLogarithmic = scale === 'logarithmic';
  // A logarithmic axis has ticks at powers of ten only.
  const filter = (_plot: uPlot, splits: number[]): (number | null)[] =>
    splits.map((value) =>
      !isLogarithmic || Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? value : null,
    );
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, measureLastTick, 0, 0],
    scales: {
      x: { time: false, range: (_plot, from, to) => [from, to > from ? to : from + 1] },
      y: {
        distr: isLogarithmic ? 3 : 1,
        ...(range && { range: [...range] as [number, number] }),
        ...(!range && !isLogarithmic && { range: (_plot, _from, to) => [0, to > 0 ? 1.1 * to : 1] }),
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        incrs: WHOLE_STEPS,
        values: (_plot, splits) => splits.map((value) => value.toLocaleString('en')),
        gap: 2,
        space: 60,
        label: x,
        labelSize: 18,
        labelGap: 0,
        labelFont: font,
      },
      {
        ...axis,
        grid: { stroke: grid, width: 1, filter },
        size: (_plot, texts: readonly string[] | null) => measureTicks(texts),
        gap: TICK_GAP,
        space: 34,
        filter,
        values: (_plot, splits) => splits.map((value) => (value === null ? '' : ticks(value))),
      },
    ],
    series: [
      {},
      ...lines.map(
        ({ look }): uPlot.Series => ({
          stroke: resolveColour(look),
          width: 2,
          dash: look === 'second' ? [6, 4] : undefined,
          spanGaps: true,
          points: { show: (plot) => plot.data[0].length <= MAXIMUM_MARKED_POINTS, size: 5, fill: resolveColour(look) },
        }),
      ),
    ],
  };
}
