/**
 * Families of matrices with whole-number entries, whose determinants are known exactly: the truth for tests of the
 * hypothesis.
 */
import { random } from '../../src/data/random.ts';
import type { MatrixFamily } from '../../src/implicit/hypothesis/family.ts';

/** The determinant of a matrix of whole numbers, by eliminating each column with its smallest entry. */
export function wholeDeterminant(matrix: readonly (readonly bigint[])[]): bigint {
  const rows = matrix.map((row) => [...row]);
  const n = rows.length;
  let sign = 1n;
  for (let column = 0; column < n; column++) {
    // Euclid's algorithm on the column: no division is inexact, and the determinant changes at most its sign.
    for (let i = column + 1; i < n; i++) {
      while (rows[i][column] !== 0n) {
        const quotient = rows[column][column] / rows[i][column];
        for (let j = column; j < n; j++) rows[column][j] -= quotient * rows[i][j];
        [rows[column], rows[i]] = [rows[i], rows[column]];
        sign = -sign;
      }
    }
  }
  return rows.reduce((product, row, i) => product * row[i], sign);
}

/**
 * B(d)·unit at a vertex. The entries of the family and of each b must be multiples of 1/unit, and each a must be whole.
 */
export function wholeElement({ n, base, terms }: MatrixFamily, d: ArrayLike<number>, unit: number): bigint[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      terms.reduce(
        (entry, { a, b }, index) => entry - (d[index] === 1 ? BigInt(a[i]) * BigInt(b[j] * unit) : 0n),
        BigInt(base[i * n + j] * unit),
      ),
    ),
  );
}

export function vertices(k: number): Uint8Array[] {
  return Array.from({ length: 2 ** k }, (_, mask) => Uint8Array.from({ length: k }, (_, i) => (mask >> i) & 1));
}

interface Truth {
  readonly invertible: boolean;
  /** Whether a determinant is 0 at a vertex. */
  readonly singularVertex: boolean;
  readonly singularBase: boolean;
}

/** The truth from the signs at all vertices, since the determinant is affine in each dᵢ. */
export function findTruth(family: MatrixFamily, unit: number): Truth {
  const determinants = vertices(family.terms.length).map((d) => wholeDeterminant(wholeElement(family, d, unit)));
  const [base] = determinants;
  return {
    invertible: base !== 0n && determinants.every((value) => value !== 0n && value > 0n === base > 0n),
    singularVertex: determinants.includes(0n),
    singularBase: base === 0n,
  };
}

/**
 * I − DW, where the entries of W are multiples of 1/unit up to `size`, about half of them 0. The first k of n
 * coordinates in random order are kinks with the intervals [0, 1], [¼, 1] or [−1, 1]; the slopes of the others are 0 or
 * 1.
 */
export function randomFamily(n: number, k: number, seed: number, size: number, unit: number): MatrixFamily {
  const draws = random(seed);
  const entry = (): number => (draws.integer(2) ? (draws.integer(2 * size * unit + 1) - size * unit) / unit : 0);
  const W = Array.from({ length: n }, () => Array.from({ length: n }, entry));
  const kinks = Array.from(draws.permutation(n)).slice(0, k);
  const low = W.map((_, i) => (kinks.includes(i) ? [0, 0, 0.25, -1][draws.integer(4)] : draws.integer(2)));
  return {
    n,
    base: W.flatMap((row, i) => row.map((w, j) => (i === j ? 1 : 0) - low[i] * w)),
    terms: kinks.map((kink) => ({
      a: W.map((_, i) => (i === kink ? 1 : 0)),
      b: W[kink].map((w) => (1 - low[kink]) * w),
    })),
  };
}

/**
 * A family whose determinants are the products of the blocks' determinants: the blocks side by side, then whole-number
 * shears of rows and columns.
 */
export function directSum(blocks: readonly MatrixFamily[], shears: number, seed: number): MatrixFamily {
  const n = blocks.reduce((sum, block) => sum + block.n, 0);
  const base = new Float64Array(n * n);
  const terms: { a: Float64Array; b: Float64Array }[] = [];
  let offset = 0;
  for (const block of blocks) {
    for (let i = 0; i < block.n; i++) {
      for (let j = 0; j < block.n; j++) base[(offset + i) * n + offset + j] = block.base[i * block.n + j];
    }
    for (const { a, b } of block.terms) {
      const term = { a: new Float64Array(n), b: new Float64Array(n) };
      term.a.set(Array.from(a), offset);
      term.b.set(Array.from(b), offset);
      terms.push(term);
    }
    offset += block.n;
  }
  const draws = random(seed);
  for (let shear = 0; shear < shears; shear++) {
    const [from, to] = draws.permutation(n);
    // Adds row `from` to row `to`, in a too; then column `from` to column `to`, in b too.
    for (let j = 0; j < n; j++) base[to * n + j] += base[from * n + j];
    for (const { a } of terms) a[to] += a[from];
    for (let i = 0; i < n; i++) base[i * n + to] += base[i * n + from];
    for (const { b } of terms) b[to] += b[from];
  }
  const order = draws.permutation(terms.length);
  return { n, base, terms: Array.from(order, (index) => terms[index]) };
}

export const identity = (n: number): number[] =>
  Array.from({ length: n * n }, (_, index) => (index % (n + 1) === 0 ? 1 : 0));

/** z = relu(Wz + b) with the first k coordinates at the kink, and the others active. */
export function reluFamily(W: readonly number[], n: number, k: number): MatrixFamily {
  return {
    n,
    base: identity(n).map((entry, index) => entry - (index < k * n ? 0 : W[index])),
    terms: Array.from({ length: k }, (_, i) => ({
      a: identity(n).slice(i * n, i * n + n),
      b: W.slice(i * n, i * n + n),
    })),
  };
}
