/** Kernels for images and their spectra; host backends only. No tape follows them. */
import type { Tensor } from './tensor.ts';

/** Images of `lines` times rows × columns numbers. */
interface ImageSizes {
  readonly lines: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Computes the spectra, [F, 2, lines], of images, with F = rows·(⌊columns/2⌋ + 1); or with `inverse` the images,
 * [lines, rows, columns], of spectra. See `FourierCall`.
 * @param roots cosines and sines of 2πk/rows, then those of 2πk/columns, [2·(rows + columns)]
 */
export function fourier(x: Tensor, roots: Tensor, sizes: ImageSizes, inverse = false): Tensor {
  const { lines, rows, columns } = sizes;
  const shape = inverse ? [lines, rows, columns] : [rows * (Math.floor(columns / 2) + 1), 2, lines];
  return x.context.call({ kernel: 'fourier' as const, ...sizes, inverse }, [x, roots], shape);
}

/** Complex matrices, [batch, 2, rows, columns], or their parts, [batch, rows, columns] each. */
type ComplexMatrices = Tensor | { readonly re: Tensor; readonly im: Tensor };

interface ComplexProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Whether the conjugate of B takes its place. Default false. */
  readonly conjugate?: boolean;
}

/**
 * Computes op(A[s])·op(B[s]) for complex matrices, [batch, 2, m, n]. See `ComplexProductCall`.
 * @param a [batch, 2, m, k], or [batch, 2, k, m] if it is transposed
 * @param b matrices k × n, or n × k if they are transposed
 */
export function complexProduct(a: Tensor, b: ComplexMatrices, options: ComplexProductOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, conjugate = false } = options;
  const parts = 're' in b ? [b.re, b.im] : [b];
  const [batch, , ...sidesA] = a.shape;
  const [m, k] = transposeA ? [...sidesA].reverse() : sidesA;
  const sidesB = parts[0].shape.slice(-2);
  const n = sidesB[transposeB ? 0 : 1];
  const call = { kernel: 'complexProduct' as const, batch, m, n, k, transposeA, transposeB, conjugate };
  return a.context.call(call, [a, ...parts], [batch, 2, m, n]);
}
