/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (C. Jacobi, 1846; the arrangement that
 * keeps rounding small is that of H. Rutishauser, "The Jacobi method for real symmetric matrices", 1966).
 */

/** More sweeps than any matrix takes: ten are rare. Without a limit a NaN would never end. */
const MOST_SWEEPS = 60;
/** Half a unit in the last place. */
const NEGLIGIBLE = 2 ** -53;
/** A quotient of which the square would overflow or lose its 1. */
const LARGE_QUOTIENT = 1e10;

/** The eigenvalues of one matrix after another, in memory that is used again. */
export class JacobiRotations {
  /** λ, not sorted. Holds until the next call. */
  readonly eigenvalues: Float64Array;
  /** k × k: row i is the eigenvector of λᵢ. Holds until the next call. */
  readonly eigenvectors: Float64Array;
  readonly #order: number;
  /** The eigenvalues at the start of a sweep, and the sum of their changes since: their rounding does not add up. */
  readonly #before: Float64Array;
  readonly #change: Float64Array;

  constructor(order: number) {
    this.#order = order;
    this.eigenvalues = new Float64Array(order);
    this.eigenvectors = new Float64Array(order * order);
    this.#before = new Float64Array(order);
    this.#change = new Float64Array(order);
  }

  /**
   * Rotations depend on quotients alone, so that the scale of the matrix does not matter.
   * @param matrix k × k, symmetric and finite; it is overwritten
   */
  decompose(matrix: Float64Array): void {
    const k = this.#order;
    const { eigenvalues, eigenvectors } = this;
    eigenvectors.fill(0);
    for (let i = 0; i < k; i += 1) {
      eigenvectors[i * k + i] = 1;
      eigenvalues[i] = matrix[i * k + i];
    }
    for (let sweep = 0; sweep < MOST_SWEEPS && this.#sweep(matrix); sweep += 1);
  }

  /** Rotates every entry that matters to 0 once. Whether there was one. */
  #sweep(matrix: Float64Array): boolean {
    const k = this.#order;
    const { eigenvalues } = this;
    const before = this.#before;
    const change = this.#change;
    let isRotated = false;
    before.set(eigenvalues);
    change.fill(0);
    for (let p = 0; p < k; p += 1) {
      for (let q = p + 1; q < k; q += 1) {
        const entry = matrix[p * k + q];
        // An entry is negligible only against both of its eigenvalues: one of them may be far smaller than the other.
        const least = Math.min(Math.abs(eigenvalues[p]), Math.abs(eigenvalues[q]));
        if (Math.abs(entry) <= NEGLIGIBLE * least) continue;
        isRotated = true;
        const shift = this.#rotate(matrix, p, q, entry);
        change[p] -= shift;
        change[q] += shift;
        eigenvalues[p] -= shift;
        eigenvalues[q] += shift;
      }
    }
    for (let i = 0; i < k; i += 1) eigenvalues[i] = before[i] + change[i];
    return isRotated;
  }

  /**
   * With θ = (a_qq − a_pp)/(2a_pq), the rotation by the angle whose tangent is t = sign θ/(|θ| + √(θ² + 1)) makes
   * a_pq = 0, a_pp smaller by t·a_pq and a_qq larger by as much.
   * @returns t·a_pq
   */
  #rotate(matrix: Float64Array, p: number, q: number, entry: number): number {
    const k = this.#order;
    const theta = (0.5 * (this.eigenvalues[q] - this.eigenvalues[p])) / entry;
    const size = Math.abs(theta);
    const magnitude = size > LARGE_QUOTIENT ? 0.5 / size : 1 / (size + Math.sqrt(size * size + 1));
    const tangent = theta < 0 ? -magnitude : magnitude;
    const cosine = 1 / Math.sqrt(tangent * tangent + 1);
    const sine = tangent * cosine;
    const tau = sine / (1 + cosine);
    matrix[p * k + q] = 0;
    matrix[q * k + p] = 0;
    for (let i = 0; i < k; i += 1) {
      if (i === p || i === q) continue;
      const a = matrix[p * k + i];
      const b = matrix[q * k + i];
      const first = a - sine * (b + tau * a);
      const second = b + sine * (a - tau * b);
      matrix[p * k + i] = first;
      matrix[i * k + p] = first;
      matrix[q * k + i] = second;
      matrix[i * k + q] = second;
    }
    const vectors = this.eigenvectors;
    for (let i = 0; i < k; i += 1) {
      const a = vectors[p * k + i];
      const b = vectors[q * k + i];
      vectors[p * k + i] = a - sine * (b + tau * a);
      vectors[q * k + i] = b + sine * (a - tau * b);
    }
    return tangent * entry;
  }
}
