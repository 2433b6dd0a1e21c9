/** The range of a derivative over all selections at the kinks: on the host, in float64. */
import { createArgumentError, SIGNAL } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { type Interruptible, runInTurns } from '../backends/event-loop.ts';
import { dot, solve } from '../solvers/matrices.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkRadius } from './certify-options.ts';
import { checkInvertibility } from './hypothesis/hypothesis.ts';
import { boundRange, evaluateAtVertex, type Range, type ReducedValue, UNBOUNDED } from './hypothesis/range-bounds.ts';
import { encloseReducedMatrix } from './hypothesis/reduced.ts';
import { verifyInverse } from './hypothesis/verified.ts';
import type { OperationKink } from './kinks.ts';
import { type LiftedSample, readLifted } from './lifting.ts';
import { unlessAborted } from './run-limits.ts';
import { atSolution, type Solved } from './system.ts';

/** The options of `solve.gradientInterval`. Every option may be left out. */
export interface IntervalOptions {
  /** The place of the input in `inputs`; that input must hold one number. Default 0. */
  readonly input?: number;
  /**
   * Every argument within this distance of a kink, a number ≥ 0, counts as at it; coordinates that are `unresolved`
   * always do. Default: the rounding of the argument, 64·ε·max|x| of its row.
   */
  readonly radius?: number;
  /**
   * Ends the work when it is aborted: the interval then rejects with the signal's reason. Default: the signal of the
   * solve.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The checks of these options. Where the check is 0, `findInterval` checks the option. */
export const INTERVAL_OPTIONS: Checks<IntervalOptions> = { input: 0, radius: 0, signal: SIGNAL };

/** The range of the derivative vᵀ·dz/dx over all selections at the kinks. */
export interface GradientInterval {
  /** A lower bound: no selection has a smaller derivative. −∞ where nothing is known that bounds it. */
  readonly low: number;
  /** An upper bound: no selection has a greater derivative. ∞ where nothing is known that bounds it. */
  readonly high: number;
  /**
   * The least and the greatest derivative that were found at some selection. Absent where the element at q = 0 is
   * singular.
   */
  readonly attained?: Readonly<Record<'low' | 'high', number>>;
  /**
   * Whether the bounds are attained. They are up to 16 kinks of each sample, where the precision leaves no doubt of the
   * kinks.
   */
  readonly exact: boolean;
  /**
   * enumeration: all selections at the ends of the Clarke intervals were tried. bounds: the bounds come from a positive
   * definite symmetric part or from diagonal dominance of the reduced matrix, because a sample has more than 16 kinks
   * or because a solver inside the function left it open whether a kink is met. unbounded: for some sample the
   * hypothesis fails or could not be shown, or the function calls something whose kinks are not known.
   */
  readonly argument: 'enumeration' | 'bounds' | 'unbounded';
  /** The kinks at which selections differ. */
  readonly kinks: readonly OperationKink[];
}

/** Up to this many kinks of a sample, all 2ᵏ selections at the ends are tried. */
const MAXIMUM_ENUMERATED_KINKS = 16;
/**
 * Beyond that a search starts this often, from all kinks low to all kinks high, and sweeps over the kinks this often.
 */
const STARTS = 8;
const SWEEPS = 4;

/**
 * The range of dℓ/dx = vᵀ·dz/dx for an input x of one number. As a function of a single dᵢ, B(d)⁻¹r(d) is a quotient of
 * affine functions whose denominator det B(d) has no zero. It is therefore monotone, and the extremes are at vertices.
 * Samples do not depend on one another's kinks, so that their ranges add up; samples that share kinks are treated as
 * one system. The work yields to other tasks of the host in between.
 * @param cotangent v, of the size of z
 */
export async function gradientInterval(
  solved: Solved,
  cotangent: Tensor,
  options: IntervalOptions,
): Promise<GradientInterval> {
  const { signal } = options;
  signal?.throwIfAborted();
  return unlessAborted(findInterval(solved, cotangent, options), signal);
}

async function findInterval(
  solved: Solved,
  cotangent: Tensor,
  { input = 0, radius, signal }: IntervalOptions,
): Promise<GradientInterval> {
  const { z, inputs } = solved;
  if (!(Number.isInteger(input) && input >= 0 && input < inputs.length)) {
    throw createArgumentError('gradientInterval: input', input, `the place of one of the ${inputs.length} inputs`);
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
    const range = await runInTurns(findSampleRange(one, own), signal);
    // Where kinks are unknown, only one element was looked at, which bounds nothing.
    if (lifted.opaque.length > 0) ranges.push({ ...range, ...UNBOUNDED, argument: 'unbounded' });
    // A kink that may not be met need not attain all of these values.
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

function* findSampleRange(sample: LiftedSample, v: readonly number[]): Interruptible<SampleRange> {
  const { family } = sample;
  const k = family.terms.length;
  const reduced = yield* reduceValue(sample, v);
  if (!reduced) return { ...UNBOUNDED, attained: { low: Number.NaN, high: Number.NaN }, argument: 'unbounded' };
  const attained = yield* findAttainedRange(reduced);
  if ((yield* checkInvertibility(family)).status !== 'certified')
    return { ...UNBOUNDED, attained, argument: 'unbounded' };
  if (k <= MAXIMUM_ENUMERATED_KINKS) return { ...attained, attained, argument: 'enumeration' };
  const bounds = yield* boundRange(reduced);
  return { ...bounds, attained, argument: Number.isFinite(bounds.low) ? 'bounds' : 'unbounded' };
}

/** The least and the greatest value at all vertices, or, where there are too many, at those that a search visits. */
function* findAttainedRange(reduced: ReducedValue): Interruptible<Range> {
  const { k } = reduced.matrix;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  function* see(vertex: readonly number[]): Interruptible<number> {
    const value = yield* evaluateAtVertex(reduced, vertex);
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
    yield;
    return value;
  }
  if (k <= MAXIMUM_ENUMERATED_KINKS) {
    for (let set = 0; set < 2 ** k; set++) {
      yield* see(Array.from({ length: k }, (_, kink) => kink).filter((kink) => set & (1 << kink)));
    }
  } else {
    for (const sign of [1, -1]) {
      for (let start = 0; start < STARTS; start++) yield* searchVertices(k, start, sign, see);
    }
  }
  return { low, high };
}

/**
 * Climbs from vertex to vertex, one kink at a time; where the sign is −1 it descends.
 * @param start about this many of every 7 kinks are high at first
 */
function* searchVertices(
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

/**
 * vᵀ times the z part of B(d)⁻¹r(d), as a function of the kinks alone; undefined where B₀ is not known to be
 * invertible.
 */
function* reduceValue({ family, right }: LiftedSample, v: readonly number[]): Interruptible<ReducedValue | undefined> {
  if (!right) throw new Error('gradientInterval: no input was followed');
  const { n: order, base, terms } = family;
  const verified = yield* verifyInverse(base, order);
  if (!verified) return undefined;
  const start = solve(verified.factorisation, right.constant);
  const weight = Float64Array.from({ length: order }, (_, index) => v[index] ?? 0);
  return {
    constant: dot(weight, start),
    effect: Float64Array.from(terms, ({ a }) => dot(weight, solve(verified.factorisation, a))),
    entering: Float64Array.from(terms, ({ b }, kink) => dot(b, start) + right.slopes[kink]),
    matrix: yield* encloseReducedMatrix(family, verified),
  };
}
