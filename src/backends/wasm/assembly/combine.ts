// out[i, j] = Σₜ factorₜ·cₜ[i]·xₜ[i, j] over at most three terms.
import { Combine } from '../instructions';
import { buffer, quad, real, storeFirst, word } from './memory';

/** The terms of one row whose coefficient is not 0: the addresses of the rows, and the coefficients. */
let count: i32 = 0;
let x0: usize = 0;
let x1: usize = 0;
let x2: usize = 0;
let c0: f32 = 0;
let c1: f32 = 0;
let c2: f32 = 0;

/** The rows `first` to `last` of the result. */
export function combine(at: usize, first: i32, last: i32): void {
  const columns = word(at, Combine.columns);
  const out = buffer(at, Combine.out);
  const rowBytes = (<usize>columns) << 2;
  let hasCoefficients = false;
  for (let t = 0; t < 3; t++) hasCoefficients = hasCoefficients || buffer(at, Combine.coefficient + t) !== 0;
  if (!hasCoefficients) {
    chooseTerms(at, first, rowBytes);
    combineRow(out + <usize>first * rowBytes, (last - first) * columns);
    return;
  }
  for (let row = first; row < last; row++) {
    chooseTerms(at, row, rowBytes);
    combineRow(out + <usize>row * rowBytes, columns);
  }
}

function chooseTerms(at: usize, row: i32, rowBytes: usize): void {
  count = 0;
  for (let t = 0; t < 3; t++) {
    const x = buffer(at, Combine.x + t);
    if (x === 0) continue;
    const coefficients = buffer(at, Combine.coefficient + t);
    let c = real(at, Combine.factor + t);
    if (coefficients !== 0) c *= load<f32>(coefficients + ((<usize>row) << 2));
    if (c === 0) continue;
    addTerm(x + <usize>row * rowBytes, c);
  }
}

function addTerm(x: usize, c: f32): void {
  if (count === 0) {
    x0 = x;
    c0 = c;
  } else if (count === 1) {
    x1 = x;
    c1 = c;
  } else {
    x2 = x;
    c2 = c;
  }
  count += 1;
}

function combineRow(out: usize, columns: i32): void {
  const whole = (<usize>(columns >> 2)) << 4;
  combineVectors(out, 0, whole);
  const rest = columns & 3;
  if (rest === 0) return;
  const last = quad(0);
  combineVectors(last - whole, whole, whole + 16);
  storeFirst(out + whole, last, rest);
}

/** Bytes `from` to `to` of the terms chosen, into the same places of `out`. */
function combineVectors(out: usize, from: usize, to: usize): void {
  const a0 = f32x4.splat(c0);
  const a1 = f32x4.splat(c1);
  const a2 = f32x4.splat(c2);
  switch (count) {
    case 0:
      for (let i = from; i < to; i += 16) v128.store(out + i, f32x4.splat(0));
      break;
    case 1:
      for (let i = from; i < to; i += 16) v128.store(out + i, f32x4.mul(a0, v128.load(x0 + i)));
      break;
    case 2:
      for (let i = from; i < to; i += 16) {
        v128.store(out + i, f32x4.add(f32x4.mul(a0, v128.load(x0 + i)), f32x4.mul(a1, v128.load(x1 + i))));
      }
      break;
    default:
      for (let i = from; i < to; i += 16) {
        const two = f32x4.add(f32x4.mul(a0, v128.load(x0 + i)), f32x4.mul(a1, v128.load(x1 + i)));
        v128.store(out + i, f32x4.add(two, f32x4.mul(a2, v128.load(x2 + i))));
      }
  }
}
