// Solves op(L)·X = B for each sample: from the first row to the last, or from the last to the first for the transpose;
// see TriangularSolveCall in batched-kernels.ts.
import { COLUMNS, TriangularSolve } from '../extra-instructions';
import { beat } from './clock';
import { buffer, word } from './memory';
import { addTimes, dot, scale } from './vectors';

/** Solves the units `first` to `last`. A unit is at most COLUMNS columns of a sample. */
export function triangularSolve(at: usize, first: i32, last: i32): void {
  const order = <usize>word(at, TriangularSolve.order);
  const columns = word(at, TriangularSolve.columns);
  const blocks = (columns + COLUMNS - 1) / COLUMNS;
  const pitch = (<usize>columns) << 2;
  for (let unit = first; unit < last; unit++) {
    beat();
    const sample = <usize>(unit / blocks);
    const column = (unit % blocks) * COLUMNS;
    const count = min(COLUMNS, columns - column);
    const start = sample * order * pitch + ((<usize>column) << 2);
    const x = buffer(at, TriangularSolve.out) + start;
    const b = buffer(at, TriangularSolve.right) + start;
    const bytes = (<usize>count) << 2;
    for (let row: usize = 0; row < order; row++) memory.copy(x + row * pitch, b + row * pitch, bytes);
    const matrix = buffer(at, TriangularSolve.matrix) + ((sample * order * order) << 2);
    if (word(at, TriangularSolve.transposed) !== 0) backwards(matrix, x, <i32>order, pitch, count);
    else forwards(matrix, x, <i32>order, pitch, count);
  }
}

function forwards(matrix: usize, x: usize, order: i32, pitch: usize, count: i32): void {
  for (let i = 0; i < order; i++) {
    const row = matrix + ((<usize>(i * order)) << 2);
    const to = x + <usize>i * pitch;
    // There is only one column, so that x is a vector of adjacent numbers.
    if (pitch === 4) store<f32>(to, load<f32>(to) - dot(row, x, i));
    else for (let k = 0; k < i; k++) addTimes(to, -load<f32>(row + ((<usize>k) << 2)), x + <usize>k * pitch, count);
    divide(to, load<f32>(row + ((<usize>i) << 2)), count);
  }
}

function backwards(matrix: usize, x: usize, order: i32, pitch: usize, count: i32): void {
  for (let i = order - 1; i >= 0; i--) {
    const row = matrix + ((<usize>(i * order)) << 2);
    const from = x + <usize>i * pitch;
    divide(from, load<f32>(row + ((<usize>i) << 2)), count);
    if (pitch === 4) addTimes(x, -load<f32>(from), row, i);
    else for (let k = 0; k < i; k++) addTimes(x + <usize>k * pitch, -load<f32>(row + ((<usize>k) << 2)), from, count);
  }
}

function divide(x: usize, divisor: f32, count: i32): void {
  if (count > 1) scale(x, <f32>1 / divisor, count);
  else store<f32>(x, load<f32>(x) / divisor);
}
