// √Σ x² is right only where no square has overflowed or underflowed. Elsewhere the numbers are first multiplied by a
// power of two, which is exact, and summed again.

const LARGEST_SUM: f32 = 1.329227995784916e36; // 2¹²⁰
const SMALLEST_SUM: f32 = 8.271806125530277e-25; // 2⁻⁸⁰
const DOWN: f32 = 7.888609052210118e-31; // 2⁻¹⁰⁰
const UP: f32 = 1.2676506002282294e30; // 2¹⁰⁰

/** The power of two by which to multiply the numbers whose squares have this sum; 1 where the sum is right. */
export function scaleFor(squares: f32): f32 {
  if (squares > LARGEST_SUM) return DOWN;
  return squares < SMALLEST_SUM ? UP : 1;
}

/** Whether each of four sums of squares is right without scaling. */
export function areRight(squares: v128): bool {
  const isSmall = f32x4.lt(squares, f32x4.splat(SMALLEST_SUM));
  return !v128.any_true(v128.or(isSmall, f32x4.gt(squares, f32x4.splat(LARGEST_SUM))));
}

/** a / (ε + b) for a = root/scale and b = sizeRoot/sizeScale, even where b itself would overflow. */
export function relativeTo(root: f32, scale: f32, sizeRoot: f32, sizeScale: f32, epsilon: f32): f32 {
  return ((root / (epsilon * sizeScale + sizeRoot)) * sizeScale) / scale;
}
