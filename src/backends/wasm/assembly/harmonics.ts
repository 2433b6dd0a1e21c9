// Sums of cosines and sines over n real numbers, for LANES lines side by side. Cosines are even and sines are odd under
// p → n − p; where n is even, both are also even or odd under p → n/2 − p, depending on whether the frequency is even.
// So numbers are first added and subtracted in pairs, and what is left are products with small matrices:
// a quarter of the multiplications for even n, and half of them for odd n.

import { LANES } from '../spectrum-instructions';
import { multiplyAdd } from './fused';

/** Bytes of one number of all lines. */
export const STEP: usize = (<usize>LANES) << 2;

/** The numbers of even and of odd places in 0 … n/2. */
function evens(half: i32): i32 {
  return (half >> 1) + 1;
}
function odds(half: i32): i32 {
  return (half + 1) >> 1;
}

/** Bytes of a matrix with pairs of rows side by side. */
function bytesOf(rows: i32, columns: i32): usize {
  return (<usize>(((rows + 1) >> 1) * columns)) << 3;
}

/** At least the bytes that the matrices for n numbers take, in either direction. */
export function tableBytes(n: i32): usize {
  const most = (n >> 1) + 2;
  return (<usize>(2 * most * (most + 1))) << 2;
}

/** At least the bytes of the sums and differences of n numbers, or of what is computed from them. */
export function pairsBytes(n: i32): usize {
  return <usize>(2 * n + 16) * STEP;
}

let tableEnd: usize = 0;

/**
 * Appends a matrix: entry (i, j) is wave[first(i)·second(j) mod n], with the places firstStart + i·step and secondStart +
 * j·step.
 * @param scale of every entry; twice that where j stands for two frequencies and `isWeighted`
 */
function append(
  wave: usize,
  n: i32,
  rows: i32,
  rowStart: i32,
  rowStep: i32,
  columns: i32,
  columnStart: i32,
  columnStep: i32,
  isWeighted: bool,
  scale: f32,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const place = columnStart + j * columnStep;
      const index = ((rowStart + i * rowStep) * place) % n;
      const factor = isWeighted && place > 0 && 2 * place < n ? scale + scale : scale;
      const to = tableEnd + ((<usize>(((i >> 1) * columns + j) * 2 + (i & 1))) << 2);
      store<f32>(to, factor * load<f32>(wave + ((<usize>index) << 2)));
    }
  }
  tableEnd += bytesOf(rows, columns);
}

/** Writes the matrices of `analyse`. @param waves cosines and then sines of 2πk/n, n of each */
export function prepareAnalysis(waves: usize, n: i32, table: usize): void {
  const half = n >> 1;
  const sines = waves + ((<usize>n) << 2);
  tableEnd = table;
  if (n & 1) {
    append(waves, n, half + 1, 0, 1, half + 1, 0, 1, false, 1);
    append(sines, n, half + 1, 0, 1, half, 1, 1, false, 1);
    return;
  }
  append(waves, n, evens(half), 0, 2, evens(half), 0, 1, false, 1);
  append(waves, n, odds(half), 1, 2, odds(half), 0, 1, false, 1);
  append(sines, n, evens(half), 0, 2, (half - 1) >> 1, 1, 1, false, 1);
  append(sines, n, odds(half), 1, 2, half >> 1, 1, 1, false, 1);
}

/** Writes the matrices of `synthesise`. @param scale of the results */
export function prepareSynthesis(waves: usize, n: i32, table: usize, scale: f32): void {
  const half = n >> 1;
  const sines = waves + ((<usize>n) << 2);
  tableEnd = table;
  if (n & 1) {
    append(waves, n, half + 1, 0, 1, half + 1, 0, 1, true, scale);
    append(sines, n, half + 1, 0, 1, half + 1, 0, 1, true, scale);
    return;
  }
  append(waves, n, evens(half), 0, 1, evens(half), 0, 2, true, scale);
  append(waves, n, evens(half), 0, 1, odds(half), 1, 2, true, scale);
  append(sines, n, evens(half), 0, 1, evens(half), 0, 2, true, scale);
  append(sines, n, evens(half), 0, 1, odds(half), 1, 2, true, scale);
}

