// The data of a quadratic program, read and equilibrated, and where everything lies that its solution needs. Scales are
// powers of two, so that scaled numbers have the same bits.
import { ProgramFields } from '../program-instructions';
import { buffer, word } from './memory';
import { COLUMN, element, factorise, gram, padded, panelAt } from './panels';
import { readNumbers } from './wide';

/** Sizes, and the same padded to multiples of four. */
export let n: i32 = 0;
export let m: i32 = 0;
export let N: i32 = 0;
export let M: i32 = 0;

// What depends on P and A only: the scales of columns and rows, P, A and Aᵀ scaled.
export let columnScales: usize = 0;
export let rowScales: usize = 0;
export let P: usize = 0;
export let A: usize = 0;
export let At: usize = 0;
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

/** The most sweeps of equilibration, and the distance of a peak from 1, as a quotient, after which none follows. */
const SWEEPS: i32 = 12;
const BALANCED: f64 = 4;
/** P is inverted where all pivots of its factorisation are at least this share of the diagonal. */
const REGULAR: f64 = 1e-4;
/** Numbers in front of the prepared data. */
const FACTS: i32 = 8;

export function at8(address: usize, index: i32): usize {
  return address + ((<usize>index) << 3);
}

/** Lays out the arrays; lower-program.ts computes the sizes of the two places. */
export function layOut(instruction: usize, prepared: usize, space: usize): void {
  n = word(instruction, ProgramFields.n);
  m = word(instruction, ProgramFields.m);
  N = padded(n);
  M = padded(m);
  facts = prepared;
  columnScales = at8(facts, FACTS);
  rowScales = at8(columnScales, N);
  P = at8(rowScales, M);
  A = at8(P, N * N);
  At = at8(A, M * N);
  tall = at8(At, N * M);
  G = at8(tall, (N + M) * N);
  work = space;
  schur = at8(work, (N + M) * N);
  base = at8(schur, M * M);
  chosen = at8(base, N * N);
  strip = at8(chosen, N * M);
  vectors = at8(strip, 4 * M);
}

/** Numbers of the prepared data: facts, scales, P, A, Aᵀ, the factor and G. */
export function preparedSize(): i32 {
  return FACTS + N + M + N * N + 2 * M * N + (N + M) * N + M * M;
}

/** The vector of this number, each of which has room for N or M numbers, whichever is more. */
export function vector(index: i32): usize {
  return at8(vectors, index * max(N, M));
}

/** A number of a list of rows. */
export function rowIn(rows: usize, index: i32): i32 {
  return load<i32>(rows + ((<usize>index) << 2));
}

export function setRowIn(rows: usize, index: i32, row: i32): void {
  store<i32>(rows + ((<usize>index) << 2), row);
}

export function clear(address: usize, count: i32): void {
  memory.fill(address, 0, (<usize>count) << 3);
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
  const shared = word(at, ProgramFields.shared);
  const wide = word(at, ProgramFields.wide);
  const row = tall;
  const first = (shared & 1) !== 0 ? 0 : sample * n * n;
  clear(row, N);
  clear(P, N * N);
  for (let k = 0; k < n; k++) {
    readNumbers(row, buffer(at, ProgramFields.P), first + k * n, n, (wide & 1) !== 0);
    spread(P, N, k);
  }
  clear(At, N * M);
  const firstRow = (shared & 2) !== 0 ? 0 : sample * m * n;
  for (let r = 0; r < m; r++) {
    readNumbers(row, buffer(at, ProgramFields.A), firstRow + r * n, n, (wide & 2) !== 0);
    spread(At, M, r);
  }
  let largest: f64 = 0;
  for (let i = 0; i < N * N; i++) largest = max(largest, abs(load<f64>(at8(P, i))));
  store<f64>(facts, largest === 0 ? 1 : 0, 16);
  equilibrate();
}

