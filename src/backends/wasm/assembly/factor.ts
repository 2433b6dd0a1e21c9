// The Cholesky factor of a matrix whose rows and columns come and go, in float64; see cpu/factor.ts. LLᵀ = H, z = L⁻¹c.
import { add, dot } from './columns';

/** A pivot below this share of its diagonal entry is rounding: the row depends on those before it. */
export const DEPENDENT: f64 = 1e-11;

/** Rows of L, one behind the other, of 1, 2, … numbers. */
let triangle: usize = 0;
let z: usize = 0;
/** Of rotations, cosine and sine. */
let rotations: usize = 0;
let size: i32 = 0;

/** Bytes for a factor of so many rows. */
export function factorBytes(capacity: i32): usize {
  return number(0, triangular(capacity) + 3 * <usize>capacity);
}

/** A factor of so many rows, in the space that it has had before. */
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
 * Appends a row of H; false where it depends on the others, and the factor stays as it was.
 * @param h its products with the rows that are there, which L⁻¹h takes the place of
 * @param square its diagonal entry
 * @param right its entry of c
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

/** Deletes a row and a column of H. The rows below have an entry too many, which plane rotations of their columns carry off. */
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

/** The rotations `first` to `last` of neighbouring numbers; returns what the last of them leaves in the second place. */
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

/** Takes another c, which is overwritten. */
export function setRightSide(c: usize): void {
  forward(c);
  memory.copy(z, c, (<usize>size) << 3);
}

/** H⁻¹c */
export function solveRightSide(out: usize): void {
  memory.copy(out, z, (<usize>size) << 3);
  backward(out);
}

/** h becomes L⁻¹h. */
function forward(h: usize): void {
  for (let i = 0; i < size; i++) {
    const row = rowOf(i);
    const at = number(h, i);
    store<f64>(at, (load<f64>(at) - dot(row, h, i)) / load<f64>(number(row, i)));
  }
}

/** h becomes H⁻¹h. */
export function solve(h: usize): void {
  forward(h);
  backward(h);
}

/** d becomes L⁻ᵀd. */
function backward(d: usize): void {
  for (let i = size - 1; i >= 0; i--) {
    const row = rowOf(i);
    const value = load<f64>(number(d, i)) / load<f64>(number(row, i));
    store<f64>(number(d, i), value);
    add(d, row, -value, i);
  }
}
