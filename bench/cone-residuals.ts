/** An independent judge of solutions of cone programs, in plain float64 and without code of the solver. */
import { dot, multiply, type RelativeResiduals, sizeOf, tripletsOf } from './program-residuals.ts';

/** A second-order cone of so many rows, or the positive semidefinite matrices of an order. */
export interface ConeShape {
  readonly type: 'soc' | 'psd';
  readonly dim: number;
}

/** min ½xᵀPx + cᵀx over b − Ax ∈ K. Matrices are row by row. */
interface Program {
  readonly n: number;
  readonly m: number;
  readonly cones: readonly ConeShape[];
  readonly P: ArrayLike<number>;
  readonly c: ArrayLike<number>;
  readonly A: ArrayLike<number>;
  readonly b: ArrayLike<number>;
}

/** The rows of a matrix are its lower triangle, column by column, with the entries off the diagonal times √2. */
export function rowsOf({ type, dim }: ConeShape): number {
  return type === 'psd' ? (dim * (dim + 1)) / 2 : dim;
}

/**
 * Residuals relative to 1 + the largest of their terms, in max norms. primal: how far b − Ax is outside K; dual: the
 * largest of |Px + c + Aᵀy| and how far y is outside K*, which is K here; gap: |xᵀPx + cᵀx + bᵀy|.
 */
export function coneResidualsOf(
  { n, m, cones, P, c, A, b }: Program,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): RelativeResiduals {
  const [rows, columns, values] = tripletsOf(A, n);
  const Ax = multiply([rows, columns, values], x, m).sums;
  const Aty = multiply([columns, rows, values], y, n).sums;
  const Px = multiply(tripletsOf(P, n), x, n).sums;
  const s = Ax.map((value, i) => b[i] - value);
  const stationarity = Px.reduce((worst, value, j) => Math.max(worst, Math.abs(value + c[j] + Aty[j])), 0);
  const products = [dot(x, Px), dot(c, x), dot(b, y)];
  return {
    primal: distanceOutside(cones, s) / sizeOf(Ax, b),
    dual: Math.max(stationarity, distanceOutside(cones, y)) / sizeOf(Px, c, Aty),
    gap: Math.abs(products[0] + products[1] + products[2]) / sizeOf(products),
  };
}

/** The largest t of all cones such that v + t·e lies in the cone, where e is (1, 0, …) or the unit matrix; 0 inside. */
function distanceOutside(cones: readonly ConeShape[], v: ArrayLike<number>): number {
  let start = 0;
  return cones.reduce((worst, cone) => {
    const part = Array.from({ length: rowsOf(cone) }, (_, index) => v[start + index]);
    start += part.length;
    const inside = cone.type === 'soc' ? part[0] - Math.hypot(...part.slice(1)) : smallestEigenvalue(part, cone.dim);
    // The maximum of NaN and a number is NaN, whichever comes first.
    return Math.max(worst, -inside);
  }, 0);
}

const MAXIMUM_SWEEPS = 30;

/** By rotations that make the matrix diagonal (Jacobi's method; Golub & Van Loan, Matrix Computations, 8.5). */
function smallestEigenvalue(rows: readonly number[], order: number): number {
  const S = matrixOf(rows, order);
  for (let sweep = 0; sweep < MAXIMUM_SWEEPS; sweep++) {
    let isDiagonal = true;
    for (let p = 0; p < order; p++) {
      for (let q = p + 1; q < order; q++) {
        const size = Math.sqrt(Math.abs(S[p][p] * S[q][q]));
        if (Math.abs(S[p][q]) <= Number.EPSILON * Math.max(size, Number.EPSILON)) continue;
        isDiagonal = false;
        rotate(S, p, q);
      }
    }
    if (isDiagonal) break;
  }
  return Math.min(...S.map((row, i) => row[i]));
}

function matrixOf(rows: readonly number[], order: number): number[][] {
  const S = Array.from({ length: order }, () => Array.from({ length: order }, () => 0));
  let at = 0;
  for (let j = 0; j < order; j++) {
    for (let i = j; i < order; i++, at++) {
      S[i][j] = i === j ? rows[at] : rows[at] / Math.SQRT2;
      S[j][i] = S[i][j];
    }
  }
  return S;
}

/** S ← RᵀSR with the rotation R in the plane of p and q for which S_pq becomes 0. */
function rotate(S: number[][], p: number, q: number): void {
  const angle = (S[q][q] - S[p][p]) / (2 * S[p][q]);
  const t = (angle >= 0 ? 1 : -1) / (Math.abs(angle) + Math.hypot(1, angle));
  const cosine = 1 / Math.hypot(1, t);
  const sine = t * cosine;
  for (const row of S) [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
  const [rowP, rowQ] = [S[p], S[q]];
  S[p] = rowP.map((value, k) => cosine * value - sine * rowQ[k]);
  S[q] = rowP.map((value, k) => sine * value + cosine * rowQ[k]);
}