/** Stores the numbers at `tall` as column k of a matrix of N rows. */
function spread(matrix: usize, columns: i32, k: i32): void {
  for (let i = 0; i < N; i += 4) {
    const to = panelAt(matrix, columns, i) + ((<usize>k) << 5);
    const from = at8(tall, i);
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
}

/**
 * Scales rows and columns of [P, Aᵀ; A, 0] towards a largest entry of 1 (D. Ruiz 2001), and forms A from Aᵀ.
 */
function equilibrate(): void {
  for (let j = 0; j < N; j++) store<f64>(at8(columnScales, j), 1);
  for (let r = 0; r < M; r++) store<f64>(at8(rowScales, r), 1);
  for (let sweep = 0; sweep < SWEEPS && sweepOnce() > BALANCED; sweep++) {}
  for (let j = 0; j < N; j++) toPowerOfTwo(at8(columnScales, j));
  for (let r = 0; r < M; r++) toPowerOfTwo(at8(rowScales, r));
  for (let i = 0; i < N; i += 4) {
    const scale0 = v128.load(at8(columnScales, i));
    const scale1 = v128.load(at8(columnScales, i), 16);
    scalePanel(panelAt(P, N, i), N, scale0, scale1, columnScales);
    scalePanel(panelAt(At, M, i), M, scale0, scale1, rowScales);
  }
  transpose();
}

function scalePanel(panel: usize, columns: i32, scale0: v128, scale1: v128, scales: usize): void {
  const end = panel + ((<usize>columns) << 5);
  for (; panel < end; panel += COLUMN, scales += 8) {
    const scale = v128.load64_splat(scales);
    v128.store(panel, f64x2.mul(v128.load(panel), f64x2.mul(scale0, scale)));
    v128.store(panel, f64x2.mul(v128.load(panel, 16), f64x2.mul(scale1, scale)), 16);
  }
}

/** @returns the largest quotient of a peak and 1, or of 1 and a peak, before the sweep */
function sweepOnce(): f64 {
  const rowPeaks = G; // two numbers for each row
  clear(rowPeaks, 2 * M);
  const peaks = tall;
  for (let i = 0; i < N; i += 4) {
    let peak0 = f64x2.splat(0);
    let peak1 = peak0;
    let panel = panelAt(P, N, i);
    for (let k = 0; k < n; k++, panel += COLUMN) {
      const scale = v128.load64_splat(at8(columnScales, k));
      peak0 = f64x2.pmax(peak0, f64x2.mul(f64x2.abs(v128.load(panel)), scale));
      peak1 = f64x2.pmax(peak1, f64x2.mul(f64x2.abs(v128.load(panel, 16)), scale));
    }
    const scale0 = v128.load(at8(columnScales, i));
    const scale1 = v128.load(at8(columnScales, i), 16);
    panel = panelAt(At, M, i);
    let rowPeak = rowPeaks;
    for (let r = 0; r < m; r++, panel += COLUMN, rowPeak += 16) {
      const scale = v128.load64_splat(at8(rowScales, r));
      const value0 = f64x2.abs(v128.load(panel));
      const value1 = f64x2.abs(v128.load(panel, 16));
      peak0 = f64x2.pmax(peak0, f64x2.mul(value0, scale));
      peak1 = f64x2.pmax(peak1, f64x2.mul(value1, scale));
      const along = f64x2.pmax(f64x2.mul(value0, scale0), f64x2.mul(value1, scale1));
      v128.store(rowPeak, f64x2.pmax(v128.load(rowPeak), along));
    }
    v128.store(at8(peaks, i), peak0);
    v128.store(at8(peaks, i), peak1, 16);
  }
  let worst: f64 = 1;
  for (let j = 0; j < n; j++) worst = max(worst, lower(at8(columnScales, j), load<f64>(at8(peaks, j))));
  for (let r = 0; r < m; r++) {
    const peak = max(load<f64>(at8(rowPeaks, 2 * r)), load<f64>(at8(rowPeaks, 2 * r + 1)));
    worst = max(worst, lower(at8(rowScales, r), peak));
  }
  return worst;
}

/** Divides a scale by the square root of the largest entry that it leads to. @returns how far that entry was from 1 */
function lower(scale: usize, peak: f64): f64 {
  const value = load<f64>(scale);
  const size = peak * value;
  if (!(size > 1e-100)) return 1;
  store<f64>(scale, value / sqrt(size));
  return max(size, 1 / size);
}

function toPowerOfTwo(at: usize): void {
  store<i64>(at, load<i64>(at) & 0x7ff0000000000000);
}

function transpose(): void {
  for (let r = 0; r < M; r += 4) {
    let to = panelAt(A, N, r);
    for (let j = 0; j < N; j += 4, to += 128) {
      const from = panelAt(At, M, j) + ((<usize>r) << 5);
      for (let half: usize = 0; half < 2; half++) {
        const source = from + half * 16;
        const target = to + half * 64;
        const r0 = v128.load(source);
        const r1 = v128.load(source, 32);
        const r2 = v128.load(source, 64);
        const r3 = v128.load(source, 96);
        v128.store(target, v128.shuffle<f64>(r0, r1, 0, 2));
        v128.store(target, v128.shuffle<f64>(r2, r3, 0, 2), 16);
        v128.store(target, v128.shuffle<f64>(r0, r1, 1, 3), 32);
        v128.store(target, v128.shuffle<f64>(r2, r3, 1, 3), 48);
      }
    }
  }
}

/** Factorises [P; A], and computes G, where P is regular enough. @param wanted false where that is not worth while */
export function invertP(wanted: bool): void {
  store<f64>(facts, 0);
  store<f64>(facts, 0, 8);
  if (!wanted) return;
  memory.copy(tall, P, (<usize>(N * N)) << 3);
  memory.copy(at8(tall, N * N), A, (<usize>(M * N)) << 3);
  fillDiagonal(tall, N, n, N, 1);
  const share = factorise(tall, N, N + M, REGULAR);
  store<f64>(facts, share, 8);
  if (!(share > REGULAR)) return;
  store<f64>(facts, 1);
  gram(G, at8(tall, N * N), M, N);
}

/** A pivot that is negative by rounding alone is less than this many units of n·ε·max Pᵢᵢ below 0. */
const ROUNDING_UNITS: f64 = 10;

/** Whether P is positive semidefinite up to rounding, as a Cholesky factor of P + shift·I shows. It overwrites `work`. */
export function isConvex(): bool {
  if (isLinear() || invertsP()) return true;
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) largest = max(largest, load<f64>(element(P, N, i, i)));
  memory.copy(work, P, (<usize>(N * N)) << 3);
  const shift = ROUNDING_UNITS * <f64>n * f64.EPSILON * largest;
  for (let i = 0; i < n; i++) {
    const at = element(work, N, i, i);
    store<f64>(at, load<f64>(at) + shift);
  }
  fillDiagonal(work, N, n, N, 1);
  return factorise(work, N, N, 0) > 0;
}

/** Sets the diagonal from `start` to `end`. */
export function fillDiagonal(matrix: usize, columns: i32, start: i32, end: i32, value: f64): void {
  for (let i = start; i < end; i++) store<f64>(element(matrix, columns, i, i), value);
}
