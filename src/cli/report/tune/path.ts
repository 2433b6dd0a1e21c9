/** The chart of the coefficients along the path of λ. */
import { html, type Markup } from '../../../pictures/markup.ts';
import { drawNames, MAXIMUM_NAMES, makeRoomForNames, type NamedEnd } from '../../../pictures/names.ts';
import { formatSignificant, rangeOf, verticalLine } from '../../../pictures/numbers.ts';
import { type Drawn, drawPlot, type Plot } from '../../../pictures/plot.ts';
import type { TuningReport } from './report.ts';

/** More curves could not be distinguished, and would make the file large. */
const MAXIMUM_CURVES = 60;

/** A curve is named only where it begins at this share, or more, of the greatest beginning. */
const MINIMUM_NAMED_SHARE = 0.04;

/** One feature along the path. */
interface Curve {
  readonly name: string;
  /** In ascending order of log λ. */
  readonly values: readonly number[];
  readonly inSupport: boolean;
}

export function pathChart({ problem, path, chosen, several }: TuningReport): Markup {
  const order = [...path.logLambdas.keys()].sort((a, b) => path.logLambdas[a] - path.logLambdas[b]);
  const logLambdas = order.map((index) => path.logLambdas[index]);
  const coefficients = order.map((index) => path.coefficients[index]);
  const { curves, left } = chooseCurves(coefficients, problem.names, new Set(chosen.support));
  const ends = chooseNamedEnds(curves);
  const { x, y } = makeRoomForNames(
    rangeOf(several?.axis ?? 'log λ', [...logLambdas, chosen.logLambda], 0.02),
    rangeOf('coefficient', curves.length > 0 ? curves.flatMap(({ values }) => values) : [-1, 1]),
    ends,
  );
  const picture = drawPlot({
    title: 'Coefficients along the path',
    description: describePath(logLambdas, chosen, problem.names),
    x,
    y,
    drawn: [
      ...drawNames(logLambdas[0], ends, x, y),
      { kind: 'curve', look: 'second', points: verticalLine(chosen.logLambda, y) },
      ...drawCurves(curves, logLambdas),
    ],
    legend: createLegend(curves, several ? 'chosen penalties' : 'chosen λ'),
  });
  return html`${picture}${left > 0 && html`<p class="quiet">Not drawn, with smaller coefficients: ${left}.</p>`}`;
}

/** Chooses the curves to draw, the most important first. `left` counts the other curves that are not 0 everywhere. */
function chooseCurves(
  coefficients: readonly ArrayLike<number>[],
  names: readonly string[],
  support: ReadonlySet<number>,
): { curves: Curve[]; left: number } {
  const sizes = names.map((_, feature) =>
    coefficients.reduce((greatest, each) => Math.max(greatest, Math.abs(each[feature])), 0),
  );
  const moving = [...sizes.keys()]
    .filter((feature) => sizes[feature] > 0)
    .sort((a, b) => Number(support.has(b)) - Number(support.has(a)) || sizes[b] - sizes[a]);
  const curves = moving.slice(0, MAXIMUM_CURVES).map((feature) => ({
    name: names[feature],
    values: coefficients.map((each) => each[feature]),
    inSupport: support.has(feature),
  }));
  return { curves, left: moving.length - curves.length };
}

function chooseNamedEnds(curves: readonly Curve[]): NamedEnd[] {
  const ends = curves.map(({ name, values }) => ({ name, value: values[0] }));
  const farthest = ends.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  return ends.filter(({ value }) => Math.abs(value) >= MINIMUM_NAMED_SHARE * farthest).slice(0, MAXIMUM_NAMES);
}

/** Draws the curves of the support last, so that they are on top. */
function drawCurves(curves: readonly Curve[], logLambdas: readonly number[]): Drawn[] {
  return [...curves]
    .sort((a, b) => Number(a.inSupport) - Number(b.inSupport))
    .map(({ values, inSupport }) => ({
      kind: 'curve',
      look: inSupport ? 'first' : 'quiet',
      thin: curves.length > MAXIMUM_NAMES,
      points: values.map((value, index) => [logLambdas[index], value]),
    }));
}

function createLegend(curves: readonly Curve[], chosen: string): Plot['legend'] {
  const kept = { name: 'in the support', look: 'first', kind: 'curve' } as const;
  const dropped = { name: `0 at the ${chosen}`, look: 'quiet', kind: 'curve' } as const;
  return [
    ...(curves.some(({ inSupport }) => inSupport) ? [kept] : []),
    ...(curves.some(({ inSupport }) => !inSupport) ? [dropped] : []),
    { name: chosen, look: 'second', kind: 'curve' },
  ];
}

function describePath(
  logLambdas: readonly number[],
  { logLambda, support, coefficients }: TuningReport['chosen'],
  names: readonly string[],
): string {
  const extent = `over log λ from ${formatSignificant(logLambdas[0])} to ${formatSignificant(logLambdas[logLambdas.length - 1])}`;
  const greatest = [...support].sort((a, b) => Math.abs(coefficients[b]) - Math.abs(coefficients[a])).slice(0, 5);
  const listed = greatest.map((feature) => `${names[feature]} ${formatSignificant(coefficients[feature])}`);
  if (listed.length === 0) return `${extent}; at the chosen ${formatSignificant(logLambda)} all are 0`;
  return `${extent}; at the chosen ${formatSignificant(logLambda)} ${support.length} are not 0, the greatest: ${listed.join(', ')}`;
}
