/** How far a point of a cone program is from a solution, summed with compensation. */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { Sum, Sums } from '../programs/compensated.ts';
import { largestMagnitude, meritOf } from '../programs/residuals.ts';
import { dualOf } from './cone.ts';
import type { ConeData, ConePoint, ConeResiduals, ConeSettings } from './problem.ts';
import { distancesToCones } from './projections/project.ts';

/** A point with its residuals. */
export interface Judged extends ConePoint {
  readonly residuals: ConeResiduals;
  /** The sizes of the terms: the largest of ‖Ax‖, ‖s‖, ‖b‖; of ‖Px‖, ‖c‖, ‖Aᵀy‖; of |xᵀPx|, |cᵀx|, |bᵀy|. */
  readonly sizes: ConeResiduals;
  /** The largest residual relative to absolute + relative · (the size of its terms). */
  readonly merit: number;
  /** ½xᵀPx + cᵀx */
  readonly objective: number;
}

type Tolerances = Pick<ConeSettings, 'absolute' | 'relative'>;

export function* judge(data: ConeData, { x, y, s }: ConePoint, tolerances: Tolerances): Interruptible<Judged> {
  const { n, m, P, c, A, b, blocks } = data;
  const sumsP = new Sums(n).addProduct(P, x);
  const Px = sumsP.round();
  const Ax = new Sums(m).addProduct(A, x).round();
  yield;
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  yield;
  // The rounded parts Ax, Px and Aᵀy are for sizes alone: each residual is summed as a whole.
  const primal = new Sums(m)
    .addProduct(A, x)
    .add(s)
    .add(b.map((value) => -value))
    .round();
  yield;
  const dual = new Sums(n).addProduct(P, x).add(c).addTransposedProduct(A, y).round();
  yield;
  const quadratic = new Sum();
  for (let j = 0; j < n; j++) quadratic.addProduct(x[j], sumsP.high[j]).addProduct(x[j], sumsP.low[j]);
  const linear = new Sum().addDot(c, x);
  const support = new Sum().addDot(b, y);
  const gap = sumOf(quadratic, linear, support);
  const fromCones = distanceTo(blocks, s);
  yield;
  const fromDuals = distanceTo(blocks.map(dualOf), y);
  yield;
  const residuals: ConeResiduals = {
    primal: larger(largestMagnitude(primal), fromCones),
    dual: larger(largestMagnitude(dual), fromDuals),
    gap: Math.abs(gap),
  };
  const sizes: ConeResiduals = {
    primal: Math.max(largestMagnitude(Ax), largestMagnitude(s), largestMagnitude(b)),
    dual: Math.max(largestMagnitude(Px), largestMagnitude(c), largestMagnitude(Aty)),
    gap: Math.max(Math.abs(quadratic.value), Math.abs(linear.value), Math.abs(support.value)),
  };
  const objective = sumOf({ high: quadratic.high / 2, low: quadratic.low / 2 }, linear);
  return { x, y, s, residuals, sizes, merit: meritOf(residuals, sizes, tolerances), objective };
}

/** The largest of the distances of v from each of the cones. */
export function distanceTo(blocks: readonly ConeBlock[], v: Float64Array): number {
  return largestMagnitude(distancesToCones(blocks, v));
}

function sumOf(...sums: readonly Pick<Sum, 'high' | 'low'>[]): number {
  const total = new Sum();
  for (const { high, low } of sums) total.add(high).add(low);
  return total.value;
}

/** The larger number; NaN if one is NaN. */
function larger(first: number, second: number): number {
  return first > second || Number.isNaN(first) ? first : second;
}
