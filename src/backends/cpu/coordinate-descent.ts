import type { Interruptible } from '../event-loop.ts';
import type { CoordinateDescentCall } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { dot } from './dot.ts';

/** The state of one problem; `beta` and `residual` change from feature to feature. */
interface Descent {
  readonly rows: number;
  readonly columns: Float64Array;
  /** ‖Xⱼ‖² */
  readonly squares: Float64Array;
  readonly penalty: Float64Array;
  readonly ridge: number;
  readonly beta: Float64Array;
  /** y − Xβ */
  readonly residual: Float64Array;
}

/**
 * Cyclic coordinate descent; see CoordinateDescentCall. A pass over all features is followed by passes over the support
 * until one of them changes no coefficient by more than the tolerance, then by a pass over all features again, and so
 * on.
 * @param isCutShort whether each of the remaining problems ends after its first pass
 */
export function* coordinateDescent(
  call: CoordinateDescentCall,
  slots: readonly Float64Array[],
  isCutShort: () => boolean,
): Job {
  const { rows, features, groups, batch } = call;
  const [columns, y, penalty, ridge, initial, tolerance, stopped, remaining] = call.inputs.map((slot) => slots[slot]);
  const out = slots[call.output];
  const width = features * rows;
  const length = batch / groups;
  for (let group = 0; group < groups; group++) {
    const own = columns.subarray(group * width, (group + 1) * width);
    const squares = Float64Array.from({ length: features }, (_, j) => dot(own, j * rows, own, j * rows, rows));
    let before: Float64Array | undefined;
    for (let problem = group * length; problem < (group + 1) * length; problem++) {
      const range = <T extends Float64Array>(from: T, size: number): Float64Array =>
        from.slice(problem * size, (problem + 1) * size);
      let beta = range(initial, features);
      let passes = 0;
      if (stopped[problem] === 0) {
        if (before && beta.every((value) => value === 0)) beta = before.slice();
        const descent = {
          rows,
          columns: own,
          squares,
          penalty: range(penalty, features),
          ridge: ridge[problem],
          beta,
          residual: range(y, rows),
        };
        for (let j = 0; j < features; j++) addColumn(descent, j, -beta[j]);
        passes = yield* descend(descent, tolerance[problem], Math.min(call.limit, remaining[problem]), isCutShort);
      }
      out.set(beta, problem * (features + 1));
      out[problem * (features + 1) + features] = passes;
      before = beta;
    }
  }
}

function* descend(
  descent: Descent,
  tolerance: number,
  limit: number,
  isCutShort: () => boolean,
): Interruptible<number> {
  const { beta } = descent;
  const all = Array.from(beta, (_, j) => j);
  for (let passes = 1; ; passes++) {
    if (descendOnce(descent, all) <= tolerance || passes >= limit || isCutShort()) return passes;
    yield;
    const used = all.filter((j) => beta[j] !== 0);
    while (passes < limit && !isCutShort()) {
      passes += 1;
      if (descendOnce(descent, used) <= tolerance) break;
      yield;
    }
    if (passes >= limit) return passes;
  }
}

/**
 * Updates each of these features once.
 * @returns the largest change of a coefficient, relative to the largest coefficient
 */
function descendOnce(descent: Descent, features: readonly number[]): number {
  const { rows, columns, squares, penalty, ridge, beta, residual } = descent;
  let change = 0;
  let largest = 0;
  for (const j of features) {
    const before = beta[j];
    const curvature = squares[j] + ridge;
    if (curvature === 0) continue;
    const p = dot(columns, j * rows, residual, 0, rows) + squares[j] * before;
    beta[j] = (Math.sign(p) * Math.max(Math.abs(p) - penalty[j], 0)) / curvature;
    if (beta[j] !== before) addColumn(descent, j, before - beta[j]);
    change = Math.max(change, Math.abs(beta[j] - before));
    largest = Math.max(largest, Math.abs(beta[j]));
  }
  return change === 0 ? 0 : change / largest;
}

/** residual += factor·Xⱼ */
function addColumn({ rows, columns, residual }: Descent, j: number, factor: number): void {
  if (factor === 0) return;
  for (let row = 0; row < rows; row++) residual[row] += factor * columns[j * rows + row];
}
