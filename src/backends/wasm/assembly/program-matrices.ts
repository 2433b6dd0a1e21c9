// The matrices P and A of a program, read and equilibrated. Scales are powers of two, so that scaled numbers have the
// same bits.
import { ProgramFields } from '../program-instructions';
import { addToDiagonal, fillDiagonal } from './diagonals';
import { at8, clear, integerIn, largest } from './entries';
import { buffer, real, word } from './memory';
import { COLUMN, element, factorise, padded, panelAt } from './panels';
import { readNumbers } from './wide';

/** Sizes, and the same padded to multiples of four. */
export let n: i32 = 0;
export let m: i32 = 0;
export let N: i32 = 0;
export let M: i32 = 0;

/** The scales of columns and rows; P, A and Aᵀ scaled. */
export let columnScales: usize = 0;
export let rowScales: usize = 0;
export let P: usize = 0;
export let A: usize = 0;
export let At: usize = 0;
/** Room for N numbers, and for two numbers of each row, while they are read and scaled. */
let row: usize = 0;
let rowPeaks: usize = 0;
/** For each row the first one of those that have one scale, as integers; 0 where each has its own. */
let groups: usize = 0;

/** The most sweeps of equilibration, and the distance of a peak from 1, as a quotient, after which none follows. */
const SWEEPS: i32 = 12;
const BALANCED: f64 = 4;

/** Numbers that scales, P, A and Aᵀ take. */
export function matricesSize(): i32 {
  return N + M + N * N + 2 * M * N;
}

/** Reads the sizes of an instruction. */
export function readSizes(instruction: usize): void {
  n = word(instruction, ProgramFields.n);
  m = word(instruction, ProgramFields.m);
  N = padded(n);
  M = padded(m);
}

/**
 * Lays out the matrices. @param place of `matricesSize` numbers
 * @param aside room for N numbers, @param peaks for 2M, which both may lie elsewhere
 */
export function layOutMatrices(place: usize, aside: usize, peaks: usize): void {
  columnScales = place;
  rowScales = at8(columnScales, N);
  P = at8(rowScales, M);
  A = at8(P, N * N);
  At = at8(A, M * N);
  row = aside;
  rowPeaks = peaks;
}

/** Gives the rows of each group one scale. */
export function useGroups(firstRows: usize): void {
  groups = firstRows;
}

/** Reads P and A of a sample, and scales them. */
export function readMatrices(at: usize, sample: i32): void {
  const shared = word(at, ProgramFields.shared);
  const wide = word(at, ProgramFields.wide);
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
  equilibrate();
}

/** Reads a vector of a sample. @param bit of the operand in `shared` and `wide` */
export function readVector(at: usize, to: usize, field: i32, bit: i32, sample: i32, count: i32): void {
  const first = (word(at, ProgramFields.shared) & bit) !== 0 ? 0 : sample * count;
  readNumbers(to, buffer(at, field), first, count, (word(at, ProgramFields.wide) & bit) !== 0);
}

/** What a residual may be. @param size of its terms */
export function allowed(at: usize, size: f64): f64 {
  return <f64>real(at, ProgramFields.absolute) + <f64>real(at, ProgramFields.relative) * size;
}

/** Whether P = 0. */
export function isZeroP(): bool {
  return largest(P, 0, N * N) === 0;
}

/** A pivot that is negative by rounding alone is less than this many units of n·ε·max Pᵢᵢ below 0. */
const ROUNDING_UNITS: f64 = 10;

/**
 * Whether P, which is not 0, is positive semidefinite up to rounding, as a Cholesky factor of P + shift·I shows.
 * @param factor room for N × N numbers
 */
export function isPositiveSemidefinite(factor: usize): bool {
  let most: f64 = 0;
  for (let i = 0; i < n; i++) most = max(most, load<f64>(element(P, N, i, i)));
  memory.copy(factor, P, (<usize>(N * N)) << 3);
  addToDiagonal(factor, N, n, ROUNDING_UNITS * <f64>n * f64.EPSILON * most);
  fillDiagonal(factor, N, n, N);
  return factorise(factor, N, N, 0) > 0;
}

/** Stores the numbers at `row` as column k of a matrix of N rows. */
function spread(matrix: usize, columns: i32, k: i32): void {
  for (let i = 0; i < N; i += 4) {
    const to = panelAt(matrix, columns, i) + ((<usize>k) << 5);
    const from = at8(row, i);
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
  clear(rowPeaks, 2 * M);
  const peaks = row;
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
    store<f64>(at8(rowPeaks, r), peak);
  }
  if (groups !== 0) unifyGroups();
  for (let r = 0; r < m; r++) worst = max(worst, lower(at8(rowScales, r), load<f64>(at8(rowPeaks, r))));
  return worst;
}

/** Makes the peak of each row the largest one of its group. */
function unifyGroups(): void {
  for (let r = 0; r < m; r++) {
    const first = at8(rowPeaks, integerIn(groups, r));
    store<f64>(first, max(load<f64>(first), load<f64>(at8(rowPeaks, r))));
  }
  for (let r = 0; r < m; r++) store<f64>(at8(rowPeaks, r), load<f64>(at8(rowPeaks, integerIn(groups, r))));
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
