/** Whether vectors lie in cones, by the definitions of the cones alone, so that tests can contradict the projections. */
import type { ConeBlock } from '../../src/backends/cone-kernels.ts';
import { dualOf } from '../../src/solvers/cones/cone.ts';
import type { ConeData } from '../../src/solvers/cones/problem.ts';
import { multiply, transpose } from '../../src/solvers/programs/sparse.ts';

/** Whether v + τe lies in the product of the cones, for a unit-sized e of the interior of each: v within about τ of it. */
function isInCones(blocks: readonly ConeBlock[], v: ArrayLike<number>, tau: number): boolean {
  return blocks.every((block) => {
    const own = Array.from({ length: block.rows }, (_, i) => v[block.start + i]);
    return isInside(block, own, tau);
  });
}

function isInside({ type, dim, alpha }: ConeBlock, v: readonly number[], tau: number): boolean {
  const [x, y, z] = v;
  switch (type) {
    case 'zero':
      return v.every((value) => Math.abs(value) <= tau);
    case 'free':
      return v.every((value) => Number.isFinite(value));
    case 'nonneg':
      return v.every((value) => value >= -tau);
    case 'soc':
      return Math.hypot(...v.slice(1)) <= x + tau;
    case 'psd':
      return isPositiveDefinite(v, dim, tau);
    case 'exp': // y·e^{x/y} ≤ z, moved by τ(−1, 1, 3)
      return y + tau > 0 && (y + tau) * Math.exp((x - tau) / (y + tau)) <= z + 3 * tau;
    case 'expdual': // −u·e^{v/u} ≤ e·w, moved by τ(−1, 1, 3)
      return x - tau < 0 && (tau - x) * Math.exp((y + tau) / (x - tau)) <= Math.E * (z + 3 * tau);
    case 'pow':
      return x + tau >= 0 && y + tau >= 0 && (x + tau) ** alpha * (y + tau) ** (1 - alpha) >= Math.abs(z) - tau;
    case 'powdual': {
      const [first, second] = [(x + tau) / alpha, (y + tau) / (1 - alpha)];
      return first >= 0 && second >= 0 && first ** alpha * second ** (1 - alpha) >= Math.abs(z) - tau;
    }
  }
}

/** Whether S + τI has positive pivots, S from its lower triangle column by column with off-diagonal entries times √2. */
function isPositiveDefinite(v: readonly number[], k: number, tau: number): boolean {
  const S = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  let at = 0;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      const value = v[at++];
      S[i][j] = i === j ? value + tau : value / Math.SQRT2;
      S[j][i] = S[i][j];
    }
  }
  for (let p = 0; p < k; p++) {
    if (!(S[p][p] > 0)) return false;
    for (let i = p + 1; i < k; i++) {
      const factor = S[i][p] / S[p][p];
      for (let j = p; j < k; j++) S[i][j] -= factor * S[p][j];
    }
  }
  return true;
}

const largest = (values: ArrayLike<number>): number => Math.max(0, ...Array.from(values, Math.abs));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

/** Whether x, y, s is a solution, each condition to the tolerance relative to 1 + the size of its terms. */
export function isSolution(
  { P, c, A, b, blocks }: ConeData,
  { x, y, s }: { readonly x: Float64Array; readonly y: Float64Array; readonly s: Float64Array },
  tolerance: number,
): boolean {
  const [Px, Ax, Aty] = [multiply(P, x), multiply(A, x), multiply(transpose(A), y)];
  const sizes = 1 + Math.max(...[Px, Ax, Aty, s, y, b, c].map(largest));
  const primal = largest(Ax.map((value, i) => value + s[i] - b[i]));
  const dual = largest(Px.map((value, j) => value + c[j] + Aty[j]));
  const [curvature, slope, support] = [dot(x, Px), dot(c, x), dot(b, y)];
  const gapSize = 1 + Math.max(Math.abs(curvature), Math.abs(slope), Math.abs(support));
  return (
    Math.max(primal, dual) <= tolerance * sizes &&
    Math.abs(curvature + slope + support) <= tolerance * gapSize &&
    isInCones(blocks, s, tolerance * sizes) &&
    isInCones(blocks.map(dualOf), y, tolerance * sizes)
  );
}

/** Whether the vector shows that the program has no feasible point, or that its objective has no lower bound. */
export function isCertificate(
  { P, c, A, b, blocks }: ConeData,
  status: string,
  vector: Float64Array,
  tolerance: number,
): boolean {
  const bound = tolerance * (1 + largest(vector));
  if (status === 'infeasible') {
    const Aty = multiply(transpose(A), vector);
    return (
      Math.abs(dot(b, vector) + 1) <= 1e-9 && largest(Aty) <= bound && isInCones(blocks.map(dualOf), vector, bound)
    );
  }
  const slack = multiply(A, vector).map((value) => -value);
  return (
    status === 'unbounded' &&
    Math.abs(dot(c, vector) + 1) <= 1e-9 &&
    largest(multiply(P, vector)) <= bound &&
    isInCones(blocks, slack, bound)
  );
}