/** Multiplies the matrix at `table` with the numbers at `x`, `xStep` bytes apart. @returns the end of the matrix */
function multiply(table: usize, rows: i32, columns: i32, x: usize, xStep: usize, out: usize, outStep: usize): usize {
  let row = 0;
  for (; row + 1 < rows; row += 2, out += 2 * outStep) {
    multiplyPair(table, columns, x, xStep, out, out + outStep);
    table += (<usize>columns) << 3;
  }
  if (row === rows) return table;
  multiplySingle(table, columns, x, xStep, out);
  return table + ((<usize>columns) << 3);
}

function multiplyPair(table: usize, columns: i32, x: usize, xStep: usize, out: usize, next: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  const end = table + ((<usize>columns) << 3);
  for (; table < end; table += 8, x += xStep) {
    const a0 = v128.load32_splat(table);
    const a1 = v128.load32_splat(table, 4);
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    c00 = multiplyAdd(a0, x0, c00);
    c01 = multiplyAdd(a0, x1, c01);
    c02 = multiplyAdd(a0, x2, c02);
    c03 = multiplyAdd(a0, x3, c03);
    c10 = multiplyAdd(a1, x0, c10);
    c11 = multiplyAdd(a1, x1, c11);
    c12 = multiplyAdd(a1, x2, c12);
    c13 = multiplyAdd(a1, x3, c13);
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c02, 32);
  v128.store(out, c03, 48);
  v128.store(next, c10);
  v128.store(next, c11, 16);
  v128.store(next, c12, 32);
  v128.store(next, c13, 48);
}

