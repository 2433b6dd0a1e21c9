/**
 * The linear systems of an interior point method: [P + diag(h), Aᵀ; A, −diag(d)] with h, d ≥ 0. The matrix that is
 * factorised has δ added to P and −δ′ to −diag(d), which makes it quasi-definite; the solution is refined until it
 * solves the system without them.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { Sums } from './compensated.ts';
import { combineCorrections } from './krylov.ts';
import { LdlFactorisation } from './ldl.ts';
import { minimumDegreeOrder } from './ordering.ts';
import type { SparseMatrix } from './problem.ts';
import { largestMagnitude } from './residuals.ts';
import { assembleSparse } from './sparse.ts';

/** Sweeps of refinement. */
const SWEEPS = 12;
/** A sweep that leaves more than this share of the residual was not worth it. */
const WORTHWHILE = 0.5;
/** The residual at which rounding ends the refinement, relative to the right-hand side. */
const ENOUGH = 2 ** -53;
/** Where the sweeps leave more than this of the right-hand side, their corrections are combined, in rounds. */
const KRYLOV_ENOUGH = 1e-14;
const KRYLOV_STEPS = 12;
const KRYLOV_ROUNDS = 3;

/** What is added to the diagonal of a matrix before it is factorised. */
export interface Regularisation {
  readonly variables: number;
  readonly rows: number;
  /** Whether the directions solve the system with it: such a direction is a step of a proximal point method. */
  readonly isProximal: boolean;
}

/** A right-hand side or a solution: n numbers for the variables, one for each row. */
export interface Pair {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A pair that is one array. */
interface Joined extends Pair {
  readonly all: Float64Array;
}

function joined(n: number, rows: number): Joined {
  const all = new Float64Array(n + rows);
  return { all, x: all.subarray(0, n), y: all.subarray(n) };
}

/** What the pattern of a system decides. */
interface Structure {
  readonly P: SparseMatrix;
  readonly A: SparseMatrix;
  readonly places: Int32Array;
  readonly diagonal: Float64Array;
  readonly upper: SparseMatrix;
  readonly rowPositions: Int32Array;
  readonly factors: LdlFactorisation;
}

export class KktSystem {
  readonly n: number;
  readonly rows: number;
  private readonly P: SparseMatrix;
  private readonly A: SparseMatrix;
  /** Unknown k is at place[k] of the matrix that is factorised. */
  private readonly places: Int32Array;
  private readonly diagonal: Float64Array;
  private readonly diagonalPositions: Int32Array;
  /** Where the entries of A are among the values. */
  private readonly rowPositions: Int32Array;
  private readonly values: Float64Array;
  private readonly factors: LdlFactorisation;
  private readonly signs: Int8Array;
  private readonly sizes: Float64Array;
  private readonly work: Float64Array;
  private readonly sumsX: Sums;
  private readonly sumsY: Sums;
  /** Space for refinement. */
  private readonly residual: Joined;
  private readonly after: Joined;
  private readonly correction: Float64Array;
  private readonly before: Pair;
  private readonly zero: Pair;
  private h: Float64Array;
  private d: Float64Array;
  /** Unknowns that are held at 0, where there are any: variables and rows. */
  private held?: { readonly x: Uint8Array; readonly y: Uint8Array };

  private constructor({ P, A, places, diagonal, upper, rowPositions, factors }: Structure) {
    const n = P.columns;
    const rows = A.rows;
    const size = n + rows;
    this.n = n;
    this.rows = rows;
    this.P = P;
    this.A = A;
    this.h = new Float64Array(n);
    this.d = new Float64Array(rows);
    this.diagonal = diagonal;
    this.places = places;
    this.values = upper.values;
    this.diagonalPositions = new Int32Array(size);
    for (let k = 0; k < size; k++) this.diagonalPositions[k] = upper.starts[this.places[k] + 1] - 1;
    this.rowPositions = rowPositions;
    this.factors = factors;
    this.signs = new Int8Array(size).fill(1);
    for (let i = 0; i < rows; i++) this.signs[this.places[n + i]] = -1;
    this.sizes = new Float64Array(size);
    this.work = new Float64Array(size);
    this.sumsX = new Sums(n);
    this.sumsY = new Sums(rows);
    this.residual = joined(n, rows);
    this.after = joined(n, rows);
    this.correction = new Float64Array(size);
    this.before = joined(n, rows);
    this.zero = joined(n, rows);
  }

