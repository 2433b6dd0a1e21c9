// The system of the rows that are active: P·p + A_aᵀ·w = f, A_a·p = g. It is solved by a factor of K = P + ρA_aᵀA_a and
// of the Schur complement A_a·K⁻¹·A_aᵀ, with f + ρA_aᵀg in the place of f.
import { fillDiagonal, raiseDiagonal } from './diagonals';
import { at8, clear, integerIn } from './entries';
import {
  addProduct,
  addTransposed,
  backwards,
  COLUMN,
  element,
  factorise,
  forwards,
  gram,
  padded,
  panelAt,
  sumWithGram,
} from './panels';
import * as data from './program-data';

/** What is added to the diagonal of the Schur complement, relative to its entries, so that rounding does not stop it. */
const SHIFT_OF_ROWS: f64 = 1e-13;
/** P alone is used where its pivots exceed this. */
const REGULAR: f64 = 1e-7;

let count: i32 = 0;
/** The count padded to a multiple of four. */
let size: i32 = 0;
let rho: f64 = 0;
let isPrepared: bool = false;

/**
 * Factorises the system of some rows.
 * @param rows the numbers of the rows, as integers
 * @param share what is added to the diagonal of K where P is singular, relative to its entries
 * @returns the smallest pivot of K relative to its diagonal entry; 0 where a factorisation failed
 */
export function factoriseActive(rows: usize, rowCount: i32, share: f64): f64 {
  count = rowCount;
  size = padded(count);
  isPrepared = data.hasInverse();
  let smallest = data.pivotOfP();
  if (isPrepared) gatherG(rows);
  else {
    const N = data.N;
    copyRows(rows);
    memory.copy(data.work, data.P, (<usize>(N * N)) << 3);
    fillDiagonal(data.work, N, data.n, N);
    rho = 0;
    smallest = factorise(data.work, N, N + size, REGULAR);
    if (!(smallest > REGULAR)) {
      rho = 1;
      smallest = factoriseSquares(rows, share);
      if (!(smallest > 0)) return 0;
    }
    gram(data.schur, at8(data.work, N * N), size, N);
  }
  fillDiagonal(data.schur, size, count, size);
  raiseDiagonal(data.schur, size, count, SHIFT_OF_ROWS);
  return factorise(data.schur, size, size, 0) > 0 ? smallest : 0;
}

function gatherG(rows: usize): void {
  const M = data.M;
  for (let i = 0; i < count; i++) {
    const row = integerIn(rows, i);
    for (let j = 0; j <= i; j++) {
      // The rows are in ascending order, and the lower triangle is given.
      store<f64>(element(data.schur, size, i, j), load<f64>(element(data.G, M, row, integerIn(rows, j))));
    }
  }
  for (let i = count; i < size; i++) for (let j = 0; j < i; j++) store<f64>(element(data.schur, size, i, j), 0);
}

/** Copies the rows of A below K. */
function copyRows(rows: usize): void {
  const N = data.N;
  const to = at8(data.work, N * N);
  clear(to, size * N);
  for (let i = 0; i < count; i++) {
    let target = element(to, N, i, 0);
    let source = element(data.A, N, integerIn(rows, i), 0);
    for (let k = 0; k < N; k++, target += COLUMN, source += COLUMN) store<f64>(target, load<f64>(source));
  }
}

/** Factorises K = P + ρA_aᵀA_a and the rows below it. @returns the smallest pivot relative to its diagonal entry */
function factoriseSquares(rows: usize, share: f64): f64 {
  const N = data.N;
  copyRows(rows);
  gatherColumns(rows, count);
  sumWithGram(data.work, data.P, rho, data.chosen, N, size);
  fillDiagonal(data.work, N, data.n, N);
  raiseDiagonal(data.work, N, data.n, share);
  return factorise(data.work, N, N + size, 0);
}

/** Copies the columns of Aᵀ for some rows, and zeros behind them, to `chosen`. */
export function gatherColumns(rows: usize, rowCount: i32): void {
  const width = padded(rowCount);
  for (let i = 0; i < data.N; i += 4) {
    let to = panelAt(data.chosen, width, i);
    const from = panelAt(data.At, data.M, i);
    for (let c = 0; c < rowCount; c++, to += COLUMN) {
      const source = from + ((<usize>integerIn(rows, c)) << 5);
      v128.store(to, v128.load(source));
      v128.store(to, v128.load(source, 16), 16);
    }
    clear(to, 4 * (width - rowCount));
  }
}

/**
 * Solves the system once, without refinement.
 * @param f N numbers; becomes p
 * @param g M numbers, of which those of the rows are read; becomes w, with zeros elsewhere
 * @param aside room for M numbers
 */
export function solveActive(rows: usize, f: usize, g: usize, aside: usize): void {
  const N = data.N;
  const M = data.M;
  const factor = isPrepared ? data.tall : data.work;
  const W = at8(factor, N * N);
  if (rho !== 0 && !isPrepared) {
    clear(aside, M);
    for (let i = 0; i < count; i++) {
      const place = integerIn(rows, i);
      store<f64>(at8(aside, place), load<f64>(at8(g, place)));
    }
    addTransposed(f, rho, data.A, M, N, aside);
  }
  forwards(factor, N, f);
  clear(aside, M);
  if (isPrepared) {
    const products = data.strip;
    clear(products, M);
    addProduct(products, 1, W, M, N, f);
    for (let i = 0; i < count; i++) store<f64>(at8(aside, i), load<f64>(at8(products, integerIn(rows, i))));
  } else addProduct(aside, 1, W, size, N, f);
  for (let i = 0; i < count; i++) {
    const at = at8(aside, i);
    store<f64>(at, load<f64>(at) - load<f64>(at8(g, integerIn(rows, i))));
  }
  forwards(data.schur, size, aside);
  backwards(data.schur, size, aside);
  clear(g, M);
  for (let i = 0; i < count; i++) store<f64>(at8(g, integerIn(rows, i)), load<f64>(at8(aside, i)));
  if (isPrepared) addTransposed(f, -1, W, M, N, g);
  else addTransposed(f, -1, W, size, N, aside);
  backwards(factor, N, f);
}
