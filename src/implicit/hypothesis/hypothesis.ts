/**
 * The hypothesis of the implicit function theorem at a solution: every element of a family of matrices is invertible.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { random } from '../../data/random.ts';
import { determinantSign, factorise } from '../../solvers/matrices.ts';
import { exactSign } from './exact-sign.ts';
import { boundElementRounding, checkFamily, evaluateElement, type MatrixFamily, type Vertex } from './family.ts';
import { decidePrincipalMinors } from './minors.ts';
import { hasPositiveDefiniteSymmetricPart } from './positive-definite.ts';
import { type Enclosure, encloseReducedMatrix } from './reduced.ts';
import { findSuspectEdges } from './sign-search.ts';
import { findSingularValues } from './singular-values.ts';
import { type VerifiedInverse, verifyInverse } from './verified.ts';
import { findWorstElement } from './worst-element.ts';

/** The default of `warnBelow`, 1.2e-4. */
export const WARN_BELOW = 1000 * 2 ** -23;

/** How invertibility is proved. */
export interface InvertibilityOptions {
  /**
   * Whether to find the element with the smallest σ_min among all, where the hypothesis is certified and there are k ≤
   * 16 kinks. It takes about 2ᵏ·(n³/6 + 4n²) multiplications. Default false.
   */
  readonly exact?: boolean;
  /** The largest number k of kinks whose 2ᵏ vertices are enumerated: a whole number from 0 to 24. Default 16. */
  readonly enumerationLimit?: number;
  /**
   * An element counts as nearly singular where its relative σ_min is below this number ≥ 0. Default 1000·2⁻²³ = 1.2e-4:
   * the relative error of a gradient in float32 is about 2⁻²³ divided by it, and below the default fewer than three
   * digits are right.
   */
  readonly warnBelow?: number;
  /** The seed of the search that takes the place of the enumeration where there are too many kinks. Default 0. */
  readonly seed?: number;
}

/**
 * What a proof rests on, or why there is none.
 *
 * - no kinks: there is one element, and it is invertible.
 * - positive definite symmetric part: the reduced matrix has one, which is enough for any number of kinks.
 * - P-matrix: all principal minors of the reduced matrix are positive.
 * - singular base, singular element: an element is singular, at d = 0 or at another vertex.
 * - sign change: the determinants of two elements have opposite signs, so that an element between them is singular.
 * - rounding: an element is invertible or singular, but too near to singular to tell which.
 * - too many kinks: there are too many vertices to enumerate, and neither a proof nor a singular element was found.
 */
export type InvertibilityArgument =
  | 'no kinks'
  | 'positive definite symmetric part'
  | 'P-matrix'
  | 'singular base'
  | 'singular element'
  | 'sign change'
  | 'rounding'
  | 'too many kinks';

/** One element of the conservative Jacobian, and how near it is to singular. */
export interface ElementReport {
  /** The element: one number in [0, 1] for each kink, which takes (1 − d)·min + d·max of the Clarke interval. */
  readonly d: Float64Array;
  /** σ_min of the element; above order 64 an estimate from above. */
  readonly smallestSingularValue: number;
  /**
   * σ_min divided by the largest σ_max of this element and those at d = 0 and d = 1. An element that is small as a
   * whole beside the others, as 1 − d is near d = 1, thereby counts as near to a singular one.
   */
  readonly relativeSingularValue: number;
  /** Whether relativeSingularValue < `warnBelow`. */
  readonly nearlySingular: boolean;
}

/** Whether every element of a family is invertible. */
export interface Invertibility {
  /**
   * certified: every element is invertible. failed: some element is singular. Both are proved for the numbers as they
   * are stored, in spite of rounding, and say nothing of the numbers that these approximate. unknown: neither could be
   * proved, as for an element that is invertible as stored but within rounding of a singular matrix.
   */
  readonly status: 'certified' | 'failed' | 'unknown';
  /** What the status rests on. */
  readonly argument: InvertibilityArgument;
  /** The argument in a sentence. */
  readonly reason: string;
  /**
   * An element that is singular to rounding. Present where the status is failed, and where it is unknown because
   * rounding leaves that element open.
   */
  readonly witness?: Float64Array;
  /**
   * The element at the witness; else the nearest to singular of all, where `exact` asked for it; else the nearer of d =
   * 0 and d = 1.
   */
  readonly nearest: ElementReport;
  /** Whether `nearest` is the nearest to singular of all elements. */
  readonly exact: boolean;
}

/** Vertices are decided one by one from the n × n matrix up to this many, and up to this sum of n³ over them. */
const DIRECT_LIMIT = 256;
const DIRECT_WORK = 1e9;
/** The largest sum of n³ over the vertices that are decided in integers: some seconds of work. */
const EXACT_WORK = 1e6;
/** The largest `enumerationLimit`: 2²⁴ minors are about a second of work. */
export const LARGEST_LIMIT = 24;
/** The largest number of kinks for which the worst element is looked for. */
const WORST_LIMIT = 16;
/** The number of suspicious edges, found by the search, that are put to the proof. */
const MAXIMUM_SUSPICIONS = 8;
const BISECTIONS = 60;

