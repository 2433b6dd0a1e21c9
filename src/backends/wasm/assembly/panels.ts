// Dense matrices in float64, in panels of four rows. A panel holds, column by column, the four numbers of each column,
// so that a tile of 4 × 4 numbers lies in one piece. Rows and columns are padded with zeros to multiples of four; the
// padded diagonal of a matrix to be factorised holds ones. A vector lies in one piece, padded likewise.
import { multiplyAddWide } from './fused';

/** Bytes of a column of a panel. */
export const COLUMN: usize = 32;

export function padded(count: i32): i32 {
  return (count + 3) & ~3;
}

/** The panel that begins with this row, a multiple of four. */
export function panelAt(matrix: usize, columns: i32, row: i32): usize {
  return matrix + ((<usize>(row >> 2) * <usize>columns) << 5);
}

/** The address of an element. */
export function element(matrix: usize, columns: i32, row: i32, column: i32): usize {
  return panelAt(matrix, columns, row) + ((<usize>column) << 5) + ((<usize>(row & 3)) << 3);
}

/** A tile: to = from + factor·Σₖ a[k]·b[k]ᵀ over `depth` columns of two panels; from = 0 stands for zeros. */
export function tileOf(to: usize, from: usize, factor: f64, a: usize, b: usize, depth: i32): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = a + ((<usize>depth) << 5);
  for (; a < end; a += 32, b += 32) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const b0 = v128.load64_splat(b);
    c00 = multiplyAddWide(a0, b0, c00);
    c01 = multiplyAddWide(a1, b0, c01);
    const b1 = v128.load64_splat(b, 8);
    c10 = multiplyAddWide(a0, b1, c10);
    c11 = multiplyAddWide(a1, b1, c11);
    const b2 = v128.load64_splat(b, 16);
    c20 = multiplyAddWide(a0, b2, c20);
    c21 = multiplyAddWide(a1, b2, c21);
    const b3 = v128.load64_splat(b, 24);
    c30 = multiplyAddWide(a0, b3, c30);
    c31 = multiplyAddWide(a1, b3, c31);
  }
  const factors = f64x2.splat(factor);
  if (from === 0) {
    v128.store(to, f64x2.mul(factors, c00));
    v128.store(to, f64x2.mul(factors, c01), 16);
    v128.store(to, f64x2.mul(factors, c10), 32);
    v128.store(to, f64x2.mul(factors, c11), 48);
    v128.store(to, f64x2.mul(factors, c20), 64);
    v128.store(to, f64x2.mul(factors, c21), 80);
    v128.store(to, f64x2.mul(factors, c30), 96);
    v128.store(to, f64x2.mul(factors, c31), 112);
    return;
  }
  v128.store(to, multiplyAddWide(factors, c00, v128.load(from)));
  v128.store(to, multiplyAddWide(factors, c01, v128.load(from, 16)), 16);
  v128.store(to, multiplyAddWide(factors, c10, v128.load(from, 32)), 32);
  v128.store(to, multiplyAddWide(factors, c11, v128.load(from, 48)), 48);
  v128.store(to, multiplyAddWide(factors, c20, v128.load(from, 64)), 64);
  v128.store(to, multiplyAddWide(factors, c21, v128.load(from, 80)), 80);
  v128.store(to, multiplyAddWide(factors, c30, v128.load(from, 96)), 96);
  v128.store(to, multiplyAddWide(factors, c31, v128.load(from, 112)), 112);
}

/** The lower triangle of B·Bᵀ, in whole tiles. */
export function gram(to: usize, b: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i += 4) {
    const left = panelAt(b, columns, i);
    let tile = panelAt(to, rows, i);
    for (let j = 0; j <= i; j += 4, tile += 128) tileOf(tile, 0, 1, left, panelAt(b, columns, j), columns);
  }
}

/** The lower triangle of M + factor·B·Bᵀ, in whole tiles. */
export function sumWithGram(to: usize, matrix: usize, factor: f64, b: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i += 4) {
    const left = panelAt(b, columns, i);
    let tile = panelAt(to, rows, i);
    let from = panelAt(matrix, rows, i);
    for (let j = 0; j <= i; j += 4, tile += 128, from += 128) {
      tileOf(tile, from, factor, left, panelAt(b, columns, j), columns);
    }
  }
}

