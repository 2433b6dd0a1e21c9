/** The sign of a determinant in exact integer arithmetic: every float64 number is a whole number times a power of 2. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { MatrixFamily, Vertex } from './family.ts';

/** Integers longer than this many bits are refused: entries of such different size make exact arithmetic too slow. */
const MAXIMUM_BITS = 512;

interface Dyadic {
  readonly mantissa: number;
  /** Infinity where the number is 0. */
  readonly exponent: number;
}

/**
 * The exact sign of det B(d) at a vertex, for the numbers as they are stored; null where these differ too much in size.
 */
export function* exactSign(family: MatrixFamily, vertex: Vertex): Interruptible<-1 | 0 | 1 | null> {
  const matrix = yield* scaleToIntegers(family, vertex);
  return matrix && (yield* findBareissSign(matrix));
}

/**
 * B at the vertex, with each row multiplied by a power of 2 that makes it integer; null where this takes too many bits.
 */
function* scaleToIntegers({ n, base, terms }: MatrixFamily, vertex: Vertex): Interruptible<bigint[][] | null> {
  const active = terms
    .filter((_, index) => vertex[index] === 1)
    .map(({ a, b }) => ({ a: Array.from(a, splitDyadic), b: Array.from(b, splitDyadic) }));
  const matrix: bigint[][] = [];
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: n }, (_, j) => splitDyadic(base[i * n + j]));
    const products = active.map(({ a, b }) => ({ a: a[i], b })).filter(({ a }) => a.mantissa !== 0);
    const exponents = [row, ...products.map(({ b }) => b)]
      .flatMap((entries, index) => entries.map(({ exponent }) => exponent + (products[index - 1]?.a.exponent ?? 0)))
      .filter((exponent) => Number.isFinite(exponent));
    const unit = Math.min(...exponents);
    if (Math.max(...exponents) - unit > MAXIMUM_BITS) return null;
    const whole = row.map((entry) => shiftLeft(BigInt(entry.mantissa), entry.exponent - unit));
    for (const { a, b } of products) {
      for (const [j, entry] of b.entries()) {
        whole[j] -= shiftLeft(BigInt(a.mantissa) * BigInt(entry.mantissa), a.exponent + entry.exponent - unit);
      }
    }
    matrix.push(whole);
    yield;
  }
  return matrix;
}

function shiftLeft(value: bigint, places: number): bigint {
  return value === 0n ? 0n : value << BigInt(places);
}

/** Splits a number into mantissa · 2^exponent with an odd mantissa. */
function splitDyadic(value: number): Dyadic {
  if (value === 0) return { mantissa: 0, exponent: Number.POSITIVE_INFINITY };
  // 52 binary places below the leading one, and one more in case the logarithm was rounded up.
  let exponent = Math.max(-1074, Math.floor(Math.log2(Math.abs(value))) - 53);
  let mantissa = value / 2 ** exponent;
  while (mantissa % 2 === 0) {
    mantissa /= 2;
    exponent++;
  }
  return { mantissa, exponent };
}

/**
 * The sign of a determinant by Bareiss' elimination: all divisions are exact, and the last pivot is ± the determinant.
 */
function* findBareissSign(matrix: bigint[][]): Interruptible<-1 | 0 | 1> {
  const n = matrix.length;
  let negative = false;
  let previous = 1n;
  for (let column = 0; column < n; column++) {
    const pivot = matrix.findIndex((row, i) => i >= column && row[column] !== 0n);
    if (pivot === -1) return 0;
    if (pivot !== column) {
      [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
      negative = !negative;
    }
    const head = matrix[column][column];
    for (let i = column + 1; i < n; i++) {
      const factor = matrix[i][column];
      for (let j = column + 1; j < n; j++) {
        matrix[i][j] = (matrix[i][j] * head - factor * matrix[column][j]) / previous;
      }
      yield;
    }
    previous = head;
  }
  return previous > 0n === negative ? -1 : 1;
}
