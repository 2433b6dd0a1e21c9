// Computes 4 × 8 numbers of a product in registers. More sums would not fit into 16 registers beside the operands.
import { multiplyAdd } from './fused';
import { tileSpace } from './memory';

/**
 * to = max(from + Σₗ left[l]·right[l]ᵀ, low), where left[l] is a vector of four numbers and right[l] one of eight.
 * @param from address of the four rows of 8 numbers to start from, `fromPitch` bytes apart; 0 to start from zeros
 */
export function tile(
  left: usize,
  right: usize,
  depth: i32,
  from: usize,
  fromPitch: usize,
  to: usize,
  toPitch: usize,
  low: f32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  if (from !== 0) {
    const from1 = from + fromPitch;
    const from2 = from1 + fromPitch;
    const from3 = from2 + fromPitch;
    c00 = v128.load(from);
    c01 = v128.load(from, 16);
    c10 = v128.load(from1);
    c11 = v128.load(from1, 16);
    c20 = v128.load(from2);
    c21 = v128.load(from2, 16);
    c30 = v128.load(from3);
    c31 = v128.load(from3, 16);
  }
  const end = right + ((<usize>depth) << 5);
  for (; right < end; right += 32, left += 16) {
    const b0 = v128.load(right);
    const b1 = v128.load(right, 16);
    const a0 = v128.load32_splat(left);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load32_splat(left, 4);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load32_splat(left, 8);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
  }
  const least = f32x4.splat(low);
  v128.store(to, f32x4.max(c00, least));
  v128.store(to, f32x4.max(c01, least), 16);
  to += toPitch;
  v128.store(to, f32x4.max(c10, least));
  v128.store(to, f32x4.max(c11, least), 16);
  to += toPitch;
  v128.store(to, f32x4.max(c20, least));
  v128.store(to, f32x4.max(c21, least), 16);
  to += toPitch;
  v128.store(to, f32x4.max(c30, least));
  v128.store(to, f32x4.max(c31, least), 16);
}

/** Computes a tile at the edge, of which only `rows` × `columns` numbers belong to the product. */
export function edgeTile(
  left: usize,
  right: usize,
  depth: i32,
  from: usize,
  fromPitch: usize,
  to: usize,
  toPitch: usize,
  low: f32,
  rows: i32,
  columns: i32,
): void {
  const space = tileSpace();
  if (from !== 0) copyPart(from, fromPitch, space, 32, rows, columns);
  tile(left, right, depth, from === 0 ? 0 : space, 32, space, 32, low);
  copyPart(space, 32, to, toPitch, rows, columns);
}

function copyPart(from: usize, fromPitch: usize, to: usize, toPitch: usize, rows: i32, columns: i32): void {
  const bytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++, from += fromPitch, to += toPitch) {
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
  }
}
