/**
 * The cone programs that are measured: min ½xᵀPx + cᵀx over Ax + s = b, s ∈ K, whose solutions were chosen first. All
 * numbers are in float32, so that libraries which compute in float64 solve the same programs as tensors do.
 */
import { type Random, random } from '../src/data/random.ts';
import { type ConeShape, coneResidualsOf, rowsOf } from './cone-residuals.ts';
import { createQuadratic, type Judgement, judgeEach, normals, type Solutions } from './program-problems.ts';

/** A batch of dense cone programs. Matrices are row by row, one sample after another. */
export interface ConeBatch {
  readonly title: string;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  readonly cones: readonly ConeShape[];
  /** Whether all samples share P and A, which then stand here once. */
  readonly isShared: boolean;
  readonly P: Float32Array;
  readonly c: Float32Array;
  readonly A: Float32Array;
  readonly b: Float32Array;
}

/** One program of a batch: views of its numbers. */
export type DenseConeProgram = Pick<ConeBatch, 'n' | 'm' | 'cones' | 'P' | 'c' | 'A' | 'b'>;

/** With second-order cones of `dim` rows. */
export function createSocps({ batch = 256, n = 30, count = 10, dim = 4, isShared = false } = {}): ConeBatch {
  const cones = Array.from({ length: count }, () => ({ type: 'soc', dim }) as const);
  const title = `SOCPs with ${isShared ? 'shared' : 'their own'} P and A`;
  return createPrograms(random(isShared ? 4 : 5), { title, batch, n, cones, isShared });
}

/** With one semidefinite cone of matrices of an order, and a P and an A of their own. */
export function createSdps({ batch = 64, n = 30, order = 10 } = {}): ConeBatch {
  const cones = [{ type: 'psd', dim: order }] as const;
  return createPrograms(random(6), { title: 'SDPs with their own P and A', batch, n, cones, isShared: false });
}

/** P = FᵀF/n + I/100. A random x and complementary s ∈ K and y ∈ K* give b = Ax + s and c = −Px − Aᵀy. */
function createPrograms(
  generator: Random,
  shape: Pick<ConeBatch, 'title' | 'batch' | 'n' | 'cones' | 'isShared'>,
): ConeBatch {
  const { batch, n, cones, isShared } = shape;
  const m = cones.reduce((sum, cone) => sum + rowsOf(cone), 0);
  const matrices = isShared ? 1 : batch;
  const P = new Float32Array(matrices * n * n);
  for (let index = 0; index < matrices; index++) P.set(createQuadratic(generator, n, 0.01), index * n * n);
  const programs = {
    ...shape,
    m,
    P,
    A: normals(generator, matrices * m * n),
    b: new Float32Array(batch * m),
    c: new Float32Array(batch * n),
  };
  for (let sample = 0; sample < batch; sample++) plant(generator, coneSampleOf(programs, sample));
  return programs;
}

/** Writes b and c of a program. */
function plant(generator: Random, { n, m, cones, P, A, b, c }: DenseConeProgram): void {
  const x = Float64Array.from({ length: n }, () => generator.normal());
  const pairs = plantPairs(generator, cones, n);
  const [s, y] = [pairs.flatMap((pair) => pair.s), pairs.flatMap((pair) => pair.y)];
  for (let i = 0; i < m; i++) b[i] = s[i] + x.reduce((sum, value, j) => sum + A[i * n + j] * value, 0);
  for (let j = 0; j < n; j++) {
    const Px = x.reduce((sum, value, k) => sum + P[j * n + k] * value, 0);
    c[j] = -Px - y.reduce((sum, value, i) => sum + A[i * n + j] * value, 0);
  }
}

/** s ∈ K and y ∈ K*, with sᵀy = 0 and s + y in the interior of K. Both kinds of cones are their own duals. */
interface Pair {
  readonly s: readonly number[];
  readonly y: readonly number[];
  /** The dimension of the smallest face of K* that has y. */
  readonly face: number;
}

