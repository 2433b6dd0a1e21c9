// Where everything lies that the solution of a cone program needs, and its cones. lower-cone-program.ts computes the
// sizes.
import { ConeType } from '../cone-instructions';
import { ConeProgramFields, PROGRAM_BLOCK_WORDS, ProgramBlockFields } from '../cone-program-instructions';
import { at8, setIntegerIn } from './entries';
import { word } from './memory';
import {
  A,
  At,
  columnScales,
  isPositiveSemidefinite,
  isZeroP,
  layOutMatrices,
  M,
  m,
  matricesSize,
  N,
  n,
  P,
  readMatrices as readProgramMatrices,
  readSizes,
  rowScales,
  useGroups,
} from './program-matrices';

export { A, At, columnScales, M, m, N, n, P, rowScales };

// What belongs to a sample.
/** N × N: P with the units of the sample. */
export let Q: usize = 0;
/** (N + M) × N, M × M: the factors of a linear system. */
export let work: usize = 0;
export let schur: usize = 0;
/** N × M: Aᵀ with its columns scaled or rotated, cone by cone; and those of its columns that a system has. */
export let turned: usize = 0;
export let chosen: usize = 0;
/** For each row as many numbers as its semidefinite block has, twice: a row has at most two of a k × k matrix. */
export let matrices: usize = 0;
/** Ten matrices of the largest order. */
export let aside: usize = 0;
let orderSquared: i32 = 0;
/** Vectors lie here, see `vector`. */
let vectors: usize = 0;

/** The number of vectors, see cone-program-state.ts. */
export const VECTORS: i32 = 36;
/** The first number of the prepared data says whether P is convex; the others of these are not used. */
const FACTS: i32 = 8;
let facts: usize = 0;

/** The blocks of the instruction. */
let firstBlock: usize = 0;
export let blocks: i32 = 0;

export function layOut(instruction: usize, prepared: usize, space: usize): void {
  readSizes(instruction);
  blocks = word(instruction, ConeProgramFields.blocks);
  firstBlock = instruction + ((<usize>ConeProgramFields.end) << 2);
  const order = word(instruction, ConeProgramFields.largestOrder);
  orderSquared = order * order;
  Q = space;
  work = at8(Q, N * N);
  schur = at8(work, (N + M) * N);
  turned = at8(schur, M * M);
  chosen = at8(turned, N * M);
  matrices = at8(chosen, N * M);
  aside = at8(matrices, 4 * M);
  vectors = at8(aside, 10 * orderSquared);
  facts = prepared;
  layOutMatrices(at8(prepared, FACTS), work, vector(0));
}

/** Numbers of the prepared data. */
export function preparedSize(): i32 {
  return FACTS + matricesSize();
}

/** The vector of this number, each of which has room for N or 2M numbers, whichever is more. */
export function vector(index: i32): usize {
  return at8(vectors, index * max(N, M));
}

/** A k × k matrix that any computation may use. @param index from 0 to 9 */
export function matrixAside(index: i32): usize {
  return at8(aside, index * orderSquared);
}

function blockWord(block: i32, field: i32): i32 {
  return word(firstBlock, PROGRAM_BLOCK_WORDS * block + field);
}

/** A ConeType. A second-order cone of one row is x ≥ 0. */
export function typeOf(block: i32): i32 {
  const type = blockWord(block, ProgramBlockFields.type);
  return type === ConeType.soc && blockWord(block, ProgramBlockFields.dim) === 1 ? ConeType.nonneg : type;
}

export function startOf(block: i32): i32 {
  return blockWord(block, ProgramBlockFields.start);
}

/** The number of rows; of a semidefinite block the order. */
export function dimOf(block: i32): i32 {
  return blockWord(block, ProgramBlockFields.dim);
}

export function rowsOf(block: i32): i32 {
  const dim = dimOf(block);
  return typeOf(block) === ConeType.psd ? (dim * (dim + 1)) / 2 : dim;
}

/** Two k × k matrices of a semidefinite block. */
export function matrixOf(block: i32, index: i32): usize {
  const dim = dimOf(block);
  return at8(matrices, 4 * startOf(block) + index * dim * dim);
}

/** Whether all rows of a block need one scale. */
function isRound(block: i32): bool {
  const type = typeOf(block);
  return type === ConeType.soc || type === ConeType.psd;
}

/** Reads P and A of a sample, and scales them. */
export function readMatrices(at: usize, sample: i32): void {
  const groups = vector(2);
  for (let block = 0; block < blocks; block++) {
    const start = startOf(block);
    for (let r = start; r < start + rowsOf(block); r++) setIntegerIn(groups, r, isRound(block) ? start : r);
  }
  useGroups(groups);
  readProgramMatrices(at, sample);
  store<f64>(facts, isZeroP() || isPositiveSemidefinite(work) ? 1 : 0);
}

export function isConvex(): bool {
  return load<f64>(facts) !== 0;
}
