/**
 * The factorisation L·D·Lᵀ of a sparse symmetric quasi-definite matrix: it exists for every order of elimination
 * (Vanderbei, "Symmetric quasidefinite matrices", 1995), so that the pattern of L is found once and serves for all
 * values. Row k of L is computed from the rows above (up-looking; Davis, "Direct methods for sparse linear systems").
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseMatrix } from './problem.ts';

/** Multiplications after which a factorisation may be interrupted: some milliseconds. */
const WORK_PER_TURN = 5e5;
/** Entries of the pattern of L after which the search for it may be interrupted. */
const ENTRIES_PER_TURN = 1e5;

/** The rounding error of a pivot, relative to its terms. */
const PIVOT_ROUNDING = 2 ** -54;

/** Factorises matrices with one pattern. */
export class LdlFactorisation {
  readonly n: number;
  /** 1/D */
  readonly inversePivots: Float64Array;
  private readonly upper: SparseMatrix;
  /** The columns of row k of L, in an order in which the row can be computed. */
  private readonly rowStarts: Int32Array;
  private readonly rowColumns: Int32Array;
  /** L by columns, without its diagonal of ones. */
  private readonly starts: Int32Array;
  private readonly indices: Int32Array;
  private readonly values: Float64Array;
  private readonly ends: Int32Array;
  private readonly work: Float64Array;

  private constructor(upper: SparseMatrix, { rowStarts, rowColumns, counts }: Pattern) {
    const n = upper.columns;
    this.n = n;
    this.upper = upper;
    this.rowStarts = rowStarts;
    this.rowColumns = rowColumns;
    this.starts = new Int32Array(n + 1);
    for (let j = 0; j < n; j++) this.starts[j + 1] = this.starts[j] + counts[j];
    this.indices = new Int32Array(rowColumns.length);
    this.values = new Float64Array(rowColumns.length);
    this.ends = new Int32Array(n);
    this.inversePivots = new Float64Array(n);
    this.work = new Float64Array(n);
  }

  /** @param upper the upper triangle with the whole diagonal; its values may change between factorisations */
  static *of(upper: SparseMatrix): Interruptible<LdlFactorisation> {
    const pattern = yield* patternOf(upper);
    yield;
    return new LdlFactorisation(upper, pattern);
  }

  /** The entries of L below its diagonal. */
  get fill(): number {
    return this.values.length;
  }

  /**
   * In exact arithmetic each pivot has its sign and at least the size of the regularisation. One that rounding has made
   * smaller is replaced: by that size, or by the rounding error of the pivot if it is larger.
   * @param signs the sign of each pivot
   * @param sizes the least size of each pivot
   * @returns whether all pivots are finite
   */
  *factorise(signs: Int8Array, sizes: Float64Array): Interruptible<boolean> {
    return (
      (yield* this.eliminate((pivot, k, error) => {
        if (Math.abs(pivot) >= Math.max(0.001 * sizes[k], error)) return pivot;
        return signs[k] * Math.max(sizes[k], error);
      })) === undefined
    );
  }

  /**
   * Factorises as long as pivots are positive.
   * @returns undefined for a positive definite matrix, otherwise the first pivot that is not, and a direction v with
   *   vᵀBv equal to it
   */
  *findNegativeCurvature(): Interruptible<{ readonly pivot: number; readonly direction: Float64Array } | undefined> {
    let last = 0;
    const failed = yield* this.eliminate((pivot) => {
      last = pivot;
      return pivot > 0 ? pivot : Number.NaN;
    });
    if (failed === undefined) return undefined;
    const direction = new Float64Array(this.n);
    direction[failed] = 1;
    for (let j = failed - 1; j >= 0; j--) {
      for (let p = this.starts[j]; p < this.ends[j]; p++) direction[j] -= this.values[p] * direction[this.indices[p]];
    }
    return { pivot: last, direction };
  }

