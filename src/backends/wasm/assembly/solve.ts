// Solves G[s]·x[s] = r[s] for each sample, by Gaussian elimination with partial pivoting. The order is at most 16.
import { Solve } from '../instructions';
import { buffer, chunk, word } from './memory';

const BYTES: usize = 4;

let order: i32 = 0;
/** Copies of G[s] and r[s], in which the elimination happens. */
let matrix: usize = 0;
let right: usize = 0;

/** Solves the systems of the samples `first` to `last`. */
export function solve(at: usize, first: i32, last: i32): void {
  order = word(at, Solve.order);
  matrix = chunk(0);
  right = chunk(1);
  const vectorBytes = <usize>order * BYTES;
  const matrixBytes = <usize>order * vectorBytes;
  for (let sample = first; sample < last; sample++) {
    memory.copy(matrix, buffer(at, Solve.matrix) + <usize>sample * matrixBytes, matrixBytes);
    memory.copy(right, buffer(at, Solve.right) + <usize>sample * vectorBytes, vectorBytes);
    eliminate();
    backSubstitute();
    memory.copy(buffer(at, Solve.out) + <usize>sample * vectorBytes, right, vectorBytes);
  }
}

function entry(row: i32, column: i32): usize {
  return matrix + <usize>(row * order + column) * BYTES;
}

function component(row: i32): usize {
  return right + <usize>row * BYTES;
}

function exchange(p: usize, q: usize): void {
  const kept = load<f32>(p);
  store<f32>(p, load<f32>(q));
  store<f32>(q, kept);
}

function eliminate(): void {
  for (let column = 0; column < order; column++) {
    let pivot = column;
    for (let row = column + 1; row < order; row++) {
      // A NaN always becomes the pivot, since it could vanish from the result otherwise.
      if (!(abs<f32>(load<f32>(entry(row, column))) <= abs<f32>(load<f32>(entry(pivot, column))))) pivot = row;
    }
    if (pivot !== column) {
      for (let j = 0; j < order; j++) exchange(entry(column, j), entry(pivot, j));
      exchange(component(column), component(pivot));
    }
    const diagonal = load<f32>(entry(column, column));
    if (diagonal === 0) continue;
    for (let row = column + 1; row < order; row++) {
      const factor = load<f32>(entry(row, column)) / diagonal;
      for (let j = column; j < order; j++) {
        store<f32>(entry(row, j), load<f32>(entry(row, j)) - factor * load<f32>(entry(column, j)));
      }
      store<f32>(component(row), load<f32>(component(row)) - factor * load<f32>(component(column)));
    }
  }
}

function backSubstitute(): void {
  for (let row = order - 1; row >= 0; row--) {
    let rest = load<f32>(component(row));
    for (let j = row + 1; j < order; j++) rest -= load<f32>(entry(row, j)) * load<f32>(component(j));
    const diagonal = load<f32>(entry(row, row));
    store<f32>(component(row), diagonal === 0 ? 0 : rest / diagonal);
  }
}
