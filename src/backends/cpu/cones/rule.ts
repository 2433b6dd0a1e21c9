import type { ConeBlock } from '../../cone-kernels.ts';

/** A cone K, for vectors whose largest entry has size 1. */
export interface ConeRule {
  /** Writes Π(v) into `out`. */
  project(v: Float64Array, out: Float64Array, block: ConeBlock): void;
  /** Writes Jh into `out`, J = (1 − q)·J_min + q·J_max at kinks within the tolerance. */
  differentiate(place: Place, h: Float64Array, out: Float64Array, block: ConeBlock): void;
}

/** Where a projection is differentiated. */
export interface Place {
  readonly v: Float64Array;
  readonly tolerance: number;
  readonly q: number;
}

/** 1 for v > 0, 0 for v < 0, q within the tolerance of 0. */
export function step(v: number, { tolerance, q }: Omit<Place, 'v'>): number {
  return v > tolerance ? 1 : v < -tolerance ? 0 : q;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
