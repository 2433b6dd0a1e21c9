/** The scaled program in the form in which the interior point method solves it, without the rows of free cones. */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Interruptible } from '../../../backends/event-loop.ts';
import { powerOfTwo, type Scaling } from '../../programs/equilibration.ts';
import { scaleMatrix } from '../../programs/form.ts';
import type { SparseMatrix } from '../../programs/problem.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { multiply, selectRows } from '../../programs/sparse.ts';
import type { ConeData, ConePoint } from '../problem.ts';
import { coneScaling } from '../scaling.ts';
import type { Iterate } from './start.ts';

/** The scaled program: the fields of `ConeData`, with m rows of the cones zero, nonneg, soc and psd. */
export interface ConeForm extends ConeData {
  /** m; 1 for the rows of zero cones. */
  readonly isEquality: Uint8Array;
  /** The row of the given program that each row was. */
  readonly givenRows: Int32Array;
  /** x = primal · variables ∘ (x scaled), s = primal · (s scaled) / rows, y = rows ∘ (y scaled) / cost. */
  readonly scaling: Scaling & { readonly primal: number };
  readonly given: ConeData;
}

export function* formOf(given: ConeData): Interruptible<ConeForm> {
  const { n, P } = given;
  const { A, b, blocks, givenRows } = withoutFreeRows(given);
  yield;
  const m = b.length;
  const isEquality = new Uint8Array(m);
  for (const { type, start, rows } of blocks) if (type === 'zero') isEquality.fill(1, start, start + rows);
  const scaling = yield* coneScaling(P, given.c, A, blocks);
  const { variables, rows, cost } = scaling;
  const scaledB = b.map((value, i) => rows[i] * value);
  // All factors are powers of two, so that the residuals of the scaled program are those of the given one.
  const primal = powerOfTwo(Math.max(1, largestMagnitude(scaledB)));
  return {
    n,
    m,
    P: scaleMatrix(P, variables, variables, cost * primal),
    c: given.c.map((value, j) => cost * variables[j] * value),
    A: scaleMatrix(A, rows, variables, 1),
    b: scaledB.map((value) => value / primal),
    blocks,
    isEquality,
    givenRows,
    scaling: { variables, rows, cost, primal },
    given,
  };
}

/** The point of the given program; on rows of free cones y = 0 and s = b − Ax. */
export function pointOf({ scaling, given, givenRows }: ConeForm, { x, z, s, tau }: Iterate): ConePoint {
  const { variables, rows, cost, primal } = scaling;
  const givenX = x.map((value, j) => primal * variables[j] * (value / tau));
  const givenY = new Float64Array(given.m);
  const givenS = multiply(given.A, givenX).map((value, i) => given.b[i] - value);
  givenRows.forEach((row, i) => {
    givenY[row] = (rows[i] * (z[i] / tau)) / cost;
    givenS[row] = (primal * (s[i] / tau)) / rows[i];
  });
  return { x: givenX, y: givenY, s: givenS };
}

function withoutFreeRows({ m, A, b, blocks }: ConeData): {
  readonly A: SparseMatrix;
  readonly b: Float64Array;
  readonly blocks: readonly ConeBlock[];
  readonly givenRows: Int32Array;
} {
  const places = new Int32Array(m).fill(-1);
  const kept: ConeBlock[] = [];
  const givenRows: number[] = [];
  for (const block of blocks) {
    if (block.type === 'free') continue;
    kept.push({ ...block, start: givenRows.length });
    for (let row = block.start; row < block.start + block.rows; row++) {
      places[row] = givenRows.length;
      givenRows.push(row);
    }
  }
  return {
    A: selectRows(A, places, givenRows.length),
    b: Float64Array.from(givenRows, (row) => b[row]),
    blocks: kept,
    givenRows: Int32Array.from(givenRows),
  };
}
