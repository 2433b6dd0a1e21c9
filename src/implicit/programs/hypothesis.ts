/**
 * The hypothesis of the implicit function theorem at a solution of a quadratic program, exactly: every element of the
 * conservative Jacobian is invertible if and only if all active rows, strong and weak, are independent, and P is
 * positive definite on the null space of the strongly active ones. For J lies between J_min, which is 1 on the strongly
 * active rows, and J_max, which is 1 on the weakly active ones too; both belong to the set; and the smaller J, the
 * larger the kernel of JA, the larger J, the larger the kernel of I − J.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramData } from '../../solvers/programs/problem.ts';
import type { SampleCertificate } from '../certificate.ts';
import { isStrong, isWeak, type RowActivity } from './active-rows.ts';
import { findDependence, findFlatness } from './large-tests.ts';
import { invertibleAbove } from './rank-tests.ts';
import {
  findFault,
  isNearlySingular,
  judgeTest,
  nameAll,
  type ProgramTest,
  significant,
  toLargestOne,
  type Wording,
} from './verdicts.ts';

/** What the exact test says of one program. */
export interface ProgramCertificate extends SampleCertificate {
  /** The test that did not pass: the active rows are dependent, or the solution x is not unique. Absent where both pass. */
  readonly test?: 'rows' | 'primal';
  /**
   * Of a failed test, in the units of the data and with the largest entry 1: w [m] with Aᵀw = 0, 0 off the active rows,
   * or u [n] with Pu = 0 and Aᵢu = 0 on the strongly active rows.
   */
  readonly nullVector?: Float64Array;
  /** σ_min/σ_max of the equilibrated matrices of both tests. */
  readonly smallest: Readonly<Record<ProgramTest, number>>;
  /** The numbers of the weakly active rows. */
  readonly kinkRows: readonly number[];
}

/** @param activity the states of the rows at the solution, by `classifyRows` */
export function* certifyProgram(data: ProgramData, activity: RowActivity): Interruptible<ProgramCertificate> {
  const { states, accuracy, kinks, tolerance } = activity;
  const rowsWhere = (test: (row: number) => boolean): number[] => states.flatMap((_, row) => (test(row) ? [row] : []));
  const strong = rowsWhere((row) => isStrong(states[row]));
  const active = rowsWhere((row) => isStrong(states[row]) || isWeak(states[row]));
  const { n } = data;
  const orders = { rows: Math.max(n, active.length), curvature: n + strong.length };
  const rows = yield* findDependence(data, active);
  const ofRows = judgeTest(rows, 'rows', invertibleAbove(orders.rows, accuracy), wordRows(data, active));
  const curvature = yield* findFlatness(data, strong, ofRows.status !== 'failed');
  const bound = invertibleAbove(orders.curvature, accuracy);
  const fault = findFault([ofRows, judgeTest(curvature, 'primal', bound, wordCurvature(strong))]);
  const smallest = { rows: rows?.smallest ?? Number.NaN, primal: curvature?.smallest ?? Number.NaN };
  return {
    ...(fault ?? { status: 'certified', reason: reasonOfSuccess(active.length, kinks.length) }),
    argument: 'active rows',
    kinks: kinks.length,
    kinkTolerance: tolerance,
    nearlySingular: isNearlySingular(smallest, accuracy),
    smallest,
    kinkRows: kinks,
  };
}

function wordRows(data: ProgramData, active: readonly number[]): Wording {
  return {
    doubt: 'the active rows of A are dependent to the accuracy of the data',
    failure(part) {
      const w = new Float64Array(data.m);
      for (const [place, row] of active.entries()) w[row] = part[place];
      const nullVector = toLargestOne(w);
      return { reason: reasonOfRows(significant(nullVector, partsOf(data, nullVector))), nullVector };
    },
  };
}

function wordCurvature(strong: readonly number[]): Wording {
  return {
    doubt: 'P is singular, to the accuracy of the data, on the null space of the strongly active rows',
    failure(part) {
      const nullVector = toLargestOne(part);
      return { reason: reasonOfCurvature(nullVector, strong), nullVector };
    },
  };
}

/** |wᵢ|·max|Aᵢ|: how much each row takes part in a dependence. */
function partsOf({ A, m }: ProgramData, w: Float64Array): Float64Array {
  const sizes = new Float64Array(m);
  for (let entry = 0; entry < A.values.length; entry++) {
    const row = A.indices[entry];
    sizes[row] = Math.max(sizes[row], Math.abs(A.values[entry] * w[row]));
  }
  return sizes;
}

function reasonOfRows(rows: readonly number[]): string {
  const dependent =
    rows.length === 1
      ? `row ${rows[0]} of A is active and is 0`
      : `the active ${nameAll('row', 'rows', rows)} of A are linearly dependent`;
  return `${dependent}, so that y is not unique and the derivatives in A, l and u are not determined on these rows`;
}

function reasonOfCurvature(u: Float64Array, strong: readonly number[]): string {
  const variables = nameAll('variable', 'variables', significant(u, u));
  const rows =
    strong.length === 0
      ? 'no row is strongly active'
      : `the strongly active ${nameAll('row', 'rows', strong)} of A ${strong.length === 1 ? 'does' : 'do'} not hold it`;
  return `P has no curvature along a direction of ${variables}, and ${rows}, so that x is not determined along it`;
}

function reasonOfSuccess(active: number, kinks: number): string {
  const rows = active === 0 ? 'no row is active' : 'all active rows of A are independent';
  const curvature =
    active - kinks === 0
      ? 'P is positive definite'
      : 'P is positive definite on the null space of the strongly active rows';
  return `${rows}, and ${curvature}`;
}
