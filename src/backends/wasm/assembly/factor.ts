// The Cholesky factor LLᵀ = H, in float64, of a matrix to which rows and columns are appended and from which they are
// removed, and z = L⁻¹c for a right-hand side c; see cpu/factor.ts.
import { add, dot } from './columns';

/** A pivot below this share of its diagonal entry is taken for a rounding error: the row depends on those before it. */
export const DEPENDENT: f64 = 1e-11;

/** The rows of L, one after the other, of 1, 2, … numbers. */
let triangle: usize = 0;
let z: usize = 0;
/** Cosine and sine of each rotation. */
let rotations: usize = 0;
let size: i32 = 0;

/** Bytes for a factor of up to `capacity` rows. */
export function factorBytes(capacity: i32): usize {
  return number(0, triangular(capacity) + 3 * <usize>capacity);
}

/** Makes the factor of `rows` rows that lies at `at` the current one. */
export function useFactor(at: usize, capacity: i32, rows: i32): void {
  triangle = at;
  z = number(at, triangular(capacity));
  rotations = number(z, capacity);
  size = rows;
}

export function factorRows(): i32 {
  return size;
}

function triangular(count: i32): usize {
  return (<usize>count * (<usize>count + 1)) >> 1;
}

function number(at: usize, index: usize): usize {
  return at + (index << 3);
}

function rowOf(i: i32): usize {
  return number(triangle, triangular(i));
}

export function clearFactor(): void {
  size = 0;
}

/**
 * Appends a row and a column to H.
 * @param h the entries of the row before the diagonal; overwritten by L⁻¹h
 * @param square the diagonal entry
 * @param right the new entry of c
 * @returns false where the row depends on the others; the factor is then unchanged
 */
export function append(h: usize, square: f64, right: f64): bool {
  forward(h);
  const pivot = square - dot(h, h, size);
  if (!(pivot > DEPENDENT * square)) return false;
  const root = sqrt(pivot);
  const row = rowOf(size);
  memory.copy(row, h, (<usize>size) << 3);
  store<f64>(number(row, size), root);
  store<f64>(number(z, size), (right - dot(h, z, size)) / root);
  size += 1;
  return true;
}

/**
 * Removes a row and a column of H. Each row of L below then has one entry too many; plane rotations of columns
 * eliminate these.
 */
export function remove(place: i32): void {
  for (let i = place + 1; i < size; i++) {
    const from = rowOf(i);
    const to = rowOf(i - 1);
    memory.copy(to, from, (<usize>place) << 3);
    const carried = rotate(from, to, place, i - 1);
    const last = load<f64>(number(from, i));
    const length = sqrt(carried * carried + last * last);
    store<f64>(number(rotations, 2 * i - 2), carried / length);
    store<f64>(number(rotations, 2 * i - 1), last / length);
    store<f64>(number(to, i - 1), length);
  }
  rotate(z, z, place, size - 1);
  size -= 1;
}

/** Applies the rotations `first` to `last` to neighbouring numbers. @returns the second number of the last rotation */
function rotate(from: usize, to: usize, first: i32, last: i32): f64 {
  let a = load<f64>(number(from, first));
  for (let c = first; c < last; c++) {
    const b = load<f64>(number(from, c + 1));
    const cosine = load<f64>(number(rotations, 2 * c));
    const sine = load<f64>(number(rotations, 2 * c + 1));
    store<f64>(number(to, c), cosine * a + sine * b);
    a = cosine * b - sine * a;
  }
  return a;
}

/** Replaces c. The numbers at `c` are overwritten. */
export function setRightSide(c: usize): void {
  forward(c);
  memory.copy(z, c, (<usize>size) << 3);
}

/** Writes H⁻¹c. */
export function solveRightSide(out: usize): void {
  memory.copy(out, z, (<usize>size) << 3);
  backward(out);
}

/** Replaces h by L⁻¹h. */
function forward(h: usize): void {
  for (let i = 0; i < size; i++) {
    const row = rowOf(i);
    const at = number(h, i);
    store<f64>(at, (load<f64>(at) - dot(row, h, i)) / load<f64>(number(row, i)));
  }
}

/** Replaces h by H⁻¹h. */
export function solve(h: usize): void {
  forward(h);
  backward(h);
}

/** Replaces d by L⁻ᵀd. */
function backward(d: usize): void {
  for (let i = size - 1; i >= 0; i--) {
    const row = rowOf(i);
    const value = load<f64>(number(d, i)) / load<f64>(number(row, i));
    store<f64>(number(d, i), value);
    add(d, row, -value, i);
  }
}
