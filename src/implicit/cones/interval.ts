/** The range of every gradient of a cone program over all elements at its kinks. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ConeData } from '../../solvers/cones/problem.ts';
import { type GradientRange, includeGradients } from '../derivative-range.ts';
import type { ConeActivities } from './activity.ts';
import { type ConeCotangents, createConeDerivative } from './derivative.ts';
import { type ConeGradients, gradientsOf } from './directions.ts';
import { type ConeCertificate, certifyConeProgram } from './hypothesis.ts';

/** The range of each gradient, as far as it is bounded: there is none either where a kink is no segment. */
export interface ConeInterval extends Partial<GradientRange<ConeGradients>> {
  /** Whether the theorem applies to the program. */
  readonly certificate: ConeCertificate;
  /** Why there are no numbers. Absent where there are. */
  readonly reason?: string;
}

/** Up to this many kinks, all 2ᵏ choices at the ends are tried. */
const KINK_LIMIT = 12;

/**
 * At a kink whose elements are J + d·aaᵀ, 0 ≤ d ≤ 1, a gradient is a quotient of affine functions of d whose denominator
 * det M has no zero where every element is invertible. It is therefore monotone in each d, and its extremes are at the
 * vertices. At other kinks, such as the apex of a cone, the extremes may be anywhere.
 * @throws RangeError where there are more kinks than `limit`
 */
export function* intervalOf(
  data: ConeData,
  activities: ConeActivities,
  cotangents: ConeCotangents,
  limit = KINK_LIMIT,
): Interruptible<ConeInterval> {
  const { likely } = activities;
  const { kinks, point } = likely;
  if (kinks.length > limit) {
    throw new RangeError(
      `gradientIntervals: the solution is at ${kinks.length} kinks; at most ${limit} can be tried in all combinations`,
    );
  }
  const certificate = yield* certifyConeProgram(data, activities);
  if (certificate.status !== 'certified') {
    const reason = `no interval is known, because some element may have no derivative: ${certificate.reason}`;
    return { certificate, reason };
  }
  const other = kinks.find(({ kind }) => kind !== 'segment');
  if (other) {
    const reason = `no interval is known: the kink at row ${other.row} has more elements than a segment, so that the extremes need not be at its ends`;
    return { certificate, reason };
  }
  let range: GradientRange<ConeGradients> | undefined;
  for (let vertex = 0; vertex < 2 ** kinks.length; vertex++) {
    const selection = new Float64Array(data.m);
    for (const [place, { row }] of kinks.entries()) selection[row] = (vertex >> place) & 1;
    const derivative = yield* createConeDerivative(data, likely, { selection, leastNorm: false });
    const adjoint = yield* derivative.adjoint(cotangents);
    if (adjoint.singular) return { certificate, reason: 'the matrix of some element is singular to rounding' };
    const gradients = gradientsOf(data, point, adjoint);
    range = includeGradients(range, gradients);
    yield;
  }
  return { certificate, ...range };
}
