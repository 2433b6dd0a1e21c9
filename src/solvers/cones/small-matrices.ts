/**
 * Small dense matrices of semidefinite cones: Cholesky factors, singular values and eigenvalues by Jacobi rotations
 * (Golub and Van Loan, "Matrix computations", 2013, sections 4.2, 8.5 and 8.6). A k × k matrix lies column by column in
 * one array. Read row by row it is its transpose, and a product FG of two of them is their product in reverse.
 */

/** A rotation is left out where the cosine of the angle of two columns is below this. */
const ORTHOGONAL = 2 ** -52;
/** Sweeps of rotations; fewer than 15 are ever needed. */
const SWEEPS = 40;

const HALF_ROOT = Math.SQRT1_2;

/** Writes the symmetric matrix whose lower triangle lies in `rows` from `start` on, its off-diagonal entries times √2. */
export function unpackSymmetric(rows: Float64Array, start: number, k: number, matrix: Float64Array): void {
  let position = start;
  for (let j = 0; j < k; j++) {
    matrix[j * k + j] = rows[position++];
    for (let i = j + 1; i < k; i++) {
      const value = HALF_ROOT * rows[position++];
      matrix[j * k + i] = value;
      matrix[i * k + j] = value;
    }
  }
}

/** The reverse of `unpackSymmetric`, from the lower triangle. */
export function packSymmetric(matrix: Float64Array, k: number, rows: Float64Array, start: number): void {
  let position = start;
  for (let j = 0; j < k; j++) {
    rows[position++] = matrix[j * k + j];
    for (let i = j + 1; i < k; i++) rows[position++] = Math.SQRT2 * matrix[j * k + i];
  }
}

/** Replaces the symmetric matrix S by the lower triangular L with LLᵀ = S. @returns whether S is positive definite */
export function cholesky(matrix: Float64Array, k: number): boolean {
  for (let j = 0; j < k; j++) {
    for (let i = 0; i < j; i++) {
      const factor = matrix[i * k + j];
      for (let r = j; r < k; r++) matrix[j * k + r] -= factor * matrix[i * k + r];
    }
    const pivot = matrix[j * k + j];
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return false;
    const root = Math.sqrt(pivot);
    for (let r = j; r < k; r++) matrix[j * k + r] /= root;
    for (let r = 0; r < j; r++) matrix[j * k + r] = 0;
  }
  return true;
}

export function transpose(matrix: Float64Array, k: number, target: Float64Array): void {
  for (let j = 0; j < k; j++) for (let i = 0; i < k; i++) target[i * k + j] = matrix[j * k + i];
}

/** target = FᵀG */
export function multiplyTransposed(F: Float64Array, G: Float64Array, k: number, target: Float64Array): void {
  for (let j = 0; j < k; j++) {
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let r = 0; r < k; r++) sum += F[i * k + r] * G[j * k + r];
      target[j * k + i] = sum;
    }
  }
}

/** target = FG */
export function multiplyDense(F: Float64Array, G: Float64Array, k: number, target: Float64Array): void {
  target.fill(0);
  for (let j = 0; j < k; j++) {
    for (let r = 0; r < k; r++) {
      const factor = G[j * k + r];
      if (factor === 0) continue;
      for (let i = 0; i < k; i++) target[j * k + i] += F[r * k + i] * factor;
    }
  }
}

/**
 * Singular values by one-sided Jacobi rotations, which find small ones to full relative accuracy where the columns
 * differ in size (Demmel and Veselić, "Jacobi's method is more accurate than QR", 1992). G becomes GV = UΛ, whose columns
 * are orthogonal, and F, where there is one, FV.
 */
export function orthogonaliseColumns(G: Float64Array, k: number, F?: Float64Array): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isRotated = false;
    for (let p = 0; p < k - 1; p++) {
      for (let q = p + 1; q < k; q++) {
        let pp = 0;
        let qq = 0;
        let pq = 0;
        for (let r = 0; r < k; r++) {
          const [first, second] = [G[p * k + r], G[q * k + r]];
          pp += first * first;
          qq += second * second;
          pq += first * second;
        }
        if (!(Math.abs(pq) > ORTHOGONAL * Math.sqrt(pp) * Math.sqrt(qq))) continue;
        isRotated = true;
        const [cosine, sine] = rotation(pp, qq, pq);
        rotateColumns(G, p, q, k, cosine, sine);
        if (F) rotateColumns(F, p, q, k, cosine, sine);
      }
    }
    if (!isRotated) return;
  }
}

/** Replaces the diagonal of a symmetric matrix by its eigenvalues; the rest of it is lost. */
export function diagonalise(matrix: Float64Array, k: number): void {
  let norm = 0;
  for (let index = 0; index < k * k; index++) norm += matrix[index] * matrix[index];
  const negligible = 2 ** -54 * Math.sqrt(norm);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isRotated = false;
    for (let p = 0; p < k - 1; p++) {
      for (let q = p + 1; q < k; q++) {
        const pq = matrix[q * k + p];
        if (!(Math.abs(pq) > negligible)) continue;
        isRotated = true;
        const [cosine, sine] = rotation(matrix[p * k + p], matrix[q * k + q], pq);
        rotateColumns(matrix, p, q, k, cosine, sine);
        for (let r = 0; r < k; r++) {
          const [first, second] = [matrix[r * k + p], matrix[r * k + q]];
          matrix[r * k + p] = cosine * first - sine * second;
          matrix[r * k + q] = sine * first + cosine * second;
        }
      }
    }
    if (!isRotated) return;
  }
}

/** The least eigenvalue of the symmetric matrix whose lower triangle lies in `rows`. */
export function leastEigenvalue(rows: Float64Array, start: number, k: number, work: Float64Array): number {
  unpackSymmetric(rows, start, k, work);
  diagonalise(work, k);
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < k; j++) {
    const value = work[j * k + j];
    if (Number.isNaN(value)) return value;
    least = Math.min(least, value);
  }
  return least;
}

/** The rotation of columns p and q that makes [pp pq; pq qq] diagonal. */
function rotation(pp: number, qq: number, pq: number): readonly [number, number] {
  const slope = (qq - pp) / (2 * pq);
  const tangent = Math.sign(slope || 1) / (Math.abs(slope) + Math.hypot(1, slope));
  const cosine = 1 / Math.hypot(1, tangent);
  return [cosine, cosine * tangent];
}

function rotateColumns(matrix: Float64Array, p: number, q: number, k: number, cosine: number, sine: number): void {
  for (let r = 0; r < k; r++) {
    const [first, second] = [matrix[p * k + r], matrix[q * k + r]];
    matrix[p * k + r] = cosine * first - sine * second;
    matrix[q * k + r] = sine * first + cosine * second;
  }
}
