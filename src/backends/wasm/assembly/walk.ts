// The state of the homotopy that its stages and steps share, laid out in the space of a group. See cpu/walk.ts for the
// names.
import { dotWide } from './columns';
import { factorBytes } from './factor';

export let rows: i32 = 0;
export let features: i32 = 0;
export let capacity: i32 = 0;
/** ρ */
export let ridge: f64 = 0;
/** The number of features in use. */
export let count: i32 = 0;
/** maxⱼ ‖Xⱼ‖ */
export let largest: f64 = 0;

let columns: usize = 0;
/** t, in float32. */
let penalty: usize = 0;

/** Arrays of float64 with a number for each feature. */
let beta: usize = 0;
let correlation: usize = 0;
let squares: usize = 0;
/**
 * By how much a stage widens and shifts the thresholds; q; and dq/d(−τ). Also float64, with a number for each feature.
 */
export let width: usize = 0;
export let shift: usize = 0;
export let q: usize = 0;
export let slopes: usize = 0;
/** y − Xβ, in float64. */
export let residual: usize = 0;
/** Arrays of float64 with a number for each feature in use. */
export let direction: usize = 0;
export let products: usize = 0;
/** An array of float32 with a number for each row. */
export let moved: usize = 0;
/** Arrays with an integer for each feature. */
let signs: usize = 0;
export let candidates: usize = 0;
export let blocked: usize = 0;
/** The list of features in use. */
let used: usize = 0;
/** Where the factor lies: behind the arrays of float64. */
export let end: usize = 0;

/** Finds the arrays in the space of a group, whose size lower.ts computes. */
export function layOut(rowCount: i32, featureCount: i32, maximumCount: i32, columnsAt: usize, space: usize): void {
  rows = rowCount;
  features = featureCount;
  capacity = maximumCount;
  columns = columnsAt;
  beta = space;
  correlation = wide(beta, features);
  squares = wide(correlation, features);
  width = wide(squares, features);
  shift = wide(width, features);
  q = wide(shift, features);
  slopes = wide(q, features);
  residual = wide(slopes, features);
  direction = wide(residual, rows);
  products = wide(direction, capacity);
  end = wide(products, capacity);
  const integers = end + factorBytes(capacity);
  signs = integers;
  candidates = whole(signs, features);
  blocked = whole(candidates, features);
  used = whole(blocked, features);
  moved = whole(used, capacity);
}

/** Computes what all problems of a group share. */
export function begin(): void {
  largest = 0;
  for (let j = 0; j < features; j++) {
    const square = dotWide(columnOf(j), columnOf(j), rows);
    store<f64>(wide(squares, j), square);
    largest = max(largest, sqrt(square));
  }
}

/** Sets β = 0, with no feature in use. */
export function restart(rho: f64): void {
  ridge = rho;
  count = 0;
  memory.fill(beta, 0, (<usize>features) << 3);
  memory.fill(signs, 0, (<usize>features) << 2);
}

/** Stores the state outside the arrays, in three numbers. */
export function save(at: usize): void {
  store<f64>(at, ridge);
  store<f64>(wide(at, 1), largest);
  store<f64>(wide(at, 2), <f64>count);
}

export function resume(at: usize): void {
  ridge = load<f64>(at);
  largest = load<f64>(wide(at, 1));
  count = <i32>load<f64>(wide(at, 2));
}

export function usePenalty(at: usize): void {
  penalty = at;
}

/** The address of a number in float64. */
export function wide(at: usize, index: i32): usize {
  return at + ((<usize>index) << 3);
}

/** The address of an integer. */
export function whole(at: usize, index: i32): usize {
  return at + ((<usize>index) << 2);
}

export function columnOf(j: i32): usize {
  return columns + ((<usize>j * <usize>rows) << 2);
}

export function penaltyOf(j: i32): f64 {
  return <f64>load<f32>(penalty + ((<usize>j) << 2));
}

export function betaOf(j: i32): f64 {
  return load<f64>(wide(beta, j));
}

export function setBeta(j: i32, value: f64): void {
  store<f64>(wide(beta, j), value);
}

export function correlationOf(j: i32): f64 {
  return load<f64>(wide(correlation, j));
}

export function setCorrelation(j: i32, value: f64): void {
  store<f64>(wide(correlation, j), value);
}

export function squareOf(j: i32): f64 {
  return load<f64>(wide(squares, j));
}

/** The sign of the correlation of a feature in use; 0 for the other features. */
export function signOf(j: i32): i32 {
  return load<i32>(whole(signs, j));
}

export function usedAt(place: i32): i32 {
  return load<i32>(whole(used, place));
}

export function use(j: i32, sign: i32): void {
  store<i32>(whole(used, count), j);
  store<i32>(whole(signs, j), sign);
  count += 1;
}

/** Removes the feature at a place from those in use. */
export function drop(place: i32): void {
  const j = usedAt(place);
  setBeta(j, 0);
  store<i32>(whole(signs, j), 0);
  count -= 1;
  memory.copy(whole(used, place), whole(used, place + 1), (<usize>(count - place)) << 2);
}

/** Stores g in the space of q, which is free between stages. */
export function saveCorrelation(): void {
  memory.copy(q, correlation, (<usize>features) << 3);
}

export function restoreCorrelation(): void {
  memory.copy(correlation, q, (<usize>features) << 3);
}
