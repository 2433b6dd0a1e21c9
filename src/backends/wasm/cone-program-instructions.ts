/**
 * Instructions of the module for cone programs, which begin with the fields of `Extra`. TypeScript and AssemblyScript
 * both compile this file, as they do instructions.ts.
 */

/** This is late module 3; see `Extra.operation`. */
export enum ConeProgramOperation {
  /** Reads and scales P and A that all samples share. */
  prepareConeProgram = 48,
  coneInteriorPoint,
  coneDerivative,
}

/**
 * A unit is a sample. The operands are in the order P, A, b, c, x, y, s. The fields that `ProgramFields` has too are at
 * the same places, as both kinds of programs are read by the same code. The blocks, PROGRAM_BLOCK_WORDS words each,
 * follow the last field.
 */
export enum ConeProgramFields {
  out = 10, // Extra.end
  P,
  A,
  b,
  c,
  x,
  y,
  s,
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
  blocks,
  /** The largest order of a semidefinite block. */
  largestOrder,
  end,
  /** In coneDerivative: in the places of b and c. */
  point = 13,
  cotangent = 14,
}

/** The fields of a block. */
export enum ProgramBlockFields {
  /** A ConeType. */
  type,
  start,
  /** The number of rows; of psd the order. */
  dim,
}
export const PROGRAM_BLOCK_WORDS = 3;

/** Numbers that coneInteriorPoint and coneDerivative write for each sample behind the vectors. */
export const CONE_SAMPLE_NUMBERS = 8;
export const CONE_DERIVATIVE_SAMPLE_NUMBERS = 6;
