/**
 * Projections of rows by a threshold: x = s∘max(s∘v − τ, 0) with a number τ for each row and signs s. The simplex has
 * s = 1, the l1 ball the signs of v.
 */
import type { CustomOperation } from '../../autodiff/custom.ts';
import { sumLastAxis } from '../../autodiff/derivatives.ts';
import { computeKinkedDerivative, KINKS, kinkTolerance } from '../../autodiff/kinks.ts';
import { selectionFor, type UniformSelection } from '../../autodiff/selection.ts';
import { broadcast } from '../../tensor/arrange.ts';
import { elementwise, reduceAxes } from '../../tensor/kernels.ts';
import { add, maximum, minimum, multiply, negate, recordOperation, subtract } from '../../tensor/operations.ts';
import type { KinkOptions, Tensor } from '../../tensor/tensor.ts';

/** Tensors that are made on the way to a result, to be freed together. */
export class Temporaries {
  private readonly made: Tensor[] = [];

  keep(tensor: Tensor): Tensor {
    this.made.push(tensor);
    return tensor;
  }

  free(): void {
    for (const tensor of this.made) tensor.dispose();
  }
}

/** Reduces the last axis, which stays with extent 1. */
export function reduceLastAxis(operation: 'maximum' | 'maximumAbsolute' | 'sum', x: Tensor): Tensor {
  const last = x.shape.length - 1;
  const reduced = reduceAxes(operation, [x], last, last + 1);
  const column = x.context.alias(reduced, [...x.shape.slice(0, -1), 1]);
  reduced.dispose();
  return column;
}

/** A set on which rows are projected by a threshold. */
export interface ThresholdSet {
  /** The public function, for messages. */
  readonly what: string;
  /** The sum of x, or, of a ball, its greatest sum of absolute values; > 0. */
  readonly radius: number;
  /** Whether the set is the ball, which holds its inside too. */
  readonly isBall: boolean;
  /** The projection of v, computed without a tape. */
  readonly project: (v: Tensor) => Tensor;
}

/** Projects v, and records the projection on the tape that follows v. */
export function projectByThreshold(v: Tensor, set: ThresholdSet, options: KinkOptions): Tensor {
  return recordOperation('custom', [v], set.project(v), describe(v, set, options));
}

/**
 * The rules of the projection. Each element of its Jacobian is symmetric, so that the pullback is the pushforward.
 * The projection is the solution of an equation, and functions that call it find its kinks by that equation: this
 * tells apart the elements of ∂Π alone, since τ and x there share one choice at each tie.
 */
function describe(v: Tensor, set: ThresholdSet, options: KinkOptions): CustomOperation {
  const own = options.selection ?? 0;
  const move = (t: Tensor, given: Tensor, selection: UniformSelection | undefined): Tensor =>
    applyJacobian(t, given, set, (name) => selectionFor(name, selection) ?? own);
  return {
    name: set.what,
    isSelectable: options.selection === undefined,
    isRowwise: [v.shape.length > 1],
    lipschitz: 1,
    equation: (x, [given]) => residualOf(x, given, set),
    pullback: (cotangent, _, selection, [given]) => [move(cotangent, given, selection)],
    pushforward: ([tangent], selection, [given]) => move(tangent as Tensor, given, selection),
  };
}

interface Parts {
  /** s, 1 or −1; absent for the simplex. */
  readonly signs: Tensor | undefined;
  /** s∘x */
  readonly y: Tensor;
  /** s∘v, for the simplex where it is not far below τ. */
  readonly a: Tensor;
  /** τ, [.., 1] */
  readonly threshold: Tensor;
  /** 1 at the largest of a row, divided by their number; there y > 0 whatever happens. */
  readonly top: Tensor;
}

/** The parts of the equation at x, followed where a tape follows x or v. */
function partsOf(x: Tensor, v: Tensor, { radius, isBall }: ThresholdSet): Parts {
  const signs = isBall ? signsOf(v) : undefined;
  const [magnitude, y] = [v, x].map((one) => (signs ? multiply(one, signs) : one));
  const largest = reduceLastAxis('maximum', magnitude);
  const below = elementwise('greater', [largest, magnitude]);
  const isTop = elementwise('scale', [below], [-1, 1]);
  const top = elementwise('divide', [isTop, reduceLastAxis('sum', isTop)]);
  const floor = elementwise('scale', [largest], [1, -2 * radius]);
  const a = isBall ? magnitude : keepAbove(magnitude, floor);
  return { signs, y, a, threshold: sumLastAxis(multiply(subtract(a, y), top)), top };
}

/** −R and −(τ + Σ|x|), [.., 1]: the former is less where v is inside of the ball, and they tie on the sphere. */
function levelsOf(radius: number, threshold: Tensor, sizes: Tensor): readonly [Tensor, Tensor] {
  return [elementwise('scale', [threshold], [0, -radius]), negate(add(threshold, sumLastAxis(sizes)))];
}

/** The share of −(τ + Σ|x|) in the smaller level: 0 inside of the ball, 1 outside, and 1 − q on the sphere. */
const shareOutside = (levels: readonly [Tensor, Tensor], q: number): Tensor =>
  elementwise('scale', [computeKinkedDerivative(KINKS.minimum, levels, {}, q)], [-1, 1]);

