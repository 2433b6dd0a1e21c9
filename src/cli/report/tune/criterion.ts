/** The criterion over log λ, and its gradient. */
import { html, type Markup } from '../../../pictures/markup.ts';
import { capitalised, rangeOf, significant, upright } from '../../../pictures/numbers.ts';
import { type Drawn, type Plot, plot, type Range } from '../../../pictures/plot.ts';
import type { CriterionPoint, TuningReport } from './report.ts';

/** Of the close-up, in log λ to either side of the chosen one: far away the criterion is so large that nothing else shows. */
const CLOSE = 1;

type CurvePoint = TuningReport['criterionCurve'][number];

export function criterionCharts(report: TuningReport): Markup {
  const { criterion, criterionCurve, visited, chosen, grid } = report;
  const curve = [...criterionCurve].sort((a, b) => a.logLambda - b.logLambda);
  const everywhere = [...curve, ...visited, chosen, grid].map(({ logLambda }) => logLambda);
  const whole = rangeOf('log λ', everywhere, 0.02);
  const close = {
    name: whole.name,
    from: Math.max(whole.from, chosen.logLambda - CLOSE),
    to: Math.min(whole.to, chosen.logLambda + CLOSE),
  };
  const charts = [
    valueChart(capitalised(criterion), report, curve, whole),
    valueChart('Near the chosen λ', report, curve, close),
    ...(curve.every(hasGradient) && curve.length > 0 ? [gradientChart(report, curve, close)] : []),
  ];
  return html`<div class="charts${charts.length === 3 && ' three'}">${charts}</div>`;
}

function valueChart(title: string, report: TuningReport, curve: readonly CurvePoint[], x: Range): Markup {
  const { visited, chosen, grid } = report;
  const place = ({ logLambda, value }: CriterionPoint): readonly [number, number] => [logLambda, value];
  const shown = [...curve, ...visited, chosen, grid].filter(isWithin(x));
  return plot({
    title,
    description: spoken(report, x),
    x,
    y: rangeOf(
      'criterion',
      shown.map(({ value }) => value),
      0.1,
    ),
    drawn: [
      { kind: 'curve', look: 'first', points: curve.map(place) },
      ...visited.map((each): Drawn => ({ kind: 'tangent', look: 'second', at: place(each), slope: each.gradient })),
      ...visited.map((each): Drawn => ({ kind: 'point', look: 'second', at: place(each) })),
      { kind: 'point', look: 'quiet', at: place(grid) },
      { kind: 'point', look: 'first', at: place(chosen) },
    ],
    legend: VALUE_LEGEND,
  });
}

const VALUE_LEGEND: Plot['legend'] = [
  { name: 'visited', look: 'second', kind: 'point' },
  { name: 'gradient there', look: 'second', kind: 'tangent' },
  { name: 'chosen', look: 'first', kind: 'point' },
  { name: 'best of the grid', look: 'quiet', kind: 'point' },
];

function gradientChart({ visited, chosen }: TuningReport, curve: readonly Required<CurvePoint>[], x: Range): Markup {
  const shown = [...curve, ...visited].filter(isWithin(x)).map(({ gradient }) => gradient);
  const y = rangeOf('derivative by log λ', [0, ...shown], 0.1);
  const last = visited[visited.length - 1];
  return plot({
    title: 'Its derivative there',
    description: `from ${significant(Math.min(0, ...shown))} to ${significant(Math.max(0, ...shown))}, and ${significant(last.gradient)} where the search ended`,
    x,
    y,
    drawn: [
      {
        kind: 'curve',
        look: 'quiet',
        thin: true,
        points: [
          [x.from, 0],
          [x.to, 0],
        ],
      },
      { kind: 'curve', look: 'second', points: upright(chosen.logLambda, y) },
      { kind: 'curve', look: 'first', points: curve.map(({ logLambda, gradient }) => [logLambda, gradient]) },
      ...visited.map(
        ({ logLambda, gradient }): Drawn => ({ kind: 'point', look: 'second', at: [logLambda, gradient] }),
      ),
    ],
    legend: [
      { name: 'visited', look: 'second', kind: 'point' },
      { name: 'chosen λ', look: 'second', kind: 'curve' },
    ],
  });
}

function hasGradient(point: CurvePoint): point is Required<CurvePoint> {
  return point.gradient !== undefined;
}

function isWithin({ from, to }: Range): (point: { readonly logLambda: number }) => boolean {
  return ({ logLambda }) => logLambda >= from && logLambda <= to;
}

function spoken({ visited, chosen, grid }: TuningReport, x: Range): string {
  const at = ({ logLambda, value }: CriterionPoint): string => `${significant(value)} at ${significant(logLambda)}`;
  const seen = visited.filter(isWithin(x)).length;
  return `over log λ from ${significant(x.from)} to ${significant(x.to)}; ${seen} of ${visited.length} points visited are in it; chosen ${at(chosen)}, best of the grid ${at(grid)}`;
}
