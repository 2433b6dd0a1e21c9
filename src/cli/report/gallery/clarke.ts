/** The exhibit of Clarke's map. */
import { type Clarke, computeInverseJacobian, F, type Matrix } from '../../../gallery/clarke.ts';
import { html, type Markup } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot } from '../../../pictures/plot.ts';
import type { Exhibit } from './exhibit.ts';

export function clarkeExhibit(found: Clarke): Exhibit {
  const { pieces, conservative, mean, distance, certificate } = found;
  const inverses = pieces.map(({ inverse }) => formatMatrix(inverse));
  const count = conservative.length ** 2;
  return {
    id: 'clarke',
    title: 'Two answers to “the Jacobian of the inverse”',
    formula: html`F(x, y) = (|x| + y, 2x + |y|), solved for (x, y) at F = 0`,
    figures: [projection(found), slice(found)],
    paper: html`Remark 1 and Example 1: one cannot hope that the formula gives Clarke Jacobians, even of a piecewise linear map of
      two variables that is given its own. Clarke Jacobians do not survive inversion; conservative Jacobians do (Corollary 2).`,
    here: html`The inverse of F has four pieces, ${inverses.map((text, index) => `${index > 0 ? (index === 3 ? ' and ' : ', ') : ''}${text}`)};
      its Clarke Jacobian at 0 is their convex hull, a tetrahedron. What implicit differentiation answers are the inverses of
      [α 1; 2 β] with α, β from −1 to 1: a surface inside, on which the pieces are corners. Of ${count} such answers none comes
      nearer than <b>${distance.toFixed(3)}</b> (in the largest entry) to the mean of the pieces, ${formatMatrix(mean)}.`,
    hypothesis: html`It holds: the determinant αβ − 2 is between −3 and −1, every matrix is invertible, and gradients through this
      root are elements of a conservative Jacobian. They are right almost everywhere, and training with them is covered by the
      theorem, though the set is not Clarke’s.`,
    certificate,
    code: [F, computeInverseJacobian].map(String),
    summary: `the answers of implicit differentiation stay ${distance.toFixed(3)} away from the mean ${formatMatrix(mean)} of the four pieces, which Clarke's Jacobian contains`,
  };
}

const LEGEND: Parameters<typeof drawPlot>[0]['legend'] = [
  { name: 'Clarke Jacobian of the inverse', look: 'second', kind: 'area' },
  { name: 'answers of implicit differentiation', look: 'first', kind: 'curve' },
  { name: 'mean of the four pieces', look: 'second', kind: 'point' },
];

/**
 * Draws the first row of the matrices. In this projection the surface is a butterfly and the tetrahedron a trapezium.
 */
function projection({ pieces, conservative, mean }: Clarke): Markup {
  const place = ([a, b]: Matrix) => [a, b] as const;
  const [minusMinus, minusPlus, plusMinus, plusPlus] = pieces.map(({ inverse }) => place(inverse));
  const along = conservative.map((row) => row.map(place));
  const across = along[0].map((_, column) => along.map((row) => row[column]));
  const net = [...along, ...across].map((points): Drawn => ({ kind: 'curve', look: 'first', thin: true, points }));
  return drawPlot({
    title: 'The first row of the matrices',
    description:
      'the answers make a butterfly within a trapezium; the mean of the pieces lies in it, between the wings',
    x: { name: 'row 1, column 1', from: -1.2, to: 1.2 },
    y: { name: 'row 1, column 2', from: 0.2, to: 1.2 },
    drawn: [
      { kind: 'area', look: 'second', points: [minusMinus, plusPlus, minusPlus, plusMinus] },
      ...net,
      { kind: 'point', look: 'second', at: place(mean) },
    ],
    legend: LEGEND,
  });
}

/**
 * Draws the matrices with 2/3 in row 1, column 2: a rectangle of the tetrahedron and two arcs of a hyperbola of the
 * surface.
 */
function slice({ pieces, slice: branches, mean }: Clarke): Markup {
  const place = ([a, , , d]: Matrix) => [a, d] as const;
  const [minusMinus, minusPlus, plusMinus, plusPlus] = pieces.map(({ inverse }) => inverse);
  const middle = (one: Matrix, other: Matrix) => [(one[0] + other[0]) / 2, (one[3] + other[3]) / 2] as const;
  const corners = [
    middle(minusMinus, minusPlus),
    middle(minusMinus, plusMinus),
    middle(plusPlus, plusMinus),
    middle(plusPlus, minusPlus),
  ];
  return drawPlot({
    title: 'Through the mean: those with ⅔ in row 1, column 2',
    description: 'a rectangle around 0, with the answers on two arcs at its ends; the mean of the pieces lies at 0',
    x: { name: 'row 1, column 1', from: -0.9, to: 0.9 },
    y: { name: 'row 2, column 2', from: -0.9, to: 0.9 },
    drawn: [
      { kind: 'area', look: 'second', points: corners },
      ...branches.map((branch): Drawn => ({ kind: 'curve', look: 'first', points: branch.map(place) })),
      { kind: 'point', look: 'second', at: place(mean) },
    ],
    legend: LEGEND,
  });
}

function formatMatrix([a, b, c, d]: Matrix): string {
  return `[${formatThirds(a)} ${formatThirds(b)}; ${formatThirds(c)} ${formatThirds(d)}]`;
}

/** Formats an entry, which is a multiple of 1/3. */
function formatThirds(value: number): string {
  const thirds = Math.round(3 * value);
  const size = Math.abs(thirds) % 3 === 0 ? String(Math.abs(thirds) / 3) : `${Math.abs(thirds)}/3`;
  return thirds < 0 ? `−${size}` : size;
}
