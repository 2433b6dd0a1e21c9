/** Cone programs whose solutions, or certificates, are known, because they were chosen first. */
import type { ConeBlock, ConeType } from '../../src/backends/cone-kernels.ts';
import { type Random, random } from '../../src/data/random.ts';
import { type Cone, dualOf, readCones, rowsOfCones } from '../../src/solvers/cones/cone.ts';
import type { ConeData } from '../../src/solvers/cones/problem.ts';
import { projectValue } from '../../src/solvers/cones/projections/project.ts';
import { sparseFromRows } from '../../src/solvers/programs/sparse.ts';
import { multiply } from './planted-programs.ts';

/**
 * feasible: with a solution, which is unique for almost all seeds. degenerate: with a solution at kinks of the
 * projection, and possibly others. infeasible: with y such that Aᵀy = 0, y ∈ K*, bᵀy = −1. unbounded: with a feasible
 * point, and x such that Px = 0, −Ax ∈ K, cᵀx = −1.
 */
export type PlantedKind = 'feasible' | 'degenerate' | 'infeasible' | 'unbounded';

export interface PlantedConeOptions {
  readonly seed: number;
  readonly n: number;
  readonly cones: readonly Cone[];
  readonly kind?: PlantedKind;
  /** The rank of P. By default 0 where the cones leave no direction free, n otherwise. */
  readonly rank?: number;
  /** Numbers that programs can share. */
  readonly like?: Pick<PlantedConeProgram, 'P' | 'A'>;
  /** y − s at the solution. By default normal numbers, of a degenerate program moved to kinks. */
  readonly v?: Float64Array;
}

export interface PlantedConeProgram {
  readonly n: number;
  readonly m: number;
  readonly cones: readonly Cone[];
  readonly blocks: readonly ConeBlock[];
  /** Row-major. */
  readonly P: Float64Array;
  readonly c: Float64Array;
  readonly A: Float64Array;
  readonly b: Float64Array;
  /** A solution; of an unbounded program a feasible point, of an infeasible one neither. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly s: Float64Array;
  /** y or x of an infeasible or unbounded program. */
  readonly certificate?: Float64Array;
}

function projectOnto(blocks: readonly ConeBlock[], v: Float64Array): Float64Array {
  const result = new Float64Array(v.length);
  projectValue(blocks, v, result);
  return result;
}

const normals = (generator: Random, count: number, scale = 1): Float64Array =>
  Float64Array.from({ length: count }, () => scale * generator.normal());

/** v per block, y = Π_{K*}(v), s = y − v; then b = Ax + s, c = −Px − Aᵀy. */
export function plantConeProgram(options: PlantedConeOptions): PlantedConeProgram {
  const { seed, n, kind = 'feasible', like } = options;
  const generator = random(seed);
  const blocks = readCones('cones', options.cones);
  const m = rowsOfCones(blocks);
  const v = options.v ?? normals(generator, m);
  if (kind === 'degenerate' && !options.v) makeDegenerate(generator, blocks, v);
  const y = projectOnto(blocks.map(dualOf), v);
  const s = y.map((value, i) => value - v[i]);
  const x = normals(generator, n);
  const A = like ? like.A.slice() : normals(generator, m * n);
  const P = like ? like.P.slice() : gramOf(normals(generator, n * n), n, Math.min(n, options.rank ?? n));
  const program = { n, m, cones: options.cones, blocks, P, A, x, y, s };
  if (kind === 'infeasible') return plantInfeasible(generator, program);
  if (kind === 'unbounded') return plantUnbounded(generator, program);
  return withData(program);
}

type Unfinished = Omit<PlantedConeProgram, 'b' | 'c' | 'certificate'>;

function withData(program: Unfinished): PlantedConeProgram {
  const { n, m, P, A, x, y, s } = program;
  const Px = multiply(P, x, n, n);
  const Aty = multiply(transposed(A, m, n), y, n, m);
  const b = multiply(A, x, m, n).map((value, i) => value + s[i]);
  return { ...program, b, c: Px.map((value, j) => -value - Aty[j]) };
}

