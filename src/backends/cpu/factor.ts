/**
 * The Cholesky factor LLᵀ = H of a matrix to which rows and columns are appended and from which they are removed, and z
 * = L⁻¹c for a right-hand side c.
 */

/** A pivot below this share of its diagonal entry is taken for a rounding error: the row depends on those before it. */
export const DEPENDENT = 1e-11;

/**
 * Below this share a pivot has lost half of its digits to cancellation, and is computed again if there is an exact
 * formula.
 */
const CANCELLED = 1e-8;
/** The share for an exact pivot: 36 roundings, as the certificate of two columns allows (`isDefinite`). */
const DEPENDENT_AFTER_ALL = 36 * Number.EPSILON;

export class Factor {
  /** Row i of L, i + 1 numbers. */
  private readonly rows: number[][] = [];
  private z: number[] = [];

  get size(): number {
    return this.rows.length;
  }

  clear(): void {
    this.rows.length = 0;
    this.z = [];
  }

  /**
   * Appends a row and a column to H.
   * @param h the entries of the row before the diagonal
   * @param square the diagonal entry
   * @param right the new entry of c
   * @param exactPivot computes the pivot from H⁻¹h without cancellation
   * @returns false where the row depends on the others; the factor is then unchanged
   */
  append(
    h: readonly number[],
    square: number,
    right: number,
    exactPivot?: (combination: readonly number[]) => number,
  ): boolean {
    const l = this.forward(h);
    const difference = square - dot(l, l);
    const isExact = exactPivot !== undefined && difference < CANCELLED * square;
    const pivot = isExact ? exactPivot(this.backward(l)) : difference;
    if (!(pivot > (isExact ? DEPENDENT_AFTER_ALL : DEPENDENT) * square)) return false;
    const root = Math.sqrt(pivot);
    this.z.push((right - dot(l, this.z)) / root);
    this.rows.push([...l, root]);
    return true;
  }

  /**
   * Removes a row and a column of H. Each row of L below then has one entry too many; plane rotations of columns
   * eliminate these.
   */
  remove(place: number): void {
    this.rows.splice(place, 1);
    const rotations: (readonly [number, number])[] = [];
    for (let i = place; i < this.rows.length; i++) {
      const row = this.rows[i];
      rotations.forEach(([cosine, sine], at) => {
        rotate(row, place + at, cosine, sine);
      });
      const length = Math.hypot(row[i], row[i + 1]);
      rotations.push([row[i] / length, row[i + 1] / length]);
      row[i] = length;
      row.length = i + 1;
    }
    rotations.forEach(([cosine, sine], at) => {
      rotate(this.z, place + at, cosine, sine);
    });
    this.z.length = this.rows.length;
  }

  /** Replaces c. */
  setRightSide(c: readonly number[]): void {
    this.z = this.forward(c);
  }

  /** H⁻¹c */
  solveRightSide(): number[] {
    return this.backward(this.z);
  }

  /** H⁻¹h */
  solve(h: readonly number[]): number[] {
    return this.backward(this.forward(h));
  }

  /** L⁻¹h */
  private forward(h: readonly number[]): number[] {
    const l: number[] = [];
    for (const [i, row] of this.rows.entries()) l.push((h[i] - dot(row, l)) / row[i]);
    return l;
  }

  /** L⁻ᵀz */
  private backward(z: readonly number[]): number[] {
    const d = [...z];
    for (let i = d.length - 1; i >= 0; i--) {
      const row = this.rows[i];
      d[i] /= row[i];
      for (let j = 0; j < i; j++) d[j] -= row[j] * d[i];
    }
    return d;
  }
}

/** Rotates the entries `at` and `at` + 1 of a row. */
function rotate(row: number[], at: number, cosine: number, sine: number): void {
  const [a, b] = [row[at], row[at + 1]];
  row[at] = cosine * a + sine * b;
  row[at + 1] = cosine * b - sine * a;
}

/** Σ xᵢyᵢ over the length of y. */
function dot(x: readonly number[], y: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += x[i] * y[i];
  return sum;
}