  static *of(P: SparseMatrix, A: SparseMatrix): Interruptible<KktSystem> {
    const size = P.columns + A.rows;
    const diagonal = new Float64Array(size);
    const order = yield* minimumDegreeOrder(yield* upperTriangle(P, A, undefined, diagonal));
    const places = new Int32Array(size);
    order.forEach((unknown, place) => {
      places[unknown] = place;
    });
    const upper = yield* upperTriangle(P, A, places);
    yield;
    const rowPositions = yield* positionsOfRows(A, P.columns, places, upper);
    const factors = yield* LdlFactorisation.of(upper);
    return new KktSystem({ P, A, places, diagonal, upper, rowPositions, factors });
  }

  get fill(): number {
    return this.factors.fill;
  }

  /** Takes over the values that A has now. Those it was made with must not have been 0. */
  takeRowValues(): void {
    const { values } = this.A;
    for (let k = 0; k < values.length; k++) this.values[this.rowPositions[k]] = values[k];
  }

  /**
   * @param held unknowns to hold at 0, 1 for each
   * @returns whether there are finite factors
   */
  *factorise(
    h: Float64Array,
    d: Float64Array,
    { variables: delta, rows: deltaRows, isProximal }: Regularisation,
    held?: { readonly x: Uint8Array; readonly y: Uint8Array },
  ): Interruptible<boolean> {
    const { n, rows, values, diagonal, diagonalPositions } = this;
    this.h = isProximal ? h.map((value) => value + delta) : h;
    this.d = isProximal ? d.map((value) => value + deltaRows) : d;
    this.held = held;
    for (let j = 0; j < n; j++) values[diagonalPositions[j]] = held?.x[j] ? HOLD : diagonal[j] + h[j] + delta;
    for (let i = 0; i < rows; i++) values[diagonalPositions[n + i]] = held?.y[i] ? -HOLD : -(d[i] + deltaRows);
    this.sizes.fill(delta);
    for (let i = 0; i < rows; i++) this.sizes[this.places[n + i]] = deltaRows;
    return yield* this.factors.factorise(this.signs, this.sizes);
  }

  /**
   * Solves for one right-hand side.
   * @param enough the residual, relative to the right-hand side, at which the refinement may end
   * @returns the largest residual, relative to the right-hand side; 1 where nothing was gained
   */
  *solve(right: Pair, solution: Pair, enough?: number): Interruptible<number> {
    solution.x.fill(0);
    solution.y.fill(0);
    return yield* this.refine(right, solution, enough);
  }

  /** Improves a solution. @returns as `solve` */
  *refine(right: Pair, solution: Pair, enough = ENOUGH): Interruptible<number> {
    const scale = Math.max(largestMagnitude(right.x), largestMagnitude(right.y));
    if (scale === 0) {
      solution.x.fill(0);
      solution.y.fill(0);
      return 0;
    }
    const { residual, correction } = this;
    this.computeResidual(right, solution, residual);
    let size = largestMagnitude(residual.all);
    for (let sweep = 0; sweep < SWEEPS && size > enough * scale; sweep++) {
      this.precondition(residual.all, correction);
      const next = this.improve(right, solution, correction, size);
      const isWorthwhile = next < WORTHWHILE * size;
      size = next;
      yield;
      if (!isWorthwhile) break;
    }
    for (let round = 0; round < KRYLOV_ROUNDS && size > Math.max(enough, KRYLOV_ENOUGH) * scale; round++) {
      const share = (Math.max(enough, KRYLOV_ENOUGH) * scale) / size;
      const combined = yield* combineCorrections(this, residual.all, KRYLOV_STEPS, share);
      const next = this.improve(right, solution, combined, size);
      const isWorthwhile = next < WORTHWHILE * size;
      size = next;
      if (!isWorthwhile) break;
    }
    return size / scale;
  }

  /** Adds a correction to the solution if `residual` is smaller with it. @returns the size of the residual */
  private improve(right: Pair, solution: Pair, correction: Float64Array, size: number): number {
    const { n, rows, before, after, residual } = this;
    before.x.set(solution.x);
    before.y.set(solution.y);
    for (let j = 0; j < n; j++) solution.x[j] += correction[j];
    for (let i = 0; i < rows; i++) solution.y[i] += correction[n + i];
    this.computeResidual(right, solution, after);
    const next = largestMagnitude(after.all);
    if (next < size) {
      residual.all.set(after.all);
      return next;
    }
    solution.x.set(before.x);
    solution.y.set(before.y);
    return size;
  }

