/** Quadratic programs whose solutions are known, because they were chosen first. */
import { type Random, random } from '../../src/data/random.ts';

export interface PlantedProgram {
  readonly n: number;
  readonly m: number;
  /** Row-major. */
  readonly P: Float64Array;
  readonly q: Float64Array;
  readonly A: Float64Array;
  readonly l: Float64Array;
  readonly u: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** 1 at u, −1 at l, 2 for equalities, 0 elsewhere. */
  readonly sides: readonly number[];
}

export interface PlantedOptions {
  readonly seed: number;
  readonly n: number;
  readonly inequalities: number;
  readonly equalities?: number;
  /** Rows without bounds. */
  readonly free?: number;
  /** The rank of P; n by default, 0 for a linear program. */
  readonly rank?: number;
  /** The number of active inequalities; by default a third of them, and no more than variables are left. */
  readonly active?: number;
  /** Whether rows of inequalities have one entry. */
  readonly isBox?: boolean;
  /** Numbers that programs can share. */
  readonly like?: PlantedProgram;
}

const normals = (generator: Random, count: number): Float64Array =>
  Float64Array.from({ length: count }, () => generator.normal());

/** P = FᵀF/rank. Rows are equalities first, then inequalities with one or two bounds, then free ones. */
export function plantProgram(options: PlantedOptions): PlantedProgram {
  const { seed, n, inequalities, equalities = 0, free = 0, rank = n, isBox = false, like } = options;
  const generator = random(seed);
  const m = inequalities + equalities + free;
  const P = like?.P ?? new Float64Array(n * n);
  const A = like?.A ?? normals(generator, m * n);
  if (!like) {
    const factor = normals(generator, rank * n);
    for (let k = 0; k < rank; k++) {
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) P[i * n + j] += (factor[k * n + i] * factor[k * n + j]) / rank;
    }
    if (isBox) {
      for (let r = equalities; r < m; r++) {
        for (let j = 0; j < n; j++) A[r * n + j] = j === (r - equalities) % n ? 1 : 0;
      }
    }
  }
  const x = normals(generator, n);
  const z = multiply(A, x, m, n);
  const [l, u, y] = [new Float64Array(m), new Float64Array(m), new Float64Array(m)];
  const left = Math.max(0, n - equalities);
  const active = Math.min(options.active ?? (rank < n ? left : Math.ceil(inequalities / 3)), left, inequalities);
  const chosen = new Set(Array.from(generator.permutation(inequalities)).slice(0, active));
  const sides = Array.from({ length: m }, (_, r) => {
    if (r < equalities) {
      y[r] = generator.normal();
      l[r] = z[r];
      u[r] = z[r];
      return 2;
    }
    const has = generator.integer(3); // 0: both bounds, 1: the lower, 2: the upper one
    l[r] = has === 2 ? Number.NEGATIVE_INFINITY : z[r] - 0.1 - generator.uniform();
    u[r] = has === 1 ? Number.POSITIVE_INFINITY : z[r] + 0.1 + generator.uniform();
    if (r >= equalities + inequalities) {
      l[r] = Number.NEGATIVE_INFINITY;
      u[r] = Number.POSITIVE_INFINITY;
      return 0;
    }
    if (!chosen.has(r - equalities)) return 0;
    const side = has === 1 ? -1 : has === 2 ? 1 : generator.integer(2) * 2 - 1;
    y[r] = side * (0.1 + generator.uniform());
    if (side > 0) u[r] = z[r];
    else l[r] = z[r];
    return side;
  });
  const Px = multiply(P, x, n, n);
  const q = Float64Array.from({ length: n }, (_, j) => {
    let sum = -Px[j];
    for (let r = 0; r < m; r++) sum -= A[r * n + j] * y[r];
    return sum;
  });
  return { n, m, P, q, A, l, u, x, y, sides };
}

export function multiply(matrix: ArrayLike<number>, x: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += matrix[i * columns + j] * x[j];
    return sum;
  });
}

/** How far x and y are from a solution: the three residuals, each relative to 1 + the size of its terms. */
export function residualsOf(
  { n, m, P, q, A, l, u }: PlantedProgram,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): Readonly<Record<'primal' | 'dual' | 'gap', number>> {
  const Px = multiply(P, x, n, n);
  const z = multiply(A, x, m, n);
  let [primal, dual, primalSize, dualSize] = [0, 0, 1, 1];
  let [quadratic, linear, support] = [0, 0, 0];
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let r = 0; r < m; r++) sum += A[r * n + j] * y[r];
    dual = Math.max(dual, Math.abs(Px[j] + q[j] + sum));
    dualSize = Math.max(dualSize, Math.abs(Px[j]), Math.abs(q[j]), Math.abs(sum));
    quadratic += x[j] * Px[j];
    linear += x[j] * q[j];
  }
  for (let r = 0; r < m; r++) {
    primal = Math.max(primal, l[r] - z[r], z[r] - u[r]);
    primalSize = Math.max(primalSize, Math.abs(z[r]));
    if (y[r] > 0) support += u[r] * y[r];
    if (y[r] < 0) support += l[r] * y[r];
  }
  const gap = Math.abs(quadratic + linear + support);
  const gapSize = 1 + Math.max(Math.abs(quadratic), Math.abs(linear), Math.abs(support));
  const [first, second, third] = [primal / primalSize, dual / dualSize, gap / gapSize];
  return { primal: first, dual: second, gap: Number.isNaN(gap) ? Number.POSITIVE_INFINITY : third };
}
