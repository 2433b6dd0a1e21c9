/** Linear algebra on the columns of a table, in float64: linear dependence, and the noise that least squares leaves. */
import type { RegressionData } from '../../data/index.ts';

/** A column that is a linear combination of columns before it. */
interface Dependence {
  readonly column: number;
  /** The columns with a non-zero coefficient in the combination. */
  readonly on: readonly number[];
}

/** A smaller share of a column is rounding. */
const MINIMUM_SHARE = 1e-6;

interface Direction {
  readonly column: number;
  readonly vector: Float64Array;
  /** The coefficients of the column along the directions before it, and its length along this one. */
  readonly shares: readonly number[];
}

function extractColumn({ X, count, features }: RegressionData, feature: number): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => X[row * features + feature]);
}

/**
 * Finds orthonormal directions that span the columns, by modified Gram-Schmidt with reorthogonalisation.
 * @param tolerance a column is dependent where what remains of it is less than this share of its length
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
  // The second pass removes what rounding leaves in the first.
  for (let pass = 0; pass < 2; pass++) {
    for (const [at, { vector }] of directions.entries()) {
      const share = rest.reduce((sum, value, row) => sum + value * vector[row], 0);
      shares[at] += share;
      for (let row = 0; row < rest.length; row++) rest[row] -= share * vector[row];
    }
  }
  return { rest, shares };
}

/** Expresses a combination of directions by columns: solves R c = shares by back substitution. */
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

/** Finds the features that are combinations of features before them in the list. */
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

/** What remains of a column is rounding below this share of its length. */
const ROUNDING = 1e-10;

/**
 * Estimates the standard deviation of the noise by least squares: √(‖y − ŷ‖²/(rows − independent columns − intercept)),
 * whose square is unbiased. Returns undefined where the columns leave no degrees of freedom, or no error.
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
