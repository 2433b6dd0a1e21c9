/**
 * Sparse models in float64: min Σᵢ ωᵢ ℓ(mᵢ, yᵢ) + Σ_g t_g‖β_g‖₂ with the margins m = Xβ. An intercept is one more column of
 * ones, which is free.
 */
import { LOSSES, type LossName } from './loss.ts';

/**
 * Coefficients are numbered row by row: that of column j and output k is j·outputs + k. Margins, targets of the square
 * loss and slopes are kept output by output: that of row i and output k is at k·rows + i.
 */
export interface SparseProblem {
  readonly loss: LossName;
  readonly rows: number;
  /** The columns of X, with that of the intercept. */
  readonly columns: number;
  readonly outputs: number;
  /** Column j is at j·rows. */
  readonly X: Float64Array;
  readonly targets: Float64Array;
  readonly rowWeights: Float64Array;
  /** The coefficients of each group; each coefficient is in one group. */
  readonly groups: readonly Int32Array[];
  /** t_g ≥ 0 */
  readonly thresholds: Float64Array;
  /** Whether coefficients of penalised groups must be at least 0. Groups then have one coefficient each. */
  readonly nonNegative: boolean;
  /** Whether the last column is that of an intercept. */
  readonly intercept: boolean;
}

/** The group of which nothing is asked: it has no penalty and may have either sign. */
export function isFree({ thresholds, nonNegative, intercept, groups, outputs }: SparseProblem, group: number): boolean {
  if (thresholds[group] > 0) return false;
  return !nonNegative || (intercept && group >= groups.length - outputs);
}

/**
 * Of several classes the columns without any penalty, such as that of the intercept: margins that all classes share change no
 * probability, so that their coefficients are determined up to a constant. Those that solve the problem add up to 0.
 */
export function sharedColumns(problem: SparseProblem): number[] {
  const { loss, groups, columns, outputs } = problem;
  if (loss !== 'multinomial') return [];
  const counts = new Int32Array(columns);
  for (const [group, members] of groups.entries()) {
    if (isFree(problem, group)) for (const at of members) counts[Math.floor(at / outputs)] += 1;
  }
  return Array.from(counts.keys()).filter((column) => counts[column] === outputs);
}

/** Xβ, output by output. */
export function marginsOf({ rows, outputs, X }: SparseProblem, beta: ArrayLike<number>): Float64Array {
  const margins = new Float64Array(rows * outputs);
  for (let at = 0; at < beta.length; at++) {
    if (beta[at] !== 0) addColumn(margins, X, rows, outputs, at, beta[at]);
  }
  return margins;
}

/** Adds a multiple of the column of one coefficient. */
export function addColumn(
  margins: Float64Array,
  X: Float64Array,
  rows: number,
  outputs: number,
  coefficient: number,
  factor: number,
): void {
  const start = Math.floor(coefficient / outputs) * rows;
  const to = (coefficient % outputs) * rows;
  for (let row = 0; row < rows; row++) margins[to + row] += factor * X[start + row];
}

/** The derivative of the loss along the column of one coefficient. */
export function gradientAt({ rows, outputs, X }: SparseProblem, slopes: Float64Array, coefficient: number): number {
  const start = Math.floor(coefficient / outputs) * rows;
  const from = (coefficient % outputs) * rows;
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += X[start + row] * slopes[from + row];
  return sum;
}

/** ∇f of all coefficients. */
export function gradientOf(problem: SparseProblem, slopes: Float64Array): Float64Array {
  const { rows, columns, outputs, X } = problem;
  const gradient = new Float64Array(columns * outputs);
  // Four columns at once: one sum alone would wait for each addition to end before the next.
  const blocked = columns - (columns % 4);
  for (let k = 0; k < outputs; k++) {
    const from = k * rows;
    for (let j = 0; j < blocked; j += 4) {
      const first = j * rows;
      const second = first + rows;
      const third = second + rows;
      const fourth = third + rows;
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let row = 0; row < rows; row++) {
        const slope = slopes[from + row];
        a += X[first + row] * slope;
        b += X[second + row] * slope;
        c += X[third + row] * slope;
        d += X[fourth + row] * slope;
      }
      const at = j * outputs + k;
      gradient[at] = a;
      gradient[at + outputs] = b;
      gradient[at + 2 * outputs] = c;
      gradient[at + 3 * outputs] = d;
    }
  }
  for (let at = blocked * outputs; at < gradient.length; at++) gradient[at] = gradientAt(problem, slopes, at);
  return gradient;
}

/** What the loss is at some margins. */
export interface Slopes {
  /** ω∘ℓ′ */
  readonly slopes: Float64Array;
  /** ω∘ℓ″; see `Loss`. */
  readonly curvatures: Float64Array;
}

/** @param into arrays to write to, in place of new ones */
export function slopesAt(problem: SparseProblem, margins: Float64Array, into?: Slopes): Slopes {
  const { rows, outputs, targets, rowWeights } = problem;
  const loss = LOSSES[problem.loss];
  const slopes = into?.slopes ?? new Float64Array(rows * outputs);
  const curvatures = into?.curvatures ?? new Float64Array(rows * outputs * outputs);
  for (let row = 0; row < rows; row++) {
    loss.derive(margins, targets, row, rows, outputs, rowWeights[row], slopes, curvatures);
  }
  return { slopes, curvatures };
}

/** Σᵢ ωᵢ ℓ(mᵢ, yᵢ) */
export function lossAt({ loss, rows, outputs, targets, rowWeights }: SparseProblem, margins: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    if (rowWeights[row] > 0) sum += rowWeights[row] * LOSSES[loss].value(margins, targets, row, rows, outputs);
  }
  return sum;
}

/** ‖x_g‖₂ */
export function normOf(x: ArrayLike<number>, members: Int32Array): number {
  if (members.length === 1) return Math.abs(x[members[0]]);
  let sum = 0;
  for (const at of members) sum += x[at] * x[at];
  return Math.sqrt(sum);
}

/**
 * Applies the curvature of each row to numbers of its outputs: (ω∘ℓ″)·x, output by output.
 */
export function applyCurvatureTo(
  { rows, outputs }: Pick<SparseProblem, 'rows' | 'outputs'>,
  curvatures: Float64Array,
  x: Float64Array,
): Float64Array {
  const result = new Float64Array(rows * outputs);
  for (let k = 0; k < outputs; k++) {
    for (let l = 0; l < outputs; l++) {
      const block = (k * outputs + l) * rows;
      for (let row = 0; row < rows; row++) result[k * rows + row] += curvatures[block + row] * x[l * rows + row];
    }
  }
  return result;
}
