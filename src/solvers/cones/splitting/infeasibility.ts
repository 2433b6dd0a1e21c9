/**
 * A certificate that a cone program has no feasible point, from the point at which Ax − b is nearest to −K: where
 * f(x) = ½‖y‖², y = Π_{K*}(Ax − b), is least, ∇f = Aᵀy = 0 and bᵀy = (Ax − v)ᵀy = −‖y‖² with v = Ax − b, so that y ≠ 0
 * is a certificate. f is convex with a semismooth gradient; Newton's method with AᵀJA + εI finds the point.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { CholeskyFactorisation } from '../../matrices.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { denseOf, multiply, transpose } from '../../programs/sparse.ts';
import { checkInfeasibility } from '../certificates.ts';
import { dualOf } from '../cone.ts';
import { jacobianColumns } from '../newton/jacobian.ts';
import type { ConeData } from '../problem.ts';
import type { Projection } from '../projection.ts';
import { projectOntoCones } from '../projections/project.ts';

const STEPS = 60;
/** ε relative to the size of the gradient, and its least value. */
const REGULARISATION = 1e-2;
const LEAST = 1e-12;
/** Armijo's rule. */
const DECREASE = 1e-4;
const SHORTEST = 2 ** -20;
/** ‖y‖ relative to ‖b‖ below which the program has a feasible point but for rounding. */
const NOTHING = 1e-10;

interface Distance {
  readonly x: Float64Array;
  readonly projection: Projection;
  /** ½‖y‖² */
  readonly value: number;
  /** Aᵀy */
  readonly gradient: Float64Array;
}

/**
 * @param data scaled, so that its entries are of one size
 * @returns y with bᵀy = −1
 */
export function* findInfeasibility(
  data: ConeData,
  start: Float64Array,
  isCutShort: () => boolean,
): Interruptible<Float64Array | undefined> {
  const { A, b } = data;
  const At = transpose(A);
  const blocks = data.blocks.map(dualOf);
  const measure = (x: Float64Array): Distance => {
    const projection = projectOntoCones(
      blocks,
      multiply(A, x).map((value, i) => value - b[i]),
      () => 0,
    );
    const y = projection.value;
    const value = 0.5 * y.reduce((sum, entry) => sum + entry * entry, 0);
    return { x, projection, value, gradient: multiply(At, y) };
  };
  const denseA = denseOf(A);
  let best = measure(start);
  for (let step = 0; step < STEPS && !isCutShort(); step++) {
    const size = largestMagnitude(best.projection.value);
    if (!(size > NOTHING * largestMagnitude(b))) return undefined;
    const epsilon = Math.max(LEAST, (REGULARISATION * largestMagnitude(best.gradient)) / size);
    const next = yield* improve(data, denseA, best, epsilon, measure);
    if (!next) break;
    best = next;
  }
  return checkInfeasibility(data, best.projection.value);
}

function* improve(
  data: ConeData,
  denseA: Float64Array,
  from: Distance,
  epsilon: number,
  measure: (x: Float64Array) => Distance,
): Interruptible<Distance | undefined> {
  const { n } = data;
  const factors = yield* CholeskyFactorisation.of(n, yield* curvature(data, denseA, from.projection, epsilon));
  if (!factors) return undefined;
  const step = factors.solve(from.gradient.slice());
  const slope = step.reduce((sum, value, j) => sum + value * from.gradient[j], 0);
  for (let length = 1; length >= SHORTEST; length /= 2) {
    const next = measure(from.x.map((value, j) => value - length * step[j]));
    yield;
    if (next.value <= from.value - DECREASE * length * slope) {
      const isLess = next.value < from.value || largestMagnitude(next.gradient) < largestMagnitude(from.gradient);
      return isLess ? next : undefined;
    }
  }
  return undefined;
}

/** AᵀJA + εI */
function* curvature(
  { n, m, blocks }: ConeData,
  denseA: Float64Array,
  projection: Projection,
  epsilon: number,
): Interruptible<Float64Array> {
  const product = new Float64Array(m * n); // JA
  for (const { row, column, rows, values } of jacobianColumns(blocks.map(dualOf), projection)) {
    for (let i = row; i < row + rows; i++) {
      const value = values[i];
      if (value !== 0) for (let j = 0; j < n; j++) product[i * n + j] += value * denseA[column * n + j];
    }
  }
  yield;
  const matrix = new Float64Array(n * n);
  for (let j = 0; j < n; j++) matrix[j * n + j] = epsilon;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const value = denseA[i * n + j];
      if (value !== 0) for (let k = 0; k <= j; k++) matrix[j * n + k] += value * product[i * n + k];
    }
    if (i % 16 === 15) yield;
  }
  return matrix;
}
