// The data of a quadratic program, read and equilibrated, and where everything lies that its solution needs. Scales are
// powers of two, so that scaled numbers have the same bits.
import { fillDiagonal } from './diagonals';
import { at8 } from './entries';
import { factorise, gram } from './panels';
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
} from './program-matrices';

export { A, At, columnScales, M, m, N, n, P, rowScales };

/** [L; W] with P = LLᵀ and W = A·L⁻ᵀ, and WWᵀ = A·P⁻¹·Aᵀ, where P can be inverted; see `hasInverse`. */
export let tall: usize = 0;
export let G: usize = 0;
let facts: usize = 0;

// What belongs to a sample.
export let work: usize = 0;
export let schur: usize = 0;
export let base: usize = 0;
export let chosen: usize = 0;
export let strip: usize = 0;
/** Vectors lie here, see `vector`. */
let vectors: usize = 0;

/** P is inverted where all pivots of its factorisation are at least this share of the diagonal. */
const REGULAR: f64 = 1e-4;
/** Numbers in front of the prepared data. */
const FACTS: i32 = 8;

/** Lays out the arrays; lower-program.ts computes the sizes of the two places. */
export function layOut(instruction: usize, prepared: usize, space: usize): void {
  readSizes(instruction);
  facts = prepared;
  const matrices = at8(facts, FACTS);
  tall = at8(matrices, matricesSize());
  G = at8(tall, (N + M) * N);
  layOutMatrices(matrices, tall, G);
  work = space;
  schur = at8(work, (N + M) * N);
  base = at8(schur, M * M);
  chosen = at8(base, N * N);
  strip = at8(chosen, N * M);
  vectors = at8(strip, 4 * M);
}

/** Numbers of the prepared data: facts, scales, P, A, Aᵀ, the factor and G. */
export function preparedSize(): i32 {
  return FACTS + matricesSize() + (N + M) * N + M * M;
}

/** The vector of this number, each of which has room for N or M numbers, whichever is more. */
export function vector(index: i32): usize {
  return at8(vectors, index * max(N, M));
}

/** Whether the factor of P and G are used where they exist. */
let mayInvert: bool = true;

export function allowInverse(isAllowed: bool): void {
  mayInvert = isAllowed;
}

/** Whether P was factorised and G computed, and both may be used. */
export function hasInverse(): bool {
  return mayInvert && load<f64>(facts) !== 0;
}

/** Whether the space of the rows is the smaller one. */
export function isRowSpaceSmaller(): bool {
  return 2 * M <= 3 * N;
}

/** Whether the interior point method works in the space of the rows. */
export function invertsP(): bool {
  return hasInverse() && isRowSpaceSmaller();
}

/** Whether P = 0. */
export function isLinear(): bool {
  return load<f64>(facts, 16) !== 0;
}

/** The smallest pivot of P relative to its diagonal entry. */
export function pivotOfP(): f64 {
  return load<f64>(facts, 8);
}

/** Reads P and A of a sample, and scales them. */
export function readMatrices(at: usize, sample: i32): void {
  readProgramMatrices(at, sample);
  store<f64>(facts, isZeroP() ? 1 : 0, 16);
}

/** Factorises [P; A], and computes G, where P is regular enough. @param wanted false where that is not worth while */
export function invertP(wanted: bool): void {
  store<f64>(facts, 0);
  store<f64>(facts, 0, 8);
  if (!wanted) return;
  memory.copy(tall, P, (<usize>(N * N)) << 3);
  memory.copy(at8(tall, N * N), A, (<usize>(M * N)) << 3);
  fillDiagonal(tall, N, n, N);
  const share = factorise(tall, N, N + M, REGULAR);
  store<f64>(facts, share, 8);
  if (!(share > REGULAR)) return;
  store<f64>(facts, 1);
  gram(G, at8(tall, N * N), M, N);
}

/** Whether P is positive semidefinite up to rounding. It overwrites `work`. */
export function isConvex(): bool {
  return isLinear() || invertsP() || isPositiveSemidefinite(work);
}
