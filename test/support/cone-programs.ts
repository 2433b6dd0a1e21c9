/** Programs with symmetric cones of a known kind, by construction: from a pair of complementary s and y, or a certificate. */
import type { ConeBlock } from '../../src/backends/cone-kernels.ts';
import type { Random } from '../../src/data/random.ts';
import { type Cone, readCones } from '../../src/solvers/cones/cone.ts';
import type { ConeData } from '../../src/solvers/cones/problem.ts';
import { sparseFromRows } from '../../src/solvers/programs/sparse.ts';

/** A program in nested arrays, as in the fixtures. */
export interface NestedConeProgram {
  readonly cone: readonly Cone[];
  readonly P?: readonly (readonly number[])[];
  readonly A: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
}

export function coneData({ cone, P, A, b, c }: NestedConeProgram): ConeData {
  const [n, m] = [c.length, b.length];
  return {
    n,
    m,
    P: sparseFromRows(P ? P.flat() : new Float64Array(n * n), n, n),
    c: Float64Array.from(c),
    A: sparseFromRows(A.flat(), m, n),
    b: Float64Array.from(b),
    blocks: readCones('cone', cone),
  };
}

/** A vector of a cone and one of its dual whose product is 0. */
interface Pair {
  readonly s: number[];
  readonly y: number[];
}

export interface PlantedConeProgram extends NestedConeProgram {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly s: readonly number[];
}

const normals = (count: number, draws: Random): number[] => Array.from({ length: count }, () => draws.normal());
const dot = (u: readonly number[], v: readonly number[]): number => u.reduce((sum, value, i) => sum + value * v[i], 0);

