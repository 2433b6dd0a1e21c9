/**
 * Smaller multipliers of the same solution. Where the rows that hold are dependent, multipliers may be as large as one
 * likes, and their rounding alone then spoils the residuals: the least ones are found by a program of their own.
 */
import { EQUALITY, type Form, FREE } from './form.ts';
import type { Judged, Point } from './judgement.ts';
import type { Sides } from './polish.ts';
import type { ProgramData } from './problem.ts';
import { sparseFromEntries, transpose } from './sparse.ts';

/** min ½‖y‖² over the y of the rows that hold, of the right signs, with Aᵀy = −(Px + q). */
export interface LeastMultipliers {
  readonly data: ProgramData;
  /** The row of each of its variables. */
  readonly rows: Int32Array;
}

export function leastMultipliersOf(form: Form, { evaluation }: Judged, sides: Sides): LeastMultipliers {
  const { kinds, A } = form;
  const rows = Int32Array.from(kinds.keys()).filter(
    (i) => kinds[i] !== FREE && (kinds[i] === EQUALITY || sides[i] !== 0),
  );
  const At = transpose(A);
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const values: number[] = [];
  const target = evaluation.Px.map((value, j) => -(value + form.q[j]));
  const l = [...target];
  const u = [...target];
  rows.forEach((row, column) => {
    for (let k = At.starts[row]; k < At.starts[row + 1]; k++) {
      rowOf.push(At.indices[k]);
      columnOf.push(column);
      values.push(At.values[k]);
    }
    if (kinds[row] === EQUALITY) return;
    rowOf.push(l.length);
    columnOf.push(column);
    values.push(1);
    l.push(sides[row] > 0 ? 0 : Number.NEGATIVE_INFINITY);
    u.push(sides[row] > 0 ? Number.POSITIVE_INFINITY : 0);
  });
  const size = rows.length;
  const diagonal = Int32Array.from(rows.keys());
  const data: ProgramData = {
    n: size,
    m: l.length,
    P: sparseFromEntries(diagonal, diagonal, new Float64Array(size).fill(1), size, size),
    q: new Float64Array(size),
    A: sparseFromEntries(rowOf, columnOf, values, l.length, size),
    l: Float64Array.from(l),
    u: Float64Array.from(u),
  };
  return { data, rows };
}

/** The point with these multipliers; those of the wrong sign are left out. */
export function withMultipliers(
  { kinds, m }: Form,
  { x }: Point,
  sides: Sides,
  rows: Int32Array,
  values: Float64Array,
): Point {
  const y = new Float64Array(m);
  rows.forEach((row, k) => {
    if (kinds[row] === EQUALITY || values[k] * sides[row] > 0) y[row] = values[k];
  });
  return { x, y };
}
