/** How far a point of a program with symmetric cones is from a solution, summed with compensation. */
import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { Sum, Sums } from '../../programs/compensated.ts';
import { largestMagnitude, meritOf } from '../../programs/residuals.ts';
import { dualOf } from '../cone.ts';
import type { ConeData, ConePoint, ConeResiduals, ConeSettings } from '../problem.ts';
import { leastEigenvalue } from './dense.ts';

/** A point with its residuals. */
export interface Judged extends ConePoint {
  readonly residuals: ConeResiduals;
  /** The largest residual relative to absolute + relative · (the size of its terms). */
  readonly merit: number;
  /** ½xᵀPx + cᵀx */
  readonly objective: number;
}

export function judge(
  { n, m, P, c, A, b, blocks }: ConeData,
  { x, y, s }: ConePoint,
  tolerances: Pick<ConeSettings, 'absolute' | 'relative'>,
): Judged {
  const sumsP = new Sums(n).addProduct(P, x);
  const quadratic = new Sum();
  for (let j = 0; j < n; j++) quadratic.addProduct(x[j], sumsP.high[j]).addProduct(x[j], sumsP.low[j]);
  const linear = new Sum().addDot(c, x);
  const support = new Sum().addDot(b, y);
  const gap = totalOf(quadratic, linear, support);
  const sumsA = new Sums(m).addProduct(A, x);
  const Ax = sumsA.round();
  const primal = sumsA.add(s).add(b.map((value) => -value));
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  const dual = new Sums(n).add(c).addProduct(P, x).addTransposedProduct(A, y);
  const residuals = {
    primal: Math.max(largestMagnitude(primal.round()), distanceTo(blocks, s)),
    dual: Math.max(largestMagnitude(dual.round()), distanceTo(blocks.map(dualOf), y)),
    gap: Math.abs(gap),
  };
  const sizes = {
    primal: Math.max(largestMagnitude(Ax), largestMagnitude(s), largestMagnitude(b)),
    dual: Math.max(largestMagnitude(sumsP.round()), largestMagnitude(c), largestMagnitude(Aty)),
    gap: Math.max(Math.abs(quadratic.value), Math.abs(linear.value), Math.abs(support.value)),
  };
  const objective = totalOf({ high: 0.5 * quadratic.high, low: 0.5 * quadratic.low }, linear);
  return { x, y, s, residuals, merit: meritOf(residuals, sizes, tolerances), objective };
}

function totalOf(...sums: readonly { readonly high: number; readonly low: number }[]): number {
  const total = new Sum();
  for (const { high, low } of sums) total.add(high).add(low);
  return total.value;
}

/** The distance of a vector from a product of symmetric cones: the largest of those from each. */
export function distanceTo(blocks: readonly ConeBlock[], v: Float64Array): number {
  return blocks.reduce((largest, block) => Math.max(largest, distanceToCone(block, v)), 0);
}

/** In the Euclidean norm, for psd in the spectral norm. */
function distanceToCone({ type, start, rows, dim }: ConeBlock, v: Float64Array): number {
  const own = v.subarray(start, start + rows);
  if (type === 'free') return 0;
  if (type === 'zero') return largestMagnitude(own);
  if (type === 'nonneg') return own.reduce((largest, value) => Math.max(largest, -value), 0);
  if (type === 'psd') return Math.max(0, -leastEigenvalue(v, start, dim, new Float64Array(dim * dim)));
  const tail = Math.hypot(...own.subarray(1));
  if (own[0] <= -tail) return Math.hypot(own[0], tail);
  return Math.max(0, (tail - own[0]) * Math.SQRT1_2);
}
