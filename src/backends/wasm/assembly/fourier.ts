// Transforms of images, LANES lines at a time: along columns and then along rows, and back in the opposite order. What
// lies between the two is kept in the workspace of the thread.
import { Fourier, LANES } from '../spectrum-instructions';
import { beat } from './clock';
import {
  analyse,
  pairsBytes,
  prepareAnalysis,
  prepareSynthesis,
  STEP,
  sumAndDifference,
  synthesise,
  tableBytes,
} from './harmonics';
import { buffer, chunk, word } from './memory';
import { interleave4 } from './pack';

let lines: i32 = 0;
let rows: i32 = 0;
let columns: i32 = 0;
/** The numbers of f₁ = 0 … rows/2 and of f₂ = 0 … columns/2. */
let halfRows: i32 = 0;
let halfColumns: i32 = 0;
/** Bytes from the real to the imaginary parts of a frequency. */
let plane: usize = 0;

// Places in the workspace: the matrices for rows and for columns, folded numbers, one row of an image, the sums over
// cosines (C) and sines (S) of real (0) and imaginary (1) parts, numbers of lines that are not there, and what lies
// between the two steps.
let rowTable: usize = 0;
let columnTable: usize = 0;
let pairs: usize = 0;
let line: usize = 0;
let C0: usize = 0;
let S0: usize = 0;
let C1: usize = 0;
let S1: usize = 0;
let spare: usize = 0;
let between: usize = 0;

/** The groups `first` to `last`. */
export function fourier(at: usize, first: i32, last: i32): void {
  layOut(at);
  const isInverse = word(at, Fourier.inverse) !== 0;
  const roots = buffer(at, Fourier.roots);
  const columnRoots = roots + ((<usize>rows) << 3);
  prepareAnalysis(roots, rows, rowTable);
  if (isInverse) prepareSynthesis(columnRoots, columns, columnTable, <f32>1 / <f32>(rows * columns));
  else prepareAnalysis(columnRoots, columns, columnTable);
  const x = buffer(at, Fourier.x);
  const out = buffer(at, Fourier.out);
  for (let group = first; group < last; group++) {
    beat();
    if (isInverse) toImages(x, out, group * LANES);
    else toSpectrum(x, out, group * LANES);
  }
}

function layOut(at: usize): void {
  lines = word(at, Fourier.lines);
  rows = word(at, Fourier.rows);
  columns = word(at, Fourier.columns);
  halfRows = (rows >> 1) + 1;
  halfColumns = (columns >> 1) + 1;
  plane = (<usize>lines) << 2;
  const sums = <usize>halfRows * STEP;
  rowTable = chunk(0);
  columnTable = rowTable + tableBytes(rows);
  pairs = columnTable + tableBytes(columns);
  line = pairs + pairsBytes(max(rows, columns));
  C0 = line + <usize>columns * STEP;
  S0 = C0 + sums;
  C1 = S0 + sums;
  S1 = C1 + sums;
  spare = S1 + sums;
  between = spare + <usize>(2 * rows) * STEP;
}

/** Address of frequency (f₁, f₂) of a line in a spectrum. */
function frequency(spectrum: usize, f1: i32, f2: i32, first: i32): usize {
  return spectrum + <usize>(2 * (f2 * rows + f1)) * plane + ((<usize>first) << 2);
}

function toSpectrum(images: usize, spectrum: usize, first: i32): void {
  // Between the steps: f₂, cosines or sines, p₁.
  const pitch = <usize>(2 * rows) * STEP;
  for (let p1 = 0; p1 < rows; p1++) {
    const row = images + ((<usize>(p1 * columns)) << 2);
    for (let lane = 0; lane < LANES; lane += 4) {
      interleave4(row, rows * columns, first + lane, lines - 1, columns, line + ((<usize>lane) << 2), STEP);
    }
    const to = between + <usize>p1 * STEP;
    analyse(line, STEP, columns, columnTable, pairs, to, to + <usize>rows * STEP, pitch);
  }
  const isWhole = first + LANES <= lines;
  for (let f2 = 0; f2 < halfColumns; f2++) {
    const from = between + <usize>f2 * pitch;
    analyse(from, STEP, rows, rowTable, pairs, C0, S0, STEP);
    analyse(from + <usize>rows * STEP, STEP, rows, rowTable, pairs, C1, S1, STEP);
    for (let f1 = 0; f1 < halfRows; f1++) {
      const to = frequency(spectrum, f1, f2, first);
      const mirrored = f1 === 0 ? to : frequency(spectrum, rows - f1, f2, first);
      const at = <usize>f1 * STEP;
      // (c₀ − i·c₁)(cos ∓ i·sin)
      if (isWhole) {
        sumAndDifference(C0 + at, S1 + at, mirrored, to);
        turnBack(S0 + at, C1 + at, to + plane, mirrored + plane);
      } else {
        sumAndDifference(C0 + at, S1 + at, spare + STEP, spare);
        turnBack(S0 + at, C1 + at, spare + 2 * STEP, spare + 3 * STEP);
        const count = (<usize>(lines - first)) << 2;
        memory.copy(mirrored, spare + STEP, count);
        memory.copy(mirrored + plane, spare + 3 * STEP, count);
        memory.copy(to, spare, count);
        memory.copy(to + plane, spare + 2 * STEP, count);
      }
    }
  }
}

