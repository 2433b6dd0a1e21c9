/** Least squares by Householder reflections, whose rounding does not square the condition number. */
import { dot, type Numbers } from './numbers.ts';

/** The columns of a row-major matrix. */
export function columnsOf(X: Numbers, features: number): Float64Array[] {
  const count = X.length / features;
  return Array.from({ length: features }, (_, feature) =>
    Float64Array.from({ length: count }, (_, row) => X[row * features + feature]),
  );
}

/**
 * u = (XᵀX)⁻¹Xᵀy and w = (XᵀX)⁻¹s, by X = QR: Ru = Qᵀy, RᵀRw = s.
 *
 * @throws Error where the columns are dependent to about 1e-10
 */
export function leastSquares(columns: readonly Numbers[], y: Numbers, s: Numbers): { u: number[]; w: number[] } {
  const order = columns.length;
  const work = columns.map((column) => Float64Array.from(column));
  const right = Float64Array.from(y);
  const R = Array.from({ length: order }, () => new Float64Array(order));
  work.forEach((column, k) => {
    // The reflection that takes column k, from row k on, to a multiple of the first unit vector.
    const tail = column.subarray(k);
    const length = Math.sqrt(dot(tail, tail));
    const size = Math.sqrt(dot(columns[k], columns[k]));
    if (!(length > 1e-10 * size)) throw new Error(`column ${k} of ${order} depends on those before it`);
    const diagonal = tail[0] > 0 ? -length : length;
    const v = Float64Array.from(tail);
    v[0] -= diagonal;
    const scale = 2 / dot(v, v);
    for (const each of [...work.slice(k + 1), right]) {
      const rest = each.subarray(k);
      const factor = scale * dot(v, rest);
      for (let row = 0; row < v.length; row++) rest[row] -= factor * v[row];
    }
    for (let i = 0; i < k; i++) R[i][k] = column[i];
    R[k][k] = diagonal;
  });
  return { u: backward(R, right.subarray(0, order)), w: backward(R, forward(R, s)) };
}

/** x with Rx = b, R upper triangular. */
function backward(R: readonly Float64Array[], b: Numbers): number[] {
  const x = Array.from(b);
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < x.length; j++) x[i] -= R[i][j] * x[j];
    x[i] /= R[i][i];
  }
  return x;
}

/** x with Rᵀx = b. */
function forward(R: readonly Float64Array[], b: Numbers): number[] {
  const x = Array.from(b);
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) x[i] -= R[j][i] * x[j];
    x[i] /= R[i][i];
  }
  return x;
}
