// The linear system of a step of the interior point method: P·dx + Aᵀ·dy = −r_d, and with the weights h of inequalities
// dy = h·dz + g, while dz = −r of equalities; dz = A·dx. Where P can be inverted, everything happens in the space of the
// rows: with G = A·P⁻¹·Aᵀ, D = 1/h and r_d = Aᵀη, (G + D)·dy = D·g − G·η and dz = −G(dy + η). Otherwise inequalities are
// condensed into K = P + AᵀhA, and equalities form a Schur complement.
import { gatherColumns } from './active-system';
import { addToDiagonal, fillDiagonal, raiseDiagonal } from './diagonals';
import { at8, clear, entry, integerIn, setEntry, setIntegerIn } from './entries';
import {
  addProduct,
  addSymmetric,
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
  tileOf,
} from './panels';
import * as data from './program-data';
import * as state from './program-state';

/** What is added to the diagonals of K and of the Schur complement, relative to the largest entry of P and AᵀA. */
const SHIFT: f64 = 1e-11;
const SHIFT_OF_ROWS: f64 = 1e-12;
/** D of a row without bounds. */
const UNBOUND: f64 = 1e30;

/** The numbers of rows in the two lists: `list` has the inequalities, `others` the equalities. */
let inequalities: i32 = 0;
let equalities: i32 = 0;
/** The latter, padded. */
let size: i32 = 0;
/** Whether more than usual was added to the diagonal of K, so that solutions need to be corrected. */
let wasShifted: bool = false;

/** Prepares what all steps of a sample share. */
export function beginSteps(): void {
  inequalities = 0;
  equalities = 0;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    if (kind === state.EQUAL) setIntegerIn(state.others, equalities++, r);
    else if (kind !== 0) setIntegerIn(state.list, inequalities++, r);
  }
  if (data.invertsP()) return;
  size = padded(equalities);
  const N = data.N;
  // K₀ = P + A_eᵀA_e + shift; equalities that are satisfied make A_eᵀA_e·dx known.
  gatherColumns(state.others, equalities);
  let largest: f64 = 1e-300;
  sumWithGram(data.base, data.P, 1, data.chosen, N, size);
  for (let j = 0; j < data.n; j++) largest = max(largest, load<f64>(element(data.base, N, j, j)));
  largest = max(largest, 1);
  addToDiagonal(data.base, N, data.n, SHIFT * largest);
  fillDiagonal(data.base, N, data.n, N);
  gatherColumns(state.list, inequalities);
}

/** Factorises the system with the weights of `state.weight`. @returns false where that fails */
export function factoriseStep(): bool {
  return data.invertsP() ? factoriseRows() : factoriseColumns();
}

function factoriseRows(): bool {
  const M = data.M;
  for (let i = 0; i < M; i += 4) {
    memory.copy(panelAt(data.schur, M, i), panelAt(data.G, M, i), (<usize>(i + 4)) << 5);
  }
  for (let r = 0; r < data.m; r++) {
    const at = element(data.schur, M, r, r);
    const kind = state.kindOf(r);
    if (kind !== state.EQUAL) store<f64>(at, load<f64>(at) + (kind === 0 ? UNBOUND : 1 / entry(state.weight, r)));
  }
  fillDiagonal(data.schur, M, data.m, M);
  return factorise(data.schur, M, M, 0) > 0;
}

/** Adds more and more to the diagonal where rounding stops the factorisation. */
function factoriseColumns(): bool {
  wasShifted = false;
  if (factoriseCondensed(0)) return true;
  wasShifted = true;
  return factoriseCondensed(SHIFT * 1e3) || factoriseCondensed(SHIFT * 1e6);
}

