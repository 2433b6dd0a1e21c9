/**
 * √Σ x² for numbers of any size. Without scaling, the squares of numbers beyond 1e154 overflow, and below 1e-154 they
 * underflow.
 */

/**
 * A length, root / scale: `root` is the length of the numbers times `scale`, a power of two, so that scaling is exact.
 */
export interface Length {
  readonly root: number;
  readonly scale: number;
}

/** A sum of squares between these has neither overflowed nor lost digits to underflow. */
const LARGEST_SUM = 2 ** 1000;
const SMALLEST_SUM = 2 ** -900;
const DOWN = 2 ** -600;
const UP = 2 ** 600;

/** Whether a sum of squares is right without scaling. */
export function isExact(plain: number): boolean {
  return plain >= SMALLEST_SUM && plain <= LARGEST_SUM;
}

/**
 * @param plain Σ x²
 * @param squares computes Σ (scale·x)²; called only where the plain sum is outside the range in which it is right
 */
export function lengthFrom(plain: number, squares: (scale: number) => number): Length {
  const scale = plain > LARGEST_SUM ? DOWN : plain < SMALLEST_SUM ? UP : 1;
  return { root: Math.sqrt(scale === 1 ? plain : squares(scale)), scale };
}

/** @param squares computes Σ (scale·x)² */
function lengthBy(squares: (scale: number) => number): Length {
  return lengthFrom(squares(1), squares);
}

export function lengthOfRow(x: Float64Array): Length {
  return lengthBy((scale) => x.reduce((sum, value) => sum + (scale * value) ** 2, 0));
}

/** a / (ε + b), even where b itself would overflow. */
export function relativeTo(a: Length, b: Length, epsilon: number): number {
  return ((a.root / (epsilon * b.scale + b.root)) * b.scale) / a.scale;
}
