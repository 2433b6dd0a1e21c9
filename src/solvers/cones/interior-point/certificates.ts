/**
 * Certificates that a program has no feasible point, y with Aᵀy = 0, y ∈ K* and bᵀy < 0, or that its objective has no
 * lower bound, x with Px = 0, −Ax ∈ K and cᵀx < 0. They are tested as vectors of the scaled program, whose entries are
 * of one size.
 */
import { Sum, Sums } from '../../programs/compensated.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { dualOf } from '../cone.ts';
import type { ConeData } from '../problem.ts';
import type { ConeForm } from './form.ts';
import { distanceTo } from './judgement.ts';
import type { Iterate } from './start.ts';

/** Conditions that hold to this, relative to the certificate, hold. */
const EXACT = 1e-9;
/** The error must be so much less than the least one that a program with a solution in the limit could have. */
const CLEARLY = 1e-3;
/** A vector with an error of this share of its depth raises suspicion. */
const ROUGH = 1e-3;

/** The error of a vector of size 1, and how far bᵀy or cᵀx is below 0 then, relative to b or c. */
export interface Quality {
  readonly error: number;
  readonly depth: number;
}

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

function infeasibilityOf({ n, A, b, blocks }: ConeData, y: Float64Array): Quality {
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  const error = Math.max(largestMagnitude(Aty), distanceTo(blocks.map(dualOf), y));
  return qualityOf(error, b, y);
}

function unboundednessOf({ n, m, P, A, c, blocks }: ConeData, x: Float64Array): Quality {
  const Px = new Sums(n).addProduct(P, x).round();
  const slack = new Sums(m).addProduct(A, x, -1).round();
  return qualityOf(Math.max(largestMagnitude(Px), distanceTo(blocks, slack)), c, x);
}

function qualityOf(error: number, slope: Float64Array, direction: Float64Array): Quality {
  const size = largestMagnitude(direction);
  const scale = size * largestMagnitude(slope);
  if (!(scale > 0)) return { error: Number.POSITIVE_INFINITY, depth: 0 };
  return { error: error / size, depth: -new Sum().addDot(slope, direction).value / scale };
}

/**
 * Whether it shows anything. A vector that violates the conditions by ε may be √ε from all that meet them, by ε only if
 * the cones are polyhedral (Sturm, "Error bounds for linear matrix inequalities", 2000): so a program that lacks a
 * solution only in the limit has vectors with small errors too, but only of a depth below √ε.
 */
export function isShown({ blocks }: ConeData, { error, depth }: Quality): boolean {
  const isPolyhedral = blocks.every(({ type }) => type !== 'soc' && type !== 'psd');
  return depth > 0 && error <= EXACT && error <= CLEARLY * (isPolyhedral ? depth : depth ** 2);
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
