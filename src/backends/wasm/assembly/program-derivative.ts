// Solves the systems of derivatives of quadratic programs; see ProgramDerivativeCall in program-kernels.ts.
import { ProgramFields } from '../program-instructions';
import { factoriseActive, solveActive } from './active-system';
import { fillDiagonal } from './diagonals';
import { clear, divideBy, entry, integerIn, multiplyBy, setEntry, setIntegerIn } from './entries';
import { buffer, word } from './memory';
import { addProduct, element, factorise, gram, padded } from './panels';
import * as data from './program-data';
import * as state from './program-state';
import { readNumbers } from './wide';

/** What is added to the diagonal of a singular K, relative to its entries: little, since the smallest pivot tells. */
const SHIFT: f64 = 1e-13;
const REFINEMENTS: i32 = 6;

export let residual: f64 = 0;
export let rowPivot: f64 = 0;
export let primalPivot: f64 = 0;

/** @returns false where a factorisation failed or an activity is neither 0 nor 1. The solution is in x and y. */
export function solveDerivative(at: usize, sample: i32): bool {
  const n = data.n;
  const m = data.m;
  state.clearVectors();
  const rows = state.list;
  let count = 0;
  const activity = buffer(at, ProgramFields.activity) + ((<usize>(sample * m)) << 2);
  for (let r = 0; r < m; r++) {
    const value = load<f32>(activity + ((<usize>r) << 2));
    if (value !== 0 && value !== 1) return false;
    if (value === 1) setIntegerIn(rows, count++, r);
    setEntry(state.sides, r, <f64>value);
  }
  readRight(at, sample);
  rowPivot = pivotOfRows(rows, count);
  primalPivot = factoriseActive(rows, count, SHIFT);
  if (!(primalPivot > 0)) return false;
  refine(rows);
  multiplyBy(state.x, data.columnScales, n);
  multiplyBy(state.y, data.rowScales, m);
  if (word(at, ProgramFields.isTangent) !== 0) return true;
  for (let j = 0; j < n; j++) setEntry(state.x, j, -entry(state.x, j));
  return true;
}

/** f and g of the scaled system, in q and u. */
function readRight(at: usize, sample: i32): void {
  const n = data.n;
  const m = data.m;
  const isTangent = word(at, ProgramFields.isTangent) !== 0;
  const from = buffer(at, ProgramFields.right);
  const isWide = (word(at, ProgramFields.wide) & 4) !== 0;
  const first = sample * (isTangent ? n + m : n + 2 * m);
  readNumbers(state.q, from, first, n, isWide);
  readNumbers(state.u, from, first + n, m, isWide);
  multiplyBy(state.q, data.columnScales, n);
  for (let r = 0; r < m; r++) {
    const value = entry(state.u, r) * entry(data.rowScales, r);
    setEntry(state.u, r, entry(state.sides, r) !== 0 ? value : 0);
  }
  if (isTangent) return;
  readNumbers(state.z, from, first + n + m, m, isWide);
  divideBy(state.z, data.rowScales, m);
  addProduct(state.q, 1, data.At, data.N, data.M, state.z);
}

/** The smallest pivot of the Gram matrix of the active rows, made of length 1. */
function pivotOfRows(rows: usize, count: i32): f64 {
  if (count === 0) return 1;
  const N = data.N;
  const size = padded(count);
  const packed = data.work;
  clear(packed, size * N);
  for (let i = 0; i < count; i++) {
    let to = element(packed, N, i, 0);
    let from = element(data.A, N, integerIn(rows, i), 0);
    for (let k = 0; k < N; k++, to += 32, from += 32) store<f64>(to, load<f64>(from));
  }
  gram(data.schur, packed, size, N);
  for (let i = 0; i < count; i++) if (!(load<f64>(element(data.schur, size, i, i)) > 0)) return 0;
  fillDiagonal(data.schur, size, count, size);
  return max(factorise(data.schur, size, size, 0), 0);
}

/** Solves by corrections of the true residual. */
function refine(rows: usize): void {
  let last = Infinity;
  let size: f64 = 0;
  residual = 0;
  for (let pass = 0; pass < REFINEMENTS; pass++) {
    memory.copy(state.f, state.q, (<usize>data.N) << 3);
    memory.copy(state.g, state.u, (<usize>data.M) << 3);
    addProduct(state.f, -1, data.P, data.N, data.N, state.x);
    addProduct(state.f, -1, data.At, data.N, data.M, state.y);
    addProduct(state.g, -1, data.A, data.M, data.N, state.x);
    let error: f64 = 0;
    for (let j = 0; j < data.n; j++) error = max(error, abs(entry(state.f, j)));
    for (let r = 0; r < data.m; r++) {
      if (entry(state.sides, r) === 0) setEntry(state.g, r, 0);
      else error = max(error, abs(entry(state.g, r)));
    }
    if (pass === 0) size = error;
    if (size === 0) return;
    residual = error / size;
    if (residual < 1e-15 || !(error < 0.5 * last)) {
      if (!(error <= last)) takeBack();
      residual = min(error, last) / size;
      return;
    }
    last = error;
    solveActive(rows, state.f, state.g, state.aside);
    for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) + entry(state.f, j));
    for (let r = 0; r < data.m; r++) setEntry(state.y, r, entry(state.y, r) + entry(state.g, r));
    memory.copy(state.step, state.f, (<usize>data.N) << 3);
    memory.copy(state.dy, state.g, (<usize>data.M) << 3);
  }
}

/** Takes the last correction back, which has made the residual larger. */
function takeBack(): void {
  for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) - entry(state.step, j));
  for (let r = 0; r < data.m; r++) setEntry(state.y, r, entry(state.y, r) - entry(state.dy, r));
}
