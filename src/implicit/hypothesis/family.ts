/**
 * The family of matrices of which the hypothesis asks that none is singular: a box with one rank-one term for each
 * kink.
 */

/** The term of one kink, between 0 and −a·bᵀ. */
export interface Term {
  /** [n] */
  readonly a: ArrayLike<number>;
  /** [n] */
  readonly b: ArrayLike<number>;
}

/**
 * B(d) = B₀ − Σᵢ dᵢ·aᵢbᵢᵀ for d in [0, 1]ᵏ. For z = σ(Wz + b) the elements are I − DW: B₀ has every kinked coordinate
 * at the lower end of its Clarke interval, and the term of kink i has a = eᵢ and b = (width of the interval)·(row i of
 * W).
 */
export interface MatrixFamily {
  readonly n: number;
  /** B₀, n × n, row-major. */
  readonly base: ArrayLike<number>;
  readonly terms: readonly Term[];
}

/** A vertex of the box: 1 for each kink at its upper end, 0 for each at its lower end. */
export type Vertex = Uint8Array;

/** Whether all numbers of the family are finite: those of a sample that failed need not be. */
export function isFiniteFamily({ base, terms }: MatrixFamily): boolean {
  const areFinite = (numbers: ArrayLike<number>): boolean => Array.prototype.every.call(numbers, Number.isFinite);
  return areFinite(base) && terms.every(({ a, b }) => areFinite(a) && areFinite(b));
}

/** @throws RangeError where a size does not fit or a number is not finite */
export function checkFamily({ n, base, terms }: MatrixFamily): void {
  if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`n: it is ${n}; it must be a whole number, at least 1`);
  checkFinite('base', base, n * n);
  for (const [i, { a, b }] of terms.entries()) {
    checkFinite(`terms[${i}].a`, a, n);
    checkFinite(`terms[${i}].b`, b, n);
  }
}

function checkFinite(name: string, values: ArrayLike<number>, length: number): void {
  if (values.length !== length)
    throw new RangeError(`${name}: it has ${values.length} numbers; it must have ${length}`);
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(values[i])) throw new RangeError(`${name}[${i}]: it is ${values[i]}; it must be finite`);
  }
}

/** B(d), n × n, with the rounding of float64. */
export function evaluateElement({ n, base, terms }: MatrixFamily, d: ArrayLike<number>): Float64Array {
  const matrix = Float64Array.from(base);
  for (const [index, { a, b }] of terms.entries()) {
    if (d[index] === 0) continue;
    for (let i = 0; i < n; i++) {
      const factor = d[index] * a[i];
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) matrix[i * n + j] -= factor * b[j];
    }
  }
  return matrix;
}

/**
 * A bound of the rounding error of `evaluateElement` at a vertex, entry by entry: (k + 1)·ε·(|B₀| + Σ |aᵢ||bᵢ|ᵀ) for
 * its k products and k sums.
 */
export function boundElementRounding({ n, base, terms }: MatrixFamily, vertex: Vertex): Float64Array {
  const radius = Float64Array.from(base, Math.abs);
  let count = 0;
  for (const [index, { a, b }] of terms.entries()) {
    if (vertex[index] === 0) continue;
    count++;
    for (let i = 0; i < n; i++) {
      if (a[i] === 0) continue;
      for (let j = 0; j < n; j++) radius[i * n + j] += Math.abs(a[i] * b[j]);
    }
  }
  const unit = count === 0 ? 0 : (count + 1) * Number.EPSILON;
  for (let index = 0; index < radius.length; index++) radius[index] *= unit;
  return radius;
}
