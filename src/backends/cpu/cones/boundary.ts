/** Derivatives that the cones of three dimensions share; see cone-kernels.ts for the formulas. */

/** A vector of three numbers. */
export type Triple = readonly [number, number, number];

export function scalar(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function unit([x, y, z]: Triple): Triple {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

export function cross(a: Triple, b: Triple): Triple {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** factor·h + Σ weight·aaᵀh */
export function combine(h: Triple, factor: number, ...terms: readonly (readonly [number, Triple])[]): Triple {
  const along = terms.map(([weight, a]) => weight * scalar(a, h));
  const entry = (i: 0 | 1 | 2): number => factor * h[i] + terms.reduce((sum, [, a], t) => sum + along[t] * a[i], 0);
  return [entry(0), entry(1), entry(2)];
}
