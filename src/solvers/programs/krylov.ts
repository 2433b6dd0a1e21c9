/**
 * Flexible GMRES (Saad, "A flexible inner-outer preconditioned GMRES algorithm", 1993): finds the combination of
 * corrections that leaves the least residual. It takes over where a regularised factorisation corrects some directions
 * hardly at all.
 */
import type { Interruptible } from '../../backends/event-loop.ts';

/** A linear system of which an approximate inverse is at hand. */
export interface System {
  /** target = K · vector */
  apply(vector: Float64Array, target: Float64Array): void;
  /** target ≈ K⁻¹ · vector */
  precondition(vector: Float64Array, target: Float64Array): void;
}

/** @returns a correction that makes the residual as small as `steps` corrections can, or to `enough` of its size */
export function* combineCorrections(
  { apply, precondition }: System,
  residual: Float64Array,
  steps: number,
  enough: number,
): Interruptible<Float64Array> {
  const length = residual.length;
  const basis: Float64Array[] = [];
  const corrections: Float64Array[] = [];
  /** The triangular factor of the Hessenberg matrix, by columns, and the rotations that made it. */
  const columns: Float64Array[] = [];
  const cosines: number[] = [];
  const sines: number[] = [];
  const start = norm(residual);
  const right = [start];
  if (start > 0) basis.push(residual.map((value) => value / start));
  for (let step = 0; step < steps && step < basis.length; step++) {
    const correction = new Float64Array(length);
    precondition(basis[step], correction);
    const image = new Float64Array(length);
    apply(correction, image);
    yield;
    const column = new Float64Array(step + 2);
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k <= step; k++) {
        const share = dot(basis[k], image);
        column[k] += share;
        for (let i = 0; i < length; i++) image[i] -= share * basis[k][i];
      }
    }
    const rest = norm(image);
    if (!Number.isFinite(rest)) break;
    column[step + 1] = rest;
    for (let k = 0; k < step; k++) {
      const above = cosines[k] * column[k] + sines[k] * column[k + 1];
      column[k + 1] = cosines[k] * column[k + 1] - sines[k] * column[k];
      column[k] = above;
    }
    const radius = Math.hypot(column[step], column[step + 1]);
    if (!(radius > 0)) break;
    cosines.push(column[step] / radius);
    sines.push(column[step + 1] / radius);
    column[step] = radius;
    right.push(-sines[step] * right[step]);
    right[step] *= cosines[step];
    columns.push(column);
    corrections.push(correction);
    if (Math.abs(right[step + 1]) <= enough * start || !(rest > 0)) break;
    basis.push(image.map((value) => value / rest));
  }
  return combine(columns, right, corrections, length);
}

function combine(
  columns: readonly Float64Array[],
  right: readonly number[],
  corrections: readonly Float64Array[],
  length: number,
): Float64Array {
  const shares = new Float64Array(columns.length);
  for (let k = columns.length - 1; k >= 0; k--) {
    let sum = right[k];
    for (let j = k + 1; j < columns.length; j++) sum -= columns[j][k] * shares[j];
    shares[k] = sum / columns[k][k];
  }
  const result = new Float64Array(length);
  corrections.forEach((correction, k) => {
    for (let i = 0; i < length; i++) result[i] += shares[k] * correction[i];
  });
  return result;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

function norm(x: Float64Array): number {
  return Math.sqrt(dot(x, x));
}
