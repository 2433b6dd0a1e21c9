// A quadratic program and a point: bounds, slacks and multipliers in the scaled data, and how far the point is from a
// solution in the data as given.
import { ProgramFields } from '../program-instructions';
import { clear, divideBy, entry, larger, multiplyBy, setEntry } from './entries';
import { buffer } from './memory';
import { addProduct } from './panels';
import * as data from './program-data';
import { allowed, readVector } from './program-matrices';

/** What a row is: the sum of LOWER and UPPER, or EQUAL, or 0 for one without bounds. */
export const LOWER: i32 = 1;
export const UPPER: i32 = 2;
export const EQUAL: i32 = 4;
/** A bound of this size or more is none. */
const NO_BOUND: f64 = 1e20;

// Vectors of the variables.
export let q: usize = 0;
export let x: usize = 0;
export let dualResidual: usize = 0;
export let Px: usize = 0;
export let Aty: usize = 0;
export let step: usize = 0;
export let f: usize = 0;
export let bestX: usize = 0;
// Vectors of the rows.
export let l: usize = 0;
export let u: usize = 0;
export let y: usize = 0;
export let z: usize = 0;
export let slackL: usize = 0;
export let slackU: usize = 0;
export let multiplierL: usize = 0;
export let multiplierU: usize = 0;
export let stepL: usize = 0;
export let stepU: usize = 0;
export let changeL: usize = 0;
export let changeU: usize = 0;
export let dz: usize = 0;
export let dy: usize = 0;
export let weight: usize = 0;
export let g: usize = 0;
export let centre: usize = 0;
export let bestY: usize = 0;
export let aside: usize = 0;
export let productsL: usize = 0;
export let productsU: usize = 0;
/** Where a row is active: 1 at u, −1 at l, 2 for an equality, 0 for none. */
export let sides: usize = 0;
/** Where P is inverted: η with r_d = Aᵀη, so that x = −P⁻¹(q + Aᵀ(y − η)); and Gη. */
export let offset: usize = 0;
export let offsetMoved: usize = 0;
/** Integers: kinds of rows, and two lists of rows. */
export let kinds: usize = 0;
export let list: usize = 0;
export let others: usize = 0;
/** The number of vectors above. */
export const VECTORS: i32 = 35;

// The residuals that `measure` finds, what it allows them to be, and the objective.
export let primal: f64 = 0;
export let dual: f64 = 0;
export let gap: f64 = 0;
export let objective: f64 = 0;
/** The largest quotient of a residual and what is allowed; at most 1 at a solution. */
export let excess: f64 = 0;

export function useVectors(): void {
  q = data.vector(0);
  x = data.vector(1);
  dualResidual = data.vector(2);
  Px = data.vector(3);
  Aty = data.vector(4);
  step = data.vector(5);
  f = data.vector(6);
  bestX = data.vector(7);
  l = data.vector(8);
  u = data.vector(9);
  y = data.vector(10);
  z = data.vector(11);
  slackL = data.vector(12);
  slackU = data.vector(13);
  multiplierL = data.vector(14);
  multiplierU = data.vector(15);
  stepL = data.vector(16);
  stepU = data.vector(17);
  changeL = data.vector(18);
  changeU = data.vector(19);
  dz = data.vector(20);
  dy = data.vector(21);
  weight = data.vector(22);
  g = data.vector(23);
  centre = data.vector(24);
  bestY = data.vector(25);
  aside = data.vector(26);
  productsL = data.vector(27);
  productsU = data.vector(28);
  kinds = data.vector(29);
  list = data.vector(30);
  others = data.vector(31);
  sides = data.vector(32);
  offset = data.vector(33);
  offsetMoved = data.vector(34);
}

/** Sets all vectors to 0. */
export function clearVectors(): void {
  clear(data.vector(0), VECTORS * max(data.N, data.M));
}

export function kindOf(r: i32): i32 {
  return load<i32>(kinds + ((<usize>r) << 2));
}

export function hasUpper(r: i32): bool {
  return (kindOf(r) & UPPER) !== 0;
}

export function hasLower(r: i32): bool {
  return (kindOf(r) & LOWER) !== 0;
}

