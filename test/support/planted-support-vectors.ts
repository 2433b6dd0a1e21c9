/**
 * Support vector machines whose solution is planted exactly at kinks, and whether an element of the conservative Jacobian is
 * singular there, by trying them one by one.
 */
import { random } from '../../src/data/random.ts';
import { leastPivotOf } from './least-pivot.ts';

export interface PlantedSupportVectors {
  readonly rows: number;
  readonly features: number;
  readonly intercept: boolean;
  readonly X: Float64Array;
  readonly y: Float64Array;
  readonly w: Float64Array;
  readonly b: number;
  /** Rows at a kink, and whether α = C cᵢ there. */
  readonly kinks: readonly number[];
  readonly rowWeights: Float64Array;
  /** The least relative pivot of I − J(I − sQ), bordered where there is an intercept, over the elements that were tried. */
  readonly leastPivot: number;
}

const FEATURES = 5;
/** Rows strictly inside, at a lower and an upper kink, at their bound, and at 0. */
const KINDS = ['inside', 'inside', 'lower', 'upper', 'bound', 'bound', 'zero', 'zero', 'zero'] as const;

/**
 * For C = 1: rows zᵢ are shifted along w so that each has the slope that its kind needs, and the row 'bound' at last makes
 * w = Σ αᵢzᵢ hold.
 * @param isDependent whether the rows on the margin are made dependent, a kink among them
 */
export function plantSupportVectors(seed: number, intercept: boolean, isDependent: boolean): PlantedSupportVectors {
  const generator = random(seed);
  const draw = (): number => generator.normal();
  const rows = KINDS.length;
  const w = Float64Array.from({ length: FEATURES }, draw);
  const b = intercept ? draw() / 4 : 0;
  const y = Float64Array.from(KINDS, (_, row) => (row % 2 === 0 ? 1 : -1));
  const rowWeights = new Float64Array(rows).fill(1);
  const alpha = new Float64Array(rows);
  for (const [row, kind] of KINDS.entries()) {
    rowWeights[row] = 0.5 + generator.uniform();
    if (kind === 'inside') alpha[row] = rowWeights[row] * (0.2 + 0.6 * generator.uniform());
    if (kind === 'upper' || kind === 'bound') alpha[row] = rowWeights[row];
  }
  if (intercept) balance(alpha, rowWeights, y);
  const Z = KINDS.map(() => Array.from({ length: FEATURES }, draw));
  if (isDependent) {
    // With the same label, so that the rows of [X, 1] are dependent too: z₂ = z₀, up to the shift along w.
    Z[2] = [...Z[0]];
  }
  const [last, free] = [5, 4];
  const length = w.reduce((sum, value) => sum + value * value, 0);
  const shift = (row: number, target: number): void => {
    const product = Z[row].reduce((sum, value, j) => sum + value * w[j], 0);
    Z[row] = Z[row].map((value, j) => value + ((target - product) / length) * w[j]);
  };
  for (const [row, kind] of KINDS.entries()) {
    const onMargin = 1 - b * y[row];
    const away = 0.3 + generator.uniform();
    shift(row, kind === 'zero' ? onMargin + away : kind === 'bound' ? onMargin - away : onMargin);
  }
  // Rows 4 and 5 take what is missing of w: across w by row 5 alone, along w so that both are inside of the margin.
  const missing = Array.from(
    w,
    (value, j) => value - Z.reduce((sum, z, row) => sum + (row === last ? 0 : alpha[row] * z[j]), 0),
  );
  Z[last] = missing.map((value) => value / alpha[last]);
  const lastMargin = Z[last].reduce((sum, value, j) => sum + value * w[j], 0) + b * y[last];
  const excess = alpha[last] * (lastMargin - 0.5);
  for (let j = 0; j < FEATURES; j++) {
    Z[last][j] -= (excess / alpha[last] / length) * w[j];
    Z[free][j] += (excess / alpha[free] / length) * w[j];
  }
  const freeMargin = Z[free].reduce((sum, value, j) => sum + value * w[j], 0) + b * y[free];
  // The draw is of no use where row 4 would be outside of the margin.
  if (freeMargin > 0.9) return plantSupportVectors(seed + 10_000, intercept, isDependent);
  const X = Float64Array.from({ length: rows * FEATURES }, (_, at) => {
    const row = Math.floor(at / FEATURES);
    return y[row] * Z[row][at % FEATURES];
  });
  const Q = Z.map((one) => Z.map((other) => one.reduce((sum, value, j) => sum + value * other[j], 0)));
  const step = 1 / Q.reduce((sum, row, i) => sum + row[i], 0);
  const shares = [
    ...Array.from({ length: 4 }, (_, subset) => [subset & 1, subset >> 1]),
    ...Array.from({ length: 4 }, () => [generator.uniform(), generator.uniform()]),
  ];
  const pivots = shares.map(([lower, upper]) => {
    const J = KINDS.map((kind) => ({ inside: 1, lower, upper, bound: 0, zero: 0 })[kind]);
    const B = Q.map((row, i) => row.map((value, j) => (i === j ? 1 - J[i] : 0) + J[i] * step * value));
    if (!intercept) return leastPivotOf(B);
    return leastPivotOf([...B.map((row, i) => [...row, J[i] * step * y[i]]), [...y, 0]]);
  });
  return {
    rows,
    features: FEATURES,
    intercept,
    X,
    y,
    w,
    b,
    kinks: [2, 3],
    rowWeights,
    leastPivot: Math.min(...pivots),
  };
}

/** Scales the α of one label, and the weights of its rows, so that yᵀα = 0. */
function balance(alpha: Float64Array, rowWeights: Float64Array, y: Float64Array): void {
  const sumOf = (label: number): number => alpha.reduce((sum, value, row) => sum + (y[row] === label ? value : 0), 0);
  const factor = sumOf(1) / sumOf(-1);
  for (const [row, label] of y.entries()) {
    if (label > 0) continue;
    alpha[row] *= factor;
    rowWeights[row] *= factor;
  }
}