function factoriseCondensed(share: f64): bool {
  const N = data.N;
  const width = padded(inequalities);
  for (let i = 0; i < N; i += 4) {
    const from = panelAt(data.chosen, width, i);
    for (let c = 0; c < inequalities; c++) {
      const place = (<usize>c) << 5;
      const h = f64x2.splat(entry(state.weight, integerIn(state.list, c)));
      v128.store(data.strip + place, f64x2.mul(h, v128.load(from + place)));
      v128.store(data.strip + place, f64x2.mul(h, v128.load(from + place, 16)), 16);
    }
    let tile = panelAt(data.work, N, i);
    let given = panelAt(data.base, N, i);
    for (let j = 0; j <= i; j += 4, tile += 128, given += 128) {
      tileOf(tile, given, 1, data.strip, panelAt(data.chosen, width, j), inequalities);
    }
  }
  if (share > 0) {
    for (let j = 0; j < data.n; j++) {
      const at = element(data.work, N, j, j);
      store<f64>(at, load<f64>(at) * (1 + share));
    }
  }
  const rows = at8(data.work, N * N);
  clear(rows, size * N);
  for (let c = 0; c < equalities; c++) {
    let to = element(rows, N, c, 0);
    let from = element(data.A, N, integerIn(state.others, c), 0);
    for (let k = 0; k < N; k++, to += COLUMN, from += COLUMN) store<f64>(to, load<f64>(from));
  }
  if (!(factorise(data.work, N, N + size, 0) > 0)) return false;
  if (size === 0) return true;
  gram(data.schur, rows, size, N);
  raiseDiagonal(data.schur, size, equalities, SHIFT_OF_ROWS);
  fillDiagonal(data.schur, size, equalities, size);
  return factorise(data.schur, size, size, 0) > 0;
}

/**
 * Solves the system. `state.g` holds g of inequalities, and −r of equalities; `state.dualResidual` holds r_d. The
 * results are dx in `state.step` (where P is not inverted), dz and dy.
 * @param refinements how often a solution that is condensed is corrected by the residual of the whole system
 */
export function solveStep(refinements: i32): void {
  if (data.invertsP()) {
    solveRows();
    return;
  }
  clear(state.step, data.N);
  clear(state.dz, data.M);
  for (let r = 0; r < data.m; r++) {
    setEntry(state.dy, r, state.kindOf(r) === state.EQUAL ? 0 : entry(state.g, r));
  }
  for (let pass = wasShifted ? -2 : 0; pass <= refinements; pass++) correctColumns();
}

function solveRows(): void {
  const M = data.M;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const value = entry(state.g, r);
    const right = kind === state.EQUAL ? -value : kind === 0 ? 0 : value / entry(state.weight, r);
    setEntry(state.dy, r, right - entry(state.offsetMoved, r));
    setEntry(state.dz, r, -entry(state.offsetMoved, r));
  }
  forwards(data.schur, M, state.dy);
  backwards(data.schur, M, state.dy);
  addSymmetric(state.dz, -1, data.G, M, state.dy);
}

/** Adds to dx, dz and dy what the residual of the system asks for; dy = h·dz + g holds before and after. */
function correctColumns(): void {
  const N = data.N;
  const M = data.M;
  const f = state.f;
  const t = state.aside;
  // f = −r_d − P·dx − Aᵀdy + A_eᵀe with the residual e of equalities
  for (let r = 0; r < data.m; r++) setEntry(t, r, entry(state.dy, r) - residualOf(r));
  for (let j = 0; j < N; j++) setEntry(f, j, -entry(state.dualResidual, j));
  addProduct(f, -1, data.P, N, N, state.step);
  addProduct(f, -1, data.At, N, M, t);
  forwards(data.work, N, f);
  if (size > 0) {
    const rows = at8(data.work, N * N);
    clear(t, size);
    addProduct(t, 1, rows, size, N, f);
    for (let c = 0; c < equalities; c++) {
      setEntry(t, c, entry(t, c) - residualOf(integerIn(state.others, c)));
    }
    forwards(data.schur, size, t);
    backwards(data.schur, size, t);
    addTransposed(f, -1, rows, size, N, t);
  }
  backwards(data.work, N, f);
  for (let j = 0; j < N; j++) setEntry(state.step, j, entry(state.step, j) + entry(f, j));
  addProduct(state.dz, 1, data.A, M, N, f);
  for (let c = 0; c < equalities; c++) {
    const r = integerIn(state.others, c);
    setEntry(state.dy, r, entry(state.dy, r) + entry(t, c));
  }
  for (let c = 0; c < inequalities; c++) {
    const r = integerIn(state.list, c);
    setEntry(state.dy, r, entry(state.weight, r) * entry(state.dz, r) + entry(state.g, r));
  }
}

/** What is missing in A·dx of an equality; 0 for other rows. */
function residualOf(r: i32): f64 {
  return state.kindOf(r) === state.EQUAL ? entry(state.g, r) - entry(state.dz, r) : 0;
}
