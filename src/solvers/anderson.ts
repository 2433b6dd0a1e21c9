import { ACCELERATION } from '../backends/kernels.ts';
import { combine, denseSolve, divideOrZero, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Context, LoopContext, Tensor } from '../tensor/tensor.ts';
import {
  advanceSlot,
  combineHistory,
  computeInnerProducts,
  createEmptyHistory,
  createFirstSlot,
  storeInSlot,
} from './history.ts';
import { type Runner, runWholeLoop } from './iteration.ts';
import { asColumn, monitor, STALE_LIMIT, statusOf, whereRunning } from './monitor.ts';

/** k differences are stored; x is given up if ‖T(x) − x‖ exceeds `growth` times the best one. */
const { memory: HISTORY, growth: GROWTH, regularisation: REGULARISATION } = ACCELERATION;

/**
 * Anderson acceleration (type II, memory k = 5) of any forward iteration (Walker & Ni 2011, equation 4.16). With g =
 * T(x), f = g − x and the last k differences Δf, Δg as the columns of 𝓕, 𝓖:
 *   γ = argmin ‖f − 𝓕γ‖,  x⁺ = g − 𝓖γ.
 * The least-squares problem is solved by its normal equations, k × k for each sample. The columns are divided by
 * ‖Δf‖, so that the diagonal is 1 and a regularisation of a few ε means the same for all.
 *
 * Safeguard: if ‖f‖ grows to twice the best one, the sample returns to T of the best x and takes k plain iterations,
 * which renew its history. For a nonexpansive T plain iterations never grow, so that every such return makes progress
 * and the convergence of T is kept.
 */
export const runAccelerated: Runner = (tracing, begun, { tolerance, floor, limit, giveUp }, initial) => {
  const { x: start, ...riding } = begun.start;
  const [batch, n] = start.shape;
  if (begun.fused && !tracing.runsOnHost && n <= tracing.widestIteration) {
    return runWholeLoop(begun.fused, start, initial, {
      tolerance,
      floor,
      limit,
      staleLimit: STALE_LIMIT,
      giveUp,
      accelerated: true,
    });
  }
  const constant = constantOf(tracing);
  const final = tracing.loop(
    {
      x: start,
      ...createEmptySecants(tracing, start),
      best: constant(tracing.epsilon > Number.EPSILON ? 2 ** 126 : Number.MAX_VALUE / 4, [batch]), // none yet
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
      const state = monitor(before.state, residual, tolerance, floor, { giveUp });
      const secants = addSecant(before, f, g);
      const guard = updateGuard(before, g, reduceRows('norm', [f]));
      const change = combineHistory(secants.differencesG, weightsOf(secants, f));
      const mixed = combine({ x: g }, { x: change, coefficient: notPositive(guard.plainSteps), factor: -1 });
      const following = elementwise('select', [asColumn(guard.grown), guard.bestG, mixed]);
      // A sample that stops must keep the value that the residual belongs to, which is the unmixed one.
      const kept = begun.keeps === 'next' ? whereRunning(state, following, g) : following;
      const { grown: _, ...guarding } = guard;
      const x = whereRunning(begun.keeps === 'x' ? state : before.state, kept, before.x);
      return { x, ...secants, ...guarding, state };
    },
  );
  // The last step grew where plain iterations would follow it.
  const grew = elementwise('greater', [final.plainSteps, constant(HISTORY - 0.5, [1])]);
  const settled = elementwise('select', [asColumn(grew), final.bestG, final.g]);
  return { x: final.x, state: final.state, settled };
};

/** The last k secants of each sample, and the values that the next one is computed from. */
interface Secants {
  readonly f: Tensor;
  readonly g: Tensor;
  /** 1 from the second pass on, when there is a previous f to subtract; 0 before, [batch]. */
  readonly started: Tensor;
  /** Columns Δf/‖Δf‖ and Δg/‖Δf‖, [batch, k, n]. */
  readonly differencesF: Tensor;
  readonly differencesG: Tensor;
  /** 𝓕ᵀ𝓕, [batch, k, k]. */
  readonly gram: Tensor;
  readonly slot: Tensor;
}

