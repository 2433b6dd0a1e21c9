/** Instructions of the second module: as instructions.ts, compiled by TypeScript and by AssemblyScript. */

/**
 * An instruction of the second module, which is fetched when a Program first holds one: the factorisations and whatever else most
 * pages do without. All of them begin like this. The interpreter has `atOnce` units done between two looks at the clock, and writes
 * how many are done, and how many are under way.
 */
export enum Extra {
  operation = 2, // ExtraOperation
  units,
  /** A divisor of the units that a thread takes at a time. */
  even,
  atOnce,
  /** Multiplications of a unit, about, as a number of floating point. */
  work,
  done,
  count,
  end,
}

export enum ExtraOperation {
  batchedProduct,
  batchedInvert,
  cholesky,
  triangularSolve,
}

/** op(A[s])·op(B[s]) + bias for each sample, of which `finish` makes the rest of the epilogue. */
export enum BatchedProduct {
  out = 9, // Extra.end
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

/** The rows, or pivots, `start` to `stop` of a Cholesky factor or of an elimination in the place of the result. Units are samples. */
export enum Factor {
  out = 9, // Extra.end
  matrix,
  order,
  start,
  stop,
  samples,
  /** A pivot at most so many times what was on the diagonal fails. */
  least,
  end,
}

/** Units are COLUMNS columns of a sample at most. */
export enum TriangularSolve {
  out = 9, // Extra.end
  matrix,
  right,
  order,
  columns,
  transposed,
  end,
}

/** Of the right side of triangular systems that are solved at a time. */
export const COLUMNS = 32;
