/**
 * Instructions of the module for quadratic programs, which begin with the fields of `Extra`. TypeScript and
 * AssemblyScript both compile this file, as they do instructions.ts.
 */

/** This is late module 1; see `Extra.operation`. */
export enum ProgramOperation {
  /** Reads, scales and factorises P and A that all samples share. */
  prepareProgram = 16,
  interiorPoint,
  programDerivative,
}

/**
 * A unit is a sample. The operands are in the order P, A, q, l, u, x, y. `prepared` is the place of P and A that all samples share, or 0. Each of the units in progress may
 * use `spaceOfSample` numbers of `space`. Bit i of `shared` and of `wide` is set where operand i is.
 */
export enum ProgramFields {
  out = 10, // Extra.end
  P,
  A,
  q,
  l,
  u,
  x,
  y,
  prepared,
  space,
  spaceOfSample,
  batch,
  n,
  m,
  shared,
  wide,
  limit,
  absolute,
  relative,
  /** In programDerivative: in the places of q and l. */
  activity = 13,
  right = 14,
  isTangent = 26,
  end = 29,
}

/** Numbers that interiorPoint and programDerivative write for each sample. */
export const SAMPLE_NUMBERS = 9;
export const DERIVATIVE_SAMPLE_NUMBERS = 4;
