/** The reduced matrix, of order k in place of n, whose principal minors are the determinants at the vertices. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot, multiply, multiplyAbsolute, solve } from '../../solvers/matrices.ts';
import type { MatrixFamily } from './family.ts';
import type { VerifiedInverse } from './verified.ts';

/** A matrix that is known up to a radius, entry by entry. */
export interface Enclosure {
  readonly k: number;
  /** k × k, row-major. */
  readonly centre: Float64Array;
  /** k × k: every entry of the exact matrix is within the radius of its centre. */
  readonly radius: Float64Array;
}

/**
 * Encloses I − G with Gᵢⱼ = bᵢᵀB₀⁻¹aⱼ. Its principal minor on a set S of kinks is det B(d)/det B₀ at the vertex with d
 * = 1 on S and d = 0 elsewhere, because det(B₀ − UVᵀ) = det B₀ · det(I − VᵀB₀⁻¹U).
 *
 * For each kink, y with B₀y = a is computed. With r = a − B₀y, X near B₀⁻¹, E = I − XB₀ and q ≥ ‖E‖∞, the error of y is
 *   B₀⁻¹r = Xr + E(I − E)⁻¹Xr, so that |error| ≤ |X||r| + q/(1 − q)·‖|X||r|‖∞,
 * where |r| is at most the rounded residual plus (n + 2)·ε·(|a| + |B₀||y|).
 */
export function* encloseReducedMatrix(
  { n, base, terms }: MatrixFamily,
  verified: VerifiedInverse,
): Interruptible<Enclosure> {
  const k = terms.length;
  const centre = new Float64Array(k * k);
  const radius = new Float64Array(k * k);
  const unit = (n + 2) * Number.EPSILON;
  for (const [j, { a }] of terms.entries()) {
    const y = solve(verified.factorisation, a);
    const residual = multiply(base, y);
    const size = multiplyAbsolute(base, y);
    for (let i = 0; i < n; i++) residual[i] = Math.abs(a[i] - residual[i]) + unit * (Math.abs(a[i]) + size[i]);
    const error = multiplyAbsolute(verified.inverse, residual);
    const common = (verified.defect / (1 - verified.defect)) * error.reduce((x, value) => Math.max(x, value), 0);
    for (const [i, { b }] of terms.entries()) {
      const g = dot(b, y);
      let bound = Number.EPSILON * (1 + Math.abs(g));
      for (let l = 0; l < n; l++) bound += Math.abs(b[l]) * (error[l] + common + unit * Math.abs(y[l]));
      centre[i * k + j] = (i === j ? 1 : 0) - g;
      radius[i * k + j] = 1.01 * bound; // the bound is rounded too
    }
    yield;
  }
  return { k, centre, radius };
}
