/** Kernels for images and their spectra; kernels.ts lists them with the others. Only HOST_BACKENDS offer them. */

/**
 * The discrete Fourier transform of real images, x̂(f) = Σₚ x[p]·e^{−2πi(f₁p₁/rows + f₂p₂/columns)}, at the frequencies
 * f₁ < rows and f₂ ≤ columns/2; or its inverse, in which a frequency with 0 < f₂ < columns/2 also stands for −f.
 *
 * Operands [x, roots]: x is [lines, rows, columns], the images, and the spectrum is [F, 2, lines]: frequency f₂·rows + f₁,
 * then real and imaginary parts. `inverse` exchanges operand and result. The roots are cos(2πk/rows) for k < rows, the
 * sines of the same, and both for columns.
 */
export interface FourierCall {
  readonly kernel: 'fourier';
  readonly inputs: readonly number[];
  readonly output: number;
  readonly lines: number;
  readonly rows: number;
  readonly columns: number;
  readonly inverse: boolean;
}

/**
 * C[s] = op(A[s])·op(B[s]) for complex matrices, with the conjugate of B if `conjugate`; op(A[s]) is m × k, op(B[s]) is
 * k × n. A matrix is stored as its real part followed by its imaginary part. Operands [A, B], or [A, Re B, Im B] where
 * the parts of B are two operands without an axis for the part. Result [batch, 2, m, n].
 */
export interface ComplexProductCall {
  readonly kernel: 'complexProduct';
  readonly inputs: readonly number[];
  readonly output: number;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly conjugate: boolean;
}
