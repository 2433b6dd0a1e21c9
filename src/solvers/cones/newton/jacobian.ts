/** The Jacobian of a projection onto a product of cones, column by column. */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Projection } from '../projection.ts';

/** Between J_min and J_max: the kernels of this element and of its complement lie in those of all others. */
const SHARE = 0.5;

/** Column `column` of J, whose entries outside of `rows` rows from `row` on are 0. */
interface JacobianColumn {
  readonly column: number;
  readonly row: number;
  readonly rows: number;
  /** The whole column together with others; only those rows belong to it. */
  readonly values: Float64Array;
}

/** J is block diagonal, so that one product gives a column of each block, and all columns of the diagonal ones. */
export function* jacobianColumns(blocks: readonly ConeBlock[], projection: Projection): Generator<JacobianColumn> {
  const m = projection.value.length;
  const shares = new Float64Array(projection.kinks.length).fill(SHARE);
  const h = new Float64Array(m);
  const values = new Float64Array(m);
  const diagonal = blocks.filter(({ type }) => isDiagonal(type));
  const full = blocks.filter(({ type }) => !isDiagonal(type));
  for (const { start, rows } of diagonal) h.fill(1, start, start + rows);
  projection.apply(h, values, shares);
  for (const { start, rows } of diagonal) {
    for (let row = start; row < start + rows; row++) yield { column: row, row, rows: 1, values };
  }
  const most = Math.max(0, ...full.map(({ rows }) => rows));
  for (let k = 0; k < most; k++) {
    const present = full.filter(({ rows }) => rows > k);
    h.fill(0);
    for (const { start } of present) h[start + k] = 1;
    projection.apply(h, values, shares);
    for (const { start, rows } of present) yield { column: start + k, row: start, rows, values };
  }
}

const isDiagonal = (type: ConeBlock['type']): boolean => type === 'zero' || type === 'free' || type === 'nonneg';
