/** Certificates that an iterate offers, tested as vectors of the scaled program. */
import {
  checkInfeasibility,
  checkUnboundedness,
  infeasibilityOf,
  type Quality,
  unboundednessOf,
} from '../certificates.ts';
import type { ConeForm } from './form.ts';
import type { Iterate } from './start.ts';

/** A vector with an error of this share of its depth raises suspicion. */
const ROUGH = 1e-3;

export interface Certificate {
  readonly status: 'infeasible' | 'unbounded';
  /** y or x of the scaled program. */
  readonly direction: Float64Array;
  readonly quality: Quality;
}

/** What an iterate offers for a certificate of either kind. */
export function candidatesAt(form: ConeForm, { x, z }: Pick<Iterate, 'x' | 'z'>): readonly Certificate[] {
  return [
    { status: 'infeasible', direction: z.slice(), quality: infeasibilityOf(form, z) },
    { status: 'unbounded', direction: x.slice(), quality: unboundednessOf(form, x) },
  ];
}

export function isSuspected({ error, depth }: Quality): boolean {
  return error <= ROUGH * depth;
}

/** @returns the certificate of the given program, with bᵀy = −1 or cᵀx = −1, if it shows something there too */
export function givenCertificate(
  { scaling: { variables, rows }, given, givenRows }: ConeForm,
  { status, direction }: Certificate,
): Float64Array | undefined {
  if (status === 'unbounded') {
    return checkUnboundedness(
      given,
      direction.map((value, j) => variables[j] * value),
    );
  }
  const y = new Float64Array(given.m);
  givenRows.forEach((row, i) => {
    y[row] = rows[i] * direction[i];
  });
  return checkInfeasibility(given, y);
}
