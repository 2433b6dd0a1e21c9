/** Certificates of equations of which more is known than their function shows. */
import { certificateOf, type ImplicitCertificate } from '../certificate.ts';
import { certify } from '../certify.ts';
import type { CertifyOptions } from '../certify-options.ts';
import { checkRadius } from '../certify-options.ts';
import { readKinksOf } from '../kinks.ts';
import type { ImplicitSettings } from '../root-options.ts';
import { unlessAborted } from '../run-limits.ts';
import { atSolution, type Solved } from '../system.ts';
import type { WellPosed } from './verdict.ts';

/**
 * The certificate at a solution. Where the equation is well posed whatever b is, only its kinks are still looked for; an
 * estimate, or an equation of which nothing is known, needs the proof by `certify`.
 */
export async function certifyWellPosed(
  solved: Solved,
  settings: ImplicitSettings,
  options: CertifyOptions,
  { amplification: _, ...known }: WellPosed,
): Promise<ImplicitCertificate> {
  if (known.status !== 'certified' || (options.estimate ?? false) !== false) return certify(solved, settings, options);
  const { radius, signal = settings.limits.signal } = options;
  signal?.throwIfAborted();
  checkRadius('certify', radius);
  const reading = atSolution(solved, async (system, x, uncertainty) => {
    const { batch } = system.rows;
    const kinks = await readKinksOf(system.linearise(x, uncertainty).kinks(), batch, radius);
    const samples = Array.from({ length: batch }, (_, sample) => ({
      ...known,
      ...kinks.ofSample(sample),
      nearlySingular: false,
    }));
    return certificateOf(samples, kinks.list);
  });
  return unlessAborted(reading, signal);
}
