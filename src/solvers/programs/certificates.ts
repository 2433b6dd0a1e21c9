/**
 * Certificates that a program has no feasible point, or that its objective has no lower bound. They are the solutions
 * of programs that always have one:
 * - min ½‖t‖² over l ≤ Ax + t ≤ u, where t = 0 on rows that bound one variable. Its multipliers y have Aᵀy = 0 and
 *   uᵀy⁺ + lᵀy⁻ = −‖t‖², so that t ≠ 0 shows that there is no feasible point.
 * - the projection of −q on the directions δ with Pδ = 0 along which no bound is ever met. Its δ has qᵀδ = −‖δ‖².
 * A certificate counts only after its conditions have been tested.
 */
import { Sum, Sums } from './compensated.ts';
import { type Form, FREE } from './form.ts';
import type { PrimalDual, ProgramData, SparseMatrix } from './problem.ts';
import { largestMagnitude } from './residuals.ts';
import { sparseFromEntries } from './sparse.ts';

/** A condition that holds to this, in the scaled program and relative to the certificate, holds. */
const EXACT = 1e-9;
/** One that holds to this raises suspicion. */
const ROUGH = 1e-4;
/** A certificate counts if it is larger than this share of the terms that cancel in it. */
const LEAST_SIZE = 1e-12;

export type Strictness = 'exact' | 'rough';

/** Whether y shows that the scaled program has no feasible point. */
export function showsInfeasibility(form: Form, y: Float64Array, strictness: Strictness): boolean {
  const size = largestMagnitude(y);
  if (!(size > 0 && size < Number.POSITIVE_INFINITY)) return false;
  const support = new Sum();
  let terms = 0;
  let misplaced = 0;
  for (let i = 0; i < form.m; i++) {
    const bound = y[i] > 0 ? form.u[i] : form.l[i];
    if (y[i] === 0) continue;
    if (Number.isFinite(bound)) {
      support.addProduct(bound, y[i]);
      terms += Math.abs(bound * y[i]);
    } else misplaced = Math.max(misplaced, Math.abs(y[i]));
  }
  const tolerance = strictness === 'exact' ? EXACT : ROUGH;
  if (!(support.value < 0 && support.value < -(strictness === 'exact' ? LEAST_SIZE : ROUGH) * terms)) return false;
  const Aty = new Sums(form.n).addTransposedProduct(form.A, y).round();
  return Math.max(misplaced, largestMagnitude(Aty)) <= tolerance * size;
}

/** Whether x shows that the scaled program's objective has no lower bound. */
export function showsUnboundedness(form: Form, x: Float64Array, strictness: Strictness): boolean {
  const size = largestMagnitude(x);
  if (!(size > 0 && size < Number.POSITIVE_INFINITY)) return false;
  const { n, m, P, q, A, l, u, kinds } = form;
  const slope = new Sum().addDot(q, x).value;
  let terms = 0;
  for (let j = 0; j < n; j++) terms += Math.abs(q[j] * x[j]);
  const tolerance = strictness === 'exact' ? EXACT : ROUGH;
  if (!(slope < 0 && slope < -(strictness === 'exact' ? LEAST_SIZE : ROUGH) * terms)) return false;
  const Px = new Sums(n).addProduct(P, x).round();
  if (largestMagnitude(Px) > tolerance * size * largestMagnitude(P.values)) return false;
  const z = new Sums(m).addProduct(A, x).round();
  for (let i = 0; i < m; i++) {
    if (kinds[i] === FREE) continue;
    if (u[i] < Number.POSITIVE_INFINITY && z[i] > tolerance * size) return false;
    if (l[i] > Number.NEGATIVE_INFINITY && z[i] < -tolerance * size) return false;
  }
  return true;
}

/**
 * Whether the solution of one of the programs below is 0 but for rounding.
 * @param size of the certificate that it gives, ‖t‖∞ or ‖δ‖∞
 * @param program whose rows or columns, by the kind, have the terms that cancel
 */
export function isRounding(
  size: number,
  kind: 'rows' | 'columns',
  { A, q, n, m }: ProgramData,
  at: PrimalDual,
): boolean {
  const terms = new Float64Array(kind === 'rows' ? m : n);
  for (let j = 0; j < n; j++) {
    if (kind === 'columns') terms[j] += Math.abs(q[j]);
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) {
      const i = A.indices[k];
      if (kind === 'columns') terms[j] += Math.abs(A.values[k] * at.y[i]);
      else if (at.y[i] !== 0) terms[i] += Math.abs(A.values[k] * at.x[j]);
    }
  }
  return !(size > LEAST_SIZE * largestMagnitude(terms));
}

/** min ½‖t‖² over l ≤ Ax + t ≤ u in the scaled program; its first n variables are x. */
export function feasibilityProgram(form: Form): ProgramData {
  const { n, m, A, systemRows, l, u } = form;
  const elastic = systemRows.length;
  const builder = new EntryBuilder();
  builder.addMatrix(A, 0, 0);
  systemRows.forEach((row, place) => {
    builder.add(row, n + place, 1);
  });
  const columns = n + elastic;
  const tail = Int32Array.from({ length: elastic }, (_, place) => n + place);
  return {
    n: columns,
    m,
    P: sparseFromEntries(tail, tail, new Float64Array(elastic).fill(1), columns, columns),
    q: new Float64Array(columns),
    A: builder.build(m, columns),
    l,
    u,
  };
}

/** The projection of −q on the directions along which the scaled program's curvature is 0 and no bound is met. */
export function recessionProgram(form: Form): ProgramData {
  const { n, m, P, q, A, kinds } = form;
  const builder = new EntryBuilder();
  builder.addMatrix(A, 0, 0);
  builder.addMatrix(P, m, 0);
  const l = new Float64Array(m + n);
  const u = new Float64Array(m + n);
  for (let i = 0; i < m; i++) {
    const isFree = kinds[i] === FREE;
    if (isFree || form.l[i] === Number.NEGATIVE_INFINITY) l[i] = Number.NEGATIVE_INFINITY;
    if (isFree || form.u[i] === Number.POSITIVE_INFINITY) u[i] = Number.POSITIVE_INFINITY;
  }
  const diagonal = Int32Array.from({ length: n }, (_, j) => j);
  return {
    n,
    m: m + n,
    P: sparseFromEntries(diagonal, diagonal, new Float64Array(n).fill(1), n, n),
    q,
    A: builder.build(m + n, n),
    l,
    u,
  };
}

/** Collects entries of a matrix. */
class EntryBuilder {
  private readonly rowOf: number[] = [];
  private readonly columnOf: number[] = [];
  private readonly values: number[] = [];

  add(row: number, column: number, value: number): void {
    this.rowOf.push(row);
    this.columnOf.push(column);
    this.values.push(value);
  }

  addMatrix({ columns, starts, indices, values }: SparseMatrix, firstRow: number, firstColumn: number): void {
    for (let j = 0; j < columns; j++) {
      for (let k = starts[j]; k < starts[j + 1]; k++) this.add(firstRow + indices[k], firstColumn + j, values[k]);
    }
  }

  build(rows: number, columns: number): SparseMatrix {
    return sparseFromEntries(this.rowOf, this.columnOf, this.values, rows, columns);
  }
}
