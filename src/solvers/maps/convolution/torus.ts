/** Images on a torus, and the frequencies at which their discrete Fourier transform is stored. */

/** The extents of an image whose indices are taken modulo rows and columns. */
export interface Torus {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The rows of the half spectrum, f₁ = 0 … ⌊rows/2⌋: the transform of a real image at −f is the conjugate of that at f.
 */
export function halfRows({ rows }: Torus): number {
  return Math.floor(rows / 2) + 1;
}

/** The number F of stored frequencies. Frequency f₁·columns + f₂ is (f₁, f₂). */
export function frequencyCount(torus: Torus): number {
  return halfRows(torus) * torus.columns;
}

/** How many of all frequencies a stored one with this f₁ stands for: itself, and −f where that is not stored. */
export function weightOf(f1: number, { rows }: Torus): number {
  return f1 === 0 || 2 * f1 === rows ? 1 : 2;
}
