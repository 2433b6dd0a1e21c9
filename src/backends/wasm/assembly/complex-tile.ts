// Computes 4 × 8 numbers of a product of complex matrices; see complex-product.ts for P, Q and R.
import { chunk } from './memory';
import { tile } from './tile';

/** The largest depth that is multiplied at a time, and the bytes of a panel of that depth. Three lie at `chunk(0)`. */
export const DEPTH: i32 = 160;
export const PANEL_BYTES: usize = (<usize>DEPTH) << 5;
/** The bytes of a tile. P, Q and R of one lie behind the panels. */
const TILE_BYTES: usize = 128;

function tiles(): usize {
  return chunk(0) + 3 * PANEL_BYTES;
}

/** Computes P, Q and R of a tile from three strips, `area` bytes apart, and the panels. */
export function threeTiles(left: usize, area: usize, depth: i32): void {
  const low = -f32.POSITIVE_INFINITY;
  let to = tiles();
  let panel = chunk(0);
  for (let i = 0; i < 3; i++, left += area, panel += PANEL_BYTES, to += TILE_BYTES) {
    tile(left, panel, depth, 0, 32, to, 32, low);
  }
}

/** Writes the first `rows` × `columns` numbers of a tile, or adds them where the product `isContinued`. */
export function addTile(rows: i32, columns: i32, isContinued: bool, to: usize, part: usize, pitch: usize): void {
  const end = tiles() + ((<usize>rows) << 5);
  for (let from = tiles(); from < end; from += 32, to += pitch) {
    if (columns === 8) {
      addFour(from, isContinued, to, part);
      addFour(from + 16, isContinued, to + 16, part);
    } else {
      for (let i: usize = 0; i < (<usize>columns) << 2; i += 4) addOne(from + i, isContinued, to + i, part);
    }
  }
}

function addFour(from: usize, isContinued: bool, to: usize, part: usize): void {
  const p = v128.load(from);
  const q = v128.load(from + TILE_BYTES);
  const r = v128.load(from + 2 * TILE_BYTES);
  let re = f32x4.sub(p, q);
  let im = f32x4.sub(f32x4.sub(r, p), q);
  if (isContinued) {
    re = f32x4.add(v128.load(to), re);
    im = f32x4.add(v128.load(to + part), im);
  }
  v128.store(to, re);
  v128.store(to + part, im);
}

function addOne(from: usize, isContinued: bool, to: usize, part: usize): void {
  const p = load<f32>(from);
  const q = load<f32>(from + TILE_BYTES);
  const r = load<f32>(from + 2 * TILE_BYTES);
  store<f32>(to, (isContinued ? load<f32>(to) : 0) + (p - q));
  store<f32>(to + part, (isContinued ? load<f32>(to + part) : 0) + (r - p - q));
}
