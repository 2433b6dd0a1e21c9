// The row-wise operation projectSimplex; see ROWS in kernels.ts for the formula.
import { ProjectSimplex } from '../extra-instructions';
import { beat } from './clock';
import { buffer, real, sumOfLanes, word } from './memory';
import { lanesAt, largestOf, place, write } from './rows';

/** More than any row needs: see `projectRow`. */
const LIMIT: i32 = 64;

/** The rows `first` to `last`. */
export function projectSimplex(at: usize, first: i32, last: i32): void {
  const columns = word(at, ProjectSimplex.columns);
  const pitch = (<usize>columns) << 2;
  const radius = real(at, ProjectSimplex.radius);
  for (let row = first; row < last; row++) {
    beat();
    const start = <usize>row * pitch;
    projectRow(buffer(at, ProjectSimplex.x) + start, buffer(at, ProjectSimplex.out) + start, columns, radius);
  }
}

/** u − τ for four numbers of a row, with u = x − max x. */
function above(x: usize, i: i32, largest: v128, threshold: f32): v128 {
  return f32x4.sub(f32x4.sub(v128.load(place(x, i)), largest), f32x4.splat(threshold));
}

/**
 * max(u − τ, 0) with Σ max(u − τ, 0) = R, for which −R ≤ τ < 0. The sum is convex in τ, so that Newton's method rises to
 * τ from −R. With g the distance of the sum from R and s the number of terms, a step turns them into g₊ and s₊ with
 * g₊/g + s₊/s ≤ 1, so that their product falls by a factor of at least 4.
 */
function projectRow(x: usize, out: usize, columns: i32, radius: f32): void {
  const largest = f32x4.splat(largestOf(x, columns));
  const zero = f32x4.splat(0);
  let threshold: f32 = -radius;
  for (let iteration = 0; iteration < LIMIT; iteration++) {
    let sums = zero;
    let counts = zero;
    for (let i = 0; i < columns; i += 4) {
      const distance = above(x, i, largest, threshold);
      const isIn = v128.and(f32x4.gt(distance, zero), lanesAt(i, columns));
      sums = f32x4.add(sums, v128.and(distance, isIn));
      counts = f32x4.add(counts, v128.and(f32x4.splat(1), isIn));
    }
    const next = threshold + (sumOfLanes(sums) - radius) / max<f32>(sumOfLanes(counts), 1);
    if (!(next > threshold)) break;
    threshold = next;
  }
  for (let i = 0; i < columns; i += 4) write(out, i, columns, f32x4.max(above(x, i, largest, threshold), zero));
}