function createEmptySecants(tracing: LoopContext, { shape }: Tensor): Record<keyof Secants, Tensor> {
  const [batch] = shape;
  const constant = constantOf(tracing);
  return {
    f: constant(0, shape),
    g: constant(0, shape),
    started: constant(0, [batch]),
    differencesF: createEmptyHistory(tracing, shape, HISTORY),
    differencesG: createEmptyHistory(tracing, shape, HISTORY),
    gram: constant(0, [batch, HISTORY, HISTORY]),
    slot: createFirstSlot(tracing, HISTORY),
  };
}

function addSecant(before: Secants, f: Tensor, g: Tensor): Record<keyof Secants, Tensor> {
  const { slot } = before;
  const { context } = f;
  const deltaF = elementwise('subtract', [f, before.f]);
  const scale = divideOrZero(before.started, reduceRows('norm', [deltaF])); // 0 in the first pass, which has no difference
  const newF = combine({ x: deltaF, coefficient: scale });
  const newG = combine({ x: g, coefficient: scale }, { x: before.g, coefficient: scale, factor: -1 });
  const differencesF = storeInSlot(before.differencesF, slot, newF);
  // Row and column of the slot become the inner products of the new difference with all differences.
  const products = computeInnerProducts(differencesF, newF);
  const [batch] = products.shape;
  const placed = (gram: Tensor, at: Shape, of: Shape): Tensor =>
    elementwise('select', [context.alias(slot, at), context.alias(products, of), gram]);
  const row = placed(before.gram, [1, HISTORY, 1], [batch, 1, HISTORY]);
  return {
    f,
    g,
    started: constantOf(context)(1, [batch]),
    differencesF,
    differencesG: storeInSlot(before.differencesG, slot, newG),
    gram: placed(row, [1, 1, HISTORY], [batch, HISTORY, 1]),
    slot: advanceSlot(slot),
  };
}

/** γ = argmin ‖f − 𝓕γ‖, [batch, k]. */
function weightsOf({ gram, differencesF }: Secants, f: Tensor): Tensor {
  const { context } = f;
  const values = Array.from({ length: HISTORY ** 2 }, (_, at) =>
    at % (HISTORY + 1) === 0 ? REGULARISATION * context.epsilon : 0,
  );
  const regularisation = context.constant({ kind: 'values', values }, [1, HISTORY, HISTORY]);
  return denseSolve(elementwise('add', [gram, regularisation]), computeInnerProducts(differencesF, f));
}

/** The safeguard's memory: the least ‖f‖, T of the x that had it, and how many plain iterations remain. */
interface Guard {
  readonly best: Tensor;
  readonly bestG: Tensor;
  readonly plainSteps: Tensor;
}

function updateGuard({ best, bestG, plainSteps }: Guard, g: Tensor, size: Tensor): Guard & { readonly grown: Tensor } {
  const grown = elementwise('greater', [size, elementwise('scale', [best], [GROWTH, 0])]);
  const fewer = elementwise('scale', [plainSteps], [1, -1]);
  return {
    grown,
    best: elementwise('minimum', [best, size]),
    bestG: elementwise('select', [asColumn(elementwise('greater', [best, size])), g, bestG]),
    plainSteps: elementwise('select', [grown, constantOf(g.context)(HISTORY, [1]), fewer]),
  };
}

/** 1 where x ≤ 0, else 0. */
function notPositive(x: Tensor): Tensor {
  return elementwise('scale', [elementwise('greater', [x, constantOf(x.context)(0, [1])])], [-1, 1]);
}

function constantOf(context: Context): (value: number, shape: Shape) => Tensor {
  return (value, shape) => context.constant({ kind: 'fill', value }, shape);
}