/** 1 or −1, never 0. */
function signsOf(v: Tensor): Tensor {
  const isNegative = elementwise('greater', [elementwise('scale', [v], [0, 0]), v]);
  return elementwise('scale', [isNegative], [-2, 1]);
}

/** How close to τ a number counts as tied: by the scale of the numbers from which τ may come, which are near the largest. */
function tieTolerance(largest: Tensor, radius: number): Tensor {
  const sizes = [0, -radius].map((offset) => elementwise('abs', [elementwise('scale', [largest], [1, offset])]));
  return kinkTolerance(elementwise('maximum', sizes));
}

/**
 * `floor` in place of the numbers below it. They are far from τ, and without them the scale of a row, from which the
 * tolerance of its kinks follows, is that of the numbers near τ: a row may hold −10⁹ for what is to be left out.
 */
function keepAbove(a: Tensor, floor: Tensor): Tensor {
  const isBelow = elementwise('greater', [floor, a]);
  if (!a.node) return elementwise('select', [isBelow, floor, a]);
  return add(multiply(a, elementwise('scale', [isBelow], [-1, 1])), elementwise('multiply', [isBelow, floor]));
}

/**
 * J·t for the element J = s(D − w·ddᵀ/Σd)s with D = diag(d): d is 1 where s∘v > τ, 0 where it is less, and the selection
 * at a tie. w is 1 for the simplex and outside of the ball, 0 inside, and 1 − selection on the sphere. At the largest
 * of a row d = 1, since x ≠ 0 there, and inside of the ball all are 1.
 */
function applyJacobian(
  t: Tensor,
  v: Tensor,
  set: ThresholdSet,
  selection: (operation: 'maximum' | 'minimum') => number,
): Tensor {
  const x = set.project(v);
  const signs = set.isBall ? signsOf(v) : undefined;
  const [a, y] = set.isBall ? [v, x].map((each) => elementwise('abs', [each])) : [v, x];
  const largest = reduceLastAxis('maximum', a);
  const threshold = elementwise('subtract', [largest, reduceLastAxis('maximum', y)]);
  const above = elementwise('subtract', [a, threshold]);
  const slope = elementwise('reluDerivative', [above, tieTolerance(largest, set.radius)], [selection('maximum')]);
  const one = elementwise('scale', [largest], [0, 1]);
  const free = elementwise('select', [elementwise('greater', [largest, a]), slope, one]);
  const levels = set.isBall ? levelsOf(set.radius, threshold, y) : undefined;
  const d = levels ? elementwise('select', [shareOutside(levels, 0), free, one]) : free;
  const signed = (each: Tensor): Tensor => (signs ? elementwise('multiply', [each, signs]) : each);
  const moved = elementwise('multiply', [d, signed(t)]);
  const mean = elementwise('divide', [reduceLastAxis('sum', moved), reduceLastAxis('sum', d)]);
  const lowered = levels ? elementwise('multiply', [mean, shareOutside(levels, selection('minimum'))]) : mean;
  return signed(elementwise('subtract', [moved, elementwise('multiply', [d, lowered])]));
}

/**
 * The equation of x, of the shape of v, whose only kinks are those of the projection. The threshold is τ = a − y at the
 * largest of a row, with a = s∘v and y = s∘x; there y is never 0. The other coordinates solve y = max(a, τ) − τ. That of
 * the largest, which this leaves open, is Σx = R.
 */
function residualOf(x: Tensor, v: Tensor, set: ThresholdSet): Tensor {
  const parts = partsOf(x, v, set);
  if (set.isBall) return residualOfBall(x, v, set.radius, parts);
  const { a, threshold, top } = parts;
  const wide = broadcast(threshold, v.shape);
  const others = subtract(x, subtract(maximum(a, wide), wide));
  return add(others, multiply(subtract(sumLastAxis(x), set.radius), top));
}

/**
 * The same for the ball: x = p − n and |x| = p + n with p = max(v − τ, 0) and n = max(−v − τ, 0). The equation of the
 * largest is τ + R = max(R, τ + Σ|x|): either τ = 0 and Σ|x| ≤ R, or Σ|x| = R. Inside of the ball, a shift of v moves p and
 * n away from their kinks. Where v is on the sphere and a coordinate is 0, both p and n have a kink, of which the
 * projection takes at most one side: these elements and more are then elements of the equation.
 */
function residualOfBall(x: Tensor, v: Tensor, radius: number, { y, threshold, top }: Parts): Tensor {
  const isOutside = shareOutside(levelsOf(radius, threshold, y), 0);
  const isInside = elementwise('scale', [isOutside], [-1, 1]);
  const shift = elementwise('scale', [isInside], [2 * radius, 0]);
  const wide = broadcast(threshold, v.shape);
  const shifted = add(v, shift);
  const positive = subtract(maximum(shifted, wide), wide);
  const negative = subtract(maximum(negate(shifted), wide), wide);
  const sizes = add(multiply(add(positive, negative), isOutside), multiply(y, isInside));
  const closing = add(add(threshold, radius), minimum(...levelsOf(radius, threshold, sizes)));
  const others = add(subtract(x, subtract(positive, negative)), shift);
  return add(others, multiply(closing, top));
}
