// Products of complex matrices as real ones of twice the depth: with op(A) = a₀ + i·a₁ and op(B) = b₀ + i·b₁,
//   real part      (a₀ | ∓a₁)·(b₀ over b₁)
//   imaginary part (a₁ | ±a₀)·(b₀ over b₁),
// with the lower signs for the conjugate of B. Both read the same panels of B.
import { ComplexProduct } from '../spectrum-instructions';
import { beat } from './clock';
import { blockSpace, buffer, chunk, word } from './memory';
import { PANEL, packLeft, packRightPanel, TILE_ROWS } from './pack';
import { edgeTile, tile } from './tile';

const BYTES: usize = 4;
/** The largest depth, of one part, and number of rows that are multiplied at a time. */
const DEPTH: i32 = 192;
const ROWS: i32 = 64;

/** The matrices `first` to `last`. */
export function complexProduct(at: usize, first: i32, last: i32): void {
  const m = word(at, ComplexProduct.m);
  const n = word(at, ComplexProduct.n);
  const k = word(at, ComplexProduct.k);
  const sizeB = <usize>(k * n) * BYTES;
  const imaginary = buffer(at, ComplexProduct.imaginary);
  const isJoined = imaginary === 0;
  for (let sample = first; sample < last; sample++) {
    beat();
    const b = buffer(at, ComplexProduct.b) + <usize>sample * (isJoined ? 2 * sizeB : sizeB);
    multiply(
      at,
      buffer(at, ComplexProduct.a) + <usize>sample * <usize>(2 * m * k) * BYTES,
      b,
      isJoined ? b + sizeB : imaginary + <usize>sample * sizeB,
      buffer(at, ComplexProduct.out) + <usize>sample * <usize>(2 * m * n) * BYTES,
    );
  }
}

function multiply(at: usize, a: usize, b0: usize, b1: usize, out: usize): void {
  const m = word(at, ComplexProduct.m);
  const n = word(at, ComplexProduct.n);
  const k = word(at, ComplexProduct.k);
  const pitch = <usize>n * BYTES;
  const panel = chunk(0);
  const part = <usize>(m * n) * BYTES;
  const isTransposed = word(at, ComplexProduct.transposeB) !== 0;
  for (let begin = 0; begin < k; begin += DEPTH) {
    const depth = min(DEPTH, k - begin);
    const lower = panel + <usize>(depth * PANEL) * BYTES;
    for (let row = 0; row < m; row += ROWS) {
      const rows = min(ROWS, m - row);
      const second = packBoth(at, a, row, rows, begin, depth);
      for (let column = 0; column < n; column += PANEL) {
        packRightPanel(b0, panel, n, k, begin, depth, column, isTransposed);
        packRightPanel(b1, lower, n, k, begin, depth, column, isTransposed);
        const to = out + <usize>row * pitch + <usize>column * BYTES;
        const columns = min(PANEL, n - column);
        multiplyPanel(blockSpace(), panel, 2 * depth, rows, columns, begin > 0, to, pitch);
        multiplyPanel(second, panel, 2 * depth, rows, columns, begin > 0, to + part, pitch);
      }
    }
  }
}

/** Packs (a₀ | ∓a₁), and (a₁ | ±a₀) after it. @returns the address of the latter */
function packBoth(at: usize, a: usize, row: i32, rows: i32, begin: i32, depth: i32): usize {
  const m = word(at, ComplexProduct.m);
  const k = word(at, ComplexProduct.k);
  const isTransposed = word(at, ComplexProduct.transposeA) !== 0;
  const isConjugate = word(at, ComplexProduct.conjugate) !== 0;
  const a1 = a + <usize>(m * k) * BYTES;
  const half = <usize>(depth * TILE_ROWS) * BYTES;
  const strips = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const second = blockSpace() + <usize>(2 * strips) * half;
  for (let strip = 0; strip < strips; strip++) {
    const first = row + strip * TILE_ROWS;
    const to = blockSpace() + <usize>(2 * strip) * half;
    const next = second + <usize>(2 * strip) * half;
    packLeft(a, to, first, TILE_ROWS, begin, depth, m, k, isTransposed);
    packLeft(a1, next, first, TILE_ROWS, begin, depth, m, k, isTransposed);
    copySigned(to, next + half, half, isConjugate);
    copySigned(next, to + half, half, !isConjugate);
  }
  return second;
}

function copySigned(from: usize, to: usize, bytes: usize, isNegative: bool): void {
  if (!isNegative) {
    memory.copy(to, from, bytes);
    return;
  }
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, f32x4.neg(v128.load(from + i)));
}

function multiplyPanel(
  left: usize,
  panel: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  isContinued: bool,
  to: usize,
  pitch: usize,
): void {
  const low = -f32.POSITIVE_INFINITY;
  const strip = <usize>(depth * TILE_ROWS) * BYTES;
  for (let row = 0; row < rows; row += TILE_ROWS, left += strip, to += <usize>TILE_ROWS * pitch) {
    const height = min(TILE_ROWS, rows - row);
    const from: usize = isContinued ? to : 0;
    if (columns === PANEL && height === TILE_ROWS) tile(left, panel, depth, from, pitch, to, pitch, low);
    else edgeTile(left, panel, depth, from, pitch, to, pitch, low, height, columns);
  }
}
