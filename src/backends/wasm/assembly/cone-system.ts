// The linear system P·p + Ãᵀw = f, Ã·p − Δw = g, where Ãᵀ is in `data.turned`, P in `data.Q`, and Δ is diagonal and not
// negative. Rows with a large Δ are soft: they are condensed, with the weight 1/Δ. The others are hard: with ρ = 1 they
// are added to P as well, which leaves Δ/(1 − Δ) of them beside their Schur complement. So no number becomes large where
// Δ is small, and none is divided by 0 where it is 0.
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { fillDiagonal, raiseDiagonal } from './diagonals';
import { at8, clear, entry, integerIn, setEntry, setIntegerIn } from './entries';
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

/** Rows up to this Δ are hard. */
const HARD: f64 = 0.5;

let softRows: i32 = 0;
let hardRows: i32 = 0;
/** The latter, padded. */
let size: i32 = 0;

/**
 * The smallest pivots of K = P + Ãᵀ…Ã and of the Schur complement, relative to their diagonal entries, times the quotient
 * of the least and the largest one of these, which may be 0.
 */
export let pivotOfVariables: f64 = 0;
export let pivotOfRows: f64 = 0;

export function beginSystem(): void {
  softRows = 0;
  hardRows = 0;
}

/** Adds a row with this Δ. */
export function addRow(r: i32, delta: f64): void {
  if (delta <= HARD) {
    setEntry(state.weight, r, delta / (1 - delta));
    setIntegerIn(state.hard, hardRows++, r);
  } else {
    setEntry(state.weight, r, 1 / delta);
    setIntegerIn(state.soft, softRows++, r);
  }
}

/** @param share what is added to the diagonals, relative to their entries @returns whether there are factors */
export function factoriseSystem(share: f64): bool {
  const N = data.N;
  const width = gatherColumns();
  sumWithGram(data.work, data.Q, 1, data.chosen, N, width);
  const balance = raiseDiagonal(data.work, N, data.n, share);
  fillDiagonal(data.work, N, data.n, N);
  size = padded(hardRows);
  gatherHardRows();
  pivotOfRows = 1;
  pivotOfVariables = factorise(data.work, N, N + size, 0);
  if (!(pivotOfVariables > 0)) return false;
  pivotOfVariables *= balance;
  if (size === 0) return true;
  gram(data.schur, rowsBelow(), size, N);
  for (let i = 0; i < hardRows; i++) {
    const at = element(data.schur, size, i, i);
    store<f64>(at, load<f64>(at) + entry(state.weight, integerIn(state.hard, i)));
  }
  const balanceOfRows = raiseDiagonal(data.schur, size, hardRows, share);
  fillDiagonal(data.schur, size, hardRows, size);
  pivotOfRows = factorise(data.schur, size, size, 0);
  if (!(pivotOfRows > 0)) return false;
  pivotOfRows *= balanceOfRows;
  return true;
}

/** Copies the columns of the rows to `chosen`, those of soft rows times the roots of their weights. @returns how many */
function gatherColumns(): i32 {
  const count = softRows + hardRows;
  const width = padded(count);
  for (let i = 0; i < data.N; i += 4) {
    let to = panelAt(data.chosen, width, i);
    const from = panelAt(data.turned, data.M, i);
    for (let k = 0; k < count; k++, to += COLUMN) {
      const r = k < softRows ? integerIn(state.soft, k) : integerIn(state.hard, k - softRows);
      const factor = f64x2.splat(k < softRows ? sqrt<f64>(entry(state.weight, r)) : 1);
      const source = from + ((<usize>r) << 5);
      v128.store(to, f64x2.mul(factor, v128.load(source)));
      v128.store(to, f64x2.mul(factor, v128.load(source, 16)), 16);
    }
    clear(to, 4 * (width - count));
  }
  return width;
}

function rowsBelow(): usize {
  return at8(data.work, data.N * data.N);
}

function gatherHardRows(): void {
  const N = data.N;
  const to = rowsBelow();
  clear(to, size * N);
  for (let k = 0; k < hardRows; k++) {
    const r = integerIn(state.hard, k);
    for (let j = 0; j < data.n; j += 1) {
      store<f64>(element(to, N, k, j), load<f64>(element(data.turned, data.M, j, r)));
    }
  }
}

/** Solves the system once. @param f N numbers; becomes p @param g M numbers; becomes w, with 0 at rows that are not in it */
export function solveSystem(f: usize, g: usize): void {
  const N = data.N;
  const M = data.M;
  const t = state.t;
  const turned = state.aside;
  const found = state.found;
  // f + Ãᵀ(g/Δ of soft rows, g of hard rows)
  clear(turned, M);
  for (let k = 0; k < softRows; k++) {
    const r = integerIn(state.soft, k);
    setEntry(turned, r, entry(state.weight, r) * entry(g, r));
  }
  for (let k = 0; k < hardRows; k++) {
    const r = integerIn(state.hard, k);
    setEntry(turned, r, entry(g, r));
  }
  addProduct(f, 1, data.turned, N, M, turned);
  forwards(data.work, N, f);
  if (size > 0) {
    clear(t, size);
    addProduct(t, 1, rowsBelow(), size, N, f);
    for (let k = 0; k < hardRows; k++) setEntry(t, k, entry(t, k) - entry(g, integerIn(state.hard, k)));
    forwards(data.schur, size, t);
    backwards(data.schur, size, t);
    addTransposed(f, -1, rowsBelow(), size, N, t);
  }
  backwards(data.work, N, f);
  // w = (Ã·p − g)/Δ of soft rows, w'/(1 − Δ) = w'·(1 + Δ/(1 − Δ)) of hard rows
  clear(turned, M);
  addTransposed(turned, 1, data.turned, N, M, f);
  clear(found, M);
  for (let k = 0; k < softRows; k++) {
    const r = integerIn(state.soft, k);
    setEntry(found, r, entry(state.weight, r) * (entry(turned, r) - entry(g, r)));
  }
  for (let k = 0; k < hardRows; k++) {
    const r = integerIn(state.hard, k);
    setEntry(found, r, entry(t, k) * (1 + entry(state.weight, r)));
  }
  memory.copy(g, found, (<usize>M) << 3);
}
