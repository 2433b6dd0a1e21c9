// Takes a feature into A, the set of features in use by the homotopy: beside the others, or in the place of one; see
// cpu/stage.ts.
import { dotWide } from './columns';
import { append, DEPENDENT, solve } from './factor';
import * as walk from './walk';

/** Where a column depends on others, coefficients below this share of the largest are taken for rounding errors. */
const SMALLEST: f64 = 1e-5;

/**
 * Appends feature j to A.
 * @param own the sign of its correlation
 * @param along how fast that correlation falls with τ
 * @returns false where its column depends on those in use
 */
export function appendFeature(j: i32, own: i32, along: f64): bool {
  findProducts(j);
  if (walk.count === walk.capacity || !append(walk.products, walk.squareOf(j) + walk.ridge, along)) return false;
  walk.use(j, own);
  return true;
}

/** Computes the products of a column with those in use. */
function findProducts(j: i32): void {
  const column = walk.columnOf(j);
  for (let place = 0; place < walk.count; place++) {
    const product = dotWide(walk.columnOf(walk.usedAt(place)), column, walk.rows);
    store<f64>(walk.wide(walk.products, place), product);
  }
}

/**
 * For a column Xⱼ = X_A·a that depends on those in use: moves along the direction in which βⱼ grows and Xβ stays as it
 * is, until a coefficient in use, βᵢ, becomes 0.
 * @returns the place of i in A, or −1 where there is none without which Xⱼ is independent (its pivot is then
 * aᵢ²/(H⁻¹)ᵢᵢ)
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

/** Whether the dependent column Xⱼ is independent of the columns in use other than that at `place`. */
function isIndependentWithout(place: i32, j: i32): bool {
  // The space of the direction is free here: the next step computes the direction again.
  const unit = walk.direction;
  memory.fill(unit, 0, (<usize>walk.count) << 3);
  store<f64>(walk.wide(unit, place), 1);
  solve(unit);
  const a = load<f64>(walk.wide(walk.products, place));
  return a * a > 2 * DEPENDENT * walk.squareOf(j) * load<f64>(walk.wide(unit, place));
}
