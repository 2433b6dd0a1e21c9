/**
 * Projections of rows by a threshold: x = s∘max(s∘v − τ, 0) with a number τ for each row and signs s. The simplex has
 * s = 1, the l1 ball the signs of v.
 */
import type { CustomOperation } from '../../autodiff/custom.ts';
import { sumLastAxis } from '../../autodiff/derivatives.ts';
import { computeKinkedDerivative, KINKS } from '../../autodiff/kinks.ts';
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
    equation: (x, [given]) => residualOf(x, given, set, options),
    pullback: (cotangent, _, selection, [given]) => [move(cotangent, given, selection)],
    pushforward: ([tangent], selection, [given]) => move(tangent as Tensor, given, selection),
  };
}

interface Parts {
  /** s, 1 or −1; absent for the simplex. */
  readonly signs: Tensor | undefined;
  /** s∘x */
  readonly y: Tensor;
  /** s∘v, where it is not far below τ, plus `shift`. */
  readonly a: Tensor;
  /** τ, [.., 1] */
  readonly threshold: Tensor;
  /** 1 at the largest of a row, divided by their number; there x > 0 whatever happens. */
  readonly top: Tensor;
  /** Of a ball: the terms of `inside`, [.., 1]. */
  readonly levels: readonly [Tensor, Tensor] | undefined;
  /** Of a ball: R for rows inside of it, which have no kinks, else 0; [.., 1]. */
  readonly shift: Tensor | undefined;
}

/** The parts of the equation at x, followed where a tape follows x or v. */
function partsOf(x: Tensor, v: Tensor, { radius, isBall }: ThresholdSet): Parts {
  const signs = isBall ? signsOf(v) : undefined;
  const [magnitude, y] = [v, x].map((one) => (signs ? multiply(one, signs) : one));
  const largest = reduceLastAxis('maximum', magnitude);
  const below = elementwise('greater', [largest, magnitude]);
  const isTop = elementwise('scale', [below], [-1, 1]);
  const top = elementwise('divide', [isTop, reduceLastAxis('sum', isTop)]);
  const near = keepAbove(magnitude, elementwise('scale', [largest], [1, -2 * radius]));
  const threshold = sumLastAxis(multiply(subtract(near, y), top));
  if (!isBall) return { signs, y, a: near, threshold, top, levels: undefined, shift: undefined };
  const level = negate(add(threshold, sumLastAxis(y)));
  const levels = [elementwise('scale', [largest], [0, -radius]), level] as const;
  const shift = elementwise('scale', [computeKinkedDerivative(KINKS.minimum, levels, {}, 0)], [radius, 0]);
  return { signs, y, a: add(near, shift), threshold, top, levels, shift };
}

/** 1 or −1, never 0. */
function signsOf(v: Tensor): Tensor {
  const sign = elementwise('sign', [v]);
  return elementwise('select', [sign, sign, elementwise('scale', [sign], [0, 1])]);
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
 * of a row d = 1, since x > 0 there.
 */
function applyJacobian(
  t: Tensor,
  v: Tensor,
  set: ThresholdSet,
  selection: (operation: 'maximum' | 'minimum') => number,
): Tensor {
  const { signs, a, threshold, top, levels } = partsOf(set.project(v), v, set);
  const slope = computeKinkedDerivative(KINKS.maximum, [a, threshold], {}, selection('maximum'));
  const d = elementwise('select', [top, elementwise('scale', [top], [0, 1]), slope]);
  const signed = (one: Tensor): Tensor => (signs ? elementwise('multiply', [one, signs]) : one);
  const moved = elementwise('multiply', [d, signed(t)]);
  const mean = elementwise('divide', [reduceLastAxis('sum', moved), reduceLastAxis('sum', d)]);
  const inside = levels && computeKinkedDerivative(KINKS.minimum, levels, {}, selection('minimum'));
  const lowered = inside ? elementwise('multiply', [mean, elementwise('scale', [inside], [-1, 1])]) : mean;
  return signed(elementwise('subtract', [moved, elementwise('multiply', [d, lowered])]));
}

/**
 * The equation of x, of the shape of v, whose only kinks are those of the projection. With y = s∘x and a = s∘v, the
 * threshold is τ = a − y at the largest of a row, which is never 0; the other coordinates solve y = max(a, τ) − τ, and
 * that of the largest is Σy = R, or, for the ball, max(R, τ + Σy) = R + τ: either τ = 0 and Σy ≤ R, or Σy = R. Rows inside
 * of the ball are moved away from the kinks by a shift.
 */
function residualOf(x: Tensor, v: Tensor, set: ThresholdSet, options: KinkOptions): Tensor {
  const { y, a, threshold, top, levels, shift } = partsOf(x, v, set);
  const wide = broadcast(threshold, v.shape);
  const above = subtract(maximum(a, wide, options), wide);
  const others = subtract(y, shift ? subtract(above, shift) : above);
  const closing = levels
    ? add(add(threshold, set.radius), minimum(levels[0], levels[1], options))
    : subtract(sumLastAxis(y), set.radius);
  return add(others, multiply(closing, top));
}
