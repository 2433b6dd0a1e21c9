/** Bounds of a linear function of B(d)⁻¹r(d) over the whole box of d, for any number of kinks. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot, factorise, hasCholeskyFactor, solve } from '../../solvers/matrices.ts';
import { findScalings, makeComparisonMatrix } from './positive-definite.ts';
import type { Enclosure } from './reduced.ts';

/**
 * The function value(d) = constant + effectᵀs with (I − DG)s = D·entering and D = diag(d). Here s is the part of the
 * solution that the kinks add to that at d = 0, and Gᵢⱼ = bᵢᵀB₀⁻¹aⱼ.
 */
export interface ReducedValue {
  readonly constant: number;
  readonly effect: Float64Array;
  readonly entering: Float64Array;
  /** M = I − G, k × k. */
  readonly matrix: Enclosure;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

export const UNBOUNDED: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/**
 * The relative slack of a bound: more than the rounding of the solves here, whose condition numbers CONDITION limits.
 */
const SLACK = 1e-6;
const CONDITION = 1e-6;
const SWEEPS = 4;

/**
 * A range that contains every value; infinite where none is found. With w = entering + Gs and 0 ≤ d ≤ 1, s = Dw implies
 * sᵢ(wᵢ − sᵢ) ≥ 0, that is sᵢ(entering − Ms)ᵢ ≥ 0 for each i. Two kinds of sets contain every such s; the bounds are
 * the best of all.
 */
export function* boundRange(value: ReducedValue): Interruptible<Range> {
  const ranges: Range[] = [];
  for (const D of yield* findScalings(value.matrix)) ranges.push(yield* boundOnEllipsoid(value, D));
  ranges.push(yield* boundOnBox(value));
  const low = Math.max(...ranges.map((range) => range.low));
  const high = Math.min(...ranges.map((range) => range.high));
  return { low, high };
}

/**
 * The range on an ellipsoid. Summed with weights Δ ≻ 0 for which H = (ΔM + MᵀΔ)/2 ≻ 0, the inequalities become sᵀHs ≤
 * sᵀq with q = Δ·entering: an ellipsoid around ½H⁻¹q, on which
 *   effectᵀs ∈ ½effectᵀH⁻¹q ± ½√(effectᵀH⁻¹effect · qᵀH⁻¹q).
 */
function* boundOnEllipsoid(
  { constant, effect, entering, matrix }: ReducedValue,
  D: Float64Array,
): Interruptible<Range> {
  const { k, centre } = matrix;
  // The coordinates are scaled such that H has a unit diagonal.
  const scale = D.map((value, i) => 1 / Math.sqrt(value * centre[i * k + i]));
  const H = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      H[i * k + j] = 0.5 * scale[i] * scale[j] * (D[i] * centre[i * k + j] + D[j] * centre[j * k + i]);
    }
  }
  const lowered = H.map((entry, at) => (at % (k + 1) === 0 ? entry - CONDITION : entry));
  if (!(yield* hasCholeskyFactor(lowered, k))) return UNBOUNDED;
  const factors = yield* factorise(H, k);
  const q = entering.map((value, i) => scale[i] * D[i] * value);
  const along = effect.map((value, i) => scale[i] * value);
  const moved = solve(factors, q);
  const middle = 0.5 * dot(along, moved);
  const reach = 0.5 * Math.sqrt(dot(along, solve(factors, along)) * dot(q, moved));
  return widenRange(constant, middle - reach, middle + reach);
}

/**
 * The range on a box. Where Mᵢᵢ > 0, the inequality of i says that sᵢ lies between 0 and (enteringᵢ + Σⱼ≠ᵢ Gᵢⱼsⱼ)/Mᵢᵢ.
 * It follows that C|s| ≤ |entering| with the comparison matrix C of M, and |s| ≤ C⁻¹|entering| where C⁻¹ ≥ 0. Interval
 * arithmetic then shrinks this box.
 */
function* boundOnBox({ constant, effect, entering, matrix }: ReducedValue): Interruptible<Range> {
  const { k, centre } = matrix;
  const factors = yield* factorise(makeComparisonMatrix(matrix), k);
  // Cx > 0 for an x > 0 makes C an M-matrix, whose inverse is nonnegative (up to rounding, as CONDITION demands).
  const witness = solve(factors, new Float64Array(k).fill(1));
  const isHMatrix = centre.every((entry, at) => at % (k + 1) !== 0 || entry > 0);
  if (!isHMatrix || !witness.every((x) => x > 0 && x < 1 / CONDITION)) return UNBOUNDED;
  const reach = solve(factors, entering.map(Math.abs));
  const low = reach.map((x) => -x);
  const high = reach.slice();
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let i = 0; i < k; i++) {
      let [least, most] = [entering[i], entering[i]];
      for (let j = 0; j < k; j++) {
        if (j === i) continue;
        const ends = [-centre[i * k + j] * low[j], -centre[i * k + j] * high[j]];
        least += Math.min(...ends);
        most += Math.max(...ends);
      }
      low[i] = Math.max(low[i], Math.min(0, least / centre[i * k + i]));
      high[i] = Math.min(high[i], Math.max(0, most / centre[i * k + i]));
    }
  }
  const ends = effect.map((value, i) => Math.min(value * low[i], value * high[i]));
  const others = effect.map((value, i) => Math.max(value * low[i], value * high[i]));
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  return widenRange(constant, total(ends), total(others));
}

/** Widens a range by its rounding. */
function widenRange(constant: number, low: number, high: number): Range {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return UNBOUNDED;
  const slack = SLACK * Math.max(Math.abs(low), Math.abs(high)) + Number.EPSILON * 64 * Math.abs(constant);
  return { low: constant + low - slack, high: constant + high + slack };
}

/** value(d) at the vertex with the kinks S at their upper ends: constant + effect_Sᵀs_S, M_SS·s_S = entering_S. */
export function* evaluateAtVertex(
  { constant, effect, entering, matrix: { k, centre } }: ReducedValue,
  vertex: readonly number[],
): Interruptible<number> {
  if (vertex.length === 0) return constant;
  const part = vertex.flatMap((row) => vertex.map((column) => centre[row * k + column]));
  const s = solve(
    yield* factorise(part, vertex.length),
    vertex.map((kink) => entering[kink]),
  );
  return vertex.reduce((sum, kink, at) => sum + effect[kink] * s[at], constant);
}
