/** The check of the theorem's hypothesis at the solution of an equation that the user wrote: on the host, in float64. */
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkInvertibility, type Invertibility, type InvertibilityOptions } from './hypothesis/hypothesis.ts';
import { type OperationKink, readLifted } from './lifting.ts';
import type { SystemOf } from './system.ts';

export interface CertifyOptions extends InvertibilityOptions {
  /**
   * Everything within it of a kink counts as at the kink: the hypothesis on a neighbourhood, to first order. Default: what
   * rounding makes of a kink, 64·ε·max|x| of the row.
   */
  readonly radius?: number;
}

export interface ImplicitCertificate {
  /**
   * certified: for every sample every element of ∂F/∂z is invertible. failed: for some sample some element is singular; relative
   * to the program as it is written. unknown: neither could be shown for some sample.
   */
  readonly status: Invertibility['status'];
  /** Of the sample that decides: one that failed, else one that is unknown, else the one nearest to singular. */
  readonly argument: Invertibility['argument'];
  readonly reason: string;
  readonly kinks: readonly OperationKink[];
  readonly samples: readonly Invertibility[];
}

/** Thrown where a certificate failed and the caller asked for that to be an error. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  constructor(
    what: string,
    readonly certificate: Failure,
  ) {
    super(failure(what, certificate));
  }
}

/** What a certificate that failed tells. */
interface Failure {
  readonly reason: string;
  readonly kinks: readonly { readonly index?: number; readonly operation?: string }[];
}

function failure(what: string, { reason, kinks }: Failure): string {
  const operation = kinks[0]?.operation;
  const at = kinks.length === 0 ? 'no kinks' : `${kinks.length} kinks${operation ? `, the first in ${operation}` : ''}`;
  return (
    `${what}: the implicit function theorem does not apply at this solution (${reason}; ${at}), ` +
    'so that the gradient may be no derivative of anything'
  );
}

/** throw: reading a gradient rejects. warn: a warning on the console, once for each solution. ignore: nothing. */
export type FailurePolicy = 'throw' | 'warn' | 'ignore';

/** Resolves once the certificate is known and the policy allows to go on. */
export async function upheld(
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
 * Decides, sample by sample, whether all elements of ∂F/∂z at z are invertible (Bolte et al. 2021, Theorem 2).
 * @param z [batch, n]
 * @param systemOf the equation, from its inputs
 */
export async function certify(
  engine: Engine,
  systemOf: SystemOf,
  z: Tensor,
  inputs: readonly Tensor[],
  { radius, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  if (radius !== undefined && !(radius >= 0 && Number.isFinite(radius))) {
    throw new RangeError(`certify: radius is ${radius}; it must be a finite number of at least 0`);
  }
  const lifted = await engine.tidy(async (scope) => {
    const system = systemOf(inputs.map((input) => scope.use(input)));
    const { batch, n } = system.rows;
    const x = engine.alias(scope.use(z), [batch, n]);
    return readLifted(system, x, { radius });
  });
  const samples = lifted.samples.map(({ family }) => checkInvertibility(family, options));
  const rank = { failed: 0, unknown: 1, certified: 2 };
  const deciding = samples.reduce((a, b) => {
    if (rank[a.status] !== rank[b.status]) return rank[a.status] < rank[b.status] ? a : b;
    return b.nearest.relativeSingularValue < a.nearest.relativeSingularValue ? b : a;
  });
  const { status, argument, reason } = deciding;
  return { status, argument, reason, kinks: lifted.kinks, samples };
}
