/**
 * The hypothesis of the implicit function theorem at a solution of a quadratic program, exactly: every element of the
 * conservative Jacobian is invertible if and only if all active rows, strong and weak, are independent, and P is
 * positive definite on the null space of the strongly active ones. For J lies between J_min, which is 1 on the strongly
 * active rows, and J_max, which is 1 on the weakly active ones too; both belong to the set; and the smaller J, the
 * larger the kernel of JA, the larger J, the larger the kernel of I − J.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramData } from '../../solvers/programs/problem.ts';
import { largestMagnitude } from '../../solvers/programs/residuals.ts';
import type { SampleCertificate } from '../certificate.ts';
import { isStrong, isWeak, type RowActivity } from './active-rows.ts';
import { type Finding, findDependence, findFlatness } from './large-tests.ts';
import { defectOfRounding, invertibleAbove, type RankTest } from './rank-tests.ts';

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
  readonly smallest: { readonly rows: number; readonly primal: number };
  /** The numbers of the weakly active rows. */
  readonly kinkRows: readonly number[];
}

/** Below this many units of the accuracy, fewer than three digits of a gradient are right. */
const NEARLY_SINGULAR = 1000;

/** @param activity the states of the rows at the solution, by `classifyRows` */
export function* certifyProgram(data: ProgramData, activity: RowActivity): Interruptible<ProgramCertificate> {
  const { states, accuracy, kinks, tolerance } = activity;
  const rowsWhere = (test: (row: number) => boolean): number[] => states.flatMap((_, row) => (test(row) ? [row] : []));
  const strong = rowsWhere((row) => isStrong(states[row]));
  const active = rowsWhere((row) => isStrong(states[row]) || isWeak(states[row]));
  const { n } = data;
  const orders = { rows: Math.max(n, active.length), curvature: n + strong.length };
  const rows = yield* findDependence(data, active);
  const ofRows = judgeRows(data, rows, active, invertibleAbove(orders.rows, accuracy));
  const curvature = yield* findFlatness(data, strong, ofRows.status !== 'failed');
  const verdicts = [ofRows, judgeCurvature(curvature, strong, invertibleAbove(orders.curvature, accuracy))];
  const verdict = verdicts.find(({ status }) => status === 'failed') ??
    verdicts.find(({ status }) => status === 'unknown') ?? {
      status: 'certified' as const,
      reason: reasonOfSuccess(active.length, kinks.length),
    };
  const smallest = { rows: rows?.smallest ?? Number.NaN, primal: curvature?.smallest ?? Number.NaN };
  return {
    ...verdict,
    argument: 'active rows',
    kinks: kinks.length,
    kinkTolerance: tolerance,
    nearlySingular:
      Math.min(...Object.values(smallest).filter(Number.isFinite)) <
      NEARLY_SINGULAR * Math.max(accuracy, Number.EPSILON),
    smallest,
    kinkRows: kinks,
  };
}

type Verdict = Pick<ProgramCertificate, 'status' | 'reason' | 'test' | 'nullVector'>;

const TOO_LARGE: Verdict = {
  status: 'unknown',
  reason:
    'the program is too large for a proof; no dependence of active rows and no direction without curvature was found',
};

function judgeRows(data: ProgramData, test: Finding, active: readonly number[], bound: number): Verdict {
  if (!test) return TOO_LARGE;
  if (test.proved > bound) return { status: 'certified', reason: '' };
  const part = mostExact(test);
  if (part) {
    const w = new Float64Array(data.m);
    for (const [place, row] of active.entries()) w[row] = part[place];
    const nullVector = toLargestOne(w);
    const named = significant(nullVector, partsOf(data, nullVector));
    return { status: 'failed', reason: reasonOfRows(named), test: 'rows', nullVector };
  }
  const size = test.smallest.toExponential(1);
  const reason = `the active rows of A are dependent to the accuracy of the data: σ_min/σ_max is ${size}`;
  return { status: 'unknown', reason, test: 'rows' };
}

function judgeCurvature(test: Finding, strong: readonly number[], bound: number): Verdict {
  if (!test) return TOO_LARGE;
  if (test.proved > bound) return { status: 'certified', reason: '' };
  const part = mostExact(test);
  if (part) {
    const nullVector = toLargestOne(part);
    return { status: 'failed', reason: reasonOfCurvature(nullVector, strong), test: 'primal', nullVector };
  }
  const size = test.smallest.toExponential(1);
  const reason = `P is singular, to the accuracy of the data, on the null space of the strongly active rows: σ_min/σ_max is ${size}`;
  return { status: 'unknown', reason, test: 'primal' };
}

/** The vector of the kernel with the least defect, if that is rounding. */
function mostExact({ kernel, defects }: RankTest): Float64Array | undefined {
  const least = Math.min(...defects);
  return least <= defectOfRounding(Math.max(0, ...kernel.map(({ length }) => length)))
    ? kernel[defects.indexOf(least)]
    : undefined;
}

function toLargestOne(vector: Float64Array): Float64Array {
  const at = vector.reduce((best, value, i) => (Math.abs(value) > Math.abs(vector[best]) ? i : best), 0);
  return vector.map((value) => value / vector[at] + 0);
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

/** The places whose part is no rounding; where all parts are 0, as for a row of zeros, those of the vector itself. */
function significant(vector: Float64Array, parts: Float64Array): number[] {
  const size = largestMagnitude(parts);
  const list = (values: ArrayLike<number>, least: number): number[] =>
    Array.from(vector, (_, i) => i).filter((i) => Math.abs(values[i]) > least);
  return size > 0 ? list(parts, 1e-9 * size) : list(vector, 1e-9);
}

const NAMED_AT_MOST = 8;

function nameAll(one: string, many: string, places: readonly number[]): string {
  if (places.length === 1) return `${one} ${places[0]}`;
  if (places.length > NAMED_AT_MOST) {
    return `${many} ${places.slice(0, NAMED_AT_MOST).join(', ')} and ${places.length - NAMED_AT_MOST} more`;
  }
  return `${many} ${places.slice(0, -1).join(', ')} and ${places[places.length - 1]}`;
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
