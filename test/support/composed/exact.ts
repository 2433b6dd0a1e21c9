/**
 * Exact linear algebra for matrices of dyadic numbers as they are stored: fraction-free elimination in whole numbers.
 */

export type Matrix = readonly (readonly number[])[];

/** The rows, multiplied by a power of 2 that makes every entry whole. */
function toWhole(matrix: Matrix): bigint[][] {
  const finest = matrix
    .flat()
    .reduce((least, value) => (value === 0 ? least : Math.min(least, exponentOf(value))), 1023);
  return matrix.map((row) => row.map((value) => wholePart(value, finest)));
}

/** e with value = m·2ᵉ, m an odd whole number. */
function exponentOf(value: number): number {
  let exponent = 0;
  let rest = value;
  while (!Number.isInteger(rest)) {
    rest *= 2;
    exponent -= 1;
  }
  while (rest % 2 === 0) {
    rest /= 2;
    exponent += 1;
  }
  return exponent;
}

function wholePart(value: number, exponent: number): bigint {
  if (value === 0) return 0n;
  const own = exponentOf(value);
  return BigInt(value / 2 ** own) << BigInt(own - exponent);
}

/**
 * Bareiss elimination of [M | R] in the manner of Gauss-Jordan: at the end, M is det·I.
 * @returns undefined where M is singular
 */
function eliminate(rows: bigint[][]): { determinant: bigint } | undefined {
  const n = rows.length;
  let previous = 1n;
  let sign = 1n;
  for (let column = 0; column < n; column++) {
    const pivot = rows.findIndex((row, index) => index >= column && row[column] !== 0n);
    if (pivot < 0) return undefined;
    if (pivot !== column) {
      [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
      sign = -sign;
    }
    const head = rows[column];
    for (const [index, row] of rows.entries()) {
      if (index === column) continue;
      const factor = row[column];
      for (let j = 0; j < row.length; j++) row[j] = (row[j] * head[column] - factor * head[j]) / previous;
    }
    previous = head[column];
  }
  return { determinant: sign * previous };
}

/** The sign of the determinant of a matrix of finite numbers: −1, 0 or 1. */
export function determinantSign(matrix: Matrix): number {
  const found = eliminate(toWhole(matrix));
  if (!found) return 0;
  return found.determinant > 0n ? 1 : -1;
}

/**
 * The X with M·X = R, each entry correct to the nearest number or the one next to it; undefined where M is singular.
 */
export function solveExactly(matrix: Matrix, right: Matrix): number[][] | undefined {
  const n = matrix.length;
  // Both sides get the same power of 2.
  const rows = toWhole(matrix.map((row, index) => [...row, ...right[index]]));
  if (!eliminate(rows)) return undefined;
  return rows.map((row, index) => row.slice(n).map((numerator) => divide(numerator, row[index])));
}

function divide(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const shift = 64 + countBits(denominator) - countBits(numerator);
  const scaled = shift > 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  // In two steps, because 2⁻ˢ itself may overflow or vanish.
  const half = Math.trunc(-shift / 2);
  return Number(scaled) * 2 ** half * 2 ** (-shift - half);
}

const countBits = (value: bigint): number => (value < 0n ? -value : value).toString(2).length;

export const transpose = (matrix: Matrix): number[][] =>
  Array.from({ length: matrix[0]?.length ?? 0 }, (_, j) => matrix.map((row) => row[j]));
