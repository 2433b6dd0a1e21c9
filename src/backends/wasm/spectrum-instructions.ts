/**
 * Instructions of the module for spectra, which begin with the fields of `Extra`. TypeScript and AssemblyScript both
 * compile this file, as they do instructions.ts.
 */

/** This is late module 4; see `Extra.operation`. */
export enum SpectrumOperation {
  fourier = 64,
  complexProduct,
}

/** A unit is a group of LANES lines. */
export enum Fourier {
  out = 10, // Extra.end
  x,
  roots,
  lines,
  rows,
  columns,
  inverse,
  end,
}

/** The number of lines that are transformed side by side, one in each lane of four vectors. */
export const LANES = 16;

/** A unit is a matrix of the batch. */
export enum ComplexProduct {
  out = 10, // Extra.end
  a,
  /** B, or its real part. */
  b,
  /** The imaginary part of B; 0 where it follows the real part of each matrix. */
  imaginary,
  m,
  n,
  k,
  transposeA,
  transposeB,
  conjugate,
  end,
}
