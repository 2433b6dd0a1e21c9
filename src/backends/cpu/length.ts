/** √Σ x², whatever the size of the numbers: the squares of those beyond 1e154 overflow, and below 1e-154 they underflow. */

/** Of the numbers times `scale`, a power of two: nothing is rounded by it. */
export interface Length {
  readonly root: number;
  readonly scale: number;
}

/** Sums between these have lost nothing. */
const LARGEST_SUM = 2 ** 1000;
const SMALLEST_SUM = 2 ** -900;
const DOWN = 2 ** -600;
const UP = 2 ** 600;

/** Whether a plain sum of squares is right. */
export function isExact(plain: number): boolean {
  return plain >= SMALLEST_SUM && plain <= LARGEST_SUM;
}

/**
 * @param plain Σ x²
 * @param squares Σ (scale·x)², asked for only where the plain sum has left the range in which it is exact
 */
export function lengthFrom(plain: number, squares: (scale: number) => number): Length {
  const scale = plain > LARGEST_SUM ? DOWN : plain < SMALLEST_SUM ? UP : 1;
  return { root: Math.sqrt(scale === 1 ? plain : squares(scale)), scale };
}

/** @param squares Σ (scale·x)² */
export function lengthBy(squares: (scale: number) => number): Length {
  return lengthFrom(squares(1), squares);
}

export function lengthOfRow(x: Float64Array): Length {
  return lengthBy((scale) => x.reduce((sum, value) => sum + (scale * value) ** 2, 0));
}

/** a / (ε + b), even where b itself would overflow. */
export function relativeTo(a: Length, b: Length, epsilon: number): number {
  return ((a.root / (epsilon * b.scale + b.root)) * b.scale) / a.scale;
}
