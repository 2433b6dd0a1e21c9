// Gauss-Jordan elimination in blocks. For one block K of rows and columns after the other:
//   D = A_KK⁻¹;  R = D·A_K, but D itself in the columns K;
//   A_i ← A_i − A_iK·R for the other rows, where A_i counts as 0 in the columns K;  A_K ← R.
import { BLOCK, Invert } from '../instructions';
import { beat } from './clock';
import { BLOCK_ROWS, blockSpace, buffer, chunk, word } from './memory';
import { PANEL, packLeft, TILE_ROWS } from './pack';
import { edgeTile, tile } from './tile';

const BYTES: usize = 4;
/** Bytes of a row of the block on the diagonal while it is inverted, and of a row of a panel. */
const BLOCK_PITCH: usize = 4 * BLOCK;
const PANEL_PITCH: usize = 32;

function widthOf(at: usize): i32 {
  return min(BLOCK, word(at, Invert.order) - word(at, Invert.start));
}

function entry(at: usize, row: i32, column: i32): usize {
  return buffer(at, Invert.matrix) + <usize>(row * word(at, Invert.order) + column) * BYTES;
}

/** Where a panel of −R is stored: behind D. */
function panelSpace(at: usize, panel: i32): usize {
  return buffer(at, Invert.space) + <usize>(BLOCK * BLOCK + panel * PANEL * BLOCK) * BYTES;
}

/** Computes D, and stores it in strips, as `tile` reads it. */
export function pivot(at: usize): void {
  const start = word(at, Invert.start);
  const width = widthOf(at);
  const block = chunk(0);
  for (let row = 0; row < width; row++) {
    memory.copy(block + <usize>row * BLOCK_PITCH, entry(at, start + row, start), (<usize>width) << 2);
  }
  for (let column = 0; column < width; column++) eliminateColumn(block, width, column);
  packLeft(block, buffer(at, Invert.space), 0, width, 0, width, width, BLOCK, false);
}

/** One step of the elimination without blocks. The numbers of a row beyond `width` are arbitrary. */
function eliminateColumn(block: usize, width: i32, column: i32): void {
  const place = <usize>column * BYTES;
  const pivotRow = block + <usize>column * BLOCK_PITCH;
  const reciprocal = <f32>1 / load<f32>(pivotRow + place);
  store<f32>(pivotRow + place, 1);
  for (let i: usize = 0; i < BLOCK_PITCH; i += 16) {
    v128.store(pivotRow + i, f32x4.mul(v128.load(pivotRow + i), f32x4.splat(reciprocal)));
  }
  for (let row = 0; row < width; row++) {
    if (row === column) continue;
    const to = block + <usize>row * BLOCK_PITCH;
    const factor = f32x4.splat(load<f32>(to + place));
    store<f32>(to + place, 0);
    for (let i: usize = 0; i < BLOCK_PITCH; i += 16) {
      v128.store(to + i, f32x4.sub(v128.load(to + i), f32x4.mul(factor, v128.load(pivotRow + i))));
    }
  }
}

/** Computes the panels `first` to `last` of R. R is stored in A, and −R in the space of the instruction. */
export function panel(at: usize, first: i32, last: i32): void {
  const order = word(at, Invert.order);
  const start = word(at, Invert.start);
  const width = widthOf(at);
  const strips = buffer(at, Invert.space);
  const right = chunk(0);
  const result = chunk(1);
  for (let index = first; index < last; index++) {
    const column = index * PANEL;
    const isOwn = column >= start && column < start + width;
    for (let row = 0; row < width; row++) {
      const to = right + <usize>row * PANEL_PITCH;
      if (isOwn) {
        memory.fill(to, 0, PANEL_PITCH);
        const place = start + row - column;
        if (place >= 0 && place < PANEL) store<f32>(to + ((<usize>place) << 2), 1);
      } else memory.copy(to, entry(at, start + row, column), PANEL_PITCH);
    }
    for (let strip = 0; strip < width; strip += TILE_ROWS) {
      const left = strips + <usize>(strip * width) * BYTES;
      const to = result + <usize>strip * PANEL_PITCH;
      tile(left, right, width, 0, 0, to, PANEL_PITCH, -f32.POSITIVE_INFINITY);
    }
    const bytes = (<usize>min(PANEL, order - column)) << 2;
    const aside = panelSpace(at, index);
    for (let row = 0; row < width; row++) {
      const from = result + <usize>row * PANEL_PITCH;
      const to = aside + <usize>row * PANEL_PITCH;
      memory.copy(entry(at, start + row, column), from, bytes);
      v128.store(to, f32x4.neg(v128.load(from)));
      v128.store(to, f32x4.neg(v128.load(from, 16)), 16);
    }
  }
}

/** Updates the rows `first` to `last` of A, except those of the block. */
export function eliminate(at: usize, first: i32, last: i32): void {
  const start = word(at, Invert.start);
  eliminateRows(at, first, min(last, start));
  eliminateRows(at, max(first, start + widthOf(at)), last);
}

function eliminateRows(at: usize, first: i32, last: i32): void {
  const order = word(at, Invert.order);
  const start = word(at, Invert.start);
  const width = widthOf(at);
  for (let row = first; row < last; row += BLOCK_ROWS) {
    beat();
    const rows = min(BLOCK_ROWS, last - row);
    packLeft(buffer(at, Invert.matrix), blockSpace(), row, rows, start, width, order, order, false);
    for (let i = 0; i < rows; i++) memory.fill(entry(at, row + i, start), 0, (<usize>width) << 2);
    for (let column = 0; column < order; column += PANEL) subtractPanel(at, row, rows, column, width);
  }
}

/** A_i ← A_i − A_iK·R in PANEL columns, from `column` on. */
function subtractPanel(at: usize, row: i32, rows: i32, column: i32, width: i32): void {
  const order = word(at, Invert.order);
  const pitch = (<usize>order) << 2;
  const right = panelSpace(at, column / PANEL);
  const columns = min(PANEL, order - column);
  const low = -f32.POSITIVE_INFINITY;
  for (let strip = 0; strip < rows; strip += TILE_ROWS) {
    const left = blockSpace() + <usize>(strip * width) * BYTES;
    const to = entry(at, row + strip, column);
    const height = min(TILE_ROWS, rows - strip);
    if (columns === PANEL && height === TILE_ROWS) tile(left, right, width, to, pitch, to, pitch, low);
    else edgeTile(left, right, width, to, pitch, to, pitch, low, height, columns);
  }
}