type Verdict = Pick<Invertibility, 'status' | 'argument' | 'reason' | 'witness'>;

/**
 * Decides whether B(d) = B₀ − Σᵢ dᵢ·aᵢbᵢᵀ is invertible for every d in [0, 1]ᵏ: the hypothesis of Theorem 2 of Bolte,
 * Le, Pauwels & Silveti-Falls (2021) for such a family. det B(d) is affine in each dᵢ, so that its extremes are at the
 * vertices. With Gᵢⱼ = bᵢᵀB₀⁻¹aⱼ, the hypothesis therefore holds exactly where B₀ is invertible and I − G is a
 * P-matrix: all its principal minors, which are the ratios det B(d)/det B₀ at the vertices, are positive.
 *
 * Up to the enumeration limit all minors are decided: by interval arithmetic (`decidePrincipalMinors`), then from the n
 * × n matrix (`verifyInverse`), and what is still open then in whole numbers (`exactSign`). Beyond the limit only a
 * positive definite symmetric part certifies, and only a vertex that a search has found shows a failure.
 * @throws RangeError where a size does not fit, a number is not finite, or an option is out of its range
 */
export function* checkInvertibility(
  family: MatrixFamily,
  options: InvertibilityOptions = {},
): Interruptible<Invertibility> {
  const { exact = false, enumerationLimit = 16, warnBelow = WARN_BELOW, seed = 0 } = options;
  checkFamily(family);
  const k = family.terms.length;
  if (!(Number.isInteger(enumerationLimit) && enumerationLimit >= 0 && enumerationLimit <= LARGEST_LIMIT)) {
    throw new RangeError(
      `enumerationLimit: it is ${enumerationLimit}; it must be a whole number from 0 to ${LARGEST_LIMIT}`,
    );
  }
  if (!(warnBelow >= 0)) throw new RangeError(`warnBelow: it is ${warnBelow}; it must be at least 0`);
  const base = yield* verifyInverse(family.base, family.n);
  const verdict = base ? yield* judge(family, base, enumerationLimit, seed) : yield* judgeUnprovedBase(family);
  const nearest = yield* findNearestElement(family, verdict, exact && k <= WORST_LIMIT ? base : null);
  const relative = nearest.scale > 0 ? nearest.smallest / nearest.scale : 0;
  return {
    ...verdict,
    nearest: {
      d: nearest.d,
      smallestSingularValue: nearest.smallest,
      relativeSingularValue: relative,
      nearlySingular: relative < warnBelow,
    },
    exact: nearest.exact,
  };
}

/**
 * The element of `nearest`: see Invertibility.
 * @param base given where the worst element is asked for
 */
function* findNearestElement(
  family: MatrixFamily,
  { status, witness }: Verdict,
  base: VerifiedInverse | null,
): Interruptible<{ d: Float64Array; smallest: number; scale: number; exact: boolean }> {
  const k = family.terms.length;
  function* at(d: Float64Array) {
    return { d, ...(yield* findSingularValues(evaluateElement(family, d), family.n)) };
  }
  const ends = [yield* at(new Float64Array(k))];
  if (k > 0) ends.push(yield* at(new Float64Array(k).fill(1)));
  const worst =
    base && status === 'certified' ? yield* at(Float64Array.from(yield* findWorstElement(family, base))) : null;
  const chosen = witness ? yield* at(witness) : worst;
  const { d, smallest } = chosen ?? ends.reduce((a, b) => (b.smallest < a.smallest ? b : a));
  const scale = Math.max(...[...ends, ...(chosen ? [chosen] : [])].map(({ largest }) => largest));
  return { d, smallest, scale, exact: worst !== null || (k === 0 && status === 'certified') };
}

/** The verdict where B₀ could not be proved invertible: it is singular, or within rounding of a singular matrix. */
function* judgeUnprovedBase(family: MatrixFamily): Interruptible<Verdict> {
  const witness = new Float64Array(family.terms.length);
  const sign = family.n ** 3 <= EXACT_WORK ? yield* exactSign(family, new Uint8Array(family.terms.length)) : null;
  return sign === 0
    ? { status: 'failed', argument: 'singular base', reason: 'B₀, the element at d = 0, is singular', witness }
    : { status: 'unknown', argument: 'rounding', reason: 'B₀, the element at d = 0, is singular to rounding', witness };
}

