/** Scaling of the rows, variables and objective of a cone program by powers of two, which add no rounding. */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { equilibrate, powerOfTwo, type Scaling } from '../programs/equilibration.ts';
import { scaleMatrix } from '../programs/form.ts';
import type { SparseMatrix } from '../programs/problem.ts';
import { largestMagnitude } from '../programs/residuals.ts';
import type { ConeData, ConePoint } from './problem.ts';

/** A program with scaled data, and the way back: s = (s scaled) / rows, y = rows ∘ (y scaled) / cost. */
export interface ScaledProgram extends Scaling {
  readonly data: ConeData;
}

/** The factors that make the entries of [P Aᵀ; A 0] of one size and leave the cones what they are. */
export function coneScaling(
  P: SparseMatrix,
  c: Float64Array,
  A: SparseMatrix,
  blocks: readonly ConeBlock[],
): Interruptible<Scaling> {
  return equilibrate(P, c, A, shapingRows(A, blocks), (norms) => unifyBlocks(norms, blocks));
}

export function* scaleProgram(given: ConeData): Interruptible<ScaledProgram> {
  const { P, c, A, b, blocks } = given;
  const scaling = yield* coneScaling(P, c, A, blocks);
  const { variables, rows, cost } = scaling;
  const data: ConeData = {
    ...given,
    P: scaleMatrix(P, variables, variables, cost),
    c: c.map((value, j) => cost * variables[j] * value),
    A: scaleMatrix(A, rows, variables, 1),
    b: b.map((value, i) => rows[i] * value),
  };
  return { ...scaling, data };
}

/** The program with another unit of the objective: its x and s are the same, its y is `factor` times as large. */
export function withCost(data: ConeData, factor: number): ConeData {
  const times = (values: Float64Array): Float64Array => values.map((value) => value * factor);
  return { ...data, P: { ...data.P, values: times(data.P.values) }, c: times(data.c) };
}

/** How many times as large y is likely to be as s: as c and P are over b. A power of two. */
export function likelyRatio({ P, c, b }: ConeData): number {
  const [sizeB, sizeC, sizeP] = [b, c, P.values].map(largestMagnitude);
  const ratio = sizeB > 0 ? Math.max(sizeC / sizeB, sizeP) : sizeP;
  return ratio > 0 ? powerOfTwo(ratio) : 1;
}

export function scalePoint({ variables, rows, cost }: ScaledProgram, { x, y, s }: ConePoint): ConePoint {
  return {
    x: x.map((value, j) => value / variables[j]),
    y: y.map((value, i) => (value / rows[i]) * cost),
    s: s.map((value, i) => value * rows[i]),
  };
}

export function unscalePoint({ variables, rows, cost }: ScaledProgram, { x, y, s }: ConePoint): ConePoint {
  return {
    x: x.map((value, j) => value * variables[j]),
    y: y.map((value, i) => (value * rows[i]) / cost),
    s: s.map((value, i) => value / rows[i]),
  };
}

/** All rows but bounds of single variables shape the scaling of variables. */
function shapingRows(A: SparseMatrix, blocks: readonly ConeBlock[]): Uint8Array {
  const counts = new Int32Array(A.rows);
  for (const i of A.indices) counts[i]++;
  const isShaping = new Uint8Array(A.rows).fill(1);
  for (const { type, start, rows } of blocks) {
    if (type !== 'nonneg') continue;
    for (let i = start; i < start + rows; i++) if (counts[i] <= 1) isShaping[i] = 0;
  }
  return isShaping;
}

/** A cone whose product is not entry by entry keeps its shape only under one factor for all of its rows. */
function unifyBlocks(norms: Float64Array, blocks: readonly ConeBlock[]): void {
  for (const { type, start, rows } of blocks) {
    if (type === 'nonneg' || type === 'zero' || type === 'free') continue;
    const largest = largestMagnitude(norms.subarray(start, start + rows));
    norms.fill(largest, start, start + rows);
  }
}
