/**
 * The Jacobian of a projection onto a cone of three dimensions, by its eigenvectors. At a smooth point p of the boundary
 * of K = {φ ≤ 0}, where v − p = μ∇φ(p), it is p̂p̂ᵀ + κŵŵᵀ with n̂ = ∇φ/‖∇φ‖, ŵ = p̂ × n̂ and κ = 1/(1 + μŵᵀ∇²φŵ): the
 * derivative of the projection onto a surface is (I + μ∇²φ)⁻¹ on its tangent plane, in which a cone is flat along p̂.
 * At its kinks J_min and J_max have the same eigenvectors.
 */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import type { Eigenvector, ProjectionKink } from '../projection.ts';
import { type BlockJacobian, sparseVector } from './kind.ts';

/** Three numbers: a vector, or one eigenvalue for each eigenvector. */
export type Triple = readonly [number, number, number];

/** J_min and J_max = Σ λᵢeᵢeᵢᵀ. */
export interface Spectrum {
  /** e₀, e₁, e₂: orthonormal. */
  readonly basis: readonly [Triple, Triple, Triple];
  /** The eigenvalues of J_min. */
  readonly lower: Triple;
  /** The eigenvalues of J_max. */
  readonly upper: Triple;
  /** Where J_min and J_max differ. In a segment they do so for one eigenvector, by 1. */
  readonly kink?: Pick<ProjectionKink, 'kind' | 'distance'>;
}

const AXES: Spectrum['basis'] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** J is diagonal. */
export function diagonalSpectrum(lower: Triple, upper: Triple = lower, kink?: Spectrum['kink']): Spectrum {
  return { basis: AXES, lower, upper, kink };
}

/** J of a vector that is not finite. */
export const UNDEFINED_SPECTRUM: Spectrum = diagonalSpectrum([Number.NaN, Number.NaN, Number.NaN]);

/**
 * J at a smooth point of the boundary.
 * @param ray a positive multiple of p
 * @param normal a positive multiple of ∇φ(p)
 * @param kappa κ
 */
export function surfaceSpectrum(ray: Triple, normal: Triple, kappa: (across: Triple) => number): Spectrum {
  const along = normalised(ray);
  const out = normalised(normal);
  const across = cross(along, out);
  const eigenvalues: Triple = [1, kappa(across), 0];
  return { basis: [along, across, out], lower: eigenvalues, upper: eigenvalues };
}

/** On the boundary of the cone I − n̂n̂ᵀ ⪯ J ⪯ I. */
export function boundarySpectrum(normal: Triple, distance: number): Spectrum {
  return { ...completed(normalised(normal)), lower: [0, 1, 1], upper: [1, 1, 1], kink: { kind: 'segment', distance } };
}

/** On the boundary of the polar cone 0 ⪯ J ⪯ p̂p̂ᵀ, with the ray p of K that is orthogonal to v. */
export function polarBoundarySpectrum(ray: Triple, distance: number): Spectrum {
  return { ...completed(normalised(ray)), lower: [0, 0, 0], upper: [1, 0, 0], kink: { kind: 'segment', distance } };
}

/** Of the dual cone at v, from that of the cone at −v: J* = I − J, so J*_min = I − J_max and J*_max = I − J_min. */
export function dualSpectrum({ basis, lower, upper, kink }: Spectrum): Spectrum {
  const complement = ([a, b, c]: Triple): Triple => [1 - a, 1 - b, 1 - c];
  return { basis, lower: complement(upper), upper: complement(lower), kink };
}

/** A positive multiple of norm 1. No entry may overflow, and one of them must be far from the least numbers. */
function normalised([x, y, z]: Triple): Triple {
  const size = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  const [a, b, c] = [x / size, y / size, z / size];
  const norm = Math.sqrt(a * a + b * b + c * c);
  return [a / norm, b / norm, c / norm];
}

function cross([a, b, c]: Triple, [x, y, z]: Triple): Triple {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}

/** An orthonormal basis that begins with a unit vector. */
function completed(first: Triple): Pick<Spectrum, 'basis'> {
  const [x, y, z] = first.map(Math.abs);
  const second = normalised(cross(first, x <= y && x <= z ? AXES[0] : y <= z ? AXES[1] : AXES[2]));
  return { basis: [first, second, cross(first, second)] };
}

/** The Jacobian of a block with this spectrum. */
export class SpectralJacobian implements BlockJacobian {
  readonly kinks: readonly ProjectionKink[];
  readonly #start: number;
  readonly #spectrum: Spectrum;

  constructor({ start }: ConeBlock, spectrum: Spectrum) {
    this.#start = start;
    this.#spectrum = spectrum;
    const { basis, lower, upper, kink } = spectrum;
    const common = { row: start, rows: 3 };
    if (kink === undefined) this.kinks = [];
    else if (kink.kind !== 'segment') this.kinks = [{ ...common, ...kink }];
    else {
      const index = lower.findIndex((least, i) => least !== upper[i]);
      this.kinks = [{ ...common, ...kink, direction: Float64Array.from(basis[index]) }];
    }
  }

  apply(h: Float64Array, out: Float64Array, shares: ArrayLike<number>, first: number): void {
    const { basis, lower, upper } = this.#spectrum;
    const start = this.#start;
    const share = this.kinks.length === 0 ? 0 : shares[first];
    const [x, y, z] = [h[start], h[start + 1], h[start + 2]];
    out.fill(0, start, start + 3);
    for (let i = 0; i < 3; i += 1) {
      const [a, b, c] = basis[i];
      const weight = ((1 - share) * lower[i] + share * upper[i]) * (a * x + b * y + c * z);
      out[start] += weight * a;
      out[start + 1] += weight * b;
      out[start + 2] += weight * c;
    }
  }

  eigenvectors(first: number): Eigenvector[] {
    const { basis, lower, upper } = this.#spectrum;
    return basis.map((entries, i) => ({
      vector: sparseVector(this.#start, Float64Array.from(entries)),
      low: lower[i],
      high: upper[i],
      kink: lower[i] === upper[i] ? -1 : first,
    }));
  }
}
