/** Penalties ρ(z) of robust pooling, of a residual z and a scale α > 0, with their derivatives. */

/** A penalty by its formulas. */
export interface Penalty {
  readonly value: (z: number, scale: number) => number;
  /** ρ′ = ∂ρ/∂z */
  readonly first: (z: number, scale: number) => number;
  /** ρ″ away from kinks; at one, the larger of the two sides. */
  readonly second: (z: number, scale: number) => number;
  /** ∂ρ′/∂α away from kinks. */
  readonly firstInScale: (z: number, scale: number) => number;
}

/** √(1 + z²/α²), which does not overflow. */
const stretch = (z: number, scale: number): number => Math.hypot(1, z / scale);

/** A factor times exp(−z²/2α²); 0 where that underflows, since the factor may then be infinite. */
function damp(factor: number, z: number, scale: number): number {
  const bell = Math.exp(-0.5 * (z / scale) ** 2);
  return bell === 0 ? 0 : factor * bell;
}

/** The penalties of S. Gould, R. Hartley, D. Campbell 2021, table 1. */
export const PENALTIES = {
  quadratic: {
    value: (z) => 0.5 * z * z,
    first: (z) => z,
    second: () => 1,
    firstInScale: () => 0,
  },
  huber: {
    value: (z, scale) => (Math.abs(z) <= scale ? 0.5 * z * z : scale * (Math.abs(z) - 0.5 * scale)),
    first: (z, scale) => Math.min(Math.max(z, -scale), scale),
    second: (z, scale) => (Math.abs(z) <= scale ? 1 : 0),
    firstInScale: (z, scale) => (Math.abs(z) <= scale ? 0 : Math.sign(z)),
  },
  'pseudo-huber': {
    // α²(√(1 + z²/α²) − 1), without the cancellation near 0.
    value: (z, scale) => (z * z) / (1 + stretch(z, scale)),
    first: (z, scale) => z / stretch(z, scale),
    second: (z, scale) => stretch(z, scale) ** -3,
    firstInScale: (z, scale) => (z / scale / stretch(z, scale)) ** 3,
  },
  welsch: {
    value: (z, scale) => -Math.expm1(-0.5 * (z / scale) ** 2),
    first: (z, scale) => damp(z / scale ** 2, z, scale),
    second: (z, scale) => damp((1 - (z / scale) ** 2) / scale ** 2, z, scale),
    firstInScale: (z, scale) => damp(((z / scale) * ((z / scale) ** 2 - 2)) / scale ** 2, z, scale),
  },
  truncated: {
    value: (z, scale) => 0.5 * Math.min(z * z, scale * scale),
    first: (z, scale) => (Math.abs(z) < scale ? z : 0),
    second: (z, scale) => (Math.abs(z) < scale ? 1 : 0),
    firstInScale: () => 0,
  },
} as const satisfies Readonly<Record<string, Penalty>>;

/**
 * The name of a penalty of robust pooling.
 *
 * @useDeclaredType
 */
export type PoolingPenalty = keyof typeof PENALTIES;
