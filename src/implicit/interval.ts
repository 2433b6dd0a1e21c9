/** The range of a gradient over the selections at the kinks: on the host, in float64. */

import { refusal, SIGNAL } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { type Interruptible, inTurns } from '../backends/event-loop.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkRadius } from './certify-options.ts';
import { checkInvertibility } from './hypothesis/hypothesis.ts';
import { dot, solve } from './hypothesis/matrices.ts';
import { type Range, type ReducedValue, rangeBounds, UNBOUNDED, valueAtVertex } from './hypothesis/range-bounds.ts';
import { reducedMatrix } from './hypothesis/reduced.ts';
import { verifiedInverse } from './hypothesis/verified.ts';
import type { OperationKink } from './kinks.ts';
import { type LiftedSample, readLifted } from './lifting.ts';
import { unlessAborted } from './run-limits.ts';
import { atSolution, type Solved } from './system.ts';

export interface IntervalOptions {
  /** Which of the inputs; it must hold one number. Default 0. */
  readonly input?: number;
  /** Everything within it of a kink counts as at the kink, and what is unresolved. Default: what rounding makes of a kink. */
  readonly radius?: number;
  /** Aborted, it ends the work: the interval rejects with its reason. Default: that of the solve. */
  readonly signal?: AbortSignal;
}

export const INTERVAL_OPTIONS: Checks<IntervalOptions> = { input: 0, radius: 0, signal: SIGNAL };

export interface GradientInterval {
  /** No selection gives less, or more. Infinite where nothing is known that bounds the gradient. */
  readonly low: number;
  readonly high: number;
  /** The least and the greatest that was found at some selection; absent where the element at q = 0 is singular. */
  readonly attained?: { readonly low: number; readonly high: number };
  /** Whether the bounds are attained: to 16 kinks of each sample, where the precision leaves no doubt of them. */
  readonly exact: boolean;
  /**
   * enumeration: of all selections at the ends. bounds: past 16 kinks of a sample, from a positive definite symmetric part or
   * diagonal dominance of the reduced matrix, and where a solver left it open whether a kink is met. unbounded: of some sample the hypothesis fails, or could not be shown, or the function
   * calls something that may have kinks of which nobody knows.
   */
  readonly argument: 'enumeration' | 'bounds' | 'unbounded';
  readonly kinks: readonly OperationKink[];
}

/** Kinks of a sample whose 2ᵏ selections are all tried. */
const ENUMERATED = 16;
/** Starts of the search past that, from all kinks low to all high, and sweeps of each. */
const STARTS = 8;
const SWEEPS = 4;

/**
 * The range of dℓ/dx = vᵀ·dz/dx for an input x of one number. In each dᵢ alone, the others fixed, B(d)⁻¹r(d) is a quotient of
 * affine functions whose denominator, det B(d), has no zero: monotone, so that the extremes are at vertices. The kinks of one
 * sample do not see those of another, and their ranges add up; samples that share kinks are one system. In turns with what else there is to do.
 * @param v cotangent of z, [batch, n]
 */
export async function gradientInterval(
  solved: Solved,
  cotangent: Tensor,
  options: IntervalOptions,
): Promise<GradientInterval> {
  const { signal } = options;
  signal?.throwIfAborted();
  return unlessAborted(intervalOf(solved, cotangent, options), signal);
}

async function intervalOf(
  solved: Solved,
  cotangent: Tensor,
  { input = 0, radius, signal }: IntervalOptions,
): Promise<GradientInterval> {
  const { z, inputs } = solved;
  if (!(Number.isInteger(input) && input >= 0 && input < inputs.length)) {
    throw refusal('gradientInterval: input', input, `the place of one of the ${inputs.length} inputs`);
  }
  if (inputs[input].size !== 1) {
    throw new RangeError(`gradientInterval: inputs[${input}] holds ${inputs[input].size} numbers; it must hold one`);
  }
  if (cotangent.size !== z.size) {
    throw new RangeError(`gradientInterval: cotangent holds ${cotangent.size} numbers; z holds ${z.size}`);
  }
  checkRadius('gradientInterval', radius);
  const [lifted, v] = await atSolution(solved, async (system, x, uncertainty) => {
    const read = readLifted('gradientInterval', system, x, { radius, uncertainty, input, signal });
    return Promise.all([read, cotangent.data()]);
  });
  const ranges: SampleRange[] = [];
  for (const one of lifted.samples) {
    const own = one.unknowns.map((at) => v[at]);
    const range = await inTurns(rangeOf(one, own), signal);
    // Of what has kinks that nobody knows there is one element alone: it bounds nothing.
    if (lifted.opaque.length > 0) ranges.push({ ...range, ...UNBOUNDED, argument: 'unbounded' });
    // Nor need a kink that is met only maybe give all of these values.
    else ranges.push(one.isOpen && range.argument === 'enumeration' ? { ...range, argument: 'bounds' } : range);
  }
  const total = (of: (range: SampleRange) => number): number => ranges.reduce((sum, range) => sum + of(range), 0);
  const attained = { low: total((range) => range.attained.low), high: total((range) => range.attained.high) };
  return {
    low: total(({ low }) => low),
    high: total(({ high }) => high),
    ...(Number.isFinite(attained.low) && Number.isFinite(attained.high) && { attained }),
    exact: ranges.every(({ argument }) => argument === 'enumeration') && lifted.kinks.isDecided,
    argument:
      (['unbounded', 'bounds'] as const).find((one) => ranges.some(({ argument }) => argument === one)) ??
      'enumeration',
    kinks: lifted.kinks.list,
  };
}

