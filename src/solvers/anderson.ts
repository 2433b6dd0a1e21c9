import { combine, denseSolve, elementwise, ratio, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { combination, dots, emptyHistory, firstSlot, nextSlot, stored } from './history.ts';
import type { Runner } from './iteration.ts';
import { column, monitor, statusOf, whereRunning } from './monitor.ts';

/** Differences kept: k. */
const HISTORY = 5;
/** An x whose ‖T(x) − x‖ exceeds the best one by this factor is given up. */
const GROWTH = 2;

/**
 * Anderson acceleration (type II, memory k = 5) of any forward iteration (Walker & Ni 2011, equation 4.16): with g = T(x),
 * f = g − x and the last k differences Δf, Δg as the columns of 𝓕, 𝓖,
 *   γ = argmin ‖f − 𝓕γ‖,  x⁺ = g − 𝓖γ,
 * the least-squares problem by its normal equations, k × k for each sample. The columns are divided by ‖Δf‖, so that the
 * diagonal is 1 and a regularisation of a few ε means the same for all.
 *
 * Safeguard: where ‖f‖ has grown to twice the best one, the sample goes back to T of the best x and takes k plain steps, in
 * which its history is renewed. For a nonexpansive T plain steps never grow, so that each such turn makes progress and
 * convergence of T is never lost.
 */
export const accelerated: Runner = (tracing, begun, { tolerance, floor, limit, giveUp }, initial) => {
  const { x: start, ...riding } = begun.start;
  const { shape } = start;
  const [batch] = shape;
  const constant = (value: number, of: readonly number[]): Tensor => tracing.constant({ kind: 'fill', value }, of);
  const regularisation = elementwise(
    'scale',
    [tracing.constant({ kind: 'identity', order: HISTORY }, [1, HISTORY, HISTORY])],
    [16 * tracing.epsilon, 0],
  );
  const final = tracing.loop(
    {
      x: start,
      f: constant(0, shape),
      g: constant(0, shape),
      started: constant(0, [batch]),
      differencesF: emptyHistory(tracing, shape, HISTORY),
      differencesG: emptyHistory(tracing, shape, HISTORY),
      gram: constant(0, [batch, HISTORY, HISTORY]),
      slot: firstSlot(tracing, HISTORY),
      best: constant(1e30, [batch]),
      bestG: start,
      plainSteps: constant(0, [batch]),
      state: initial,
    },
    ({ state }) => statusOf(state),
    limit,
    (before) => {
      const { next, residual } = begun.step({ x: before.x, ...riding });
      const g = next.x;
      const f = elementwise('subtract', [g, before.x]);
      const size = reduceRows('norm', [f]);
      const state = monitor(before.state, residual, tolerance, floor, { giveUp });

      const deltaF = elementwise('subtract', [f, before.f]);
      const scale = ratio(before.started, reduceRows('norm', [deltaF])); // 0 in the first pass, which has no difference
      const newF = combine({ x: deltaF, coefficient: scale });
      const newG = combine({ x: g, coefficient: scale }, { x: before.g, coefficient: scale, factor: -1 });
      const differencesF = stored(before.differencesF, before.slot, newF);
      const differencesG = stored(before.differencesG, before.slot, newG);
      const gram = updatedGram(before.gram, before.slot, dots(differencesF, newF));

      const grown = elementwise('greater', [size, elementwise('scale', [before.best], [GROWTH, 0])]);
      const improved = elementwise('greater', [before.best, size]);
      const plainSteps = elementwise('select', [
        grown,
        constant(HISTORY, [1]),
        elementwise('scale', [before.plainSteps], [1, -1]),
      ]);
      const gamma = denseSolve(elementwise('add', [gram, regularisation]), dots(differencesF, f));
      const change = combination(differencesG, gamma);
      const mixed = combine({ x: g }, { x: change, coefficient: notPositive(plainSteps), factor: -1 });
      const bestG = elementwise('select', [column(improved), g, before.bestG]);
      const following = elementwise('select', [column(grown), bestG, mixed]);
      // What the residual speaks for is kept unmixed.
      const kept = begun.keeps === 'next' ? whereRunning(state, following, g) : following;
      return {
        x: whereRunning(begun.keeps === 'x' ? state : before.state, kept, before.x),
        f,
        g,
        started: constant(1, [batch]),
        differencesF,
        differencesG,
        gram,
        slot: nextSlot(before.slot),
        best: elementwise('minimum', [before.best, size]),
        bestG,
        plainSteps,
        state,
      };
    },
  );
  return { x: final.x, state: final.state };

  /** 1 where x ≤ 0, else 0. */
  function notPositive(x: Tensor): Tensor {
    return elementwise('scale', [elementwise('greater', [x, constant(0, [1])])], [-1, 1]);
  }

  /** Row and column of the slot become the inner products of the new difference with all of them. */
  function updatedGram(gram: Tensor, slot: Tensor, products: Tensor): Tensor {
    const row = elementwise('select', [
      tracing.alias(slot, [1, HISTORY, 1]),
      tracing.alias(products, [batch, 1, HISTORY]),
      gram,
    ]);
    return elementwise('select', [
      tracing.alias(slot, [1, 1, HISTORY]),
      tracing.alias(products, [batch, HISTORY, 1]),
      row,
    ]);
  }
};
