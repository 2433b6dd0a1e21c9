/** Images on a torus, and the frequencies at which their discrete Fourier transform is stored. */

/** The extents of an image whose indices are taken modulo rows and columns. */
export interface Torus {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The columns of the half spectrum, f₂ = 0 … ⌊columns/2⌋: the transform of a real image at −f is the conjugate of that
 * at f.
 */
export function halfColumns({ columns }: Torus): number {
  return Math.floor(columns / 2) + 1;
}

/** The number F of stored frequencies. Frequency f₂·rows + f₁ is (f₁, f₂). */
export function frequencyCount(torus: Torus): number {
  return halfColumns(torus) * torus.rows;
}

/** How many of all frequencies a stored one with this f₂ stands for: itself, and −f where that is not stored. */
export function weightOf(f2: number, { columns }: Torus): number {
  return f2 === 0 || 2 * f2 === columns ? 1 : 2;
}
