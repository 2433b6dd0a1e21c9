import { combine, divideOrZero, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  advanceSlot,
  combineHistory,
  computeInnerProducts,
  createEmptyHistory,
  createFirstSlot,
  storeInSlot,
} from './history.ts';
import type { KrylovMethod } from './krylov.ts';
import { asColumn } from './monitor.ts';

/** k: iterations until a restart, and vectors kept. */
const RESTART = 16;

/** An iteration stands still if |q·r| is at most this share of ‖r‖: then ‖r⁺‖ ≥ √(1 − 0.44²)·‖r‖ ≈ 0.9‖r‖. */
const STANDSTILL = 0.44;

/** If less than this many units of rounding of ‖Sx‖ remain, Sx lies in the span of the images before it. */
const SPAN_UNITS = 16;

/**
 * GMRES(k) (Saad & Schultz 1986), k = 16, with directions p whose images q = Sp are orthonormal, so that no
 * least-squares problem remains (Eisenstat, Elman & Schultz 1983, equation 2.7):
 *   q = Sx, orthogonalised twice against the previous q, with the same changes to p = x; both divided by ‖q‖;
 *   c = q·r, y += cp, r −= cq.
 * x is r itself, unless the last iteration stood still, ‖r⁺‖ > 0.9‖r‖: then x is the last q, because the image of r
 * could lie in the span of those before it (Jiránek & Rozložník 2010). Either way the x span the Krylov space, and
 * the iterates are those of GMRES: one product an iteration, the residual never grows, and the condition number is
 * not squared.
 */
export const gmres: KrylovMethod = {
  restart: RESTART,
  start({ v }, r) {
    const { context, shape } = v;
    const empty = createEmptyHistory(context, shape, RESTART);
    return { r, x: r, directions: empty, images: empty, slot: createFirstSlot(context, RESTART) };
  },
  step(problem, { r, x, directions, images, slot }) {
    let [p, q] = [x, problem.apply(x)];
    const rounding = elementwise('scale', [reduceRows('norm', [q])], [SPAN_UNITS * q.context.epsilon, 0]);
    for (let pass = 0; pass < 2; pass++) {
      const shares = computeInnerProducts(images, q);
      const less = (vector: Tensor, history: Tensor): Tensor =>
        elementwise('subtract', [vector, combineHistory(history, shares)]);
      [p, q] = [less(p, directions), less(q, images)];
    }
    const size = reduceRows('norm', [q]);
    // Rounding has no direction: divided by its length, p would be arbitrary. Such an iteration changes nothing.
    const scale = divideOrZero(elementwise('greater', [size, rounding]), size);
    const direction = combine({ x: p, coefficient: scale });
    const image = combine({ x: q, coefficient: scale });
    const c = reduceRows('dot', [image, r]);
    const rNext = combine({ x: r }, { x: image, coefficient: c, factor: -1 });
    const needed = elementwise('scale', [reduceRows('norm', [r])], [STANDSTILL, 0]);
    const moved = elementwise('greater', [elementwise('abs', [c]), needed]);
    return {
      values: {
        r: rNext,
        x: elementwise('select', [asColumn(moved), rNext, image]),
        directions: storeInSlot(directions, slot, direction),
        images: storeInSlot(images, slot, image),
        slot: advanceSlot(slot),
      },
      change: combine({ x: direction, coefficient: c }),
      r: rNext,
    };
  },
};