/** y += factor·M·x */
export function addProduct(y: usize, factor: f64, matrix: usize, rows: i32, columns: i32, x: usize): void {
  const factors = f64x2.splat(factor);
  const end = x + ((<usize>columns) << 3);
  let at = matrix;
  for (let i = 0; i < rows; i += 4, y += 32) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let t0 = s0;
    let t1 = s0;
    for (let k = x; k < end; k += 16, at += 64) {
      const x0 = v128.load64_splat(k);
      s0 = multiplyAddWide(v128.load(at), x0, s0);
      s1 = multiplyAddWide(v128.load(at, 16), x0, s1);
      const x1 = v128.load64_splat(k, 8);
      t0 = multiplyAddWide(v128.load(at, 32), x1, t0);
      t1 = multiplyAddWide(v128.load(at, 48), x1, t1);
    }
    v128.store(y, multiplyAddWide(factors, f64x2.add(s0, t0), v128.load(y)));
    v128.store(y, multiplyAddWide(factors, f64x2.add(s1, t1), v128.load(y, 16)), 16);
  }
}

/** y += factor·panelᵀ·x for `columns` columns of one panel and four numbers x. */
export function addPanelTransposed(y: usize, factor: f64, panel: usize, columns: i32, x: usize): void {
  const factors = f64x2.splat(factor);
  const x0 = f64x2.mul(factors, v128.load(x));
  const x1 = f64x2.mul(factors, v128.load(x, 16));
  const end = y + ((<usize>columns) << 3);
  for (; y < end; y += 16, panel += 64) {
    const p = multiplyAddWide(v128.load(panel, 16), x1, f64x2.mul(v128.load(panel), x0));
    const q = multiplyAddWide(v128.load(panel, 48), x1, f64x2.mul(v128.load(panel, 32), x0));
    const sum = f64x2.add(v128.shuffle<f64>(p, q, 0, 2), v128.shuffle<f64>(p, q, 1, 3));
    v128.store(y, f64x2.add(v128.load(y), sum));
  }
}

/** y += factor·Mᵀ·x */
export function addTransposed(y: usize, factor: f64, matrix: usize, rows: i32, columns: i32, x: usize): void {
  for (let i = 0; i < rows; i += 4, x += 32) addPanelTransposed(y, factor, panelAt(matrix, columns, i), columns, x);
}

/** y += factor·M·x for a symmetric M of which the lower triangle is given, in whole tiles. */
export function addSymmetric(y: usize, factor: f64, matrix: usize, order: i32, x: usize): void {
  for (let i = 0; i < order; i += 4) {
    const panel = panelAt(matrix, order, i);
    const place = (<usize>i) << 3;
    addProduct(y + place, factor, panel, 4, i + 4, x);
    if (i > 0) addPanelTransposed(y, factor, panel, i, x + place);
  }
}

/**
 * Factorises the first `order` rows and columns K of a matrix [K; B] of `rows` rows in place: [L; B·L⁻ᵀ], K = L·Lᵀ. The
 * diagonal then holds the reciprocals of that of L.
 * @param least a pivot of at most this share of its diagonal entry ends the factorisation
 * @returns the smallest share; where the factorisation has ended early, the one that ended it
 */
export function factorise(matrix: usize, order: i32, rows: i32, least: f64): f64 {
  let smallest = Infinity;
  for (let i = 0; i < rows; i += 4) {
    const panel = panelAt(matrix, order, i);
    const end = min(i, order);
    let tile = panel;
    for (let j = 0; j < end; j += 4, tile += 128) {
      const other = panelAt(matrix, order, j);
      if (j > 0) tileOf(tile, tile, -1, panel, other, j);
      divideTile(tile, other + ((<usize>j) << 5));
    }
    if (i >= order) continue;
    const share = factoriseTile(tile, panel, i, least);
    smallest = min(smallest, share);
    if (!(share > least)) return share;
  }
  return smallest;
}

/** T ← T·L⁻ᵀ for a tile and a factorised tile on the diagonal. */
function divideTile(tile: usize, factor: usize): void {
  const t00 = f64x2.mul(v128.load(tile), v128.load64_splat(factor));
  const t01 = f64x2.mul(v128.load(tile, 16), v128.load64_splat(factor));
  const l10 = v128.load64_splat(factor, 8);
  const r1 = v128.load64_splat(factor, 40);
  const t10 = f64x2.mul(f64x2.sub(v128.load(tile, 32), f64x2.mul(t00, l10)), r1);
  const t11 = f64x2.mul(f64x2.sub(v128.load(tile, 48), f64x2.mul(t01, l10)), r1);
  const l20 = v128.load64_splat(factor, 16);
  const l21 = v128.load64_splat(factor, 48);
  const r2 = v128.load64_splat(factor, 80);
  let s0 = f64x2.sub(v128.load(tile, 64), f64x2.mul(t00, l20));
  let s1 = f64x2.sub(v128.load(tile, 80), f64x2.mul(t01, l20));
  const t20 = f64x2.mul(f64x2.sub(s0, f64x2.mul(t10, l21)), r2);
  const t21 = f64x2.mul(f64x2.sub(s1, f64x2.mul(t11, l21)), r2);
  const l30 = v128.load64_splat(factor, 24);
  const l31 = v128.load64_splat(factor, 56);
  const l32 = v128.load64_splat(factor, 88);
  const r3 = v128.load64_splat(factor, 120);
  s0 = f64x2.sub(v128.load(tile, 96), f64x2.mul(t00, l30));
  s1 = f64x2.sub(v128.load(tile, 112), f64x2.mul(t01, l30));
  s0 = f64x2.sub(s0, f64x2.mul(t10, l31));
  s1 = f64x2.sub(s1, f64x2.mul(t11, l31));
  v128.store(tile, t00);
  v128.store(tile, t01, 16);
  v128.store(tile, t10, 32);
  v128.store(tile, t11, 48);
  v128.store(tile, t20, 64);
  v128.store(tile, t21, 80);
  v128.store(tile, f64x2.mul(f64x2.sub(s0, f64x2.mul(t20, l32)), r3), 96);
  v128.store(tile, f64x2.mul(f64x2.sub(s1, f64x2.mul(t21, l32)), r3), 112);
}