/** Reads and scales q, l and u. @returns the number of finite bounds of inequalities; −1 where some l > u */
export function readVectors(at: usize, sample: i32): i32 {
  const n = data.n;
  const m = data.m;
  clearVectors();
  readVector(at, q, ProgramFields.q, 1 << 2, sample, n);
  readVector(at, l, ProgramFields.l, 1 << 3, sample, m);
  readVector(at, u, ProgramFields.u, 1 << 4, sample, m);
  multiplyBy(q, data.columnScales, n);
  let bounds = 0;
  for (let r = 0; r < m; r++) {
    const low = entry(l, r);
    const high = entry(u, r);
    if (!(low <= high) || low >= NO_BOUND || high <= -NO_BOUND) return -1;
    let kind = 0;
    if (low === high) kind = EQUAL;
    else {
      if (low > -NO_BOUND) kind |= LOWER;
      if (high < NO_BOUND) kind |= UPPER;
      bounds += i32.popcnt(kind);
    }
    store<i32>(kinds + ((<usize>r) << 2), kind);
    const scale = entry(data.rowScales, r);
    setEntry(l, r, low * scale);
    setEntry(u, r, high * scale);
  }
  return bounds;
}

/** Reads and scales where to start. @returns whether it is given */
export function readStart(at: usize, sample: i32): bool {
  if (buffer(at, ProgramFields.x) === 0) return false;
  readVector(at, x, ProgramFields.x, 1 << 5, sample, data.n);
  divideBy(x, data.columnScales, data.n);
  if (buffer(at, ProgramFields.y) === 0) return true;
  readVector(at, y, ProgramFields.y, 1 << 6, sample, data.m);
  divideBy(y, data.rowScales, data.m);
  return true;
}

/** Px, Aᵀy, z = Ax and Px + q + Aᵀy at x and y. */
export function evaluate(): void {
  clear(Px, data.N);
  clear(Aty, data.N);
  clear(z, data.M);
  addProduct(Px, 1, data.P, data.N, data.N, x);
  addProduct(Aty, 1, data.At, data.N, data.M, y);
  addProduct(z, 1, data.A, data.M, data.N, x);
  for (let j = 0; j < data.n; j++) setEntry(dualResidual, j, entry(Px, j) + entry(q, j) + entry(Aty, j));
}

/** Measures the point x, y, whose products `evaluate` has computed. */
export function measure(at: usize): void {
  primal = 0;
  dual = 0;
  let primalSize: f64 = 0;
  let dualSize: f64 = 0;
  let quadratic: f64 = 0;
  let linear: f64 = 0;
  for (let j = 0; j < data.n; j++) {
    const scale = 1 / entry(data.columnScales, j);
    dual = larger(dual, abs(entry(dualResidual, j)) * scale);
    const size = max(abs(entry(Px, j)), max(abs(entry(q, j)), abs(entry(Aty, j))));
    dualSize = max(dualSize, size * scale);
    quadratic += entry(x, j) * entry(Px, j);
    linear += entry(x, j) * entry(q, j);
  }
  let support: f64 = 0;
  for (let r = 0; r < data.m; r++) {
    const kind = kindOf(r);
    const scale = 1 / entry(data.rowScales, r);
    const value = entry(z, r);
    primalSize = max(primalSize, abs(value) * scale);
    if (kind === 0) continue;
    const low = entry(l, r);
    const high = entry(u, r);
    if ((kind & ~UPPER) !== 0) primal = larger(primal, (low - value) * scale);
    if ((kind & ~LOWER) !== 0) primal = larger(primal, (value - high) * scale);
    const multiplier = entry(y, r);
    if (multiplier > 0) {
      if ((kind & ~LOWER) !== 0) support += high * multiplier;
      else dual = larger(dual, multiplier / scale);
    } else if (multiplier < 0) {
      if ((kind & ~UPPER) !== 0) support += low * multiplier;
      else dual = larger(dual, -multiplier / scale);
    }
  }
  gap = abs(quadratic + linear + support);
  objective = 0.5 * quadratic + linear;
  excess = larger(primal / allowed(at, primalSize), dual / allowed(at, dualSize));
  excess = larger(excess, gap / allowed(at, max(abs(quadratic), max(abs(linear), abs(support)))));
  if (!(excess < Infinity)) excess = Infinity;
}