/** One pair for each cone, with faces of n dimensions at most together: with more, y would not be unique. */
export function plantPairs(generator: Random, cones: readonly ConeShape[], n: number): readonly Pair[] {
  for (;;) {
    const pairs = cones.map((cone) => PLANTERS[cone.type](generator, cone.dim));
    if (pairs.reduce((sum, { face }) => sum + face, 0) <= n) return pairs;
  }
}

const PLANTERS: Readonly<Record<ConeShape['type'], (generator: Random, dim: number) => Pair>> = {
  soc(generator, dim) {
    const direction = Array.from({ length: dim - 1 }, () => generator.normal());
    const [own, other, slack] = Array.from({ length: 3 }, () => 0.5 + generator.uniform());
    const size = Math.hypot(...direction);
    const zero = Array.from({ length: dim }, () => 0);
    const inside = [size + slack, ...direction];
    const which = generator.integer(3);
    if (which === 0) return { s: inside, y: zero, face: 0 };
    if (which === 1) return { s: zero, y: inside, face: dim };
    const onBoundary = (factor: number): number[] => [
      Math.abs(factor) * size,
      ...direction.map((value) => factor * value),
    ];
    return { s: onBoundary(own), y: onBoundary(-other), face: 1 };
  },
  psd(generator, order) {
    const basis = createBasis(generator, order);
    const positive = Math.floor(order / 3) + generator.integer(order - 2 * Math.floor(order / 3) + 1);
    const eigenvalues = basis.map(() => 0.5 + generator.uniform());
    const part = (isMember: (index: number) => boolean): number[] =>
      rowsOfMatrix(order, (i, j) =>
        basis.reduce((sum, vector, k) => sum + (isMember(k) ? eigenvalues[k] * vector[i] * vector[j] : 0), 0),
      );
    return {
      s: part((index) => index < positive),
      y: part((index) => index >= positive),
      face: rowsOf({ type: 'psd', dim: order - positive }),
    };
  },
};

/** The lower triangle, column by column, with the entries off the diagonal times √2. */
function rowsOfMatrix(order: number, entry: (i: number, j: number) => number): number[] {
  const rows: number[] = [];
  for (let j = 0; j < order; j++) for (let i = j; i < order; i++) rows.push((i === j ? 1 : Math.SQRT2) * entry(i, j));
  return rows;
}

/** Random orthonormal vectors, by the process of Gram and Schmidt. */
function createBasis(generator: Random, size: number): readonly (readonly number[])[] {
  const basis: number[][] = [];
  while (basis.length < size) {
    let vector = Array.from({ length: size }, () => generator.normal());
    for (const other of basis) {
      const product = other.reduce((sum, value, i) => sum + value * vector[i], 0);
      vector = vector.map((value, i) => value - product * other[i]);
    }
    const length = Math.hypot(...vector);
    basis.push(vector.map((value) => value / length));
  }
  return basis;
}

export function coneSampleOf({ n, m, cones, isShared, P, c, A, b }: ConeBatch, sample: number): DenseConeProgram {
  const at = isShared ? 0 : sample;
  const part = (numbers: Float32Array, size: number, index: number): Float32Array =>
    numbers.subarray(index * size, (index + 1) * size);
  return { n, m, cones, P: part(P, n * n, at), c: part(c, n, sample), A: part(A, m * n, at), b: part(b, m, sample) };
}

/** The first programs of a batch. */
export function firstCones(programs: ConeBatch, count: number): ConeBatch {
  const batch = Math.min(count, programs.batch);
  const { isShared, P, c, A, b } = programs;
  const head = (numbers: Float32Array): Float32Array => numbers.subarray(0, (numbers.length / programs.batch) * batch);
  return { ...programs, batch, ...(!isShared && { P: head(P), A: head(A) }), c: head(c), b: head(b) };
}

/** Judges every program of a batch. */
export function judgeCones(programs: ConeBatch, solutions: Solutions, tolerance: number): Judgement {
  return judgeEach(programs, solutions, tolerance, (sample, x, y) =>
    coneResidualsOf(coneSampleOf(programs, sample), x, y),
  );
}
