import {
  advanceSlot,
  combineHistory,
  computeInnerProducts,
  createEmptyHistory,
  createFirstSlot,
  storeInSlot,
} from '../solvers/history.ts';
import type { Begun } from '../solvers/iteration.ts';
import { asColumn } from '../solvers/monitor.ts';
import { combine, divideOrZero, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { ImplicitSystem } from './system.ts';

/** The updates that are kept; a further one overwrites the oldest. */
const MEMORY = 20;

/**
 * Broyden's good method (Broyden 1965) for g(x) = f(x) − x, with limited memory, as Bai et al. (2019) take it: x⁺ = x −
 * Hg. H, near the inverse of g′, is −I + Σ uvᵀ over the last updates, each of which makes HΔg = Δx:
 *   v = HᵀΔx,  u = (Δx − HΔg)/(vᵀΔg).
 * Each sample has its own. Nothing guarantees that it converges.
 */
export function broyden(system: ImplicitSystem, start: Tensor, context: LoopContext): Begun {
  const [batch] = start.shape;
  const zeros = context.constant({ kind: 'fill', value: 0 }, start.shape);
  const empty = createEmptyHistory(context, start.shape, MEMORY);
  return {
    start: {
      x: start,
      step: zeros,
      g: zeros,
      // 1 from the second pass on, when there is a step to learn from.
      started: context.constant({ kind: 'fill', value: 0 }, [batch]),
      u: empty,
      v: empty,
      slot: createFirstSlot(context, MEMORY),
    },
    step(before) {
      const { x, step } = before;
      const image = system.image(x);
      const g = elementwise('subtract', [image, x]);
      const change = elementwise('subtract', [g, before.g]);
      const v = elementwise('subtract', [applyUpdates(before.v, before.u, step), step]);
      const missed = elementwise('add', [
        elementwise('subtract', [step, applyUpdates(before.u, before.v, change)]),
        change,
      ]);
      const inner = reduceRows('sum', [elementwise('multiply', [v, change])]);
      const scale = divideOrZero(before.started, inner);
      const u = storeInSlot(before.u, before.slot, elementwise('multiply', [missed, asColumn(scale)]));
      const next = { u, v: storeInSlot(before.v, before.slot, v), slot: advanceSlot(before.slot) };
      const following = elementwise('subtract', [g, applyUpdates(next.u, next.v, g)]);
      return {
        next: {
          x: combine({ x }, { x: following }),
          step: following,
          g,
          started: elementwise('scale', [before.started], [0, 1]),
          ...next,
        },
        residual: system.residual(x, image),
      };
    },
    keeps: 'x',
    solution: (x) => x,
  };
}

/** Σ left·(rightᵀx), [batch, n]. */
function applyUpdates(left: Tensor, right: Tensor, x: Tensor): Tensor {
  return combineHistory(left, computeInnerProducts(right, x));
}