/** −(x + y), and x − y for the frequency −f₁. */
function turnBack(x: usize, y: usize, to: usize, mirrored: usize): void {
  for (let i: usize = 0; i < STEP; i += 16) {
    const a = v128.load(x + i);
    const b = v128.load(y + i);
    v128.store(mirrored + i, f32x4.sub(a, b));
    v128.store(to + i, f32x4.neg(f32x4.add(a, b)));
  }
}

/** x + y, and y − x for the row −p₁. */
function turnForward(x: usize, y: usize, to: usize, mirrored: usize): void {
  for (let i: usize = 0; i < STEP; i += 16) {
    const a = v128.load(x + i);
    const b = v128.load(y + i);
    v128.store(mirrored + i, f32x4.sub(b, a));
    v128.store(to + i, f32x4.add(a, b));
  }
}

function toImages(spectrum: usize, images: usize, first: i32): void {
  // Between the steps: p₁, real or imaginary parts, f₂.
  const pitch = <usize>(2 * halfColumns) * STEP;
  const isWhole = first + LANES <= lines;
  for (let f2 = 0; f2 < halfColumns; f2++) {
    let from = frequency(spectrum, 0, f2, first);
    let step: usize = 2 * plane;
    let toImaginary = plane;
    if (!isWhole) {
      copyLines(from, first);
      from = spare;
      step = 2 * STEP;
      toImaginary = STEP;
    }
    analyse(from, step, rows, rowTable, pairs, C0, S0, STEP);
    analyse(from + toImaginary, step, rows, rowTable, pairs, C1, S1, STEP);
    const imaginary = <usize>halfColumns * STEP;
    for (let p1 = 0; p1 < halfRows; p1++) {
      const to = between + <usize>p1 * pitch + <usize>f2 * STEP;
      const mirrored = p1 === 0 ? to : between + <usize>(rows - p1) * pitch + <usize>f2 * STEP;
      const at = <usize>p1 * STEP;
      // (c₀ + i·c₁)(cos ± i·sin)
      sumAndDifference(C0 + at, S1 + at, mirrored, to);
      turnForward(S0 + at, C1 + at, to + imaginary, mirrored + imaginary);
    }
  }
  for (let p1 = 0; p1 < rows; p1++) {
    const from = between + <usize>p1 * pitch;
    synthesise(from, from + <usize>halfColumns * STEP, columns, columnTable, pairs, line);
    writeRow(images, first, p1);
  }
}

/** Copies the numbers of the lines that are there for all f₁, real and imaginary parts in turn. */
function copyLines(from: usize, first: i32): void {
  const count = (<usize>(lines - first)) << 2;
  for (let i = 0; i < 2 * rows; i++) memory.copy(spare + <usize>i * STEP, from + <usize>i * plane, count);
}

/** Writes row p₁ of the images of all lines. */
function writeRow(images: usize, first: i32, p1: i32): void {
  const count = min(LANES, lines - first);
  const pitch = (<usize>(rows * columns)) << 2;
  const to = images + <usize>first * pitch + ((<usize>(p1 * columns)) << 2);
  const whole = columns & ~3;
  for (let column = 0; column < whole; column += 4) {
    interleave4(line, LANES, column, columns - 1, count, to + ((<usize>column) << 2), pitch);
  }
  for (let column = whole; column < columns; column++) {
    const from = line + <usize>column * STEP;
    const place = to + ((<usize>column) << 2);
    for (let lane = 0; lane < count; lane++) {
      store<f32>(place + <usize>lane * pitch, load<f32>(from + ((<usize>lane) << 2)));
    }
  }
}
