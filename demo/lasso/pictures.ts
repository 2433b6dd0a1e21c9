/** The path and the held-out error as pictures. */

import type { Markup } from '../../src/pictures/markup.ts';
import { drawNames, makeRoomForNames, type NamedEnd } from '../../src/pictures/names.ts';
import { rangeOf, verticalLine } from '../../src/pictures/numbers.ts';
import { createPane, type Drawn, drawPlot, type Range } from '../../src/pictures/plot.ts';
import type { Knot, PathPoint, PathSummary } from './protocol.ts';

/** There is no room for more names. */
const MAXIMUM_NAMES = 12;

export interface Shown {
  readonly summary: PathSummary;
  readonly knots: readonly Knot[];
  readonly at: PathPoint;
  /** The points that the search has evaluated so far. */
  readonly visited: readonly PathPoint[];
}

export function drawPath({ summary: { path, featureNames }, at, knots }: Shown): Markup {
  const ends: NamedEnd[] = featureNames
    .map((name, feature) => ({ name, value: path[0].coefficients[feature] }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, MAXIMUM_NAMES);
  const { x, y } = makeRoomForNames(
    chooseLogLambdaRange(path),
    rangeOf(
      'coefficient',
      path.flatMap(({ coefficients }) => coefficients),
    ),
    ends,
  );
  const curves = featureNames.map(
    (_, feature): Drawn => ({
      kind: 'curve',
      look: at.coefficients[feature] === 0 ? 'quiet' : 'first',
      thin: featureNames.length > MAXIMUM_NAMES,
      points: path.map(({ logLambda, coefficients }) => [logLambda, coefficients[feature]]),
    }),
  );
  return drawPlot({
    title: 'Coefficients',
    description: `${featureNames.length} coefficients along log λ; at the chosen one ${at.coefficients.filter((value) => value !== 0).length} are not 0`,
    x,
    y,
    drawn: [
      ...drawNames(path[0].logLambda, ends, x, y),
      { kind: 'curve', look: 'second', points: verticalLine(at.logLambda, y) },
      ...curves,
      ...knots.map(({ logLambda }): Drawn => ({ kind: 'point', look: 'second', at: [logLambda, 0] })),
      ...at.coefficients.map((value): Drawn => ({ kind: 'point', look: 'first', at: [at.logLambda, value] })),
    ],
    legend: [
      { name: 'in the model', look: 'first', kind: 'curve' },
      { name: 'knot', look: 'second', kind: 'point' },
    ],
  });
}

export function drawError({ summary: { path }, at, visited }: Shown): Markup {
  const x = chooseLogLambdaRange(path);
  return drawPlot({
    title: 'Held-out error',
    description: `${at.error.toPrecision(4)} at the chosen λ, where its derivative in log λ is ${at.gradient.toPrecision(3)}`,
    x,
    y: chooseErrorRange(path),
    drawn: [
      { kind: 'curve', look: 'second', points: verticalLine(at.logLambda, chooseErrorRange(path)) },
      { kind: 'curve', look: 'first', points: path.map(({ logLambda, error }) => [logLambda, error]) },
      ...visited.map(
        ({ logLambda, error, gradient }): Drawn => ({
          kind: 'tangent',
          look: 'second',
          at: [logLambda, error],
          slope: gradient,
        }),
      ),
      ...visited.map(({ logLambda, error }): Drawn => ({ kind: 'point', look: 'second', at: [logLambda, error] })),
      { kind: 'tangent', look: 'quiet', at: [at.logLambda, at.error], slope: at.gradient },
      { kind: 'point', look: 'quiet', at: [at.logLambda, at.error] },
    ],
    legend: [
      { name: 'error', look: 'first', kind: 'curve' },
      { name: 'gradient', look: 'quiet', kind: 'tangent' },
    ],
  });
}

/** Returns log λ at a horizontal position in the picture of the error. */
export function readLogLambda({ path }: PathSummary, across: number): number {
  return createPane(chooseLogLambdaRange(path), chooseErrorRange(path)).place(across, 0)[0];
}

function chooseLogLambdaRange(path: readonly PathPoint[]): Range {
  return rangeOf(
    'log λ',
    path.map(({ logLambda }) => logLambda),
    0.01,
  );
}

function chooseErrorRange(path: readonly PathPoint[]): Range {
  return rangeOf(
    'mean squared error',
    path.map(({ error }) => error),
    0.1,
  );
}
