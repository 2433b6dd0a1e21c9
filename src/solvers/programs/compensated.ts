/**
 * Sums of products in twice the working precision: each sum is a pair high + low of float64 numbers. The errors of
 * sums and products are exact (Knuth's TwoSum; Dekker's and Veltkamp's TwoProduct, as JavaScript has no fused
 * multiply-add), so that a residual that is all cancellation still has correct digits.
 */
import type { SparseMatrix } from './problem.ts';

/** 2²⁷ + 1, which splits 53 bits into two halves of at most 26. */
const SPLITTER = 134217729;

/** A vector of sums. */
export class Sums {
  readonly high: Float64Array;
  readonly low: Float64Array;

  constructor(length: number) {
    this.high = new Float64Array(length);
    this.low = new Float64Array(length);
  }

  /** Forgets all terms. */
  clear(): this {
    this.high.fill(0);
    this.low.fill(0);
    return this;
  }

  /** Adds a vector. */
  add(terms: Float64Array): this {
    const { high, low } = this;
    for (let i = 0; i < terms.length; i++) {
      const [before, term] = [high[i], terms[i]];
      const sum = before + term;
      const part = sum - before;
      low[i] += before - (sum - part) + (term - part);
      high[i] = sum;
    }
    return this;
  }

  /** Adds scale · d∘x, where scale is a power of two or its negative. */
  addScaled(d: Float64Array, x: Float64Array, scale: number): this {
    const { high, low } = this;
    for (let i = 0; i < x.length; i++) {
      const a = scale * d[i];
      const b = x[i];
      const product = a * b;
      let part = SPLITTER * a;
      const aHigh = part - (part - a);
      part = SPLITTER * b;
      const bHigh = part - (part - b);
      const error = exactError(product, aHigh, a - aHigh, bHigh, b - bHigh);
      const before = high[i];
      const sum = before + product;
      part = sum - before;
      low[i] += before - (sum - part) + (product - part) + error;
      high[i] = sum;
    }
    return this;
  }

  /** Adds scale · Ax, where scale is a power of two or its negative. */
  addProduct({ columns, starts, indices, values }: SparseMatrix, x: Float64Array, scale = 1): this {
    const { high, low } = this;
    for (let j = 0; j < columns; j++) {
      const b = scale * x[j];
      if (b === 0) continue;
      let part = SPLITTER * b;
      const bHigh = part - (part - b);
      const bLow = b - bHigh;
      for (let k = starts[j]; k < starts[j + 1]; k++) {
        const a = values[k];
        const product = a * b;
        part = SPLITTER * a;
        const aHigh = part - (part - a);
        const error = exactError(product, aHigh, a - aHigh, bHigh, bLow);
        const i = indices[k];
        const before = high[i];
        const sum = before + product;
        part = sum - before;
        low[i] += before - (sum - part) + (product - part) + error;
        high[i] = sum;
      }
    }
    return this;
  }

  /** Adds scale · Aᵀy, where scale is a power of two or its negative. */
  addTransposedProduct({ columns, starts, indices, values }: SparseMatrix, y: Float64Array, scale = 1): this {
    for (let j = 0; j < columns; j++) {
      let high = this.high[j];
      let low = this.low[j];
      for (let k = starts[j]; k < starts[j + 1]; k++) {
        const a = values[k];
        const b = scale * y[indices[k]];
        if (b === 0) continue;
        const product = a * b;
        let part = SPLITTER * a;
        const aHigh = part - (part - a);
        part = SPLITTER * b;
        const bHigh = part - (part - b);
        const error = exactError(product, aHigh, a - aHigh, bHigh, b - bHigh);
        const sum = high + product;
        part = sum - high;
        low += high - (sum - part) + (product - part) + error;
        high = sum;
      }
      this.high[j] = high;
      this.low[j] = low;
    }
    return this;
  }

  /** Writes the sums, rounded. */
  round(target: Float64Array = new Float64Array(this.high.length)): Float64Array {
    for (let i = 0; i < target.length; i++) target[i] = this.high[i] + this.low[i];
    return target;
  }
}

function exactError(product: number, aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** One sum. */
export class Sum {
  high = 0;
  low = 0;

  add(term: number): this {
    const sum = this.high + term;
    const part = sum - this.high;
    this.low += this.high - (sum - part) + (term - part);
    this.high = sum;
    return this;
  }

  /** Adds a·b. */
  addProduct(a: number, b: number): this {
    const product = a * b;
    let part = SPLITTER * a;
    const aHigh = part - (part - a);
    part = SPLITTER * b;
    const bHigh = part - (part - b);
    this.low += exactError(product, aHigh, a - aHigh, bHigh, b - bHigh);
    return this.add(product);
  }

  /** Adds x·y. */
  addDot(x: Float64Array, y: Float64Array): this {
    for (let i = 0; i < x.length; i++) if (x[i] !== 0 && y[i] !== 0) this.addProduct(x[i], y[i]);
    return this;
  }

  get value(): number {
    return this.high + this.low;
  }
}
