/** The certificate of a linear solve at a solution whose hypothesis is examined apart from it. */
import type { SolveReport } from '../solvers/report.ts';
import { certificateOf, type ImplicitCertificate, type SampleCertificate } from './certificate.ts';

/**
 * @param certificate that of the solution; undefined where it was to be ignored
 * @param closer the method that examines it, for the reason
 */
export function combineCertificates(
  { samples }: SolveReport,
  certificate: ImplicitCertificate | undefined,
  closer: string,
): ImplicitCertificate {
  const unexamined: SampleCertificate = {
    status: 'unknown',
    argument: 'not examined',
    reason: `certificates were to be ignored; certificate() looks at ${closer}`,
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular: false,
  };
  const own = samples.map(({ residual, singularValueBound }, index) => ({
    ...(certificate?.samples[index] ?? unexamined),
    residual,
    singularValueBound,
  }));
  return certificate ? { ...certificate, samples: own } : certificateOf(own, []);
}
