// The linear system of a step of the interior point method: P·dx + Aᵀ·dy = −r_d, and with the weights h of inequalities
// dy = h·dz + g, while dz = −r of equalities; dz = A·dx. Where P can be inverted, everything happens in the space of the
// rows: with G = A·P⁻¹·Aᵀ, D = 1/h and r_d = Aᵀη, (G + D)·dy = D·g − G·η and dz = −G(dy + η). Otherwise inequalities are
// condensed into K = P + AᵀhA, and equalities form a Schur complement.
import { gatherColumns } from './active-system';
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
    if (kind === state.EQUAL) data.setIntegerIn(state.others, equalities++, r);
    else if (kind !== 0) data.setIntegerIn(state.list, inequalities++, r);
  }
  if (data.invertsP()) return;
  size = padded(equalities);
  const N = data.N;
  // K₀ = P + A_eᵀA_e + shift; equalities that are satisfied make A_eᵀA_e·dx known.
  gatherColumns(state.others, equalities);
  let largest: f64 = 1e-300;
  for (let i = 0; i < N; i += 4) {
    const left = panelAt(data.chosen, size, i);
    let tile = panelAt(data.base, N, i);
    let from = panelAt(data.P, N, i);
    for (let j = 0; j <= i; j += 4, tile += 128, from += 128) {
      tileOf(tile, from, 1, left, panelAt(data.chosen, size, j), size);
    }
  }
  for (let j = 0; j < data.n; j++) largest = max(largest, load<f64>(element(data.base, N, j, j)));
  largest = max(largest, 1);
  for (let j = 0; j < data.n; j++) {
    const at = element(data.base, N, j, j);
    store<f64>(at, load<f64>(at) + SHIFT * largest);
  }
  data.fillDiagonal(data.base, N, data.n, N, 1);
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
    if (kind !== state.EQUAL) store<f64>(at, load<f64>(at) + (kind === 0 ? UNBOUND : 1 / state.entry(state.weight, r)));
  }
  data.fillDiagonal(data.schur, M, data.m, M, 1);
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
      const h = f64x2.splat(state.entry(state.weight, data.integerIn(state.list, c)));
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
  const rows = data.at8(data.work, N * N);
  data.clear(rows, size * N);
  for (let c = 0; c < equalities; c++) {
    let to = element(rows, N, c, 0);
    let from = element(data.A, N, data.integerIn(state.others, c), 0);
    for (let k = 0; k < N; k++, to += COLUMN, from += COLUMN) store<f64>(to, load<f64>(from));
  }
  if (!(factorise(data.work, N, N + size, 0) > 0)) return false;
  if (size === 0) return true;
  gram(data.schur, rows, size, N);
  for (let c = 0; c < equalities; c++) {
    const at = element(data.schur, size, c, c);
    const value = load<f64>(at);
    store<f64>(at, value + SHIFT_OF_ROWS * (value > 0 ? value : 1));
  }
  data.fillDiagonal(data.schur, size, equalities, size, 1);
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
  data.clear(state.step, data.N);
  data.clear(state.dz, data.M);
  for (let r = 0; r < data.m; r++) {
    state.setEntry(state.dy, r, state.kindOf(r) === state.EQUAL ? 0 : state.entry(state.g, r));
  }
  for (let pass = wasShifted ? -2 : 0; pass <= refinements; pass++) correctColumns();
}

function solveRows(): void {
  const M = data.M;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const value = state.entry(state.g, r);
    const right = kind === state.EQUAL ? -value : kind === 0 ? 0 : value / state.entry(state.weight, r);
    state.setEntry(state.dy, r, right - state.entry(state.offsetMoved, r));
    state.setEntry(state.dz, r, -state.entry(state.offsetMoved, r));
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
  for (let r = 0; r < data.m; r++) state.setEntry(t, r, state.entry(state.dy, r) - residualOf(r));
  for (let j = 0; j < N; j++) state.setEntry(f, j, -state.entry(state.dualResidual, j));
  addProduct(f, -1, data.P, N, N, state.step);
  addProduct(f, -1, data.At, N, M, t);
  forwards(data.work, N, f);
  if (size > 0) {
    const rows = data.at8(data.work, N * N);
    data.clear(t, size);
    addProduct(t, 1, rows, size, N, f);
    for (let c = 0; c < equalities; c++) {
      state.setEntry(t, c, state.entry(t, c) - residualOf(data.integerIn(state.others, c)));
    }
    forwards(data.schur, size, t);
    backwards(data.schur, size, t);
    addTransposed(f, -1, rows, size, N, t);
  }
  backwards(data.work, N, f);
  for (let j = 0; j < N; j++) state.setEntry(state.step, j, state.entry(state.step, j) + state.entry(f, j));
  addProduct(state.dz, 1, data.A, M, N, f);
  for (let c = 0; c < equalities; c++) {
    const r = data.integerIn(state.others, c);
    state.setEntry(state.dy, r, state.entry(state.dy, r) + state.entry(t, c));
  }
  for (let c = 0; c < inequalities; c++) {
    const r = data.integerIn(state.list, c);
    state.setEntry(state.dy, r, state.entry(state.weight, r) * state.entry(state.dz, r) + state.entry(state.g, r));
  }
}

/** What is missing in A·dx of an equality; 0 for other rows. */
function residualOf(r: i32): f64 {
  return state.kindOf(r) === state.EQUAL ? state.entry(state.g, r) - state.entry(state.dz, r) : 0;
}
