/**
 * Whether the objective of a program is convex: the least eigenvalue of P is at least −10nε·λmax, which is what rounding
 * makes of 0. One factorisation of P + 11nε·λmax·I decides: its own error is less than nε·λmax.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { LdlFactorisation } from './ldl.ts';
import { minimumDegreeOrder } from './ordering.ts';
import type { SparseMatrix } from './problem.ts';
import { multiply, sparseFromEntries } from './sparse.ts';

const POWER_STEPS = 30;

export interface Convexity {
  readonly isConvex: boolean;
  /** Where it is not convex: v [n] of length 1, and vᵀPv, which is negative. */
  readonly direction?: Float64Array;
  readonly curvature?: number;
}

/**
 * @param P full and symmetric
 * @param epsilon the precision to which P is known
 */
export function* checkConvexity(P: SparseMatrix, epsilon: number = Number.EPSILON): Interruptible<Convexity> {
  const n = P.columns;
  const largest = largestEigenvalue(P);
  if (largest === 0) return { isConvex: true };
  const shift = 11 * n * epsilon * largest;
  const order = yield* minimumDegreeOrder(P);
  const places = new Int32Array(n);
  order.forEach((variable, place) => {
    places[variable] = place;
  });
  yield;
  const factors = yield* LdlFactorisation.of(shiftedUpper(P, places, shift));
  const found = yield* factors.findNegativeCurvature();
  if (!found) return { isConvex: true };
  const direction = Float64Array.from(places, (place) => found.direction[place]);
  const length = euclideanNorm(direction);
  return {
    isConvex: false,
    direction: direction.map((value) => value / length),
    curvature: found.pivot / length ** 2 - shift,
  };
}

/** An estimate from below of the largest size of an eigenvalue, by the power method. */
function largestEigenvalue(P: SparseMatrix): number {
  const generator = random(1);
  let vector = Float64Array.from({ length: P.columns }, () => generator.normal());
  let estimate = 0;
  for (let j = 0; j < P.columns; j++) {
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) estimate = Math.max(estimate, Math.abs(P.values[k]));
  }
  if (estimate === 0) return 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    const length = euclideanNorm(vector);
    if (length === 0) break;
    const image = multiply(
      P,
      vector.map((value) => value / length),
    );
    estimate = Math.max(estimate, euclideanNorm(image));
    vector = Float64Array.from(image);
  }
  return estimate;
}

/** The norm, without overflow. */
function euclideanNorm(vector: Float64Array): number {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  if (largest === 0 || largest === Number.POSITIVE_INFINITY) return largest;
  let sum = 0;
  for (const value of vector) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** The upper triangle of P + shift·I after variable j has moved to places[j]. */
function shiftedUpper(P: SparseMatrix, places: Int32Array, shift: number): SparseMatrix {
  const n = P.columns;
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const values: number[] = [];
  const diagonal = new Float64Array(n).fill(shift);
  for (let j = 0; j < n; j++) {
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
      const i = P.indices[k];
      if (i === j) diagonal[j] += P.values[k];
      if (i >= j) continue;
      rowOf.push(Math.min(places[i], places[j]));
      columnOf.push(Math.max(places[i], places[j]));
      values.push(P.values[k]);
    }
  }
  for (let j = 0; j < n; j++) {
    rowOf.push(places[j]);
    columnOf.push(places[j]);
    // A zero would be left out; it is not positive, and neither is this.
    values.push(diagonal[j] === 0 ? -Number.MIN_VALUE : diagonal[j]);
  }
  return sparseFromEntries(rowOf, columnOf, values, n, n);
}
