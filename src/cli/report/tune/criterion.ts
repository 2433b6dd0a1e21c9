/** Charts of the criterion and its gradient over log λ, and of the course of the search. */
import { html, type Markup } from '../../../pictures/markup.ts';
import { capitalise, formatSignificant, rangeOf, verticalLine } from '../../../pictures/numbers.ts';
import { type Drawn, drawPlot, type Plot, type Range } from '../../../pictures/plot.ts';
import type { CriterionPoint, TuningReport, VisitedPoint } from './report.ts';

/**
 * The close-up covers this much of log λ to either side of the chosen one. Farther away the criterion dwarfs the
 * minimum.
 */
const CLOSE = 1;

type CurvePoint = TuningReport['criterionCurve'][number];

/** An evaluated point with a place on the axis: the search for a single λ has these. */
type PlacedPoint = VisitedPoint & CriterionPoint;

export function criterionCharts(report: TuningReport): Markup {
  const { criterion, criterionCurve, visited, chosen, several } = report;
  const curve = [...criterionCurve].sort((a, b) => a.logLambda - b.logLambda);
  const everywhere = [...curve, ...listMarks(report)].map(({ logLambda }) => logLambda);
  const whole = rangeOf(several?.axis ?? 'log λ', everywhere, 0.02);
  const close = {
    name: whole.name,
    from: Math.max(whole.from, chosen.logLambda - CLOSE),
    to: Math.min(whole.to, chosen.logLambda + CLOSE),
  };
  const charts = [
    valueChart(capitalise(criterion), report, curve, whole),
    valueChart(several ? 'Near what was chosen' : 'Near the chosen λ', report, curve, close),
    ...(curve.every(hasGradient) && curve.length > 0 ? [gradientChart(report, curve, close)] : []),
    ...(several && visited.length > 1 ? [progressChart(report)] : []),
  ];
  return html`<div class="charts${charts.length === 3 && ' three'}">${charts}</div>`;
}

/** Lists the points that are marked in addition to the curve. */
function listMarks({ visited, chosen, grid, several }: TuningReport): CriterionPoint[] {
  return [...findPlaced(visited), chosen, ...(several ? [] : [grid])];
}

function findPlaced(visited: readonly VisitedPoint[]): PlacedPoint[] {
  return visited.filter((point): point is PlacedPoint => point.logLambda !== undefined);
}

function valueChart(title: string, report: TuningReport, curve: readonly CurvePoint[], x: Range): Markup {
  const { visited, chosen, grid, several } = report;
  const place = ({ logLambda, value }: CriterionPoint): readonly [number, number] => [logLambda, value];
  const shown = [...curve, ...listMarks(report)].filter(createRangeTest(x));
  const points = findPlaced(visited);
  const slopes = points.filter(hasGradient);
  return drawPlot({
    title,
    description: describeCurve(report, x),
    x,
    y: rangeOf(
      'criterion',
      shown.map(({ value }) => value),
      0.1,
    ),
    drawn: [
      { kind: 'curve', look: 'first', points: curve.map(place) },
      ...slopes.map((each): Drawn => ({ kind: 'tangent', look: 'second', at: place(each), slope: each.gradient })),
      ...points.map((each): Drawn => ({ kind: 'point', look: 'second', at: place(each) })),
      ...(several ? [] : [{ kind: 'point', look: 'quiet', at: place(grid) } as const]),
      { kind: 'point', look: 'first', at: place(chosen) },
    ],
    legend: [
      ...(points.length > 0 ? [{ name: 'visited', look: 'second', kind: 'point' } as const] : []),
      ...(slopes.length > 0 ? [{ name: 'gradient there', look: 'second', kind: 'tangent' } as const] : []),
      { name: 'chosen', look: 'first', kind: 'point' },
      ...(several ? [] : [{ name: 'best of the grid', look: 'quiet', kind: 'point' } as const]),
    ],
  });
}

function gradientChart({ visited, chosen, several }: TuningReport, curve: readonly WithGradient[], x: Range): Markup {
  const points = findPlaced(visited).filter(hasGradient);
  const shown = [...curve, ...points].filter(createRangeTest(x)).map(({ gradient }) => gradient);
  const y = rangeOf(several ? 'derivative' : 'derivative in log λ', [0, ...shown], 0.1);
  const last = points[points.length - 1];
  const end = last ? `, and ${formatSignificant(last.gradient)} where the search ended` : '';
  return drawPlot({
    title: 'Its derivative there',
    description: `from ${formatSignificant(Math.min(0, ...shown))} to ${formatSignificant(Math.max(0, ...shown))}${end}`,
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
      { kind: 'curve', look: 'second', points: verticalLine(chosen.logLambda, y) },
      { kind: 'curve', look: 'first', points: curve.map(({ logLambda, gradient }) => [logLambda, gradient]) },
      ...points.map(({ logLambda, gradient }): Drawn => ({ kind: 'point', look: 'second', at: [logLambda, gradient] })),
    ],
    legend: [
      ...(points.length > 0 ? [{ name: 'visited', look: 'second', kind: 'point' } as const] : []),
      { name: several ? 'chosen' : 'chosen λ', look: 'second', kind: 'curve' },
    ],
  });
}

/** Several penalties have no place on one axis, so their evaluations are drawn in the order of the search. */
function progressChart({ visited, grid }: TuningReport): Markup {
  const values = visited.map(({ value }) => value);
  const x = { name: 'evaluation', from: 0, to: visited.length + 1 };
  // The highest tenth of the evaluations may lie outside, so that the end of the search remains visible.
  const ascending = [...values].sort((a, b) => a - b);
  const greatest = ascending[Math.floor(0.9 * (values.length - 1))];
  const y = rangeOf('criterion', [...ascending.filter((value) => value <= greatest), grid.value], 0.1);
  const legend: Plot['legend'] = [
    { name: 'visited', look: 'second', kind: 'point' },
    { name: 'best single λ', look: 'quiet', kind: 'curve' },
  ];
  return drawPlot({
    title: 'On the way',
    description: `${visited.length} evaluations, the least ${formatSignificant(ascending[0], 5)}; best single λ ${formatSignificant(grid.value, 5)}`,
    x,
    y,
    drawn: [
      {
        kind: 'curve',
        look: 'quiet',
        points: [
          [x.from, grid.value],
          [x.to, grid.value],
        ],
      },
      ...values.map((value, index): Drawn => ({ kind: 'point', look: 'second', at: [index + 1, value] })),
    ],
    legend,
  });
}

type WithGradient = CriterionPoint & { readonly gradient: number };

function hasGradient<Point extends { readonly gradient?: number }>(
  point: Point,
): point is Point & { readonly gradient: number } {
  return point.gradient !== undefined;
}

function createRangeTest({ from, to }: Range): (point: { readonly logLambda: number }) => boolean {
  return ({ logLambda }) => logLambda >= from && logLambda <= to;
}

function describeCurve({ visited, chosen, grid, several }: TuningReport, x: Range): string {
  const at = ({ logLambda, value }: CriterionPoint): string =>
    `${formatSignificant(value)} at ${formatSignificant(logLambda)}`;
  const seen = findPlaced(visited).filter(createRangeTest(x)).length;
  const beside = several
    ? `chosen ${at(chosen)}`
    : `${seen} of ${visited.length} points visited are in it; chosen ${at(chosen)}, best of the grid ${at(grid)}`;
  return `over ${x.name} from ${formatSignificant(x.from)} to ${formatSignificant(x.to)}; ${beside}`;
}
