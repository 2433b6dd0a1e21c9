/** Minimises a function of one variable by its values and derivatives, with few evaluations. */

/** A point of the search. */
export interface SearchPoint {
  readonly at: number;
  readonly value: number;
  readonly slope: number;
}

export interface LineSearchOptions {
  readonly low: number;
  readonly high: number;
  readonly start: number;
  /** The first step; each further one in the same direction is longer. */
  readonly step: number;
  /** The search ends once the minimum is known to lie within this. */
  readonly tolerance: number;
  /** It also ends once the cubic through the ends of the bracket promises no larger decrease. */
  readonly decrease: number;
  /** The largest number of evaluations. */
  readonly limit: number;
}

/** How the search ended: see `SparseTuneResult.ended`. */
export type SearchEnd = 'minimum' | 'lower end' | 'upper end' | 'limit';

/** The factor of steps that go on in the same direction. */
const GROWTH = 1.5;
/** After two moves of one end, the third is so many times as long. */
const STRETCH = 3;
/** A point is tried no nearer to an end of the bracket than this share of its width. */
const SHARE = 0.1;

/**
 * Descends from the start by bounded steps until a minimum lies between two points, and narrows that bracket by the
 * minimum of the cubic through its ends. Where the function is not smooth, as at a kink, the bracket still halves.
 * @param evaluate the value and the derivative at a point
 * @param width of the part that is left to search, which says how accurate an evaluation must be
 */
export async function searchLine(
  evaluate: (at: number, width: number) => Promise<SearchPoint>,
  { low, high, start, step, tolerance, decrease, limit }: LineSearchOptions,
): Promise<SearchEnd> {
  let count = 1;
  let here = await evaluate(Math.min(Math.max(start, low), high), step);
  const direction = here.slope > 0 ? -1 : 1;
  let reach = step;
  let other: SearchPoint | undefined;
  while (!other) {
    const end = direction < 0 ? low : high;
    if (here.at === end) return direction < 0 ? 'lower end' : 'upper end';
    if (count >= limit) return 'limit';
    const ahead = Math.abs(end - here.at);
    // What would be left of the range is searched with it.
    const next = reach > ahead * (1 - SHARE) ? end : here.at + direction * reach;
    const found = await evaluate(next, Math.abs(next - here.at));
    count += 1;
    if (found.slope * direction >= 0 || found.value > here.value) other = found;
    else here = found;
    reach *= GROWTH;
  }
  let [left, right] = here.at < other.at ? [here, other] : [other, here];
  let width = right.at - left.at;
  /** The end that stayed in the last two rounds, that of the last one, and by how much the other end moved. */
  let kept: SearchPoint | undefined;
  let before: SearchPoint | undefined;
  let moved = 0;
  while (width > tolerance) {
    const cubic = cubicMinimum(left, right);
    const best = Math.min(left.value, right.value);
    if (cubic && best - cubic.value < decrease && left.slope < 0 && right.slope > 0) return 'minimum';
    if (count >= limit) return 'limit';
    const middle = (left.at + right.at) / 2;
    let inner = cubic?.at ?? middle;
    // Where one end stays, the cubic does not see how near the minimum is: a longer move finds its other side.
    if (kept === left) inner = Math.max(middle, right.at - STRETCH * moved);
    if (kept === right) inner = Math.min(middle, left.at + STRETCH * moved);
    const at = Math.min(Math.max(inner, left.at + SHARE * width), right.at - SHARE * width);
    const found = await evaluate(at, width);
    count += 1;
    const isLeft = found.value > best ? left.value > right.value : found.slope < 0;
    const stays = isLeft ? right : left;
    moved = Math.abs(found.at - (isLeft ? left : right).at);
    kept = before === stays ? stays : undefined;
    before = stays;
    if (isLeft) left = found;
    else right = found;
    width = right.at - left.at;
  }
  return 'minimum';
}

/** The minimum inside of the cubic with these values and derivatives; undefined where it has none. */
function cubicMinimum(left: SearchPoint, right: SearchPoint): { at: number; value: number } | undefined {
  const width = right.at - left.at;
  const secant = (right.value - left.value) / width;
  const a = (left.slope + right.slope - 2 * secant) / width ** 2;
  const b = (3 * secant - 2 * left.slope - right.slope) / width;
  const discriminant = b * b - 3 * a * left.slope;
  if (!(discriminant >= 0)) return undefined;
  // The form without cancellation; of the two stationary points it is the minimum.
  const offset = -left.slope / (b + Math.sqrt(discriminant));
  if (!(offset > 0 && offset < width)) return undefined;
  return { at: left.at + offset, value: left.value + offset * (left.slope + offset * (b + offset * a)) };
}
