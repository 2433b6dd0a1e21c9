// Copies matrices into the order in which tiles are multiplied.

import { BLOCK_DEPTH } from './memory';

/** The number of columns of op(B) in a panel, and of rows of op(A) in a strip. */
export const PANEL: i32 = 8;
export const TILE_ROWS: i32 = 4;

const BYTES: usize = 4;

/**
 * Packs op(B), k × n: in blocks of BLOCK_DEPTH rows, each block in panels of 8 columns, each panel row by row. The
 * missing columns of the last panel are filled with arbitrary numbers.
 */
export function packRight(b: usize, to: usize, n: i32, k: i32, isTransposed: bool): void {
  for (let begin = 0; begin < k; begin += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - begin);
    for (let column = 0; column < n; column += PANEL) {
      packRightPanel(b, to, n, k, begin, depth, column, isTransposed);
      to += <usize>(depth * PANEL) * BYTES;
    }
  }
}

/** Packs `depth` rows, from `begin` on, of the panel of op(B) that begins at `column`. */
export function packRightPanel(
  b: usize,
  to: usize,
  n: i32,
  k: i32,
  begin: i32,
  depth: i32,
  column: i32,
  isTransposed: bool,
): void {
  if (isTransposed) {
    const from = b + <usize>begin * BYTES;
    const last = n - 1;
    interleave4(from, k, column, last, depth, to, 32);
    interleave4(from, k, column + 4, last, depth, to + 16, 32);
  } else {
    copyPanel(b + <usize>(begin * n + column) * BYTES, <usize>n * BYTES, depth, to);
  }
}

function copyPanel(from: usize, pitch: usize, depth: i32, to: usize): void {
  const end = to + <usize>(depth * PANEL) * BYTES;
  for (; to < end; to += 32, from += pitch) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
}

/**
 * Packs `rows` rows, from `row` on, and `depth` columns, from `begin` on, of op(A), m × k: in strips of 4 rows, each
 * strip column by column. The missing rows of the last strip are filled with arbitrary numbers.
 */
export function packLeft(
  a: usize,
  to: usize,
  row: i32,
  rows: i32,
  begin: i32,
  depth: i32,
  m: i32,
  k: i32,
  isTransposed: bool,
): void {
  for (let strip = row; strip < row + rows; strip += TILE_ROWS) {
    if (isTransposed) {
      let from = a + <usize>(begin * m + strip) * BYTES;
      const end = to + <usize>(depth * TILE_ROWS) * BYTES;
      for (; to < end; to += 16, from += <usize>m * BYTES) v128.store(to, v128.load(from));
    } else {
      interleave4(a + <usize>begin * BYTES, k, strip, m - 1, depth, to, 16);
      to += <usize>(depth * TILE_ROWS) * BYTES;
    }
  }
}

/**
 * Interleaves `depth` numbers of the rows `row` to `row` + 3 of a matrix with `pitch` columns: writes the first numbers
 * of the four rows together, `step` bytes further the second ones, and so on. Rows beyond `last` are replaced by row
 * `last`.
 */
export function interleave4(matrix: usize, pitch: i32, row: i32, last: i32, depth: i32, to: usize, step: usize): void {
  let r0 = matrix + <usize>(min(row, last) * pitch) * BYTES;
  let r1 = matrix + <usize>(min(row + 1, last) * pitch) * BYTES;
  let r2 = matrix + <usize>(min(row + 2, last) * pitch) * BYTES;
  let r3 = matrix + <usize>(min(row + 3, last) * pitch) * BYTES;
  let left = depth;
  for (; left >= 4; left -= 4, to += 4 * step, r0 += 16, r1 += 16, r2 += 16, r3 += 16) {
    const x0 = v128.load(r0);
    const x1 = v128.load(r1);
    const x2 = v128.load(r2);
    const x3 = v128.load(r3);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
    v128.store(to + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
    v128.store(to + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
  }
  for (; left > 0; left--, to += step, r0 += 4, r1 += 4, r2 += 4, r3 += 4) {
    store<f32>(to, load<f32>(r0));
    store<f32>(to, load<f32>(r1), 4);
    store<f32>(to, load<f32>(r2), 8);
    store<f32>(to, load<f32>(r3), 12);
  }
}
