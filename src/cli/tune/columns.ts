/** Columns of numbers as vectors: what least squares leaves, and which depend on others. In float64. */
import type { RegressionData } from '../../data/index.ts';

/** A column that is a combination of columns before it. */
export interface Dependence {
  readonly column: number;
  /** Those with a share in it. */
  readonly on: readonly number[];
}

/** A share smaller than this is rounding. */
const MINIMUM_SHARE = 1e-6;

interface Direction {
  readonly column: number;
  readonly vector: Float64Array;
  /** Of the column along the directions before it, and its length along its own. */
  readonly shares: readonly number[];
}

export function extractColumn({ X, count, features }: RegressionData, feature: number): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => X[row * features + feature]);
}

/**
 * Directions that span the columns, by modified Gram-Schmidt, twice.
 * @param tolerance a column of which less than this share is new depends on those before it
 */
function orthogonalise(columns: readonly Float64Array[], tolerance: number) {
  const directions: Direction[] = [];
  const dependences: Dependence[] = [];
  for (const [column, values] of columns.entries()) {
    const { rest, shares } = removeDirections(directions, values);
    const left = computeLength(rest);
    if (left > tolerance * computeLength(values)) {
      directions.push({ column, vector: rest.map((value) => value / left), shares: [...shares, left] });
    } else dependences.push({ column, on: findCombination(directions, shares, columns, computeLength(values)) });
  }
  return { directions, dependences };
}

function removeDirections(
  directions: readonly Direction[],
  values: Float64Array,
): { rest: Float64Array; shares: number[] } {
  const rest = Float64Array.from(values);
  const shares = directions.map(() => 0);
  for (const _ of ['once', 'and what rounding left']) {
    for (const [at, { vector }] of directions.entries()) {
      const share = rest.reduce((sum, value, row) => sum + value * vector[row], 0);
      shares[at] += share;
      for (let row = 0; row < rest.length; row++) rest[row] -= share * vector[row];
    }
  }
  return { rest, shares };
}

/** The columns that a combination of directions is one of: R c = shares, by back substitution. */
function findCombination(
  directions: readonly Direction[],
  shares: readonly number[],
  columns: readonly Float64Array[],
  length: number,
): number[] {
  const left = [...shares];
  const on: number[] = [];
  for (let at = directions.length - 1; at >= 0; at--) {
    const { column, shares: own } = directions[at];
    const coefficient = left[at] / own[at];
    for (let before = 0; before < at; before++) left[before] -= coefficient * own[before];
    if (Math.abs(coefficient) * computeLength(columns[column]) > MINIMUM_SHARE * length) on.unshift(column);
  }
  return on;
}

function computeLength(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Which of these features are combinations of those before them in the list; numbers are those of the features. */
export function findDependences(
  data: RegressionData,
  features: readonly number[],
  tolerance: number,
): readonly Dependence[] {
  const columns = features.map((feature) => extractColumn(data, feature));
  return orthogonalise(columns, tolerance).dependences.map(({ column, on }) => ({
    column: features[column],
    on: on.map((each) => features[each]),
  }));
}

/** Columns whose new part is smaller than this share are taken for rounding. */
const ROUNDING = 1e-10;

/**
 * The deviation of the noise, √(‖y − ŷ‖²/(rows − columns − intercept)) of least squares, columns counted without those that
 * depend on others: unbiased in its square. Undefined where the columns leave no degrees of freedom, or no error.
 */
export function estimateNoise(data: RegressionData, intercept: boolean): number | undefined {
  const { count, features, y } = data;
  const needed = intercept ? 1 : 0;
  if (count <= features + needed) return undefined;
  const columns = Array.from({ length: features }, (_, feature) => extractColumn(data, feature));
  const { directions } = orthogonalise(columns, ROUNDING);
  const left = computeLength(removeDirections(directions, y).rest);
  if (left <= ROUNDING * computeLength(y)) return undefined;
  return left / Math.sqrt(count - directions.length - needed);
}
