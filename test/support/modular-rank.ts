/** Ranks of matrices of small integers without rounding: by elimination modulo primes. */
import type { Rows } from './programs.ts';

/** Products of two numbers below these are exact in float64. A rank is at least the one modulo any prime. */
const PRIMES = [67108859, 67108837];

/** The rank over the rationals, unless a minor is a multiple of both primes. */
export function rankOf(rows: Rows): number {
  return Math.max(...PRIMES.map((prime) => rankModulo(rows, prime)));
}

function rankModulo(given: Rows, prime: number): number {
  const rows = given.map((row) => row.map((value) => ((value % prime) + prime) % prime));
  const columns = rows[0]?.length ?? 0;
  let rank = 0;
  for (let column = 0; column < columns && rank < rows.length; column++) {
    const pivot = rows.findIndex((row, i) => i >= rank && row[column] !== 0);
    if (pivot < 0) continue;
    [rows[rank], rows[pivot]] = [rows[pivot], rows[rank]];
    const inverse = inverseModulo(rows[rank][column], prime);
    for (let i = rank + 1; i < rows.length; i++) {
      const factor = (rows[i][column] * inverse) % prime;
      if (factor === 0) continue;
      for (let j = column; j < columns; j++) {
        rows[i][j] = (((rows[i][j] - factor * rows[rank][j]) % prime) + prime) % prime;
      }
    }
    rank++;
  }
  return rank;
}

/** By Euclid's algorithm. */
function inverseModulo(value: number, prime: number): number {
  let [a, b, x, y] = [value, prime, 1, 0];
  while (b !== 0) {
    const quotient = Math.floor(a / b);
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % prime) + prime) % prime;
}