function inTile(tile: usize, i: i32, j: i32): usize {
  return tile + ((<usize>(4 * j + i)) << 3);
}

/** Updates a tile on the diagonal by what its panel has left of it, and factorises it. @returns the smallest share */
function factoriseTile(tile: usize, panel: usize, depth: i32, least: f64): f64 {
  const d0 = load<f64>(inTile(tile, 0, 0));
  const d1 = load<f64>(inTile(tile, 1, 1));
  const d2 = load<f64>(inTile(tile, 2, 2));
  const d3 = load<f64>(inTile(tile, 3, 3));
  if (depth > 0) tileOf(tile, tile, -1, panel, panel, depth);
  let smallest = Infinity;
  for (let j = 0; j < 4; j++) {
    let pivot = load<f64>(inTile(tile, j, j));
    for (let k = 0; k < j; k++) {
      const l = load<f64>(inTile(tile, j, k));
      pivot -= l * l;
    }
    const given = j < 2 ? (j === 0 ? d0 : d1) : j === 2 ? d2 : d3;
    const share = pivot / given;
    if (!(share > least)) return isNaN<f64>(share) ? -1 : share;
    smallest = min(smallest, share);
    const reciprocal = 1 / sqrt(pivot);
    store<f64>(inTile(tile, j, j), reciprocal);
    for (let i = j + 1; i < 4; i++) {
      let value = load<f64>(inTile(tile, i, j));
      for (let k = 0; k < j; k++) value -= load<f64>(inTile(tile, i, k)) * load<f64>(inTile(tile, j, k));
      store<f64>(inTile(tile, i, j), value * reciprocal);
    }
  }
  return smallest;
}

/** x ← L⁻¹·x */
export function forwards(factor: usize, order: i32, x: usize): void {
  for (let i = 0; i < order; i += 4) {
    const panel = panelAt(factor, order, i);
    const to = x + ((<usize>i) << 3);
    if (i > 0) addProduct(to, -1, panel, 4, i, x);
    const tile = panel + ((<usize>i) << 5);
    const x0 = load<f64>(to) * load<f64>(tile);
    const x1 = (load<f64>(to, 8) - load<f64>(tile, 8) * x0) * load<f64>(tile, 40);
    const x2 = (load<f64>(to, 16) - load<f64>(tile, 16) * x0 - load<f64>(tile, 48) * x1) * load<f64>(tile, 80);
    let x3 = load<f64>(to, 24) - load<f64>(tile, 24) * x0 - load<f64>(tile, 56) * x1;
    x3 = (x3 - load<f64>(tile, 88) * x2) * load<f64>(tile, 120);
    store<f64>(to, x0);
    store<f64>(to, x1, 8);
    store<f64>(to, x2, 16);
    store<f64>(to, x3, 24);
  }
}

/** x ← L⁻ᵀ·x */
export function backwards(factor: usize, order: i32, x: usize): void {
  for (let i = order - 4; i >= 0; i -= 4) {
    const panel = panelAt(factor, order, i);
    const to = x + ((<usize>i) << 3);
    const tile = panel + ((<usize>i) << 5);
    const x3 = load<f64>(to, 24) * load<f64>(tile, 120);
    const x2 = (load<f64>(to, 16) - load<f64>(tile, 88) * x3) * load<f64>(tile, 80);
    const x1 = (load<f64>(to, 8) - load<f64>(tile, 48) * x2 - load<f64>(tile, 56) * x3) * load<f64>(tile, 40);
    let x0 = load<f64>(to) - load<f64>(tile, 8) * x1 - load<f64>(tile, 16) * x2;
    x0 = (x0 - load<f64>(tile, 24) * x3) * load<f64>(tile);
    store<f64>(to, x0);
    store<f64>(to, x1, 8);
    store<f64>(to, x2, 16);
    store<f64>(to, x3, 24);
    if (i > 0) addPanelTransposed(x, -1, panel, i, to);
  }
}
