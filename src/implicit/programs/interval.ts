/** The range of every gradient of a program over all selections at its weakly active rows. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { PrimalDual, ProgramData } from '../../solvers/programs/problem.ts';
import { type GradientRange, includeGradients } from '../derivative-range.ts';
import type { RowActivity } from './active-rows.ts';
import { createDerivative, type ProgramCotangents } from './derivative.ts';
import { gradientsOf, type ProgramGradients } from './directions.ts';
import { certifyProgram, type ProgramCertificate } from './hypothesis.ts';

/** The range of each gradient, as far as it is bounded. */
export interface ProgramInterval extends Partial<GradientRange<ProgramGradients>> {
  /** Whether the theorem applies to the program. */
  readonly certificate: ProgramCertificate;
  /** Why there are no numbers. Absent where there are. */
  readonly reason?: string;
}

/** Up to this many weakly active rows, all 2ᵏ selections at the ends are tried. */
const KINK_LIMIT = 12;

/**
 * As a function of the share d of one row, a gradient is a quotient of affine functions whose denominator det M has no
 * zero where every element is invertible. It is therefore monotone in each share, and its extremes are at the vertices.
 * @throws RangeError where more than `limit` rows are weakly active
 */
export function* intervalOf(
  data: ProgramData,
  solution: PrimalDual,
  activity: RowActivity,
  cotangents: ProgramCotangents,
  limit = KINK_LIMIT,
): Interruptible<ProgramInterval> {
  const { kinks, states } = activity;
  if (kinks.length > limit) {
    throw new RangeError(
      `gradientIntervals: ${kinks.length} rows are weakly active; at most ${limit} can be tried in all combinations`,
    );
  }
  const certificate = yield* certifyProgram(data, activity);
  if (certificate.status !== 'certified') {
    const reason = `no interval is known, because some selection may have no derivative: ${certificate.reason}`;
    return { certificate, reason };
  }
  let range: GradientRange<ProgramGradients> | undefined;
  for (let vertex = 0; vertex < 2 ** kinks.length; vertex++) {
    const shares = new Float64Array(states.length);
    for (const [place, row] of kinks.entries()) shares[row] = (vertex >> place) & 1;
    const derivative = yield* createDerivative(data, solution, activity, shares);
    const adjoint = yield* derivative.adjoint(cotangents);
    if (adjoint.singular) return { certificate, reason: 'the matrix of some selection is singular to rounding' };
    const gradients = gradientsOf(data, solution, states, adjoint);
    range = includeGradients(range, gradients);
    yield;
  }
  return { certificate, ...range };
}
