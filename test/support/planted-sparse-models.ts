/**
 * Sparse models whose solution is planted exactly at kinks, and what the theorem's hypothesis is there, by trying the
 * elements of the conservative Jacobian one by one.
 */
import { random } from '../../src/data/random.ts';
import type { SparseLoss } from '../../src/implicit/sparse/options.ts';
import { leastPivotOf } from './least-pivot.ts';

export interface PlantedSparse {
  readonly rows: number;
  readonly features: number;
  readonly loss: SparseLoss;
  readonly X: Float64Array;
  readonly y: Float64Array;
  readonly rowWeights: Float64Array;
  readonly groups: readonly (readonly number[])[];
  readonly beta: Float64Array;
  readonly kinks: readonly number[];
  /** The least relative pivot of I − J(I − sH) over the elements that were tried. */
  readonly leastPivot: number;
}

const ROWS = 9;

/** @param isDependent whether the vector X_g v_g of a kink is made that of a group in use */
export function plantSparse(seed: number, loss: 'square' | 'logistic', isDependent: boolean): PlantedSparse {
  const generator = random(seed);
  const draw = (): number => generator.normal();
  const sizes = [1, 2, 1, 3, 2];
  let next = 0;
  const groups = sizes.map((size) => Array.from({ length: size }, () => next++));
  const features = next;
  const [active, kinks] = [
    [0, 1],
    [2, 3],
  ];
  const r = Array.from({ length: ROWS }, draw);
  const length = r.reduce((sum, value) => sum + value * value, 0);
  const columns = Array.from({ length: features }, () => Array.from({ length: ROWS }, draw));
  /** Changes a column so that its product with r is the target. */
  const aim = (j: number, target: number): void => {
    const product = columns[j].reduce((sum, value, row) => sum + value * r[row], 0);
    columns[j] = columns[j].map((value, row) => value + (r[row] * (target - product)) / length);
  };
  const beta = new Float64Array(features);
  const directions = new Map<number, number[]>();
  for (const [group, members] of groups.entries()) {
    const v = members.map(draw);
    const size = Math.hypot(...v);
    const isTight = active.includes(group) || kinks.includes(group);
    const unit = v.map((value) => value / size);
    directions.set(group, unit);
    for (const [at, j] of members.entries()) {
      aim(j, (isTight ? 1 : 0.5) * unit[at]);
      if (active.includes(group)) beta[j] = unit[at] * (0.5 + generator.uniform());
    }
    if (!active.includes(group)) continue;
    // One length for the group, along its direction.
    const norm = 0.5 + generator.uniform();
    for (const [at, j] of members.entries()) beta[j] = norm * unit[at];
  }
  const imageOf = (group: number): number[] => {
    const v = directions.get(group) as number[];
    return Array.from({ length: ROWS }, (_, row) =>
      groups[group].reduce((sum, j, at) => sum + columns[j][row] * v[at], 0),
    );
  };
  if (isDependent) {
    const [own, copied] = [imageOf(kinks[1]), imageOf(active[1])];
    const v = directions.get(kinks[1]) as number[];
    for (const [at, j] of groups[kinks[1]].entries()) {
      columns[j] = columns[j].map((value, row) => value + (copied[row] - own[row]) * v[at]);
    }
  }
  const margins = Array.from({ length: ROWS }, (_, row) =>
    columns.reduce((sum, column, j) => sum + column[row] * beta[j], 0),
  );
  const y = Float64Array.from(r, (value, row) => (loss === 'square' ? margins[row] + value : Math.sign(value)));
  const rowWeights = Float64Array.from(r, (value, row) =>
    loss === 'square' ? 1 : Math.abs(value) * (1 + Math.exp(Math.sign(value) * margins[row])),
  );
  const X = Float64Array.from(
    { length: ROWS * features },
    (_, at) => columns[at % features][Math.floor(at / features)],
  );
  const curvatures = margins.map((m, row) => {
    const p = 1 / (1 + Math.exp(-m));
    return loss === 'square' ? 1 : rowWeights[row] * p * (1 - p);
  });
  const H = Array.from({ length: features }, (_, i) =>
    Array.from({ length: features }, (_, j) =>
      columns[i].reduce((sum, value, row) => sum + value * curvatures[row] * columns[j][row], 0),
    ),
  );
  const elements = [
    ...Array.from({ length: 2 ** kinks.length }, (_, subset) => kinks.map((_, bit) => (subset >> bit) & 1)),
    ...Array.from({ length: 4 }, () => kinks.map(() => generator.uniform())),
  ];
  const step = 1 / H.reduce((sum, row, i) => sum + row[i], 0);
  const pivots = elements.map((shares) => {
    const J = Array.from({ length: features }, () => Array<number>(features).fill(0));
    for (const [group, members] of groups.entries()) {
      const v = directions.get(group) as number[];
      const norm = Math.hypot(...members.map((j) => beta[j]));
      const shrunk = active.includes(group) ? step / (norm + step) : 0;
      const q = kinks.includes(group) ? shares[kinks.indexOf(group)] : 0;
      for (const [a, i] of members.entries()) {
        for (const [b, j] of members.entries()) {
          const outer = v[a] * v[b];
          J[i][j] = active.includes(group) ? (i === j ? 1 - shrunk : 0) + shrunk * outer : q * outer;
        }
      }
    }
    return leastPivotOf(
      J.map((row, i) =>
        row.map(
          (_, j) =>
            (i === j ? 1 : 0) - row.reduce((sum, value, k) => sum + value * ((k === j ? 1 : 0) - step * H[k][j]), 0),
        ),
      ),
    );
  });
  return { rows: ROWS, features, loss, X, y, rowWeights, groups, beta, kinks, leastPivot: Math.min(...pivots) };
}