function multiplySingle(table: usize, columns: i32, x: usize, xStep: usize, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  const end = table + ((<usize>columns) << 3);
  for (; table < end; table += 8, x += xStep) {
    const a = v128.load32_splat(table);
    c0 = multiplyAdd(a, v128.load(x), c0);
    c1 = multiplyAdd(a, v128.load(x, 16), c1);
    c2 = multiplyAdd(a, v128.load(x, 32), c2);
    c3 = multiplyAdd(a, v128.load(x, 48), c3);
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
}

/** Of all lines. Where both have the same place, the difference stays there. */
export function sumAndDifference(a: usize, b: usize, sum: usize, difference: usize): void {
  for (let i: usize = 0; i < STEP; i += 16) {
    const x = v128.load(a + i);
    const y = v128.load(b + i);
    v128.store(sum + i, f32x4.add(x, y));
    v128.store(difference + i, f32x4.sub(x, y));
  }
}

/**
 * C[f] = Σ cos(2πfp/n)·v[p] and S[f] = Σ sin(2πfp/n)·v[p] for f = 0 … n/2.
 * @param step bytes from one number of v to the next
 * @param pairs space of pairsBytes(n)
 * @param outStep bytes from one number of C, and of S, to the next
 */
export function analyse(
  v: usize,
  step: usize,
  n: i32,
  table: usize,
  pairs: usize,
  C: usize,
  S: usize,
  outStep: usize,
): void {
  const half = n >> 1;
  if (n & 1) {
    const differences = pairs + <usize>(half + 1) * STEP;
    memory.copy(pairs, v, STEP);
    for (let p = 1; p <= half; p++) {
      const at = <usize>p * STEP;
      sumAndDifference(v + <usize>p * step, v + <usize>(n - p) * step, pairs + at, differences + at - STEP);
    }
    table = multiply(table, half + 1, half + 1, pairs, STEP, C, outStep);
    multiply(table, half + 1, half, differences, STEP, S, outStep);
    return;
  }
  const evenSums = pairs;
  const oddSums = evenSums + <usize>evens(half) * STEP;
  const evenDifferences = oddSums + <usize>odds(half) * STEP;
  const oddDifferences = evenDifferences + <usize>((half - 1) >> 1) * STEP;
  sumAndDifference(v, v + <usize>half * step, evenSums, oddSums);
  for (let p = 1; 2 * p < half; p++) {
    const at = <usize>p * STEP;
    foldFour(
      v + <usize>p * step,
      v + <usize>(n - p) * step,
      v + <usize>(half - p) * step,
      v + <usize>(half + p) * step,
      evenSums + at,
      oddSums + at,
      evenDifferences + at - STEP,
      oddDifferences + at - STEP,
    );
  }
  if ((half & 1) === 0) {
    const p = half >> 1;
    const at = <usize>p * STEP;
    sumAndDifference(v + <usize>p * step, v + <usize>(n - p) * step, evenSums + at, oddDifferences + at - STEP);
  }
  table = multiply(table, evens(half), evens(half), evenSums, STEP, C, 2 * outStep);
  table = multiply(table, odds(half), odds(half), oddSums, STEP, C + outStep, 2 * outStep);
  table = multiply(table, evens(half), (half - 1) >> 1, evenDifferences, STEP, S, 2 * outStep);
  multiply(table, odds(half), half >> 1, oddDifferences, STEP, S + outStep, 2 * outStep);
}

/** Of the numbers at p, n − p, n/2 − p and n/2 + p. */
function foldFour(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  evenSum: usize,
  oddSum: usize,
  evenDifference: usize,
  oddDifference: usize,
): void {
  for (let i: usize = 0; i < STEP; i += 16) {
    const w = v128.load(a + i);
    const x = v128.load(b + i);
    const y = v128.load(c + i);
    const z = v128.load(d + i);
    const near = f32x4.add(w, x);
    const far = f32x4.add(y, z);
    v128.store(evenSum + i, f32x4.add(near, far));
    v128.store(oddSum + i, f32x4.sub(near, far));
    const nearDifference = f32x4.sub(w, x);
    const farDifference = f32x4.sub(y, z);
    v128.store(evenDifference + i, f32x4.sub(nearDifference, farDifference));
    v128.store(oddDifference + i, f32x4.add(nearDifference, farDifference));
  }
}

/**
 * v[p] = Σ cos(2πfp/n)·re[f] − sin(2πfp/n)·im[f] over f = 0 … n/2, with the scale and the weights of the matrices. All
 * numbers are STEP bytes apart.
 * @param pairs space of pairsBytes(n)
 */
export function synthesise(re: usize, im: usize, n: i32, table: usize, pairs: usize, v: usize): void {
  const half = n >> 1;
  const end = v + <usize>n * STEP;
  if (n & 1) {
    const O = pairs + <usize>(half + 1) * STEP;
    table = multiply(table, half + 1, half + 1, re, STEP, pairs, STEP);
    multiply(table, half + 1, half + 1, im, STEP, O, STEP);
    for (let p = 0; p <= half; p++) {
      const at = <usize>p * STEP;
      // At p = 0 both are the same, since all sines are 0.
      sumAndDifference(pairs + at, O + at, p === 0 ? v : end - at, v + at);
    }
    return;
  }
  const length = <usize>evens(half) * STEP;
  const E0 = pairs;
  const E1 = E0 + length;
  const O0 = E1 + length;
  const O1 = O0 + length;
  table = multiply(table, evens(half), evens(half), re, 2 * STEP, E0, STEP);
  table = multiply(table, evens(half), odds(half), re + STEP, 2 * STEP, E1, STEP);
  table = multiply(table, evens(half), evens(half), im, 2 * STEP, O0, STEP);
  multiply(table, evens(half), odds(half), im + STEP, 2 * STEP, O1, STEP);
  const middle = v + <usize>half * STEP;
  for (let p = 0; 2 * p <= half; p++) {
    const at = <usize>p * STEP;
    unfoldFour(E0 + at, E1 + at, O0 + at, O1 + at, v + at, p === 0 ? v : end - at, middle - at, middle + at);
  }
}

/** The numbers at p, n − p, n/2 − p and n/2 + p. */
function unfoldFour(E0: usize, E1: usize, O0: usize, O1: usize, a: usize, b: usize, c: usize, d: usize): void {
  for (let i: usize = 0; i < STEP; i += 16) {
    const e0 = v128.load(E0 + i);
    const e1 = v128.load(E1 + i);
    const o0 = v128.load(O0 + i);
    const o1 = v128.load(O1 + i);
    const near = f32x4.add(e0, e1);
    const far = f32x4.sub(e0, e1);
    const nearOdd = f32x4.add(o0, o1);
    const farOdd = f32x4.sub(o1, o0);
    v128.store(b + i, f32x4.add(near, nearOdd));
    v128.store(a + i, f32x4.sub(near, nearOdd));
    v128.store(d + i, f32x4.add(far, farOdd));
    v128.store(c + i, f32x4.sub(far, farOdd));
  }
}
