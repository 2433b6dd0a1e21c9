/** `solve.certify`: checks the theorem's hypothesis at the solution of a user's equation, on the host in float64. */
import { runInTurns } from '../backends/event-loop.ts';
import { certificateOf, type ImplicitCertificate, knownByNorm, type SampleCertificate } from './certificate.ts';
import { type CertifyOptions, checkRadius } from './certify-options.ts';
import { isFiniteFamily } from './hypothesis/family.ts';
import { checkInvertibility, type InvertibilityOptions, WARN_BELOW } from './hypothesis/hypothesis.ts';
import { readKinksOf } from './kinks.ts';
import { NotLifted, readLifted } from './lifting.ts';
import type { ImplicitSettings } from './root-options.ts';
import { unlessAborted } from './run-limits.ts';
import { type EstimateOptions, estimateSingularValues } from './singular-value-estimate.ts';
import { atSolution, type Solved } from './system.ts';

/**
 * Decides, sample by sample, whether all elements of ∂F/∂z at z are invertible, or estimates how near to singular one
 * of them is. The work yields to other tasks of the host in between.
 */
export async function certify(
  solved: Solved,
  settings: ImplicitSettings,
  { signal = settings.limits.signal, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  signal?.throwIfAborted();
  const own = { ...settings, limits: settings.limits.withSignal(signal) };
  return unlessAborted(certifyUnder(solved, own, { ...options, signal }), signal);
}

async function certifyUnder(
  solved: Solved,
  settings: ImplicitSettings,
  { radius, estimate = false, signal, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  checkRadius('certify', radius);
  const { warnBelow = WARN_BELOW } = options;
  const asked = typeof estimate === 'object' ? estimate : {};
  if (estimate !== false)
    return estimateSamples(solved, settings, asked, { radius, warnBelow, reason: 'an estimate was asked for' });
  try {
    return await proveSamples(solved, options, { radius, signal });
  } catch (error) {
    if (!(error instanceof NotLifted)) throw error;
    return estimateSamples(solved, settings, asked, { radius, warnBelow, reason: error.message });
  }
}

const NOT_FINITE = {
  status: 'unknown',
  argument: 'not examined',
  reason: 'the derivative of F at this sample, which failed, holds numbers that are not finite',
} as const;

const UNDECIDED =
  'an element is singular, but the solves inside the function are too inaccurate to tell whether its kinks are met; a smaller ' +
  'tolerance there may tell';

async function proveSamples(
  solved: Solved,
  options: InvertibilityOptions,
  { radius, signal }: Pick<CertifyOptions, 'radius' | 'signal'>,
): Promise<ImplicitCertificate> {
  const { samples, kinks } = await atSolution(solved, (system, x, uncertainty) =>
    readLifted('certify', system, x, { radius, uncertainty, signal }),
  );
  const certificates: SampleCertificate[] = [];
  for (const [sample, { family, isOpen }] of samples.entries()) {
    if (!isFiniteFamily(family)) {
      certificates.push({ ...NOT_FINITE, ...kinks.ofSample(sample), nearlySingular: false });
      continue;
    }
    const found = await runInTurns(checkInvertibility(family, options), signal);
    const counts = kinks.ofSample(sample);
    const isUndecided = isOpen && found.status === 'failed';
    const own = {
      ...found,
      ...(isUndecided && ({ status: 'unknown', argument: 'rounding', reason: UNDECIDED } as const)),
      ...counts,
      nearlySingular: found.nearest.nearlySingular,
    };
    certificates.push(counts.unresolved ? weakenFailure(own, counts.unresolved) : own);
  }
  return certificateOf(certificates, kinks.list);
}

/**
 * Coordinates that may be at a kink were all taken to be at it. What was certified for these elements therefore holds,
 * but a failure among them may be of an element that the true solution does not have.
 */
function weakenFailure(certificate: SampleCertificate, unresolved: number): SampleCertificate {
  if (certificate.status !== 'failed') return certificate;
  const reason = `${certificate.reason}; but ${unresolved} of the kinks could not be told from points near them`;
  return { ...certificate, status: 'unknown', reason };
}

async function estimateSamples(
  solved: Solved,
  settings: ImplicitSettings,
  asked: EstimateOptions,
  { radius, warnBelow, reason }: { radius: number | undefined; warnBelow: number; reason: string },
): Promise<ImplicitCertificate> {
  const [kinks, estimates] = await Promise.all([
    atSolution(solved, (system, x, uncertainty) =>
      readKinksOf(system.linearise(x, uncertainty).kinks(), system.rows.batch, radius),
    ),
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
