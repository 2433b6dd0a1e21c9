// Products of complex matrices from three real ones each: with op(A) = a₀ + i·a₁ and op(B) = b₀ + i·b₁, where b₁ is negated
// for the conjugate of B,
//   P = a₀b₀,  Q = a₁b₁,  R = (a₀ + a₁)(b₀ + b₁),  op(A)·op(B) = P − Q + i·(R − P − Q),
// whose error is of the order of ε‖A‖‖B‖, as it is with four (Higham 1992, "Stability of a method for multiplying complex
// matrices with three real matrix multiplications").
import { ComplexProduct } from '../spectrum-instructions';
import { beat } from './clock';
import { multiplyColumn } from './complex-column';
import { addTile, DEPTH, PANEL_BYTES, threeTiles } from './complex-tile';
import { blockBytes, blockSpace, buffer, chunk, word } from './memory';
import { PANEL, packLeft, packRightPanel, TILE_ROWS } from './pack';

const BYTES: usize = 4;
/** The largest number of rows that are multiplied at a time. */
const ROWS: i32 = 128;
/** A last panel of at most this many columns is multiplied column by column. */
const SINGLE_COLUMNS: i32 = 4;

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
  const part = <usize>(m * n) * BYTES;
  for (let begin = 0; begin < k; begin += DEPTH) {
    const depth = min(DEPTH, k - begin);
    const most = min(ROWS, rowsThatFit(depth));
    for (let row = 0; row < m; row += most) {
      const rows = min(most, m - row);
      const area = packRows(at, a, row, rows, begin, depth);
      for (let column = 0; column < n; column += PANEL) {
        packPanel(at, b0, b1, begin, depth, column);
        const columns = min(PANEL, n - column);
        const to = out + <usize>row * pitch + <usize>column * BYTES;
        multiplyPanel(area, depth, rows, columns, begin > 0, to, part, pitch);
      }
    }
  }
}

/** Rows, whole strips, of which a₀, a₁ and their sum fit into the workspace, with one strip to spare. */
function rowsThatFit(depth: i32): i32 {
  const strip = depth * TILE_ROWS * <i32>BYTES;
  return TILE_ROWS * ((<i32>blockBytes() - strip) / (3 * strip));
}

/** Packs a₀, a₁ and a₀ + a₁. @returns the bytes from one to the next */
function packRows(at: usize, a: usize, row: i32, rows: i32, begin: i32, depth: i32): usize {
  const m = word(at, ComplexProduct.m);
  const k = word(at, ComplexProduct.k);
  const isTransposed = word(at, ComplexProduct.transposeA) !== 0;
  const strips = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const area = <usize>(strips * depth * TILE_ROWS) * BYTES;
  const first = blockSpace();
  packLeft(a, first, row, rows, begin, depth, m, k, isTransposed);
  packLeft(a + <usize>(m * k) * BYTES, first + area, row, rows, begin, depth, m, k, isTransposed);
  addUp(first, first + area, first + 2 * area, area);
  return area;
}

/** Packs b₀, b₁ and b₀ + b₁, in places that are PANEL_BYTES apart. */
function packPanel(at: usize, b0: usize, b1: usize, begin: i32, depth: i32, column: i32): void {
  const n = word(at, ComplexProduct.n);
  const k = word(at, ComplexProduct.k);
  const isTransposed = word(at, ComplexProduct.transposeB) !== 0;
  const first = chunk(0);
  const second = first + PANEL_BYTES;
  const length = <usize>(depth * PANEL) * BYTES;
  packRightPanel(b0, first, n, k, begin, depth, column, isTransposed);
  packRightPanel(b1, second, n, k, begin, depth, column, isTransposed);
  if (word(at, ComplexProduct.conjugate) !== 0) {
    for (let i: usize = 0; i < length; i += 16) v128.store(second + i, f32x4.neg(v128.load(second + i)));
  }
  addUp(first, second, second + PANEL_BYTES, length);
}

function addUp(x: usize, y: usize, sum: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(sum + i, f32x4.add(v128.load(x + i), v128.load(y + i)));
  }
}

function multiplyPanel(
  area: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  isContinued: bool,
  to: usize,
  part: usize,
  pitch: usize,
): void {
  if (columns <= SINGLE_COLUMNS) {
    for (let column = 0; column < columns; column++) {
      multiplyColumn(area, depth, rows, column, isContinued, to + <usize>column * BYTES, part, pitch);
    }
    return;
  }
  const strip = <usize>(depth * TILE_ROWS) * BYTES;
  let left = blockSpace();
  for (let row = 0; row < rows; row += TILE_ROWS, left += strip, to += <usize>TILE_ROWS * pitch) {
    threeTiles(left, area, depth);
    addTile(min(TILE_ROWS, rows - row), columns, isContinued, to, part, pitch);
  }
}
