// Computes one column of a product of complex matrices, eight rows at a time: a tile of 4 × 8 numbers would compute seven
// columns in vain. See complex-product.ts for P, Q and R.
import { PANEL_BYTES } from './complex-tile';
import { multiplyAdd } from './fused';
import { blockSpace, chunk, quad } from './memory';
import { TILE_ROWS } from './pack';

/** @param column of the panel */
export function multiplyColumn(
  area: usize,
  depth: i32,
  rows: i32,
  column: i32,
  isContinued: bool,
  to: usize,
  part: usize,
  pitch: usize,
): void {
  const strip = (<usize>(depth * TILE_ROWS)) << 2;
  const panel = chunk(0) + ((<usize>column) << 2);
  for (let row = 0; row < rows; row += 2 * TILE_ROWS) {
    const left = blockSpace() + <usize>(row / TILE_ROWS) * strip;
    multiplyRows(left, area, strip, panel, depth);
    const count = min(2 * TILE_ROWS, rows - row);
    for (let i = 0; i < count; i++, to += pitch) {
      const at = quad(0) + ((<usize>i) << 2);
      store<f32>(to, (isContinued ? load<f32>(to) : 0) + load<f32>(at));
      store<f32>(to + part, (isContinued ? load<f32>(to + part) : 0) + load<f32>(at + 32));
    }
  }
}

/** Writes the real parts of eight rows to the quads, and the imaginary parts behind them. */
function multiplyRows(left: usize, area: usize, strip: usize, panel: usize, depth: i32): void {
  let p0 = f32x4.splat(0);
  let p1 = p0;
  let q0 = p0;
  let q1 = p0;
  let r0 = p0;
  let r1 = p0;
  const end = panel + ((<usize>depth) << 5);
  for (; panel < end; panel += 32, left += 16) {
    const b0 = v128.load32_splat(panel);
    const b1 = v128.load32_splat(panel + PANEL_BYTES);
    const b2 = v128.load32_splat(panel + 2 * PANEL_BYTES);
    p0 = multiplyAdd(v128.load(left), b0, p0);
    p1 = multiplyAdd(v128.load(left + strip), b0, p1);
    q0 = multiplyAdd(v128.load(left + area), b1, q0);
    q1 = multiplyAdd(v128.load(left + area + strip), b1, q1);
    r0 = multiplyAdd(v128.load(left + 2 * area), b2, r0);
    r1 = multiplyAdd(v128.load(left + 2 * area + strip), b2, r1);
  }
  const to = quad(0);
  v128.store(to, f32x4.sub(p0, q0));
  v128.store(to, f32x4.sub(p1, q1), 16);
  v128.store(to, f32x4.sub(f32x4.sub(r0, p0), q0), 32);
  v128.store(to, f32x4.sub(f32x4.sub(r1, p1), q1), 48);
}
