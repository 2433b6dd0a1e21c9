/**
 * The programs that are measured, and how they are judged. All numbers are in float32, so that libraries which compute in
 * float64 solve the same programs as tensors do.
 */
import { type Random, random } from '../src/data/random.ts';
import {
  isAtMost,
  type ProgramFile,
  type RelativeResiduals,
  relativeResidualsOf,
  tripletsOf,
} from './program-residuals.ts';

/** A batch of dense programs min ½xᵀPx + qᵀx over l ≤ Ax ≤ u. Matrices are row by row, one sample after another. */
export interface ProgramBatch {
  readonly title: string;
  readonly batch: number;
  readonly n: number;
  readonly m: number;
  /** The rows from 0 on that are equalities. */
  readonly equalities: number;
  /** Whether all samples share P, A, l and u, which then stand here once. */
  readonly isShared: boolean;
  readonly P: Float32Array;
  readonly q: Float32Array;
  readonly A: Float32Array;
  /** −∞ for no bound. */
  readonly l: Float32Array;
  /** ∞ for no bound. */
  readonly u: Float32Array;
}

/** The tensors of the library mean by this that there is no bound. */
export const UNBOUNDED = 1e20;

/**
 * Programs with a P and an A of their own. P = FᵀF/n + I/100, and the bounds of the inequalities hold at a random point.
 */
export function createOwnPrograms({ batch = 128, n = 100, inequalities = 50, equalities = 20 } = {}): ProgramBatch {
  const m = inequalities + equalities;
  const generator = random(1);
  const P = new Float32Array(batch * n * n);
  const [A, q] = [normals(generator, batch * m * n), normals(generator, batch * n)];
  const [l, u] = [new Float32Array(batch * m), new Float32Array(batch * m)];
  for (let sample = 0; sample < batch; sample++) {
    P.set(createQuadratic(generator, n, 0.01), sample * n * n);
    const x = normals(generator, n);
    for (let row = sample * m; row < (sample + 1) * m; row++) {
      const z = x.reduce((sum, value, j) => sum + A[row * n + j] * value, 0);
      const isEquality = row - sample * m < equalities;
      l[row] = isEquality ? z : Number.NEGATIVE_INFINITY;
      u[row] = isEquality ? z : z + generator.uniform();
    }
  }
  return { title: 'own P and A', batch, n, m, equalities, isShared: false, P, q, A, l, u };
}

/** Controllers that share P, A and bounds: a box of inputs and one of predicted outputs. Their states differ, in q. */
export function createControllers({ batch = 10_000, n = 12 } = {}): ProgramBatch {
  const m = 2 * n;
  const generator = random(2);
  const P = createQuadratic(generator, n, 0.1);
  const A = normals(generator, m * n);
  for (let row = 0; row < n; row++) for (let j = 0; j < n; j++) A[row * n + j] = row === j ? 1 : 0;
  const q = normals(generator, batch * n);
  const u = Float32Array.from({ length: m }, (_, row) => (row < n ? 1 : 2));
  const l = u.map((bound) => -bound);
  return { title: 'controllers', batch, n, m, equalities: 0, isShared: true, P, q, A, l, u };
}

export function normals(generator: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => generator.normal());
}

/** FᵀF/n with random F, n × n, and `shift` on the diagonal. */
export function createQuadratic(generator: Random, n: number, shift: number): Float32Array {
  const factor = normals(generator, n * n);
  const P = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) P[i * n + j] += (factor[k * n + i] * factor[k * n + j]) / n;
    }
  }
  for (let i = 0; i < n; i++) {
    P[i * n + i] += shift;
    for (let j = 0; j < i; j++) P[j * n + i] = P[i * n + j];
  }
  return Float32Array.from(P);
}

/** One program of a batch: views of its numbers. */
export type DenseProgram = Pick<ProgramBatch, 'n' | 'm' | 'equalities' | 'P' | 'q' | 'A' | 'l' | 'u'>;

export function sampleOf(programs: ProgramBatch, sample: number): DenseProgram {
  const { n, m, equalities, isShared, P, q, A, l, u } = programs;
  const at = isShared ? 0 : sample;
  const part = (numbers: Float32Array, size: number, index: number): Float32Array =>
    numbers.subarray(index * size, (index + 1) * size);
  return {
    n,
    m,
    equalities,
    P: part(P, n * n, at),
    q: part(q, n, sample),
    A: part(A, m * n, at),
    l: part(l, m, at),
    u: part(u, m, at),
  };
}

/** The first programs of a batch that share nothing. */
export function firstOf(programs: ProgramBatch, count: number): ProgramBatch {
  const batch = Math.min(count, programs.batch);
  const head = (numbers: Float32Array): Float32Array => numbers.subarray(0, (numbers.length / programs.batch) * batch);
  const { P, q, A, l, u } = programs;
  return { ...programs, batch, P: head(P), q: head(q), A: head(A), l: head(l), u: head(u) };
}

/** A program as the checker reads it. */
export function fileOf({ n, m, P, q, A, l, u }: DenseProgram): ProgramFile {
  const boundOf = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    name: '',
    n,
    m,
    P: tripletsOf(P, n),
    q: Array.from(q),
    A: tripletsOf(A, n),
    l: Array.from(l, boundOf),
    u: Array.from(u, boundOf),
  };
}

/** Solutions of a batch: x and y of each program after those of another. */
export interface Solutions {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** What the checker found of a batch. */
export interface Judgement {
  /** The largest residual of each kind, relative to 1 + the largest of its terms. */
  readonly primal: number;
  readonly dual: number;
  readonly gap: number;
  /** How many programs have all residuals within the tolerance. */
  readonly solved: number;
}

/** Judges every program of a batch, or every `stride`-th one of a large batch. */
export function judge(programs: ProgramBatch, solutions: Solutions, tolerance: number, stride = 1): Judgement {
  const residualsOf = (sample: number, x: Float64Array, y: Float64Array): RelativeResiduals =>
    relativeResidualsOf(fileOf(sampleOf(programs, sample)), x, y);
  return judgeEach(programs, solutions, tolerance, residualsOf, stride);
}

/** @param residualsOf of one program, from its x and y */
export function judgeEach(
  { batch, n, m }: Pick<ProgramBatch, 'batch' | 'n' | 'm'>,
  { x, y }: Solutions,
  tolerance: number,
  residualsOf: (sample: number, x: Float64Array, y: Float64Array) => RelativeResiduals,
  stride = 1,
): Judgement {
  let [primal, dual, gap, solved] = [0, 0, 0, 0];
  for (let sample = 0; sample < batch; sample += stride) {
    const own = (numbers: ArrayLike<number>, length: number): Float64Array =>
      Float64Array.from({ length }, (_, index) => numbers[sample * length + index]);
    const found = residualsOf(sample, own(x, n), own(y, m));
    // The maximum of NaN and a number is NaN, whichever comes first.
    primal = Math.max(primal, found.primal);
    dual = Math.max(dual, found.dual);
    gap = Math.max(gap, found.gap);
    if (isAtMost(found, tolerance)) solved++;
  }
  return { primal, dual, gap, solved };
}
