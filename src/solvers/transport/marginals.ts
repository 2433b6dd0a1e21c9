/** The equations of the marginals of a plan: [diag(P1), P; Pᵀ, diag(Pᵀ1)](u, w) = (v₁, v₂) with the last w held at 0. */

/** (v₁, v₂), or (u, w). */
export type Marginals = readonly [rows: Float64Array, columns: Float64Array];

/** The equations, factorised. */
export interface MarginalEquations {
  solve(right: Marginals): Marginals;
  /** The least pivot relative to its sum of P: how near the plan is to falling apart into blocks. */
  readonly leastPivot: number;
}

/** A pivot below this share of its diagonal is lost in rounding. */
const LEAST_PIVOT = 64 * Number.EPSILON;

/**
 * The matrix is singular along (1, −1) alone where P > 0. The last column is held, and the rows are eliminated: a Cholesky
 * factor of diag(Pᵀ1) − Pᵀdiag(P1)⁻¹P without its last row and column is what is left, or the same for the transpose
 * where P has fewer rows than columns.
 * @param plan P, row by row
 * @param rows P1
 * @param columns Pᵀ1
 * @returns undefined where the plan falls apart into blocks up to rounding
 */
export function factoriseMarginals(
  plan: Float64Array,
  rows: Float64Array,
  columns: Float64Array,
): MarginalEquations | undefined {
  const [n, m] = [rows.length, columns.length];
  if (m > n) {
    const turned = Float64Array.from(plan, (_, at) => plan[(at % n) * m + Math.floor(at / n)]);
    const solved = factoriseMarginals(turned, columns, rows);
    if (!solved) return undefined;
    const solve = ([v, t]: Marginals): Marginals => {
      const [w, u] = solved.solve([t, v]);
      return [u, w];
    };
    return { solve, leastPivot: solved.leastPivot };
  }
  const k = m - 1;
  const factor = schurComplement(plan, rows, columns);
  const leastPivot = factorise(factor, columns, k);
  if (leastPivot <= LEAST_PIVOT) return undefined;
  const solve = ([v, t]: Marginals): Marginals => {
    // t − Pᵀdiag(P1)⁻¹v
    const right = Float64Array.from({ length: k }, (_, j) => {
      let sum = t[j];
      for (let i = 0; i < n; i++) sum -= plan[i * m + j] * (v[i] / rows[i]);
      return sum;
    });
    const w = Float64Array.from([...substitute(factor, right, k), 0]);
    const u = Float64Array.from(v, (value, i) => {
      let sum = value;
      for (let j = 0; j < k; j++) sum -= plan[i * m + j] * w[j];
      return sum / rows[i];
    });
    return [u, w];
  };
  return { solve, leastPivot };
}

/**
 * Row by row, of order m − 1. Its diagonal is Σ over the others of what is off it, a sum without cancellation: the rows of
 * the whole complement add up to 0.
 */
function schurComplement(plan: Float64Array, rows: Float64Array, columns: Float64Array): Float64Array {
  const [n, m] = [rows.length, columns.length];
  const k = m - 1;
  const complement = new Float64Array(k * k);
  for (let p = 0; p < k; p++) {
    for (let q = p + 1; q < m; q++) {
      let product = 0;
      for (let i = 0; i < n; i++) product += plan[i * m + p] * (plan[i * m + q] / rows[i]);
      complement[p * k + p] += product;
      if (q === k) continue;
      complement[q * k + q] += product;
      complement[p * k + q] = -product;
      complement[q * k + p] = -product;
    }
  }
  return complement;
}

/**
 * Puts a Cholesky factor in place of the matrix.
 * @param scales what the pivots are compared with
 * @returns the least of their ratios, up to the first that is lost in rounding
 */
function factorise(matrix: Float64Array, scales: Float64Array, k: number): number {
  let least = 1;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      let sum = matrix[i * k + j];
      for (let l = 0; l < j; l++) sum -= matrix[i * k + l] * matrix[j * k + l];
      if (i > j) {
        matrix[i * k + j] = sum / matrix[j * k + j];
        continue;
      }
      least = Math.min(least, sum / scales[j]);
      if (!(least > LEAST_PIVOT)) return 0;
      matrix[j * k + j] = Math.sqrt(sum);
    }
  }
  return least;
}

function substitute(factor: Float64Array, right: Float64Array, k: number): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) x[i] -= factor[i * k + j] * x[j];
    x[i] /= factor[i * k + i];
  }
  for (let i = k - 1; i >= 0; i--) {
    for (let j = i + 1; j < k; j++) x[i] -= factor[j * k + i] * x[j];
    x[i] /= factor[i * k + i];
  }
  return x;
}
