// Moves along one axis; see MOVES in kernels.ts for the formulas.
import { Move, MoveOperation } from '../instructions';
import { buffer, word } from './memory';

/** Moves the numbers with the outer indices `first` to `last`. */
export function move(at: usize, first: i32, last: i32): void {
  const operation = word(at, Move.operation);
  for (let o = first; o < last; o++) {
    if (operation === MoveOperation.gather) {
      if (buffer(at, Move.index) === 0) gatherRange(at, o);
      else gather(at, o);
    } else if (operation === MoveOperation.scatter) scatter(at, o);
    else segmentSum(at, o);
  }
}

function place(values: usize, index: i32): usize {
  return values + ((<usize>index) << 2);
}

function indexAt(indices: usize, i: i32): i32 {
  return <i32>nearest<f32>(load<f32>(place(indices, i)));
}

/** Without an index: copies consecutive rows of x followed by y, and writes zeros before and after them. */
function gatherRange(at: usize, o: i32): void {
  const inner = word(at, Move.inner);
  const extent = word(at, Move.extent);
  const others = word(at, Move.others);
  const length = word(at, Move.rowCount);
  const offset = word(at, Move.offset);
  const to = place(buffer(at, Move.out), o * length * inner);
  const x = place(buffer(at, Move.x), o * extent * inner);
  const y = place(buffer(at, Move.y), o * others * inner);
  const row = (<usize>inner) << 2;
  // Row j is row j + offset of x, or j + offset − extent of y.
  const first = min(max(-offset, 0), length);
  const second = min(max(extent - offset, first), length);
  const end = others === 0 ? second : min(max(extent + others - offset, second), length);
  memory.fill(to, 0, <usize>first * row);
  memory.copy(to + <usize>first * row, x + <usize>(first + offset) * row, <usize>(second - first) * row);
  if (end > second) {
    memory.copy(to + <usize>second * row, y + <usize>(second + offset - extent) * row, <usize>(end - second) * row);
  }
  memory.fill(to + <usize>end * row, 0, <usize>(length - end) * row);
}

/** With an index into the rows of x followed by y: copies these rows, and writes zeros where the index lies outside. */
function gather(at: usize, o: i32): void {
  const inner = word(at, Move.inner);
  const extent = word(at, Move.extent);
  const others = word(at, Move.others);
  const length = word(at, Move.rowCount);
  const index = buffer(at, Move.index);
  const y = buffer(at, Move.y);
  const bytes = (<usize>inner) << 2;
  for (let j = 0; j < length; j++) {
    const t = indexAt(index, j);
    const to = place(buffer(at, Move.out), (o * length + j) * inner);
    if (t >= 0 && t < extent) memory.copy(to, place(buffer(at, Move.x), (o * extent + t) * inner), bytes);
    else if (y !== 0 && t >= extent && t < extent + others) {
      memory.copy(to, place(y, (o * others + t - extent) * inner), bytes);
    } else memory.fill(to, 0, bytes);
  }
}

function scatter(at: usize, o: i32): void {
  const inner = word(at, Move.inner);
  const extent = word(at, Move.extent);
  const others = word(at, Move.others);
  const bytes = (<usize>inner) << 2;
  const start = o * extent * inner;
  const out = place(buffer(at, Move.out), start);
  memory.copy(out, place(buffer(at, Move.x), start), <usize>extent * bytes);
  for (let j = 0; j < others; j++) {
    const t = indexAt(buffer(at, Move.index), j);
    if (t < 0 || t >= extent) continue;
    memory.copy(place(out, t * inner), place(buffer(at, Move.y), (o * others + j) * inner), bytes);
  }
}

function segmentSum(at: usize, o: i32): void {
  const inner = word(at, Move.inner);
  const extent = word(at, Move.extent);
  const length = word(at, Move.rowCount);
  const ends = buffer(at, Move.y);
  for (let r = 0; r < length; r++) {
    const to = place(buffer(at, Move.out), (o * length + r) * inner);
    memory.fill(to, 0, (<usize>inner) << 2);
    const end = indexAt(ends, r + 1);
    for (let t = indexAt(ends, r); t < end; t++) {
      const row = indexAt(buffer(at, Move.index), t);
      const from = place(buffer(at, Move.x), (o * extent + row) * inner);
      for (let i = 0; i < inner; i++) {
        store<f32>(place(to, i), load<f32>(place(to, i)) + load<f32>(place(from, i)));
      }
    }
  }
}
