/** The certificate of a batch of programs. */
import { certificateOf, type ImplicitCertificate } from '../certificate.ts';
import type { OperationKink } from '../kinks.ts';
import type { ProgramCertificate } from './hypothesis.ts';

/** The certificate of a batch. Its kinks are the weakly active rows: `index` is the row. */
export interface ProgramCertificates extends ImplicitCertificate {
  /** One certificate for each program. */
  readonly samples: readonly ProgramCertificate[];
}

export function combineProgramCertificates(samples: readonly ProgramCertificate[]): ProgramCertificates {
  const kinks = samples.flatMap(({ kinkRows }, sample): OperationKink[] =>
    kinkRows.map((row) => ({ sample, operation: 'program', place: 0, index: row, value: 0, distance: 0 })),
  );
  return { ...certificateOf(samples, kinks), samples };
}
