import { combine, elementwise, ratio, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combination, dots, emptyHistory, firstSlot, nextSlot, stored } from './history.ts';
import type { KrylovMethod } from './krylov.ts';

/** k: iterations until a restart, and vectors kept. */
const RESTART = 16;

/**
 * GMRES(k) (Saad & Schultz 1986), k = 16, in the form of GCR (Eisenstat, Elman & Schultz 1983, equation 2.7): directions p
 * whose images q = Sp are orthonormal, so that no least-squares problem is left to solve:
 *   q = Sr, orthogonalised twice against the q before it, with the same changes to p = r; both divided by ‖q‖;
 *   c = q·r, y += cp, r −= cq.
 * The iterates are those of GMRES, since the symmetric part of S is positive definite: r·Sr > 0 and no q vanishes. One
 * product a step, the residual never grows, and the condition number is not squared.
 */
export const gmres: KrylovMethod = {
  restart: RESTART,
  start({ v }, r) {
    const { context, shape } = v;
    const empty = emptyHistory(context, shape, RESTART);
    const one = context.constant({ kind: 'fill', value: 1 }, [shape[0]]);
    return { r, directions: empty, images: empty, slot: firstSlot(context, RESTART), one };
  },
  step(problem, { r, directions, images, slot, one }) {
    let [p, q] = [r, problem.apply(r)];
    for (let pass = 0; pass < 2; pass++) {
      const shares = dots(images, q);
      const less = (x: Tensor, history: Tensor): Tensor => elementwise('subtract', [x, combination(history, shares)]);
      [p, q] = [less(p, directions), less(q, images)];
    }
    const scale = ratio(one, reduceRows('norm', [q]));
    const direction = combine({ x: p, coefficient: scale });
    const image = combine({ x: q, coefficient: scale });
    const c = reduceRows('dot', [image, r]);
    const rNext = combine({ x: r }, { x: image, coefficient: c, factor: -1 });
    return {
      values: {
        r: rNext,
        directions: stored(directions, slot, direction),
        images: stored(images, slot, image),
        slot: nextSlot(slot),
        one,
      },
      change: combine({ x: direction, coefficient: c }),
      r: rNext,
    };
  },
};
