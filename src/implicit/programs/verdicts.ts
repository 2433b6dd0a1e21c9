/** What a rank test says of the hypothesis of the theorem. */
import type { ProgramStatus } from '../../solvers/programs/problem.ts';
import type { CertificateStatus, SampleCertificate } from '../certificate.ts';
import type { Finding } from './large-tests.ts';
import { defectOfRounding, type RankTest } from './rank-tests.ts';

/** The two tests: are what counts as active rows independent, and is x determined? */
export type ProgramTest = 'rows' | 'primal';

/** What one test, or both, say. */
export interface Verdict {
  readonly status: CertificateStatus;
  readonly reason: string;
  /** The test that did not pass. Absent where both pass. */
  readonly test?: ProgramTest;
  /** Of a failed test, a vector of the kernel, with the largest entry 1. */
  readonly nullVector?: Float64Array;
}

/** How a test is put into words. */
export interface Wording {
  /** A vector of the kernel in the coordinates of the test becomes one in those of the data, and a sentence. */
  failure(vector: Float64Array): Required<Pick<Verdict, 'reason' | 'nullVector'>>;
  /** The sentence for a matrix that is singular to the accuracy of the data, before its σ_min/σ_max. */
  readonly doubt: string;
}

const TOO_LARGE: Verdict = {
  status: 'unknown',
  reason:
    'the program is too large for a proof; no dependence of active rows and no direction without curvature was found',
};

/** @param bound a proved σ_min/σ_max above it shows that the matrix has full rank */
export function judgeTest(finding: Finding, test: ProgramTest, bound: number, wording: Wording): Verdict {
  if (!finding) return TOO_LARGE;
  if (finding.proved > bound) return { status: 'certified', reason: '' };
  const vector = mostExact(finding);
  if (vector) return { status: 'failed', test, ...wording.failure(vector) };
  const reason = `${wording.doubt}: σ_min/σ_max is ${finding.smallest.toExponential(1)}`;
  return { status: 'unknown', reason, test };
}

/** One that failed, else one that is unknown; undefined where both passed. */
export function findFault(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.find(({ status }) => status === 'failed') ?? verdicts.find(({ status }) => status === 'unknown');
}

/** The vector of the kernel with the least defect, if that is rounding. */
function mostExact({ kernel, defects }: RankTest): Float64Array | undefined {
  const least = Math.min(...defects);
  return least <= defectOfRounding(Math.max(0, ...kernel.map(({ length }) => length)))
    ? kernel[defects.indexOf(least)]
    : undefined;
}

export function toLargestOne(vector: Float64Array): Float64Array {
  const at = vector.reduce((best, value, i) => (Math.abs(value) > Math.abs(vector[best]) ? i : best), 0);
  return vector.map((value) => value / vector[at] + 0);
}

/** The places whose part is no rounding; where all parts are 0, as for a row of zeros, those of the vector itself. */
export function significant(vector: Float64Array, parts: Float64Array): number[] {
  const size = parts.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const list = (values: ArrayLike<number>, least: number): number[] =>
    Array.from(vector, (_, i) => i).filter((i) => Math.abs(values[i]) > least);
  return size > 0 ? list(parts, 1e-9 * size) : list(vector, 1e-9);
}

const NAMED_AT_MOST = 8;

/** "row 3", "rows 1, 2 and 5", or the first of many. */
export function nameAll(one: string, many: string, places: readonly number[]): string {
  if (places.length === 1) return `${one} ${places[0]}`;
  if (places.length > NAMED_AT_MOST) {
    return `${many} ${places.slice(0, NAMED_AT_MOST).join(', ')} and ${places.length - NAMED_AT_MOST} more`;
  }
  return `${many} ${places.slice(0, -1).join(', ')} and ${places[places.length - 1]}`;
}

/** Below this many units of the accuracy, fewer than three digits of a gradient are right. */
const NEARLY_SINGULAR = 1000;

/** What is smaller than this, relative to what it belongs to, leaves fewer than three digits. */
export function nearlySingularBelow(accuracy: number): number {
  return NEARLY_SINGULAR * Math.max(accuracy, Number.EPSILON);
}

/** @param smallest σ_min/σ_max of both tests; NaN where unknown */
export function isNearlySingular(smallest: Readonly<Record<ProgramTest, number>>, accuracy: number): boolean {
  const known = Object.values(smallest).filter(Number.isFinite);
  return Math.min(...known) < nearlySingularBelow(accuracy);
}

/** The certificate of a program without a solution. */
export function createUnsolvedCertificate(status: ProgramStatus): SampleCertificate & {
  readonly smallest: Readonly<Record<ProgramTest, number>>;
  readonly kinkRows: readonly number[];
} {
  return {
    status: 'unknown',
    argument: 'not examined',
    reason: `the program was not solved (${status}), so that there is nothing to differentiate`,
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular: false,
    smallest: { rows: Number.NaN, primal: Number.NaN },
    kinkRows: [],
  };
}