interface SampleRange extends Range {
  readonly attained: Range;
  readonly argument: GradientInterval['argument'];
}

function* rangeOf(sample: LiftedSample, v: readonly number[]): Interruptible<SampleRange> {
  const { family } = sample;
  const k = family.terms.length;
  const reduced = yield* reducedValue(sample, v);
  if (!reduced) return { ...UNBOUNDED, attained: { low: Number.NaN, high: Number.NaN }, argument: 'unbounded' };
  const attained = yield* attainedRange(reduced);
  if ((yield* checkInvertibility(family)).status !== 'certified')
    return { ...UNBOUNDED, attained, argument: 'unbounded' };
  if (k <= ENUMERATED) return { ...attained, attained, argument: 'enumeration' };
  const bounds = yield* rangeBounds(reduced);
  return { ...bounds, attained, argument: Number.isFinite(bounds.low) ? 'bounds' : 'unbounded' };
}

/** The least and the greatest value at the vertices; past the limit, at those that a search visits. */
function* attainedRange(reduced: ReducedValue): Interruptible<Range> {
  const { k } = reduced.matrix;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  function* see(vertex: readonly number[]): Interruptible<number> {
    const value = yield* valueAtVertex(reduced, vertex);
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
    yield;
    return value;
  }
  if (k <= ENUMERATED) {
    for (let set = 0; set < 2 ** k; set++) {
      yield* see(Array.from({ length: k }, (_, kink) => kink).filter((kink) => set & (1 << kink)));
    }
  } else {
    for (const sign of [1, -1]) {
      for (let start = 0; start < STARTS; start++) yield* search(k, start, sign, see);
    }
  }
  return { low, high };
}

/** Climbs from vertex to vertex, one kink at a time, or descends where the sign is −1. Of `start`, about so many of 7 kinks are high at first. */
function* search(
  k: number,
  start: number,
  sign: number,
  see: (vertex: readonly number[]) => Interruptible<number>,
): Interruptible<void> {
  const chosen = Array.from({ length: k }, (_, kink) => (kink * 2654435761 + start * 40503) % 7 < start);
  const vertexOf = (): number[] => chosen.flatMap((isHigh, kink) => (isHigh ? [kink] : []));
  let best = sign * (yield* see(vertexOf()));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let kink = 0; kink < k; kink++) {
      chosen[kink] = !chosen[kink];
      const other = sign * (yield* see(vertexOf()));
      if (other > best) best = other;
      else chosen[kink] = !chosen[kink];
    }
  }
}

/** vᵀ of the z part of B(d)⁻¹r(d) in the kinks alone; undefined where B₀ is not known to be invertible. */
function* reducedValue({ family, right }: LiftedSample, v: readonly number[]): Interruptible<ReducedValue | undefined> {
  if (!right) throw new Error('gradientInterval: no input was followed');
  const { n: order, base, terms } = family;
  const verified = yield* verifiedInverse(base, order);
  if (!verified) return undefined;
  const start = solve(verified.factorisation, right.constant);
  const weight = Float64Array.from({ length: order }, (_, index) => v[index] ?? 0);
  return {
    constant: dot(weight, start),
    effect: Float64Array.from(terms, ({ a }) => dot(weight, solve(verified.factorisation, a))),
    entering: Float64Array.from(terms, ({ b }, kink) => dot(b, start) + right.slopes[kink]),
    matrix: yield* reducedMatrix(family, verified),
  };
}
