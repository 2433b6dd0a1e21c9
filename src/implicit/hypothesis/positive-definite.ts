/** A sufficient condition for any number of kinks: a positive definite symmetric part, after a diagonal scaling. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { factorise, hasCholeskyFactor, solve, solveTransposed } from '../../solvers/matrices.ts';
import type { Enclosure } from './reduced.ts';

/**
 * Proves that every enclosed matrix M is a P-matrix, by a diagonal D ≻ 0 with DM + MᵀD ≻ 0: each principal submatrix of
 * DM then has a positive definite symmetric part, hence a positive determinant, and the minors of DM and of M have the
 * same sign. It tries D = I, the D that makes the diagonal 1, and the D of H-matrices (`scaleByComparison`).
 */
export function* hasPositiveDefiniteSymmetricPart(enclosure: Enclosure): Interruptible<boolean> {
  for (const scaling of SCALINGS) {
    if (yield* provesPositiveDefinite(enclosure, yield* scaling(enclosure))) return true;
  }
  return false;
}

/** Finds all D, among those that `hasPositiveDefiniteSymmetricPart` tries, for which the proof succeeds. */
export function* findScalings(enclosure: Enclosure): Interruptible<Float64Array[]> {
  const proved: Float64Array[] = [];
  for (const scaling of SCALINGS) {
    const D = yield* scaling(enclosure);
    if (yield* provesPositiveDefinite(enclosure, D)) proved.push(D);
  }
  return proved;
}

const SCALINGS: readonly ((enclosure: Enclosure) => Interruptible<Float64Array>)[] = [
  scaleByIdentity,
  scaleByDiagonal,
  scaleByComparison,
];

function* provesPositiveDefinite(enclosure: Enclosure, D: Float64Array): Interruptible<boolean> {
  return D.every((value) => value > 0 && Number.isFinite(value)) && (yield* isPositiveDefinite(enclosure, D));
}

function* scaleByIdentity({ k }: Enclosure): Interruptible<Float64Array> {
  yield;
  return new Float64Array(k).fill(1);
}

function* scaleByDiagonal({ k, centre }: Enclosure): Interruptible<Float64Array> {
  yield;
  return Float64Array.from({ length: k }, (_, i) => 1 / centre[i * k + i]);
}

/**
 * D = diag(yᵢ/xᵢ) with Cx = 1 and Cᵀy = 1, where C is the comparison matrix. Where M is an H-matrix with a positive
 * diagonal, which means that C has a nonnegative inverse, x and y are positive and DM + MᵀD is positive definite. M is
 * then diagonally dominant after a scaling, as it is where a fixed point contracts in some weighted maximum norm.
 */
function* scaleByComparison(enclosure: Enclosure): Interruptible<Float64Array> {
  const { k } = enclosure;
  const factorisation = yield* factorise(makeComparisonMatrix(enclosure), k);
  const ones = new Float64Array(k).fill(1);
  const x = solve(factorisation, ones);
  return solveTransposed(factorisation, ones).map((value, i) => (x[i] > 0 ? value / x[i] : Number.NaN));
}

/** The comparison matrix of M: |Mᵢᵢ| on the diagonal, −|Mᵢⱼ| off it. */
export function makeComparisonMatrix({ k, centre }: Enclosure): Float64Array {
  return centre.map((value, index) => (index % (k + 1) === 0 ? Math.abs(value) : -Math.abs(value)));
}

/**
 * Proves that the symmetric part of DM is positive definite. Let H be that part, scaled to a unit diagonal. Where H −
 * shift·I has a Cholesky factor in floating point, the smallest eigenvalue of H exceeds shift − 2(k + 1)·ε·k (Higham,
 * Accuracy and Stability of Numerical Algorithms, theorem 10.3: the factor is exact for a matrix within (k +
 * 1)·ε·|L||Lᵀ|, of norm at most (k + 1)·ε·tr H). The shift covers this, the radius, and 4ε for the rounding of each
 * entry of H.
 */
function* isPositiveDefinite({ k, centre, radius }: Enclosure, D: Float64Array): Interruptible<boolean> {
  const scale = Float64Array.from(D, (value, i) => 1 / Math.sqrt(value * centre[i * k + i]));
  if (!scale.every((value) => value > 0 && Number.isFinite(value))) return false;
  const H = new Float64Array(k * k);
  let shift = 0;
  for (let i = 0; i < k; i++) {
    let uncertain = 0;
    for (let j = 0; j < k; j++) {
      const both = 0.5 * scale[i] * scale[j];
      const [upper, lower] = [D[i] * both, D[j] * both];
      H[i * k + j] = upper * centre[i * k + j] + lower * centre[j * k + i];
      const size = Math.abs(upper * centre[i * k + j]) + Math.abs(lower * centre[j * k + i]);
      uncertain += upper * radius[i * k + j] + lower * radius[j * k + i] + 4 * Number.EPSILON * size;
    }
    shift = Math.max(shift, uncertain);
  }
  shift = 1.01 * (shift + 2 * (k + 1) * Number.EPSILON * k);
  for (let i = 0; i < k; i++) H[i * k + i] -= shift;
  return yield* hasCholeskyFactor(H, k);
}