function* judge(
  family: MatrixFamily,
  base: VerifiedInverse,
  enumerationLimit: number,
  seed: number,
): Interruptible<Verdict> {
  const k = family.terms.length;
  if (k === 0) return { status: 'certified', argument: 'no kinks', reason: 'the only element, B₀, is invertible' };
  const reduced = yield* encloseReducedMatrix(family, base);
  if (yield* hasPositiveDefiniteSymmetricPart(reduced)) {
    const reason = 'I − G has a positive definite symmetric part, after a diagonal scaling if need be';
    return { status: 'certified', argument: 'positive definite symmetric part', reason };
  }
  return yield* k <= enumerationLimit ? enumerate(family, base, reduced) : search(family, base, reduced, seed);
}

function* enumerate(family: MatrixFamily, base: VerifiedInverse, reduced: Enclosure): Interruptible<Verdict> {
  const limit = Math.max(1, Math.min(DIRECT_LIMIT, Math.floor(DIRECT_WORK / family.n ** 3)));
  const { change, undecided, truncated } = yield* decidePrincipalMinors(reduced, limit);
  if (change) {
    const beyond = change.vertex.slice();
    beyond[change.kink] = 1;
    return yield* locateSignChange(family, base, change.vertex, beyond);
  }
  const verdict = yield* decideDirectly(family, base, undecided);
  if (verdict.status !== 'certified' || !truncated) return verdict;
  return {
    status: 'unknown',
    argument: 'rounding',
    reason: `rounding leaves the sign of more than ${limit} principal minors open`,
    witness: Float64Array.from(undecided[0]),
  };
}

/** The verdict on these vertices alone: 'certified' where all determinants have the sign of det B₀. */
function* decideDirectly(
  family: MatrixFamily,
  base: VerifiedInverse,
  vertices: readonly Vertex[],
): Interruptible<Verdict> {
  const open: Vertex[] = [];
  for (const vertex of vertices) {
    const proved = yield* verifyInverse(
      evaluateElement(family, vertex),
      family.n,
      boundElementRounding(family, vertex),
    );
    if (!proved) open.push(vertex);
    else if (proved.sign !== base.sign)
      return yield* locateSignChange(family, base, new Uint8Array(vertex.length), vertex);
    yield;
  }
  for (const vertex of open.slice(0, Math.floor(EXACT_WORK / family.n ** 3))) {
    const sign = yield* exactSign(family, vertex);
    const witness = Float64Array.from(vertex);
    if (sign === 0) {
      return { status: 'failed', argument: 'singular element', reason: 'the element at a vertex is singular', witness };
    }
    if (sign !== null && sign !== base.sign) {
      const reason = 'det B(d) has opposite signs at d = 0 and at a vertex that is singular to rounding';
      return { status: 'failed', argument: 'sign change', reason, witness };
    }
  }
  if (open.length > 0) {
    const reason = 'the element at a vertex is invertible as stored, or may be, but singular to rounding';
    return { status: 'unknown', argument: 'rounding', reason, witness: Float64Array.from(open[0]) };
  }
  return { status: 'certified', argument: 'P-matrix', reason: 'every principal minor of I − G is positive' };
}

function* search(
  family: MatrixFamily,
  base: VerifiedInverse,
  reduced: Enclosure,
  seed: number,
): Interruptible<Verdict> {
  let suspicions = 0;
  let rounding: Verdict | null = null;
  for (const edge of findSuspectEdges(reduced, random(seed))) {
    yield;
    if (!edge) continue;
    const { vertex, kink } = edge;
    const beyond = vertex.slice();
    beyond[kink] = 1 - beyond[kink];
    const verdict = yield* decideDirectly(family, base, [vertex, beyond]);
    if (verdict.status === 'failed') return verdict;
    if (verdict.status === 'unknown') rounding ??= verdict;
    suspicions++;
    if (suspicions === MAXIMUM_SUSPICIONS) break;
  }
  const reason = `${family.terms.length} kinks are too many to enumerate; I − G has no positive definite symmetric part, and a search found no singular element`;
  return rounding ?? { status: 'unknown', argument: 'too many kinks', reason };
}

/**
 * The verdict where det B(d) has opposite signs at two vertices: failed, because B(d) is singular at some point between
 * them. The point is found by bisection on the sign from elimination. Elimination is exact for a matrix within
 * n·ε·|L||U|, so that where the sign flips from one number to the next, B(d) is that near to a singular matrix.
 */
function* locateSignChange(
  family: MatrixFamily,
  base: VerifiedInverse,
  from: Vertex,
  to: Vertex,
): Interruptible<Verdict> {
  const point = (t: number): Float64Array => Float64Array.from(from, (value, i) => value + t * (to[i] - value));
  let [low, high] = [0, 1];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = 0.5 * (low + high);
    const factorisation = yield* factorise(evaluateElement(family, point(middle)), family.n);
    if (determinantSign(factorisation) === base.sign) low = middle;
    else high = middle;
    yield;
  }
  const reason = 'det B(d) changes its sign between two vertices, and B(d) is singular in between';
  return { status: 'failed', argument: 'sign change', reason, witness: point(high) };
}
