/** The range of a gradient over the selections at the kinks: on the host, in float64. */
import type { Tensor } from '../tensor/tensor.ts';
import { checkRadius } from './certify.ts';
import { dot, factorise, solve } from './hypothesis/dense.ts';
import { checkInvertibility } from './hypothesis/hypothesis.ts';
import type { OperationKink } from './kinks.ts';
import { type LiftedSample, readLifted } from './lifting.ts';
import { atSolution, type Solved } from './system.ts';

export interface IntervalOptions {
  /** Which of the inputs; it must hold one number. Default 0. */
  readonly input?: number;
  /** Everything within it of a kink counts as at the kink. Default: what rounding makes of a kink. */
  readonly radius?: number;
}

export interface GradientInterval {
  /** Infinite where the hypothesis fails or could not be shown: the gradient may then have no bound. */
  readonly low: number;
  readonly high: number;
  /**
   * Whether these are the ends of the range. Past 16 kinks of a sample both are attained by some selection, but others may
   * reach further.
   */
  readonly exact: boolean;
  readonly kinks: readonly OperationKink[];
}

/** Kinks of a sample whose 2ᵏ selections are all tried. */
const ENUMERATED = 16;
/** Starts of the search past that, and sweeps of each. */
const STARTS = 8;
const SWEEPS = 4;

/**
 * The range of dℓ/dx = vᵀ·dz/dx for an input x of one number. In each dᵢ alone, the others fixed, B(d)⁻¹r(d) is a quotient of
 * affine functions whose denominator, det B(d), has no zero: monotone, so that the extremes are at vertices. The kinks of one
 * sample do not see those of another, and their ranges add up.
 * @param v cotangent of z, [batch, n]
 */
export async function gradientInterval(
  solved: Solved,
  cotangent: Tensor,
  { input = 0, radius }: IntervalOptions,
): Promise<GradientInterval> {
  const { z, inputs } = solved;
  if (!(Number.isInteger(input) && input >= 0 && input < inputs.length)) {
    throw new RangeError(
      `gradientInterval: input is ${input}; it must be the place of one of the ${inputs.length} inputs`,
    );
  }
  if (inputs[input].size !== 1) {
    throw new RangeError(`gradientInterval: inputs[${input}] holds ${inputs[input].size} numbers; it must hold one`);
  }
  if (cotangent.size !== z.size) {
    throw new RangeError(`gradientInterval: cotangent holds ${cotangent.size} numbers; z holds ${z.size}`);
  }
  checkRadius('gradientInterval', radius);
  const [lifted, v, n] = await atSolution(solved, async (system, x) => {
    const read = readLifted('gradientInterval', system, x, { radius, input });
    return Promise.all([read, cotangent.data(), system.rows.n]);
  });
  let [low, high, exact] = [0, 0, true];
  for (const [sample, one] of lifted.samples.entries()) {
    const range = rangeOf(
      one,
      Array.from({ length: n }, (_, index) => v[sample * n + index]),
    );
    low += range.low;
    high += range.high;
    exact &&= range.exact;
  }
  return { low, high, exact, kinks: lifted.kinks.list };
}

const UNBOUNDED = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, exact: false };

function rangeOf(sample: LiftedSample, v: readonly number[]): Omit<GradientInterval, 'kinks'> {
  if (checkInvertibility(sample.family).status !== 'certified') return UNBOUNDED;
  const valueAt = valuesAtVertices(sample, v);
  const k = sample.family.terms.length;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const see = (vertex: readonly number[]): number => {
    const value = valueAt(vertex);
    low = Math.min(low, value);
    high = Math.max(high, value);
    return value;
  };
  if (k <= ENUMERATED) {
    for (let set = 0; set < 2 ** k; set++) {
      see(Array.from({ length: k }, (_, kink) => kink).filter((kink) => set & (1 << kink)));
    }
    return { low, high, exact: true };
  }
  for (const sign of [1, -1]) {
    for (let start = 0; start < STARTS; start++) search(k, start, (vertex) => sign * see(vertex));
  }
  return { low, high, exact: false };
}

/** Climbs from vertex to vertex, one kink at a time. */
function search(k: number, start: number, value: (vertex: readonly number[]) => number): void {
  const chosen = Array.from({ length: k }, (_, kink) => (kink * 2654435761 + start * 40503) % 7 < start % 4);
  const vertexOf = (): number[] => chosen.flatMap((isHigh, kink) => (isHigh ? [kink] : []));
  let best = value(vertexOf());
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let kink = 0; kink < k; kink++) {
      chosen[kink] = !chosen[kink];
      const other = value(vertexOf());
      if (other > best) best = other;
      else chosen[kink] = !chosen[kink];
    }
  }
}

/**
 * vᵀ of the z part of B(d)⁻¹r(d) at the vertex with the kinks S at their upper ends. With E = B₀⁻¹[aᵢ], y = B₀⁻¹r₀, G = [bᵢᵀEⱼ]
 * and ρ the slopes of the right-hand side: y + E_S τ, (I − G_SS)τ = b_Sᵀy + ρ_S.
 */
function valuesAtVertices(
  { family, right }: LiftedSample,
  v: readonly number[],
): (vertex: readonly number[]) => number {
  if (!right) throw new Error('gradientInterval: no input was followed');
  const { n: order, base, terms } = family;
  const factors = factorise(base, order);
  const weight = Float64Array.from({ length: order }, (_, index) => v[index] ?? 0);
  const start = solve(factors, right.constant);
  const moved = terms.map(({ a }) => solve(factors, a));
  const entering = terms.map(({ b }, kink) => dot(b, start) + right.slopes[kink]);
  const gain = terms.map(({ b }) => moved.map((column) => dot(b, column)));
  const effect = moved.map((column) => dot(weight, column));
  const constant = dot(weight, start);
  return (vertex) => {
    const k = vertex.length;
    if (k === 0) return constant;
    const matrix = vertex.flatMap((row) => vertex.map((column) => (row === column ? 1 : 0) - gain[row][column]));
    const tau = solve(
      factorise(matrix, k),
      vertex.map((kink) => entering[kink]),
    );
    return vertex.reduce((sum, kink, at) => sum + effect[kink] * tau[at], constant);
  };
}