/** An orthogonal matrix, by rows. */
function orthogonal(k: number, draws: Random): number[][] {
  const rows: number[][] = [];
  while (rows.length < k) {
    let row = normals(k, draws);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const share = dot(row, other);
        row = row.map((value, i) => value - share * other[i]);
      }
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

/** The lower triangle of Σ valueᵢ · rowᵢrowᵢᵀ, column by column, off-diagonal entries times √2. */
function packed(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const result: number[] = [];
  for (let j = 0; j < rows.length; j++) {
    for (let i = j; i < rows.length; i++) {
      const entry = rows.reduce((sum, row, k) => sum + values[k] * row[i] * row[j], 0);
      result.push(i === j ? entry : Math.SQRT2 * entry);
    }
  }
  return result;
}

/** s and y in the interiors of the cone and its dual. */
function interior({ type, dim, rows }: ConeBlock, draws: Random): Pair {
  const own = (): number[] => {
    if (type === 'psd')
      return packed(
        orthogonal(dim, draws),
        Array.from({ length: dim }, () => 0.2 + draws.uniform()),
      );
    if (type === 'soc') {
      const tail = normals(rows - 1, draws);
      return [Math.sqrt(dot(tail, tail)) + 0.2 + draws.uniform(), ...tail];
    }
    return Array.from({ length: rows }, () => 0.2 + draws.uniform());
  };
  const zeros = new Array<number>(rows).fill(0);
  if (type === 'zero') return { s: zeros, y: normals(rows, draws) };
  if (type === 'free') return { s: normals(rows, draws), y: zeros };
  return { s: own(), y: own() };
}

/** s and y with sᵀy = 0 and, where the cone has a boundary, s + y in the interior. */
function complementary(block: ConeBlock, draws: Random): Pair {
  const { type, dim, rows } = block;
  const inside = interior(block, draws);
  const zeros = new Array<number>(rows).fill(0);
  if (type === 'nonneg') {
    const isActive = zeros.map(() => draws.integer(2) === 1);
    return {
      s: inside.s.map((value, i) => (isActive[i] ? 0 : value)),
      y: inside.y.map((value, i) => (isActive[i] ? value : 0)),
    };
  }
  if (type === 'soc') {
    const kind = rows === 1 ? draws.integer(2) : draws.integer(4);
    if (kind === 0) return { s: inside.s, y: zeros };
    if (kind === 1) return { s: zeros, y: inside.y };
    const tail = inside.s.slice(1);
    const length = Math.sqrt(dot(tail, tail));
    const size = 0.2 + draws.uniform();
    return { s: [length, ...tail], y: [size * length, ...tail.map((value) => -size * value)] };
  }
  if (type === 'psd') {
    const rank = draws.integer(dim + 1);
    const vectors = orthogonal(dim, draws);
    const values = vectors.map(() => 0.2 + draws.uniform());
    return {
      s: packed(
        vectors,
        values.map((value, i) => (i < rank ? value : 0)),
      ),
      y: packed(
        vectors,
        values.map((value, i) => (i < rank ? 0 : value)),
      ),
    };
  }
  return inside;
}

const multiplyRows = (A: readonly (readonly number[])[], x: readonly number[]): number[] => A.map((row) => dot(row, x));
const multiplyColumns = (A: readonly (readonly number[])[], y: readonly number[], n: number): number[] =>
  Array.from({ length: n }, (_, j) => A.reduce((sum, row, i) => sum + row[j] * y[i], 0));

/** FFᵀ/rank for a random n × rank matrix F. */
export function curvature(n: number, rank: number, draws: Random): number[][] {
  const F = Array.from({ length: n }, () => normals(rank, draws));
  return F.map((row) => F.map((other) => dot(row, other) / Math.max(rank, 1)));
}

/** A program with the solution x, y, s. */
export function plantedProgram(
  n: number,
  cone: readonly Cone[],
  P: readonly (readonly number[])[],
  draws: Random,
  density = 1,
): PlantedConeProgram {
  const blocks = readCones('cone', cone);
  const pairs = blocks.map((block) => complementary(block, draws));
  const s = pairs.flatMap((pair) => pair.s);
  const y = pairs.flatMap((pair) => pair.y);
  const A = s.map(() => Array.from({ length: n }, () => (draws.uniform() < density ? draws.normal() : 0)));
  const x = normals(n, draws);
  const b = multiplyRows(A, x).map((value, i) => value + s[i]);
  const Px = multiplyRows(P, x);
  const c = multiplyColumns(A, y, n).map((value, j) => -value - Px[j]);
  return { cone, P, A, b, c, x, y, s };
}

/** The part of a vector that is orthogonal to another, with 0 where only rounding would be left. */
function across(vector: readonly number[], other: readonly number[]): number[] {
  const share = dot(vector, other) / dot(other, other);
  const rest = vector.map((value, i) => value - share * other[i]);
  return rest.map((value, i) => (Math.abs(value) > 1e-14 * Math.abs(vector[i]) ? value : 0));
}

/**
 * A program in which y shows that there is no feasible point: Aᵀy = 0, y in the dual cone, bᵀy = −depth. Its dual has
 * feasible points, so that no x shows anything. The cones are not all free.
 */
export function infeasibleProgram(n: number, cone: readonly Cone[], depth: number, draws: Random): NestedConeProgram {
  const blocks = readCones('cone', cone);
  const own = (): number[] =>
    blocks.flatMap((block) => (draws.integer(2) ? interior(block, draws).y : complementary(block, draws).y));
  let y = own();
  while (dot(y, y) === 0) y = own();
  const square = dot(y, y);
  const columns = Array.from({ length: n }, () => across(normals(y.length, draws), y));
  const P = curvature(n, draws.integer(n + 1), draws);
  const A = y.map((_, i) => columns.map((column) => column[i]));
  const Px = multiplyRows(P, normals(n, draws));
  const feasible = blocks.flatMap((block) => interior(block, draws).y);
  const base = normals(y.length, draws);
  const share = (dot(base, y) + depth) / square;
  return {
    cone,
    P,
    A,
    b: base.map((value, i) => value - share * y[i]),
    c: multiplyColumns(A, feasible, n).map((value, j) => -value - Px[j]),
  };
}

/** A program in which x shows that the objective has no lower bound: Px = 0, −Ax in the cone, cᵀx = −1; it is feasible. */
export function unboundedProgram(n: number, cone: readonly Cone[], draws: Random): NestedConeProgram {
  const blocks = readCones('cone', cone);
  const x = normals(n, draws);
  const square = dot(x, x);
  const slack = blocks.flatMap((block) =>
    draws.integer(2) ? interior(block, draws).s : complementary(block, draws).s,
  );
  const A = slack.map((value) => across(normals(n, draws), x).map((entry, j) => entry - (value * x[j]) / square));
  const rank = draws.integer(n);
  const F = Array.from({ length: rank }, () => across(normals(n, draws), x));
  const feasible = normals(n, draws);
  const inside = blocks.flatMap((block) => interior(block, draws).s);
  return {
    cone,
    P: x.map((_, i) => x.map((_, j) => F.reduce((sum, row) => sum + row[i] * row[j], 0))),
    A,
    b: multiplyRows(A, feasible).map((value, i) => value + inside[i]),
    c: across(normals(n, draws), x).map((value, j) => value - x[j] / square),
  };
}

const TYPES = ['zero', 'free', 'nonneg', 'soc', 'psd'] as const;

/** A product of 1 to 4 cones of up to 6 rows, psd of up to order 4. */
export function randomCones(draws: Random): readonly Cone[] {
  return Array.from({ length: 1 + draws.integer(4) }, () => {
    const type = TYPES[draws.integer(TYPES.length)];
    return { type, dim: 1 + draws.integer(type === 'psd' ? 4 : type === 'zero' ? 2 : 6) };
  });
}
