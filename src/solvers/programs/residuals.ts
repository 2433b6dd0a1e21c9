/** How far a point is from a solution, summed with compensation. */
import { Sum, Sums } from './compensated.ts';
import type { ProgramData, ProgramResiduals, ProgramSettings } from './problem.ts';

/** A program whose residuals can be computed, scaled or not. */
type Program = Pick<ProgramData, 'n' | 'm' | 'P' | 'q' | 'A' | 'l' | 'u'>;

/** The residuals of a point, with what they are made of. */
export interface Evaluation {
  /** Ax, m. */
  readonly z: Float64Array;
  /** max(l − Ax, Ax − u, 0) by row, m. */
  readonly primal: Float64Array;
  /** Px + q + Aᵀy, n, and its terms. */
  readonly dual: Float64Array;
  readonly Px: Float64Array;
  readonly Aty: Float64Array;
  /** xᵀPx + qᵀx + uᵀy⁺ + lᵀy⁻, with its sign; multipliers of infinite bounds are left out. */
  readonly gap: number;
  /** The largest of |xᵀPx|, |qᵀx| and |uᵀy⁺ + lᵀy⁻|. */
  readonly gapSize: number;
  /** Σ|terms| of the gap. */
  readonly gapTerms: number;
  /** The multipliers that point at an infinite bound, m. */
  readonly misplaced: Float64Array;
  readonly objective: number;
}

export function evaluate({ n, m, P, q, A, l, u }: Program, x: Float64Array, y: Float64Array): Evaluation {
  const sumsZ = new Sums(m).addProduct(A, x);
  const sumsP = new Sums(n).addProduct(P, x);
  const Px = sumsP.round();
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  const dual = new Sums(n).add(q).addProduct(P, x).addTransposedProduct(A, y).round();
  const quadratic = new Sum();
  const linear = new Sum();
  let gapTerms = 0;
  for (let j = 0; j < n; j++) {
    quadratic.addProduct(x[j], sumsP.high[j]).addProduct(x[j], sumsP.low[j]);
    linear.addProduct(q[j], x[j]);
    gapTerms += Math.abs(x[j] * Px[j]) + Math.abs(q[j] * x[j]);
  }
  const support = new Sum();
  const misplaced = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    if (y[i] === 0) continue;
    const bound = y[i] > 0 ? u[i] : l[i];
    if (Number.isFinite(bound)) {
      support.addProduct(bound, y[i]);
      gapTerms += Math.abs(bound * y[i]);
    } else misplaced[i] = y[i];
  }
  return {
    z: sumsZ.round(),
    primal: violations(sumsZ, l, u),
    dual,
    Px,
    Aty,
    gap: sumOf(quadratic, linear, support),
    gapSize: Math.max(Math.abs(quadratic.value), Math.abs(linear.value), Math.abs(support.value)),
    gapTerms,
    misplaced,
    objective: new Sum()
      .add(0.5 * quadratic.high)
      .add(0.5 * quadratic.low)
      .add(linear.high)
      .add(linear.low).value,
  };
}

function sumOf(...sums: readonly Sum[]): number {
  const total = new Sum();
  for (const { high, low } of sums) total.add(high).add(low);
  return total.value;
}

function violations({ high, low }: Sums, l: Float64Array, u: Float64Array): Float64Array {
  // The bound is subtracted from the high part first, which is exact where the two are close.
  return high.map((value, i) => Math.max(0, l[i] - value - low[i], value - u[i] + low[i]));
}

/** The residuals of the point, in max norms. */
export function residualsOf({ primal, dual, gap, misplaced }: Evaluation): ProgramResiduals {
  return {
    primal: largestMagnitude(primal),
    dual: Math.max(largestMagnitude(dual), largestMagnitude(misplaced)),
    gap: Math.abs(gap),
  };
}

/** ‖values‖∞; NaN if one is NaN. */
export function largestMagnitude(values: Float64Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (Number.isNaN(size)) return size;
    if (size > result) result = size;
  }
  return result;
}

/** The sizes to which the residuals are compared: ‖Ax‖, max(‖Px‖, ‖q‖, ‖Aᵀy‖) and the largest part of the gap. */
export function sizesOf({ q }: Program, { z, Px, Aty, gapSize }: Evaluation): ProgramResiduals {
  const dual = Math.max(largestMagnitude(Px), largestMagnitude(q), largestMagnitude(Aty));
  return { primal: largestMagnitude(z), dual, gap: gapSize };
}

/** The largest residual relative to absolute + relative · (its size): 1 meets the tolerances. */
export function meritOf(
  residuals: ProgramResiduals,
  sizes: ProgramResiduals,
  { absolute, relative }: Pick<ProgramSettings, 'absolute' | 'relative'>,
): number {
  const shares = (['primal', 'dual', 'gap'] as const).map((kind) =>
    residuals[kind] === 0 ? 0 : residuals[kind] / (absolute + relative * sizes[kind]),
  );
  return Math.max(...shares);
}
