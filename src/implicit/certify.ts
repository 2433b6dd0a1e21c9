/** A closer look at the theorem's hypothesis at the solution of an equation that the user wrote: on the host, in float64. */
import { inTurns } from '../backends/event-loop.ts';
import { certificateOf, type ImplicitCertificate, knownByNorm, type SampleCertificate } from './certificate.ts';
import { checkInvertibility, type InvertibilityOptions, WARN_BELOW } from './hypothesis/hypothesis.ts';
import { readKinksOf } from './kinks.ts';
import { NotLifted, readLifted } from './lifting.ts';
import type { ImplicitSettings } from './root-options.ts';
import { unlessAborted } from './run-limits.ts';
import { type EstimateOptions, estimateSingularValues } from './singular-value-estimate.ts';
import { atSolution, type Solved } from './system.ts';

export interface CertifyOptions extends InvertibilityOptions {
  /**
   * Everything within it of a kink counts as at the kink: the hypothesis on a neighbourhood, to first order. Default: what
   * rounding makes of a kink, 64·ε·max|x| of the row.
   */
  readonly radius?: number;
  /**
   * Instead of a proof, an estimate of σ_min of the element that gradients take, from a few linear solves (6 pairs, or as many
   * as `iterations` says). This is what systems get that are too large for a proof: more than 512 unknowns and kinked values.
   */
  readonly estimate?: boolean | EstimateOptions;
  /** Aborted, it ends the work: the certificate rejects with its reason. Default: that of the solve. */
  readonly signal?: AbortSignal;
}

/**
 * Decides, sample by sample, whether all elements of ∂F/∂z at z are invertible, or estimates how near to singular one is; in turns
 * with what else there is to do.
 */
export async function certify(
  solved: Solved,
  settings: ImplicitSettings,
  { signal = settings.limits.signal, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  signal?.throwIfAborted();
  const own = { ...settings, limits: settings.limits.under(signal) };
  return unlessAborted(certified(solved, own, { ...options, signal }), signal);
}

async function certified(
  solved: Solved,
  settings: ImplicitSettings,
  { radius, estimate = false, signal, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  checkRadius('certify', radius);
  const { warnBelow = WARN_BELOW } = options;
  const asked = typeof estimate === 'object' ? estimate : {};
  if (estimate !== false)
    return estimated(solved, settings, asked, { radius, warnBelow, reason: 'an estimate was asked for' });
  try {
    return await proved(solved, options, { radius, signal });
  } catch (error) {
    if (!(error instanceof NotLifted)) throw error;
    return estimated(solved, settings, asked, { radius, warnBelow, reason: error.message });
  }
}

export function checkRadius(what: string, radius: number | undefined): void {
  if (radius !== undefined && !(radius >= 0 && Number.isFinite(radius))) {
    throw new RangeError(`${what}: radius is ${radius}; it must be a finite number of at least 0`);
  }
}

const UNDECIDED =
  'an element is singular, but what the function solves itself is too far from the kinks to tell whether they are met; a smaller ' +
  'tolerance there may';

async function proved(
  solved: Solved,
  options: InvertibilityOptions,
  { radius, signal }: Pick<CertifyOptions, 'radius' | 'signal'>,
): Promise<ImplicitCertificate> {
  const { samples, kinks } = await atSolution(solved, (system, x) =>
    readLifted('certify', system, x, { radius, signal }),
  );
  const certificates: SampleCertificate[] = [];
  for (const [sample, { family, isOpen }] of samples.entries()) {
    const found = await inTurns(checkInvertibility(family, options), signal);
    const isUndecided = isOpen && found.status === 'failed';
    certificates.push({
      ...found,
      ...(isUndecided && { status: 'unknown', argument: 'rounding', reason: UNDECIDED }),
      ...kinks.ofSample(sample),
      nearlySingular: found.nearest.nearlySingular,
    });
  }
  return certificateOf(certificates, kinks.list);
}

async function estimated(
  solved: Solved,
  settings: ImplicitSettings,
  asked: EstimateOptions,
  { radius, warnBelow, reason }: { radius: number | undefined; warnBelow: number; reason: string },
): Promise<ImplicitCertificate> {
  const [kinks, estimates] = await Promise.all([
    atSolution(solved, (system, x) => readKinksOf(system.linearised(x).kinks(), system.rows.batch, radius)),
    estimateSingularValues(solved, settings, asked),
  ]);
  const certificates = estimates.map(({ smallest, isSolved, largest, normBound }, sample): SampleCertificate => {
    const known = knownByNorm(normBound);
    const relativeSingularValue = largest > 0 ? smallest / largest : 0;
    const nearlySingular = relativeSingularValue < warnBelow || !isSolved;
    const found = isSolved
      ? `σ_min of the element that gradients take is at most about ${smallest.toExponential(2)}`
      : 'a linear solve with the element that gradients take did not converge: it may be singular';
    return {
      ...known,
      ...(known.status === 'unknown' && {
        argument: 'σ_min estimate',
        reason: `${reason}; ${found}`,
      }),
      ...kinks.ofSample(sample),
      nearest: { smallestSingularValue: smallest, relativeSingularValue, nearlySingular },
      exact: false,
      nearlySingular,
    };
  });
  return certificateOf(certificates, kinks.list);
}
