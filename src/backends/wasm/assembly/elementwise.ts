// Element-wise operations on one to three operands. Each operand is read through a layout of its own.
import { Elementwise, Operation } from '../instructions';
import { evaluate } from './formulas';
import { buffer, CHUNK, chunk, parametersAt, splatted, word } from './memory';
import { interleave4 } from './pack';

const BYTES: i32 = 4;

/** Computes the elements `first` to `last` of the result. */
export function elementwise(at: usize, first: i32, last: i32): void {
  const operation = word(at, Elementwise.operation);
  const out = buffer(at, Elementwise.out);
  const columns = word(at, Elementwise.shape + 3);
  if (isTransposition(at)) {
    transpose(at, first / columns, last / columns);
    return;
  }
  const parameters = parametersAt(at, Elementwise.p0);
  for (let index = first; index < last; ) {
    const column = index % columns;
    const row = index / columns;
    let count = min(columns - column, last - index);
    if (!isPlain(at)) count = min(count, CHUNK);
    const x = operand(at, Elementwise.first, 0, row, column, count);
    const y = operand(at, Elementwise.second, 1, row, column, count);
    const z = operand(at, Elementwise.third, 2, row, column, count);
    const to = out + <usize>(index * BYTES);
    evaluate(operation, to, count, parameters, x, y, z, index);
    index += count;
  }
}

/** The stride of an operand along the last axis. */
function lastStride(at: usize, place: i32): i32 {
  return word(at, Elementwise.firstLayout + 5 * place + 4);
}

/** Whether the last stride of every operand is 0 or 1, so that none has to be gathered. */
function isPlain(at: usize): bool {
  for (let place = 0; place < 3; place++) {
    const stride = lastStride(at, place);
    if (stride !== 0 && stride !== 1) return false;
  }
  return true;
}

/**
 * The `count` numbers of an operand from a place of the result on, as `evaluate` reads them: their address in the
 * operand itself or in a copy, or one splatted number.
 */
function operand(at: usize, field: i32, place: i32, row: i32, column: i32, count: i32): usize {
  const values = buffer(at, field);
  if (values === 0) return splatted(place, 0);
  const layout = Elementwise.firstLayout + 5 * place;
  const d1 = word(at, Elementwise.shape + 1);
  const d2 = word(at, Elementwise.shape + 2);
  const above = row / d2;
  const stride = word(at, layout + 4);
  const start =
    word(at, layout) +
    (above / d1) * word(at, layout + 1) +
    (above % d1) * word(at, layout + 2) +
    (row % d2) * word(at, layout + 3) +
    column * stride;
  const from = values + <usize>(start * BYTES);
  if (stride === 1) return from;
  if (stride === 0) return splatted(place, load<f32>(from));
  const aside = chunk(place);
  for (let i = 0; i < count; i++) {
    store<f32>(aside + <usize>(i * BYTES), load<f32>(from + <usize>(i * stride * BYTES)));
  }
  return aside;
}

/** Whether the instruction copies a matrix transposed. Threads then divide it by whole rows of the result. */
export function isTransposition(at: usize): bool {
  const layout = Elementwise.firstLayout;
  return (
    word(at, Elementwise.operation) === Operation.copy &&
    word(at, Elementwise.shape) * word(at, Elementwise.shape + 1) === 1 &&
    word(at, layout + 3) === 1 &&
    word(at, layout + 4) > 1
  );
}

/**
 * The number of rows of the result that are written at a time: both what is read and what is written then stays in the
 * cache.
 */
const TRANSPOSED_ROWS: i32 = 16;

/** Writes the rows `first` to `last` of the result, which are columns of x. */
function transpose(at: usize, first: i32, last: i32): void {
  const layout = Elementwise.firstLayout;
  const columns = word(at, Elementwise.shape + 3);
  const pitch = word(at, layout + 4);
  const x = buffer(at, Elementwise.first) + ((<usize>word(at, layout)) << 2);
  const out = buffer(at, Elementwise.out);
  const step = (<usize>columns) << 2;
  const whole = columns & ~3;
  for (let row = first; row < last; row += TRANSPOSED_ROWS) {
    const rows = min(TRANSPOSED_ROWS, last - row);
    const from = x + ((<usize>row) << 2);
    const to = out + <usize>row * step;
    for (let column = 0; column < whole; column += 4) {
      interleave4(from, pitch, column, columns - 1, rows, to + ((<usize>column) << 2), step);
    }
    for (let column = whole; column < columns; column++) {
      for (let i = 0; i < rows; i++) {
        const value = load<f32>(from + ((<usize>(column * pitch + i)) << 2));
        store<f32>(to + <usize>i * step + ((<usize>column) << 2), value);
      }
    }
  }
}
