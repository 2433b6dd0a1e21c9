/**
 * The tests of a certificate where matrices are large: a vector of the kernel that sparse solves come upon is shown at
 * once. Only where there is none are the dense tests carried out, as far as their n³ operations allow.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramMatrices } from '../../solvers/programs/problem.ts';
import { probeKernel } from './kkt-kernel.ts';
import { createKktMatrix, factoriseKkt, isDense } from './kkt-system.ts';
import { defectOfRounding, type RankTest, roundingFloor, testCurvature, testRows } from './rank-tests.ts';

/** Beyond this many variables and rows the dense tests would take minutes. */
const LARGEST_PROOF = 2500;

/** What a test found; undefined where the program is too large for a proof and nothing speaks against it. */
export type Finding = RankTest | undefined;

/** @returns what `testRows` does */
export function findDependence(data: ProgramMatrices, rows: readonly number[]): Interruptible<Finding> {
  const order = Math.max(data.n, rows.length);
  return decide(data, rows, 'rows', () => testRows(data, rows, roundingFloor(order)));
}

/**
 * @param needsProof whether to carry out a dense test of a large matrix
 * @returns what `testCurvature` does
 */
export function findFlatness(
  data: ProgramMatrices,
  rows: readonly number[],
  needsProof: boolean,
): Interruptible<Finding> {
  const order = data.n + rows.length;
  return decide(data, rows, 'variables', () => testCurvature(data, rows, roundingFloor(order)), needsProof);
}

function* decide(
  data: ProgramMatrices,
  rows: readonly number[],
  part: 'rows' | 'variables',
  test: () => Interruptible<RankTest>,
  needsProof = true,
): Interruptible<Finding> {
  if (isDense(data.n + rows.length)) return yield* test();
  const matrix = yield* createKktMatrix(data, { rows, damping: new Float64Array(rows.length) });
  const kernel = yield* probeKernel(matrix, yield* factoriseKkt(matrix, {}), Number.EPSILON);
  const found = kernel?.[part][0];
  if (kernel && found && kernel.defect <= defectOfRounding(Math.max(data.n, rows.length))) {
    return { smallest: kernel.defect, proved: 0, gap: 1, kernel: [found], defects: [kernel.defect] };
  }
  return needsProof && matrix.order <= LARGEST_PROOF ? yield* test() : undefined;
}
