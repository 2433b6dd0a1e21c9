import { ABSENT, type BatchedProductCall, type ProductCall } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { activation, proximal } from './activations.ts';

/** The number of multiplications after which a product may be interrupted: about a millisecond. */
const UNINTERRUPTED = 2 ** 20;

/** Whether a product takes so short a time that it need not be interruptible. */
export function isShort({ m, n, k }: ProductCall): boolean {
  return m * n * k <= UNINTERRUPTED;
}

/** C = epilogue(op(A)·op(B)); see ProductCall for the formula. */
export function productAtOnce(call: ProductCall, slots: readonly Float64Array[]): void {
  const out = slots[call.output];
  multiplyRows(leftOf(call, slots), rightOf(call, slots), out, 0, call.m, call.n, call.k);
  epilogue(call, slots, out);
}

/** The same for products of any size, with interruptions. */
export function* product(call: ProductCall, slots: readonly Float64Array[]): Job {
  const { m, n, k } = call;
  const [left, right, out] = [leftOf(call, slots), rightOf(call, slots), slots[call.output]];
  const stretch = 2 * Math.ceil(UNINTERRUPTED / (2 * n * k + 1));
  for (let first = 0; first < m; first += stretch) {
    multiplyRows(left, right, out, first, Math.min(first + stretch, m), n, k);
    yield;
  }
  epilogue(call, slots, out);
}

/** op(A). Its rows are multiplied with rows of op(B)ᵀ: the numbers of both are adjacent in memory. */
function leftOf({ m, k, transposeA, inputs: [a] }: ProductCall, slots: readonly Float64Array[]): Float64Array {
  return transposeA ? transpose(slots[a], k, m) : slots[a];
}

/** op(B)ᵀ */
function rightOf({ n, k, transposeB, inputs }: ProductCall, slots: readonly Float64Array[]): Float64Array {
  const b = slots[inputs[1]];
  return transposeB ? b : transpose(b, k, n);
}

/** Applies the epilogue to all rows of the result, which in a batch include the rows of all samples. */
export function epilogue(
  call: ProductCall | BatchedProductCall,
  slots: readonly Float64Array[],
  out: Float64Array,
): void {
  const { n, activationParameters: parameters, inputs } = call;
  const at = (index: number): Float64Array | undefined =>
    (inputs[index] ?? ABSENT) === ABSENT ? undefined : slots[inputs[index]];
  const [bias, scale, prior, step] = [at(2), at(3), at(4), at(5)];
  const plain = call.activation === 'identity' && !call.proximal;
  if (plain && !bias && !scale && !call.residual) return;
  for (let index = 0; index < out.length; index++) {
    let t = out[index];
    if (bias) t += call.bias === 'row' ? bias[index % n] : bias[index];
    if (call.proximal && prior && step) {
      t = proximal(call.activation, (1 - step[0]) * prior[index] + step[0] * t, step[0], parameters);
    } else if (!plain) {
      t = activation(call.activation, t, parameters);
    }
    if (scale) t *= scale[index];
    if (call.residual && prior) t = prior[index] - t;
    out[index] = t;
  }
}

/** @param x a matrix of rows × columns */
export function transpose(x: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = x[row * columns + column];
  }
  return result;
}

/**
 * out[i, j] = Σₗ a[i, l]·b[j, l] for the rows `first` to `last`, two rows of a and four rows of b at a time. This is
 * the only loop of the backend that is written for speed, since most time is spent here.
 */
export function multiplyRows(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  first: number,
  last: number,
  n: number,
  k: number,
): void {
  const evenRows = last - ((last - first) % 2);
  const wholeColumns = n - (n % 4);
  for (let i = first; i < evenRows; i += 2) {
    const a0 = i * k;
    const a1 = a0 + k;
    for (let j = 0; j < wholeColumns; j += 4) {
      const b0 = j * k;
      const b1 = b0 + k;
      const b2 = b1 + k;
      const b3 = b2 + k;
      let c00 = 0;
      let c01 = 0;
      let c02 = 0;
      let c03 = 0;
      let c10 = 0;
      let c11 = 0;
      let c12 = 0;
      let c13 = 0;
      for (let l = 0; l < k; l++) {
        const x0 = a[a0 + l];
        const x1 = a[a1 + l];
        const y0 = b[b0 + l];
        const y1 = b[b1 + l];
        const y2 = b[b2 + l];
        const y3 = b[b3 + l];
        c00 += x0 * y0;
        c01 += x0 * y1;
        c02 += x0 * y2;
        c03 += x0 * y3;
        c10 += x1 * y0;
        c11 += x1 * y1;
        c12 += x1 * y2;
        c13 += x1 * y3;
      }
      const row0 = i * n + j;
      const row1 = row0 + n;
      out[row0] = c00;
      out[row0 + 1] = c01;
      out[row0 + 2] = c02;
      out[row0 + 3] = c03;
      out[row1] = c10;
      out[row1 + 1] = c11;
      out[row1 + 2] = c12;
      out[row1 + 3] = c13;
    }
    for (let j = wholeColumns; j < n; j++) {
      out[i * n + j] = dot(a, a0, b, j * k, k);
      out[(i + 1) * n + j] = dot(a, a1, b, j * k, k);
    }
  }
  for (let i = evenRows; i < last; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = dot(a, i * k, b, j * k, k);
  }
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let sum = 0;
  for (let l = 0; l < length; l++) sum += a[aStart + l] * b[bStart + l];
  return sum;
}
