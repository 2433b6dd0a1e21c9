/** What happens where the hypothesis of the implicit function theorem fails at a solution. */
import type { ImplicitCertificate } from './certificate.ts';

/** Thrown where a certificate failed and `onFailedCertificate` is throw. */
export class CertificateError extends Error {
  /** 'CertificateError'. */
  override readonly name = 'CertificateError';
  constructor(
    what: string,
    /** The certificate that failed. */
    readonly certificate: ImplicitCertificate,
  ) {
    super(describeFailure(what, certificate));
  }
}

function describeFailure(what: string, { reason, kinks }: ImplicitCertificate): string {
  const at = kinks.length === 0 ? 'no kinks' : `${kinks.length} kinks, the first in ${kinks[0].operation}`;
  return (
    `${what}: the implicit function theorem does not apply at this solution (${reason}; ${at}), ` +
    'so that the gradient need not be a derivative of the solution'
  );
}

/**
 * throw: reading a gradient rejects. warn: a warning on the console, once for each solution. ignore: nothing happens.
 */
export type FailurePolicy = 'throw' | 'warn' | 'ignore';

/** Awaits the certificate and applies the policy. @throws CertificateError where it failed and the policy is throw */
export async function applyFailurePolicy(
  what: string,
  policy: FailurePolicy,
  certificate: Promise<ImplicitCertificate>,
): Promise<void> {
  const known = await certificate;
  if (known.status !== 'failed' || policy === 'ignore') return;
  const error = new CertificateError(what, known);
  if (policy === 'throw') throw error;
  console.warn(error.message);
}

/**
 * Warns of a sample whose matrix is nearly singular: the theorem may hold there, and rounding spoil the gradient all
 * the same.
 * @returns whether it has warned
 */
export function warnIfNearlySingular(what: string, { status, samples }: ImplicitCertificate): boolean {
  const near = samples.findIndex(({ nearlySingular }) => nearlySingular);
  if (near < 0 || status === 'failed') return false;
  const { nearest, singularValueBound } = samples[near];
  const value = nearest?.smallestSingularValue ?? singularValueBound ?? 0;
  console.warn(
    `${what}: ∂F/∂z of sample ${near} is nearly singular (σ_min is at most about ${value.toExponential(1)}): ` +
      'its gradient is right to fewer than three digits',
  );
  return true;
}
