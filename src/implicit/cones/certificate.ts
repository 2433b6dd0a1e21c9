/** The certificate of a batch of cone programs. */
import { certificateOf, type ImplicitCertificate } from '../certificate.ts';
import type { OperationKink } from '../kinks.ts';
import type { ConeCertificate } from './hypothesis.ts';

/** The certificate of a batch. Of each kink `index` is the first row of the cone, or of the part of it, that is there. */
export interface ConeCertificates extends ImplicitCertificate {
  /** One certificate for each program. */
  readonly samples: readonly ConeCertificate[];
}

export function combineConeCertificates(samples: readonly ConeCertificate[]): ConeCertificates {
  const kinks = samples.flatMap(({ kinkRows }, sample): OperationKink[] =>
    kinkRows.map((row) => ({ sample, operation: 'program', place: 0, index: row, value: 0, distance: 0 })),
  );
  return { ...certificateOf(samples, kinks), samples };
}
