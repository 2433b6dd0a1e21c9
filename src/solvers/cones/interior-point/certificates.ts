/** Certificates that an iterate offers, tested as vectors of the scaled program. */
import { Sum } from '../../programs/compensated.ts';
import { infeasibilityOf, type Quality, unboundednessOf } from '../certificates.ts';
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

/** The certificate in the given program, normalised to bᵀy = −1 or cᵀx = −1. */
export function givenCertificate(
  { scaling: { variables, rows }, given, givenRows }: ConeForm,
  { status, direction }: Certificate,
): Float64Array {
  const isDual = status === 'infeasible';
  const result = isDual ? new Float64Array(given.m) : direction.map((value, j) => variables[j] * value);
  if (isDual) {
    givenRows.forEach((row, i) => {
      result[row] = rows[i] * direction[i];
    });
  }
  const slope = new Sum().addDot(isDual ? given.b : given.c, result).value;
  return result.map((value) => value / -slope);
}