  /**
   * @param accept is told each pivot, its number and its rounding error, and returns what to put in its place
   * @returns the number of the first pivot that is not finite
   */
  private *eliminate(accept: (pivot: number, k: number, error: number) => number): Interruptible<number | undefined> {
    const { n, work, inversePivots, starts, ends, indices, values, rowStarts, rowColumns } = this;
    const { starts: upperStarts, indices: upperIndices, values: upperValues } = this.upper;
    ends.set(starts.subarray(0, n));
    work.fill(0);
    let spent = 0;
    for (let k = 0; k < n; k++) {
      let pivot = 0;
      let magnitude = 0;
      for (let p = upperStarts[k]; p < upperStarts[k + 1]; p++) {
        const i = upperIndices[p];
        if (i === k) pivot = upperValues[p];
        else work[i] = upperValues[p];
      }
      for (let r = rowStarts[k]; r < rowStarts[k + 1]; r++) {
        const j = rowColumns[r];
        const product = work[j];
        work[j] = 0;
        const end = ends[j];
        for (let p = starts[j]; p < end; p++) work[indices[p]] -= values[p] * product;
        spent += end - starts[j];
        const entry = product * inversePivots[j];
        pivot -= entry * product;
        magnitude += Math.abs(entry * product);
        indices[end] = k;
        values[end] = entry;
        ends[j] = end + 1;
      }
      pivot = accept(pivot, k, PIVOT_ROUNDING * magnitude);
      if (!Number.isFinite(pivot)) return k;
      inversePivots[k] = 1 / pivot;
      if (spent > WORK_PER_TURN) {
        spent = 0;
        yield;
      }
    }
    return undefined;
  }

  /** Solves L·D·Lᵀ·x = x in place. */
  solve(x: Float64Array): void {
    const { n, starts, indices, values, inversePivots } = this;
    for (let j = 0; j < n; j++) {
      const factor = x[j];
      if (factor === 0) continue;
      for (let p = starts[j]; p < starts[j + 1]; p++) x[indices[p]] -= values[p] * factor;
    }
    for (let j = n - 1; j >= 0; j--) {
      let sum = x[j] * inversePivots[j];
      for (let p = starts[j]; p < starts[j + 1]; p++) sum -= values[p] * x[indices[p]];
      x[j] = sum;
    }
  }
}

/** The rows of L and the counts of its columns. */
interface Pattern {
  readonly rowStarts: Int32Array;
  readonly rowColumns: Int32Array;
  readonly counts: Int32Array;
}

/** By the elimination tree. */
function* patternOf({ columns: n, starts, indices }: SparseMatrix): Interruptible<Pattern> {
  const parents = eliminationTree(n, starts, indices);
  yield;
  const visited = new Int32Array(n).fill(-1);
  const counts = new Int32Array(n);
  const rowStarts = new Int32Array(n + 1);
  let rowColumns = new Int32Array(2 * starts[n] + 16);
  const path = new Int32Array(n);
  const reach = new Int32Array(n);
  let filled = 0;
  let filledBefore = 0;
  for (let k = 0; k < n; k++) {
    visited[k] = k;
    let top = n; // the reach is collected from the back, paths nearest to the root last
    for (let p = starts[k]; p < starts[k + 1]; p++) {
      let length = 0;
      for (let i = indices[p]; visited[i] !== k; i = parents[i]) {
        path[length++] = i;
        visited[i] = k;
      }
      while (length > 0) reach[--top] = path[--length];
    }
    const count = n - top;
    if (filled + count > rowColumns.length) {
      const longer = new Int32Array(2 * (filled + count));
      longer.set(rowColumns.subarray(0, filled));
      rowColumns = longer;
    }
    for (let r = top; r < n; r++) {
      rowColumns[filled++] = reach[r];
      counts[reach[r]]++;
    }
    rowStarts[k + 1] = filled;
    if (filled - filledBefore > ENTRIES_PER_TURN) {
      filledBefore = filled;
      yield;
    }
  }
  return { rowStarts, rowColumns: rowColumns.slice(0, filled), counts };
}

/** The parent of column j: the first row below the diagonal in column j of L; −1 where there is none. */
function eliminationTree(n: number, starts: Int32Array, indices: Int32Array): Int32Array {
  const parents = new Int32Array(n).fill(-1);
  const ancestors = new Int32Array(n).fill(-1);
  for (let k = 0; k < n; k++) {
    for (let p = starts[k]; p < starts[k + 1]; p++) {
      for (let i = indices[p]; i !== -1 && i < k; ) {
        const next = ancestors[i];
        ancestors[i] = k;
        if (next === -1) parents[i] = k;
        i = next;
      }
    }
  }
  return parents;
}
