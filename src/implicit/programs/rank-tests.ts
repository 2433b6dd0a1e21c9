/**
 * The two ways in which M(J) = [P, AᵀJ; −A, I − J], 0 ⪯ J ⪯ I diagonal, can be singular: rows with J = 1 that are
 * dependent, and a direction u with Pu = 0 and Aᵢu = 0 on all rows with J > 0. For M(u, w) = 0 gives uᵀPu =
 * −wᵀJ(I − J)w ≤ 0.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramMatrices, SparseMatrix } from '../../solvers/programs/problem.ts';
import { eachEntry } from '../../solvers/programs/sparse.ts';
import { norm } from '../hypothesis/singular-values.ts';
import { findRank } from './rank.ts';

/** What one of the tests found. */
export interface RankTest {
  /** σ_min/σ_max of the equilibrated matrix; 1 where there is nothing to test. */
  readonly smallest: number;
  /** A proved lower bound of it. */
  readonly proved: number;
  /** The same of the part that is independent. */
  readonly gap: number;
  /** A basis of the kernel in the coordinates of the data: w, one number for each row of the set, or u. */
  readonly kernel: readonly Float64Array[];
  /** For each of these, how far the equilibrated matrix is from taking it to 0, relative to its norm. */
  readonly defects: readonly number[];
}

const SWEEPS = 10;

/** Is Aᵀ injective on these rows? The kernel holds w with A_aᵀw = 0. */
export function* testRows(
  { n, A }: ProgramMatrices,
  rows: readonly number[],
  threshold: number,
): Interruptible<RankTest> {
  const columns = rowsOf(A, rows);
  const rowScale = new Float64Array(rows.length).fill(1);
  const columnScale = new Float64Array(n).fill(1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const sizes = new Float64Array(n);
    sweepRows(columns, rowScale, columnScale, sizes);
    for (let j = 0; j < n; j++) if (sizes[j] > 0) columnScale[j] /= Math.sqrt(sizes[j]);
    if (n * rows.length > 1000) yield;
  }
  for (const [place, row] of columns.entries()) rowScale[place] = scaleRow(row, columnScale);
  const { kernel, ...rank } = yield* findRank(columns, n, threshold);
  return { ...rank, ...inUnits(columns, kernel, rowScale) };
}

/** Moves the scales of rows towards equilibrium. @param sizes raised to the largest scaled number of each column */
function sweepRows(
  rows: readonly Float64Array[],
  rowScale: Float64Array,
  columnScale: Float64Array,
  sizes: Float64Array,
): void {
  for (const [place, row] of rows.entries()) {
    let size = 0;
    for (let j = 0; j < row.length; j++) {
      const value = Math.abs(row[j] * rowScale[place] * columnScale[j]);
      size = Math.max(size, value);
      sizes[j] = Math.max(sizes[j], value);
    }
    if (size > 0) rowScale[place] /= Math.sqrt(size);
  }
}

/** Is ker P ∩ ker A_s = {0}? The kernel holds u with Pu = 0 and A_s u = 0. */
export function* testCurvature(
  { n, P, A }: ProgramMatrices,
  rows: readonly number[],
  threshold: number,
): Interruptible<RankTest> {
  const curvature = rowsOf(
    P,
    Array.from({ length: n }, (_, i) => i),
  );
  if (n > 100) yield;
  const active = rowsOf(A, rows);
  if (n > 100) yield;
  const scale = new Float64Array(n).fill(1);
  const rowScale = new Float64Array(rows.length).fill(1);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const sizes = new Float64Array(n);
    for (const [i, row] of curvature.entries()) {
      for (let j = 0; j < n; j++) sizes[j] = Math.max(sizes[j], Math.abs(row[j] * scale[i] * scale[j]));
    }
    if (n > 100) yield;
    sweepRows(active, rowScale, scale, sizes);
    for (let j = 0; j < n; j++) if (sizes[j] > 0) scale[j] /= Math.sqrt(sizes[j]);
    if (n > 30) yield;
  }
  // P has one scale of its own, as large as a row's: its rounding is a part of its own size.
  let largest = 0;
  for (const [i, row] of curvature.entries()) {
    for (let j = 0; j < n; j++) {
      row[j] *= scale[i] * scale[j];
      largest = Math.max(largest, Math.abs(row[j]));
    }
  }
  for (const [i, row] of active.entries()) {
    scaleRow(row, scale);
    if (i % 64 === 63) yield;
  }
  const stacked = largest > 0 ? [...curvature.map((row) => row.map((value) => value / largest)), ...active] : active;
  if (n > 100) yield;
  const columns: Float64Array[] = [];
  for (let j = 0; j < n; j++) {
    const column = new Float64Array(stacked.length);
    for (let i = 0; i < column.length; i++) column[i] = stacked[i][j];
    columns.push(column);
    if (j % 32 === 31) yield;
  }
  const { kernel, ...rank } = yield* findRank(columns, stacked.length, threshold);
  return { ...rank, ...inUnits(columns, kernel, scale) };
}

/** Numbers of a unit vector that are this small are what rounding has left of 0. */
const ROUNDED_ZERO = 16 * Number.EPSILON;

/** The vectors of a kernel without rounded zeros, in the units of the data, with their defects. */
function inUnits(
  columns: readonly Float64Array[],
  kernel: readonly Float64Array[],
  scale: Float64Array,
): Pick<RankTest, 'kernel' | 'defects'> {
  const cleaned = kernel.map((vector) => vector.map((value) => (Math.abs(value) > ROUNDED_ZERO ? value : 0)));
  const defects = cleaned.map((vector) => {
    const image = new Float64Array(columns[0]?.length ?? 0);
    for (const [j, column] of columns.entries()) {
      if (vector[j] === 0) continue;
      for (let i = 0; i < image.length; i++) image[i] += column[i] * vector[j];
    }
    return norm(image) / norm(vector);
  });
  return { kernel: cleaned.map((vector) => vector.map((value, i) => value * scale[i])), defects };
}

/** These rows of a matrix, dense. */
function rowsOf(matrix: SparseMatrix, rows: readonly number[]): Float64Array[] {
  const places = new Int32Array(matrix.rows).fill(-1);
  for (const [place, row] of rows.entries()) places[row] = place;
  const dense = rows.map(() => new Float64Array(matrix.columns));
  eachEntry(matrix, (row, column, value) => {
    if (places[row] >= 0) dense[places[row]][column] += value;
  });
  return dense;
}

/** Scales a row in place, by columns and then to the norm 1. @returns the factor of the row */
function scaleRow(row: Float64Array, columnScale: Float64Array): number {
  for (let j = 0; j < row.length; j++) row[j] *= columnScale[j];
  const size = Math.hypot(...row);
  if (size === 0) return 1;
  for (let j = 0; j < row.length; j++) row[j] /= size;
  return 1 / size;
}

/** The largest defect of a vector that shows a kernel: what the roundings of the numbers of singular data add up to. */
export function defectOfRounding(order: number): number {
  return 4 * Math.sqrt(Math.max(order, 4)) * Number.EPSILON;
}

/**
 * The largest relative singular value that rounding alone may leave of a singular matrix of this order: 8·n·ε, which is
 * about what an elimination by reflections, and data that were themselves computed, leave.
 */
export function roundingFloor(order: number): number {
  return 8 * Math.max(order, 4) * Number.EPSILON;
}

/** Above this, no change of the data within their accuracy makes the matrix singular. */
export function invertibleAbove(order: number, accuracy: number): number {
  return 4 * (roundingFloor(order) + Math.sqrt(Math.max(order, 4)) * accuracy);
}
