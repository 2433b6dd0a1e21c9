/**
 * Instructions of late modules, and those of the second module. TypeScript and AssemblyScript both compile this file, as they do instructions.ts.
 */

/**
 * Fields with which every instruction of a late module begins. Such a module is fetched when a Program first needs it:
 * the second one has the factorisations, and the one of program-instructions.ts quadratic programs. The interpreter
 * performs `atOnce` units between two looks at the clock, and writes how many units are done (`done`), how many are in
 * progress (`count`), and whether what is left should end early (`isCutShort`).
 */
export enum Extra {
  operation = 2, // OPERATIONS times the number of the module, plus the number of the operation in it
  units,
  /** A thread takes a multiple of this number of units at a time. */
  even,
  atOnce,
  /** The approximate number of multiplications in a unit, as a float32. */
  work,
  done,
  count,
  isCutShort,
  end,
}

/** No late module has more operations than this. */
export const OPERATIONS = 16;

export enum ExtraOperation {
  batchedProduct,
  batchedInvert,
  cholesky,
  triangularSolve,
  projectSimplex,
}

/** op(A[s])·op(B[s]) + bias for each sample. The instruction `finish` performs the rest of the epilogue. */
export enum BatchedProduct {
  out = 10, // Extra.end
  a,
  b,
  bias,
  m,
  n,
  k,
  transposeA,
  transposeB,
  sharedA,
  sharedB,
  /** Bias. */
  biasKind,
  end,
}

/**
 * Computes the rows `start` to `stop` of a Cholesky factor, or eliminates these pivots, in the buffer of the result.
 * Units are samples.
 */
export enum Factor {
  out = 10, // Extra.end
  matrix,
  order,
  start,
  stop,
  samples,
  /** A pivot fails if it is at most this many times the diagonal entry of the given matrix. */
  least,
  end,
}

/** A unit is at most COLUMNS columns of a sample. */
export enum TriangularSolve {
  out = 10, // Extra.end
  matrix,
  right,
  order,
  columns,
  transposed,
  end,
}

/** The row-wise operation of that name. Units are rows. */
export enum ProjectSimplex {
  out = 10, // Extra.end
  x,
  columns,
  radius,
  end,
}

/** The number of columns of the right-hand side that are solved at a time. */
export const COLUMNS = 32;
