// How a feature comes into use in the homotopy, beside the others or in the place of one of them; see cpu/stage.ts.
import { dotWide } from './columns';
import { append, DEPENDENT, solve } from './factor';
import * as walk from './walk';

/** Coefficients of a dependent column below this share of the largest are rounding. */
const SMALLEST: f64 = 1e-5;

/** False where the column depends on those in use. */
export function appendFeature(j: i32, own: i32, along: f64): bool {
  findProducts(j);
  if (walk.count === walk.capacity || !append(walk.products, walk.squareOf(j) + walk.ridge, along)) return false;
  walk.use(j, own);
  return true;
}

/** Of a column with those in use. */
function findProducts(j: i32): void {
  const column = walk.columnOf(j);
  for (let place = 0; place < walk.count; place++) {
    const product = dotWide(walk.columnOf(walk.usedAt(place)), column, walk.rows);
    store<f64>(walk.wide(walk.products, place), product);
  }
}

/**
 * Xⱼ = X_A·a: βⱼ grows in the place of those in use, Xβ staying as it is, until one of them, i, is 0; returns its place, or −1
 * where there is none. Without it the pivot of j is aᵢ²/(H⁻¹)ᵢᵢ.
 */
export function exchange(j: i32, sign: i32): i32 {
  findProducts(j);
  solve(walk.products);
  let most: f64 = 0;
  for (let place = 0; place < walk.count; place++) {
    most = max(most, abs<f64>(load<f64>(walk.wide(walk.products, place))));
  }
  let found = -1;
  let reached = f64.MAX_VALUE;
  for (let place = 0; place < walk.count; place++) {
    const i = walk.usedAt(place);
    const a = load<f64>(walk.wide(walk.products, place));
    const share = abs<f64>(walk.betaOf(i) / a);
    if (<f64>(sign * walk.signOf(i)) * a > SMALLEST * most && share < reached) {
      reached = share;
      found = place;
    }
  }
  if (found < 0 || !isIndependentWithout(found, j)) return -1;
  for (let place = 0; place < walk.count; place++) {
    const i = walk.usedAt(place);
    walk.setBeta(i, walk.betaOf(i) - reached * <f64>sign * load<f64>(walk.wide(walk.products, place)));
  }
  walk.setBeta(j, reached * <f64>sign);
  return found;
}

/** Whether a column that depends on those in use does so no longer once one of these is left out. */
function isIndependentWithout(place: i32, j: i32): bool {
  // The direction is found anew in the next step.
  const unit = walk.direction;
  memory.fill(unit, 0, (<usize>walk.count) << 3);
  store<f64>(walk.wide(unit, place), 1);
  solve(unit);
  const a = load<f64>(walk.wide(walk.products, place));
  return a * a > 2 * DEPENDENT * walk.squareOf(j) * load<f64>(walk.wide(unit, place));
}
