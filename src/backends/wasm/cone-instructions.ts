/**
 * Instructions of the module for projections onto cones, which begin with the fields of `Extra`. TypeScript and
 * AssemblyScript both compile this file, as they do instructions.ts.
 */

/** This is late module 2; see `Extra.operation`. */
export enum ConeOperation {
  projectCones = 32,
  projectConesDerivative,
}

/** A unit is a row. The blocks, BLOCK_WORDS words each, follow the last field. */
export enum ConeFields {
  out = 10, // Extra.end
  x,
  /** h, tolerance, shares and what follows them, up to the selection: of projectConesDerivative alone. */
  h,
  tolerance,
  shares,
  isToleranceShared,
  selection, // a float32
  columns,
  blocks,
  end,
}

/** The fields of a block. */
export enum ConeBlockFields {
  type,
  start,
  /** The number of rows; of psd the order. */
  dim,
  /** α as a sum of two float32. */
  alpha,
  rest,
}
export const BLOCK_WORDS = 5;

/** In the order of CONE_TYPES. */
export enum ConeType {
  zero,
  free,
  nonneg,
  soc,
  psd,
  exp,
  expdual,
  pow,
  powdual,
}
