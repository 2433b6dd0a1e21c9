/** Cone programs with known solutions and derivatives, in the form that solvers and derivatives take. */

import type { ConeDirections } from '../../src/implicit/cones/directions.ts';
import { type Cone, readCones } from '../../src/solvers/cones/cone.ts';
import type { ConeData, ConePoint } from '../../src/solvers/cones/problem.ts';
import type { SparseMatrix } from '../../src/solvers/programs/problem.ts';
import { sparseFromRows } from '../../src/solvers/programs/sparse.ts';

type Rows = readonly (readonly number[])[];

/** What every cone program of the fixtures has. */
export interface GivenProgram {
  readonly name: string;
  readonly P?: Rows;
  readonly A: Rows;
  readonly b: readonly number[];
  readonly c: readonly number[];
  readonly cones: readonly Cone[];
}

/** x, y and s of a solution. */
export interface GivenPoint {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly s: readonly number[];
}

/** A direction of the data. */
export interface GivenDirection {
  readonly dP?: Rows;
  readonly dA: Rows;
  readonly db: readonly number[];
  readonly dc: readonly number[];
}

/** A cotangent of the solution. */
export interface GivenCotangent {
  readonly gx: readonly number[];
  readonly gy: readonly number[];
  readonly gs: readonly number[];
}

export function sparseOf(rows: Rows, columns: number): SparseMatrix {
  return sparseFromRows(rows.flat(), rows.length, columns);
}

export function coneDataOf({ P, A, b, c, cones }: GivenProgram): ConeData {
  const n = c.length;
  return {
    n,
    m: b.length,
    P: sparseOf(P ?? Array.from({ length: n }, () => new Array<number>(n).fill(0)), n),
    A: sparseOf(A, n),
    b: Float64Array.from(b),
    c: Float64Array.from(c),
    blocks: readCones('cones', cones),
  };
}

export function conePointOf({ x, y, s }: GivenPoint): ConePoint {
  return { x: Float64Array.from(x), y: Float64Array.from(y), s: Float64Array.from(s) };
}

export function coneDirectionsOf({ dP, dA, db, dc }: GivenDirection): ConeDirections {
  const n = dc.length;
  return {
    ...(dP && { P: sparseOf(dP, n) }),
    A: sparseOf(dA, n),
    b: Float64Array.from(db),
    c: Float64Array.from(dc),
  };
}
