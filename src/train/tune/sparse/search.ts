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
  /** The first step below the start; each further one is longer. */
  readonly step: number;
  /**
   * How far below the least point it looks before it believes in a minimum: 0 where the function has one valley, and more where
   * it is rough.
   */
  readonly reach: number;
  /** Intervals beside the least point that are wider than this are halved, whatever is promised. */
  readonly spacing: number;
  /** No interval that is narrower than this is divided. */
  readonly tolerance: number;
  /** The search ends once no cubic through two neighbouring points promises a larger decrease. */
  readonly decrease: number;
  /** The largest number of evaluations. */
  readonly limit: number;
}

/** How the search ended: see `SparseTuneResult.ended`. */
export type SearchEnd = 'minimum' | 'lower end' | 'upper end' | 'limit';

/** The factor of steps that go on downwards. */
const GROWTH = 1.5;
/** A point is tried no nearer to its neighbours than this share of their distance. */
const SHARE = 0.15;

/** Where to look next, and how far that is from what is known. */
interface Candidate {
  readonly at: number;
  readonly width: number;
}

/**
 * Evaluates the start and the upper end, and goes down by bounded steps as long as the function falls that way, or until it is
 * `reach` below the least point. Then, in
 * turn, it tries the least of the minima of the cubics through neighbouring points: so it goes on in another valley where
 * that promises more. Where the function is not smooth, as at kinks, cubics promise too much, and intervals shrink.
 * @param evaluate the value and the derivative at a point
 * @param width of the part that is searched, which says how accurate an evaluation must be
 */
export async function searchLine(
  evaluate: (at: number, width: number) => Promise<SearchPoint>,
  options: LineSearchOptions,
): Promise<SearchEnd> {
  const { low, high, start, step, reach, tolerance, limit } = options;
  const points: SearchPoint[] = [];
  let stride = step;
  const look = async ({ at, width }: Candidate): Promise<void> => {
    points.push(await evaluate(at, width));
    points.sort((a, b) => a.at - b.at);
  };
  await look({ at: Math.min(Math.max(start, low), high), width: step });
  if (limit > 1 && points[0].at < high) await look({ at: high, width: step });
  for (;;) {
    const [first] = points;
    const least = points.reduce((a, b) => (b.value < a.value ? b : a));
    let next: Candidate | undefined;
    const falls = least === first && first.slope > 0;
    if (first.at > low && (falls || first.at > least.at - reach)) {
      next = { at: Math.max(low, first.at - stride), width: stride };
      stride *= GROWTH;
    } else {
      next =
        mostPromising(points, least.value, options) ?? widestBeside(points, points.indexOf(least), options.spacing);
    }
    if (!next) return endOf(least.at, { low, high, tolerance });
    if (points.length >= limit) return 'limit';
    await look(next);
  }
}

function endOf(at: number, { low, high, tolerance }: Pick<LineSearchOptions, 'low' | 'high' | 'tolerance'>): SearchEnd {
  if (at <= low) return 'lower end';
  return at >= high - tolerance ? 'upper end' : 'minimum';
}

/** The least of the minima of cubics that are below the least value; undefined where none is. */
function mostPromising(
  points: readonly SearchPoint[],
  least: number,
  { tolerance, decrease }: LineSearchOptions,
): Candidate | undefined {
  let promised = least - decrease;
  let found: Candidate | undefined;
  for (const [index, right] of points.entries()) {
    if (index === 0) continue;
    const left = points[index - 1];
    const width = right.at - left.at;
    const cubic = width > tolerance ? cubicMinimum(left, right) : undefined;
    if (!cubic || cubic.value >= promised) continue;
    promised = cubic.value;
    found = { at: Math.min(Math.max(cubic.at, left.at + SHARE * width), right.at - SHARE * width), width };
  }
  return found;
}

/** The middle of the wider of the two intervals beside a point; undefined where none is wider than the spacing. */
function widestBeside(points: readonly SearchPoint[], index: number, spacing: number): Candidate | undefined {
  const beside = [index, index + 1].flatMap((right) => {
    const [a, b] = [points[right - 1], points[right]];
    return a && b ? [{ at: (a.at + b.at) / 2, width: b.at - a.at }] : [];
  });
  const wide = beside.filter(({ width }) => width > spacing);
  return wide.length === 0 ? undefined : wide.reduce((one, other) => (other.width > one.width ? other : one));
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
