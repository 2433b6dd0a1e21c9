// The projection Π onto K* at v = y − ρs, and the rows of A in the eigenvectors U of its derivative J = U·diag(d)·Uᵀ, as in
// cone-kernels.ts. y = Π(v) and s = (y − v)/ρ are complementary, whatever ρ > 0 is for each cone.
//   second-order, v = (τ, u), |τ| < r = ‖u‖, w = u/r: U = ((1, w)/√2, (1, −w)/√2, the other columns of the reflection that
//   takes w to an axis), d = (1, 0, ½(1 + τ/r), …).
//   semidefinite, V = QᵀΛQ: U is V ↦ QVQᵀ, dᵢⱼ = 1, 0 or λᵢ/(λᵢ − λⱼ).
import { ConeType } from '../cone-instructions';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { at8, clear, entry, integerIn, larger, largest, setEntry, setIntegerIn } from './entries';
import { decompose, inMatrix } from './jacobi';
import { COLUMN, panelAt } from './panels';
import { congruence, congruenceOfPanel, dotOf, transposeTo, unpack } from './small-matrices';

/** What J is on a block: 0, I, or something that U diagonalises. */
const NONE: i32 = 0;
const WHOLE: i32 = 1;
const MIXED: i32 = 2;

/** The least distance of v from a kink, relative to the size of the terms of which y and ρs are made. */
export let clearance: f64 = 0;

/** Chooses ρ for each block, a power of two, so that y and ρs are of one size. Px, Aᵀy and Ax are not needed. */
export function chooseRatios(): void {
  clear(state.f, data.N);
  state.addSizes(state.f, data.Q, data.N, data.N, state.x);
  state.addSizes(state.f, data.At, data.N, data.M, state.y);
  const multiplier = largest(state.f, 0, data.n);
  clear(state.t, data.M);
  state.addSizes(state.t, data.A, data.M, data.N, state.x);
  for (let block = 0; block < data.blocks; block++) {
    const start = data.startOf(block);
    const end = start + data.rowsOf(block);
    let slack: f64 = 0;
    for (let r = start; r < end; r++) slack = larger(slack, entry(state.t, r) + abs(entry(state.s, r)));
    const ratio = multiplier > 0 && slack > 0 ? state.powerOfTwo(multiplier / slack) : 1;
    for (let r = start; r < end; r++) {
      setEntry(state.ratio, r, ratio);
      setEntry(state.v, r, entry(state.y, r) - ratio * entry(state.s, r));
    }
    setEntry(state.extent, start, max(multiplier, ratio * slack));
  }
}

/** Computes y, s, J and the clearance at v. */
export function project(): void {
  clearance = Infinity;
  for (let block = 0; block < data.blocks; block++) {
    const start = data.startOf(block);
    const type = data.typeOf(block);
    const dim = data.dimOf(block);
    if (type === ConeType.zero) fill(block, WHOLE);
    else if (type === ConeType.free) fill(block, NONE);
    else if (type === ConeType.nonneg) projectNonnegative(block, start, dim);
    else if (type === ConeType.soc) projectSecondOrder(block, start, dim);
    else projectSemidefinite(block, start, dim);
    for (let r = start; r < start + data.rowsOf(block); r++) {
      setEntry(state.s, r, (entry(state.y, r) - entry(state.v, r)) / entry(state.ratio, r));
    }
  }
}

/** y = 0 or y = v on a block. */
function fill(block: i32, kind: i32): void {
  setIntegerIn(state.kinds, block, kind);
  const start = data.startOf(block);
  for (let r = start; r < start + data.rowsOf(block); r++) {
    setEntry(state.y, r, kind === WHOLE ? entry(state.v, r) : 0);
    setEntry(state.slope, r, kind === WHOLE ? 1 : 0);
  }
}

function noteDistance(start: i32, distance: f64): void {
  clearance = min(clearance, distance / entry(state.extent, start));
}

function projectNonnegative(block: i32, start: i32, dim: i32): void {
  setIntegerIn(state.kinds, block, WHOLE);
  for (let r = start; r < start + dim; r++) {
    const value = entry(state.v, r);
    noteDistance(start, abs(value));
    setEntry(state.y, r, max(value, 0));
    setEntry(state.slope, r, value > 0 ? 1 : 0);
  }
}

/** Where J is mixed, the reflector holds 2/hᵀh and h of the reflection I − 2hhᵀ/hᵀh. */
function projectSecondOrder(block: i32, start: i32, dim: i32): void {
  const head = entry(state.v, start);
  const tail = at8(state.v, start + 1);
  const size = sqrt<f64>(dotOf(tail, tail, dim - 1));
  noteDistance(start, abs(abs(head) - size) * Math.SQRT1_2);
  if (size <= abs(head)) {
    fill(block, size <= head ? WHOLE : NONE);
    return;
  }
  setIntegerIn(state.kinds, block, MIXED);
  const along = 0.5 * (head + size);
  setEntry(state.y, start, along);
  const slope = along / size;
  for (let r = start + 1; r < start + dim; r++) {
    const w = entry(state.v, r) / size;
    setEntry(state.y, r, along * w);
    setEntry(state.reflector, r, w);
    setEntry(state.slope, r, slope);
  }
  const first = entry(state.reflector, start + 1);
  setEntry(state.reflector, start + 1, first < 0 ? first - 1 : first + 1);
  setEntry(state.reflector, start, 1 / (1 + abs(first)));
  setEntry(state.slope, start, 1);
  setEntry(state.slope, start + 1, 0);
}