  /** target = right − K · solution, without the regularisation. */
  private computeResidual(right: Pair, solution: Pair, { x, y }: Joined): void {
    const { sumsX, sumsY, held } = this;
    sumsX.clear().add(right.x).addProduct(this.P, solution.x, -1).addTransposedProduct(this.A, solution.y, -1);
    sumsX.addScaled(this.h, solution.x, -1).round(x);
    sumsY.clear().add(right.y).addProduct(this.A, solution.x, -1).addScaled(this.d, solution.y, 1).round(y);
    if (!held) return;
    for (let j = 0; j < x.length; j++) if (held.x[j]) x[j] = 0;
    for (let i = 0; i < y.length; i++) if (held.y[i]) y[i] = 0;
  }

  /** target = K · vector */
  readonly apply = (vector: Float64Array, target: Float64Array): void => {
    const { n, after, zero } = this;
    this.computeResidual(zero, { x: vector.subarray(0, n), y: vector.subarray(n) }, after);
    for (let k = 0; k < target.length; k++) target[k] = -after.all[k];
  };

  /** target = vector times the inverse of the matrix that is factorised. */
  readonly precondition = (vector: Float64Array, target: Float64Array): void => {
    const { n, rows, work, places, held } = this;
    for (let k = 0; k < n + rows; k++) work[places[k]] = vector[k];
    this.factors.solve(work);
    for (let k = 0; k < n + rows; k++) target[k] = work[places[k]];
    if (!held) return;
    for (let j = 0; j < n; j++) if (held.x[j]) target[j] = 0;
    for (let i = 0; i < rows; i++) if (held.y[i]) target[n + i] = 0;
  };
}

/** Columns after which the assembly of a matrix may be interrupted. */
const COLUMNS_PER_TURN = 16;

/** The diagonal entry of an unknown that is held. */
const HOLD = 2 ** 200;

/** The upper triangle of [P Aᵀ; A 0] with its whole diagonal, after unknown k has moved to places[k]. */
function* upperTriangle(
  P: SparseMatrix,
  A: SparseMatrix,
  places?: Int32Array,
  diagonal?: Float64Array,
): Interruptible<SparseMatrix> {
  const n = P.columns;
  const size = n + A.rows;
  const count = size + P.values.length + A.values.length;
  const rowOf = new Int32Array(count);
  const columnOf = new Int32Array(count);
  const values = new Float64Array(count);
  let filled = 0;
  const push = (i: number, j: number, value: number): void => {
    const [first, second] = places ? [places[i], places[j]] : [i, j];
    rowOf[filled] = Math.min(first, second);
    columnOf[filled] = Math.max(first, second);
    values[filled++] = value;
  };
  // The diagonal is written before every factorisation; until then it must not be 0, as zeros are left out.
  for (let k = 0; k < size; k++) push(k, k, 1);
  for (let j = 0; j < n; j++) {
    for (let k = P.starts[j]; k < P.starts[j + 1]; k++) {
      const i = P.indices[k];
      if (i < j) push(i, j, P.values[k]);
      else if (i === j && diagonal) diagonal[j] = P.values[k];
    }
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) push(j, n + A.indices[k], A.values[k]);
    if (j % COLUMNS_PER_TURN === 0) yield;
  }
  return yield* assembleSparse(
    rowOf.subarray(0, filled),
    columnOf.subarray(0, filled),
    values.subarray(0, filled),
    size,
    size,
  );
}

/** Where each entry of A is in the upper triangle after unknown k has moved to places[k]. */
function* positionsOfRows(
  A: SparseMatrix,
  n: number,
  places: Int32Array,
  upper: SparseMatrix,
): Interruptible<Int32Array> {
  const positions = new Int32Array(A.values.length);
  const find = (i: number, j: number, entry: number): void => {
    const row = Math.min(places[j], places[n + i]);
    const column = Math.max(places[j], places[n + i]);
    let [low, high] = [upper.starts[column], upper.starts[column + 1] - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upper.indices[middle] < row) low = middle + 1;
      else high = middle;
    }
    positions[entry] = low;
  };
  for (let j = 0; j < A.columns; j++) {
    for (let k = A.starts[j]; k < A.starts[j + 1]; k++) find(A.indices[k], j, k);
    if (j % COLUMNS_PER_TURN === 0) yield;
  }
  return positions;
}
