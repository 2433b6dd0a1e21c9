/** How far coefficients are from solving a sparse model. */
import { isFree, lossAt, normOf, type SparseProblem } from './problem.ts';

/**
 * The distance of −∇_g f from the subdifferential of t_g‖β_g‖: max(0, ‖∇_g‖ − t_g) where β_g = 0, ‖∇_g + t_g β_g/‖β_g‖‖
 * elsewhere, and ‖∇_g‖ for a free group.
 */
export function violationOf(problem: SparseProblem, group: number, beta: Float64Array, gradient: Float64Array): number {
  const { groups, thresholds, nonNegative } = problem;
  const members = groups[group];
  if (isFree(problem, group)) return normOf(gradient, members);
  const norm = normOf(beta, members);
  if (norm === 0) return Math.max(countedGradient(nonNegative, gradient, members) - thresholds[group], 0);
  let sum = 0;
  for (const at of members) sum += (gradient[at] + (thresholds[group] * beta[at]) / norm) ** 2;
  return Math.sqrt(sum);
}

/** What of the gradient counts against the threshold: ‖∇_g‖, or −∇_j where coefficients must not be negative. */
export function countedGradient(nonNegative: boolean, gradient: Float64Array, members: Int32Array): number {
  return nonNegative ? -gradient[members[0]] : normOf(gradient, members);
}

/** The rounding of the gradient, about: ε times the sums of the absolute terms, at their largest. */
export function gradientRounding({ loss, rows, columns, outputs, X, rowWeights, targets }: SparseProblem): number {
  let heaviest = 0;
  for (const weight of rowWeights) heaviest = Math.max(heaviest, weight);
  const largest = heaviest * largestColumn(X, rows, columns);
  let size = 0;
  for (let at = 0; at < rows * outputs; at++) {
    size += rowWeights[at % rows] * (loss === 'square' ? targets[at] ** 2 : 1);
  }
  return 4 * Number.EPSILON * Math.sqrt(largest * size);
}

/** maxⱼ ‖Xⱼ‖² of each X, which the problems of folds and penalties share. */
const largestColumns = new WeakMap<Float64Array, number>();

function largestColumn(X: Float64Array, rows: number, columns: number): number {
  let largest = largestColumns.get(X) ?? 0;
  if (largest > 0) return largest;
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += X[j * rows + row] ** 2;
    largest = Math.max(largest, sum);
  }
  largestColumns.set(X, largest);
  return largest;
}

/** The scale against which violations are measured: the largest threshold, or that of the gradient at β = 0. */
export function violationScale({ thresholds }: SparseProblem, gradient: () => Float64Array): number {
  let largest = 0;
  for (const threshold of thresholds) largest = Math.max(largest, threshold);
  if (largest > 0) return largest;
  for (const value of gradient()) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/**
 * Whether a change of the free coefficients separates the classes: then it lowers the loss without end, and there is no
 * solution. A change that does so within rounding counts.
 * @param margins of the change, output by output
 */
export function separates({ loss, rows, outputs, rowWeights, targets }: SparseProblem, margins: Float64Array): boolean {
  if (loss === 'square') return false;
  let [least, greatest] = [Number.POSITIVE_INFINITY, 0];
  for (let row = 0; row < rows; row++) {
    if (rowWeights[row] === 0) continue;
    if (loss === 'logistic') {
      const agreement = targets[row] * margins[row];
      least = Math.min(least, agreement);
      greatest = Math.max(greatest, agreement);
      continue;
    }
    const own = margins[targets[row] * rows + row];
    for (let k = 0; k < outputs; k++) {
      if (k === targets[row]) continue;
      least = Math.min(least, own - margins[k * rows + row]);
      greatest = Math.max(greatest, own - margins[k * rows + row]);
    }
  }
  return greatest > 0 && least >= -SEPARATION * greatest;
}

/** Rounding of the margins of a direction, relative to the largest. */
const SEPARATION = 1e-9;

/**
 * Σᵢ ωᵢ ℓ(mᵢ, yᵢ) + Σ_g t_g‖β_g‖₂
 * @param among groups that hold all that is not 0
 */
export function objectiveAt(
  problem: SparseProblem,
  beta: Float64Array,
  margins: Float64Array,
  among: readonly number[],
): number {
  const { groups, thresholds } = problem;
  let sum = lossAt(problem, margins);
  for (const group of among) {
    const norm = normOf(beta, groups[group]);
    // A threshold that overflows has no part in the objective where the group is 0.
    if (norm > 0 && thresholds[group] > 0) sum += thresholds[group] * norm;
  }
  return sum;
}