function projectSemidefinite(block: i32, start: i32, k: i32): void {
  const matrix = data.matrixAside(0);
  const Q = data.matrixOf(block, 0);
  unpack(at8(state.v, start), matrix, k);
  let size: f64 = 0;
  for (let i = 0; i < k * k; i++) size = larger(size, abs(entry(matrix, i)));
  if (!(size < Infinity)) size = NaN;
  decompose(matrix, Q, k, 0.5 * f64.EPSILON * size);
  let positive = 0;
  let nearest = Infinity;
  for (let i = 0; i < k; i++) {
    const value = load<f64>(inMatrix(matrix, k, i, i));
    if (value > 0) positive += 1;
    nearest = min(nearest, abs(value));
  }
  noteDistance(start, nearest);
  if (positive === k || positive === 0) {
    fill(block, positive === k ? WHOLE : NONE);
    return;
  }
  setIntegerIn(state.kinds, block, MIXED);
  transposeTo(Q, data.matrixOf(block, 1), k);
  let r = start;
  for (let j = 0; j < k; j++) {
    const b = load<f64>(inMatrix(matrix, k, j, j));
    for (let i = j; i < k; i++, r++) {
      const a = load<f64>(inMatrix(matrix, k, i, i));
      setEntry(state.slope, r, slopeOf(a, b));
      setEntry(state.t, r, i === j ? max(a, 0) : 0);
    }
  }
  turnBlock(block, state.t, state.y, true);
}

function slopeOf(a: f64, b: f64): f64 {
  const high = max(a, b);
  const low = min(a, b);
  return low > 0 ? 1 : high > 0 ? high / (high - low) : 0;
}

/** Uᵀu, or Uu. */
export function turn(from: usize, to: usize, isBack: bool): void {
  for (let block = 0; block < data.blocks; block++) turnBlock(block, from, to, isBack);
}

function turnBlock(block: i32, from: usize, to: usize, isBack: bool): void {
  const start = data.startOf(block);
  const dim = data.dimOf(block);
  if (integerIn(state.kinds, block) !== MIXED) {
    for (let r = start; r < start + data.rowsOf(block); r++) setEntry(to, r, entry(from, r));
  } else if (data.typeOf(block) === ConeType.psd) {
    const F = data.matrixOf(block, isBack ? 1 : 0);
    const Ft = data.matrixOf(block, isBack ? 0 : 1);
    const target = at8(to, start);
    congruence(F, Ft, at8(from, start), target, dim, data.matrixAside(0), data.matrixAside(1));
  } else turnSecondOrder(from, to, start, dim, isBack);
}

function turnSecondOrder(from: usize, to: usize, start: i32, dim: i32, isBack: bool): void {
  const h = at8(state.reflector, start + 1);
  const sign: f64 = load<f64>(h) > 0 ? -1 : 1;
  for (let r = start; r < start + dim; r++) setEntry(to, r, entry(from, r));
  if (isBack) {
    const plus = entry(to, start);
    const minus = entry(to, start + 1);
    setEntry(to, start, Math.SQRT1_2 * (plus + minus));
    setEntry(to, start + 1, sign * Math.SQRT1_2 * (plus - minus));
  }
  const share = entry(state.reflector, start) * dotOf(h, at8(to, start + 1), dim - 1);
  for (let r = start + 1; r < start + dim; r++) setEntry(to, r, entry(to, r) - share * entry(state.reflector, r));
  if (isBack) return;
  const head = entry(to, start);
  const along = sign * entry(to, start + 1);
  setEntry(to, start, Math.SQRT1_2 * (head + along));
  setEntry(to, start + 1, Math.SQRT1_2 * (head - along));
}

/** Ãᵀ = AᵀU in `turned`. */
export function turnMatrix(): void {
  memory.copy(data.turned, data.At, (<usize>(data.N * data.M)) << 3);
  for (let i = 0; i < data.N; i += 4) {
    const panel = panelAt(data.turned, data.M, i);
    for (let block = 0; block < data.blocks; block++) {
      if (integerIn(state.kinds, block) !== MIXED) continue;
      const start = data.startOf(block);
      const at = panel + ((<usize>start) << 5);
      if (data.typeOf(block) !== ConeType.psd) turnColumns(at, start, data.dimOf(block));
      else {
        const matrix = data.matrixOf(block, 0);
        congruenceOfPanel(matrix, at, at, data.dimOf(block), data.matrixAside(2), data.matrixAside(6));
      }
    }
  }
}

/** Uᵀ for four columns of a panel and a second-order cone. */
function turnColumns(at: usize, start: i32, dim: i32): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let i = 1; i < dim; i++) {
    const factor = v128.load64_splat(at8(state.reflector, start + i));
    const from = at + ((<usize>i) << 5);
    low = f64x2.add(low, f64x2.mul(factor, v128.load(from)));
    high = f64x2.add(high, f64x2.mul(factor, v128.load(from, 16)));
  }
  const share = v128.load64_splat(at8(state.reflector, start));
  low = f64x2.mul(share, low);
  high = f64x2.mul(share, high);
  for (let i = 1; i < dim; i++) {
    const factor = v128.load64_splat(at8(state.reflector, start + i));
    const to = at + ((<usize>i) << 5);
    v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(factor, low)));
    v128.store(to, f64x2.sub(v128.load(to, 16), f64x2.mul(factor, high)), 16);
  }
  const sign = f64x2.splat(entry(state.reflector, start + 1) > 0 ? -Math.SQRT1_2 : Math.SQRT1_2);
  const root = f64x2.splat(Math.SQRT1_2);
  for (let half: usize = 0; half < COLUMN; half += 16) {
    const first = at + half;
    const head = f64x2.mul(root, v128.load(first));
    const along = f64x2.mul(sign, v128.load(first, 32));
    v128.store(first, f64x2.add(head, along));
    v128.store(first, f64x2.sub(head, along), 32);
  }
}