/** A loses its part along y ∈ K*, and b gets bᵀy = −1. */
function plantInfeasible(generator: Random, program: Unfinished): PlantedConeProgram {
  const { n, m, A } = program;
  const y = program.y.every((value) => value === 0) ? program.y.map((_, i) => (i === 0 ? 1 : 0)) : program.y;
  const square = dot(y, y);
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < m; i++) sum += A[i * n + j] * y[i];
    for (let i = 0; i < m; i++) A[i * n + j] -= (sum / square) * y[i];
  }
  const b = normals(generator, m);
  const product = dot(b, y);
  b.forEach((value, i) => {
    b[i] = value - ((product + 1) / square) * y[i];
  });
  return { ...withData(program), b, certificate: y };
}

/** The column space gets −Ax = s ∈ K for the direction x, P loses it, and c gets cᵀx = −1; b = Ax₀ + s₀. */
function plantUnbounded(generator: Random, program: Unfinished): PlantedConeProgram {
  const { n, m, A, P, x } = program;
  const square = dot(x, x);
  const s = program.s;
  const Ax = multiply(A, x, m, n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) A[i * n + j] -= ((Ax[i] + s[i]) / square) * x[j];
  }
  projectOut(P, x, n);
  const inside = normals(generator, m);
  const feasible = projectOnto(program.blocks, inside);
  const point = normals(generator, n);
  const c = normals(generator, n);
  const product = dot(c, x);
  c.forEach((value, j) => {
    c[j] = value - ((product + 1) / square) * x[j];
  });
  const b = multiply(A, point, m, n).map((value, i) => value + feasible[i]);
  return { ...program, b, c, x: point, y: new Float64Array(m), s: feasible, certificate: x };
}

/** P ← QPQ with Q = I − xxᵀ/‖x‖². */
function projectOut(P: Float64Array, x: Float64Array, n: number): void {
  const square = dot(x, x);
  const Px = multiply(P, x, n, n);
  const xPx = dot(x, Px);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = P[i * n + j] - (x[i] * Px[j] + Px[i] * x[j]) / square + (xPx * x[i] * x[j]) / square ** 2;
      P[i * n + j] = value;
      P[j * n + i] = value;
    }
  }
}

/** v moved to a kink in about half of the blocks: 0, or a point of the boundary of K* or of −K. */
function makeDegenerate(generator: Random, blocks: readonly ConeBlock[], v: Float64Array): void {
  for (const block of blocks) {
    const own = v.subarray(block.start, block.start + block.rows);
    if (block.type === 'nonneg') {
      own.forEach((_, i) => {
        if (generator.integer(3) === 0) own[i] = 0;
      });
      continue;
    }
    const which = generator.integer(4);
    const moved = { ...block, start: 0 };
    if (which === 0) own.fill(0);
    if (which === 1) own.set(projectOnto([dualOf(moved)], own));
    if (which === 2) {
      const y = projectOnto([dualOf(moved)], own);
      own.forEach((value, i) => {
        own[i] = value - y[i];
      });
    }
  }
}

/** FᵀF/rank with the first `rank` rows of F. */
function gramOf(F: Float64Array, n: number, rank: number): Float64Array {
  const P = new Float64Array(n * n);
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) P[i * n + j] += (F[k * n + i] * F[k * n + j]) / rank;
  }
  return P;
}

function transposed(A: Float64Array, rows: number, columns: number): Float64Array {
  return A.map((_, index) => A[(index % rows) * columns + Math.floor(index / rows)]);
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, i) => sum + value * y[i], 0);
}

/** The program as solvers read it. */
export function coneDataOf({ n, m, P, c, A, b, blocks }: Omit<PlantedConeProgram, 'x' | 'y' | 's'>): ConeData {
  return { n, m, P: sparseFromRows(P, n, n), c, A: sparseFromRows(A, m, n), b, blocks };
}

/** Cones of one type, of sizes that suit it. */
export function conesOf(type: ConeType, count: number, dim = 3, alpha = 0.3): readonly Cone[] {
  return Array.from({ length: count }, () =>
    type === 'pow' || type === 'powdual' ? { type, dim: 3, alpha } : { type, dim },
  );
}
