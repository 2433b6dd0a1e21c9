/**
 * Solvers of (I − JW)ᵀu = v, J = diag(d) per sample; rows are samples. The matrix is not symmetric, so plain CG does not
 * apply. A Krylov method runs in rounds: inner iterations stop on the residual that the method carries along, and each
 * round ends with the true one; where the two have drifted apart, another round starts from the true one.
 */
import { STATE_ROWS, STATE_SIZE, STATUS } from '../backends/kernels.ts';
import { combine, elementwise, product, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tracing } from '../tensor/tracing.ts';
import { initialState, monitor, rowOf, statusOf, whereRunning } from './monitor.ts';

export interface LinearProblem {
  readonly W: Tensor; // [n, n]
  readonly d: Tensor; // [batch, n], in [0, 1]
  readonly v: Tensor; // [batch, n]
  /** Of ‖v − (I − JW)ᵀu‖ / ‖v‖, [1]. */
  readonly tolerance: Tensor;
  /** ε(1 + ‖W‖) or a little more, [1]. */
  readonly floor: Tensor;
  /** Most iterations of one round. */
  readonly limit: number;
}

export interface LinearSolution {
  readonly u: Tensor;
  readonly state: Tensor;
  /** True residual ‖v − (I − JW)ᵀu‖ / ‖v‖, [batch]. */
  readonly residual: Tensor;
  /** Of all rounds, [batch]. */
  readonly iterations: Tensor;
  /** The residual of rounding, [batch]. */
  readonly floor: Tensor;
}

export interface LinearSolver {
  readonly name: string;
  solve(tracing: Tracing, problem: LinearProblem): LinearSolution;
}

/** A Krylov method: what it carries from step to step, by name. `r` is its residual v − (I − JW)ᵀu, [batch, n]. */
export interface KrylovMethod {
  readonly name: string;
  start(problem: LinearProblem, r: Tensor): Record<string, Tensor>;
  step(
    problem: LinearProblem,
    values: Record<string, Tensor>,
  ): { values: Record<string, Tensor>; change: Tensor; r: Tensor };
}

/** (I − JW)ᵀu = u − (d∘u)W. */
export function applyTransposed({ W, d }: LinearProblem, u: Tensor): Tensor {
  return product(elementwise('multiply', [d, u]), W, { prior: u, residual: true });
}

/** (I − JW)w = w − d∘(wWᵀ). */
export function apply({ W, d }: LinearProblem, w: Tensor): Tensor {
  return product(w, W, { transposeB: true, scale: d, prior: w, residual: true });
}

const ROUNDS = 8;

/** Rounds of the methods, one after the other: each takes over the samples on which the one before gave up. */
export function inRounds(name: string, methods: readonly KrylovMethod[]): LinearSolver {
  return {
    name,
    solve(tracing, problem) {
      const [batch, n] = problem.v.shape;
      const { unit: v, size } = normalised(tracing, problem.v);
      const zeros = tracing.constant({ kind: 'fill', value: 0 }, [batch, n]);
      let progress: Progress = {
        u: zeros,
        r: v,
        state: initialState(tracing, batch),
        iterations: rowOf(initialState(tracing, batch), STATE_ROWS.iterations),
      };
      for (const [index, method] of methods.entries()) {
        if (index > 0) progress = takenOver(progress, v, zeros, problem);
        progress = runRounds(tracing, method, { ...problem, v }, progress);
      }
      return {
        u: elementwise('multiply', [progress.u, column(size)]),
        state: progress.state,
        residual: reduceRows('norm', [progress.r]),
        iterations: progress.iterations,
        floor: roundingOf(problem, progress.u),
      };
    },
  };
}

interface Progress {
  readonly u: Tensor;
  readonly r: Tensor;
  readonly state: Tensor;
  readonly iterations: Tensor;
}

function runRounds(tracing: Tracing, method: KrylovMethod, problem: LinearProblem, start: Progress): Progress {
  const { tolerance, v } = problem;
  const innerTolerance = elementwise('scale', [tolerance], [0.5, 0]);
  return tracing.loop(
    { ...start },
    ({ state }) => statusOf(state),
    ROUNDS,
    ({ u, r, state, iterations }) => {
      const inner = tracing.loop(
        { ...method.start(problem, r), u, state: freshState(state) },
        (values) => statusOf(values.state),
        problem.limit,
        (values) => {
          // Before u changes, so that it can change in place.
          const rounding = roundingOf(problem, values.u);
          const { values: next, change, r: carried } = method.step(problem, values);
          const norm = reduceRows('norm', [carried]);
          return {
            ...next,
            u: whereRunning(values.state, combine({ x: values.u }, { x: change }), values.u),
            state: monitor(values.state, norm, innerTolerance, rounding, { giveUp: true }),
          };
        },
      );
      const rNext = combine({ x: v }, { x: applyTransposed(problem, inner.u), factor: -1 });
      const norm = reduceRows('norm', [rNext]);
      return {
        u: inner.u,
        r: rNext,
        state: monitor(state, norm, tolerance, roundingOf(problem, inner.u), { giveUp: true, staleLimit: 2 }),
        iterations: elementwise('add', [iterations, rowOf(inner.state, STATE_ROWS.iterations)]),
      };
    },
  );
}

/** Rounding of (I − JW)ᵀu where ‖v‖ = 1: ε(1 + ‖W‖)‖u‖, [batch]. */
function roundingOf({ floor }: LinearProblem, u: Tensor): Tensor {
  return elementwise('multiply', [reduceRows('norm', [u]), floor]);
}

/**
 * Rows of length 1 (or 0), and the lengths taken from them, [batch]: inner products of a tiny cotangent underflow. Divided
 * by the largest entry first, since already the norm of one would.
 */
function normalised(tracing: Tracing, v: Tensor): { unit: Tensor; size: Tensor } {
  const one = tracing.constant({ kind: 'fill', value: 1 }, [v.shape[0]]);
  const divided = (x: Tensor, by: Tensor): Tensor =>
    elementwise('divide', [x, column(elementwise('select', [by, by, one]))]);
  const peak = reduceRows('maximumAbsolute', [v]);
  const scaled = divided(v, peak);
  const norm = reduceRows('norm', [scaled]);
  return { unit: divided(scaled, norm), size: elementwise('multiply', [peak, norm]) };
}

/** The state for another run of iterations: samples that have stopped stay so, the rest start anew. */
function freshState(state: Tensor): Tensor {
  const rows = (kept: number, best: number): Tensor => {
    const values = Array.from({ length: STATE_SIZE }, (_, row) =>
      row === STATE_ROWS.status ? kept : row === STATE_ROWS.best ? best : 0,
    );
    return state.context.constant({ kind: 'values', values }, [STATE_SIZE, 1]);
  };
  return elementwise('add', [elementwise('multiply', [state, rows(1, 0)]), rows(0, 1e30)]);
}

/** Samples that gave up or diverged run again, from u = 0; the others stay as they are. */
function takenOver(
  { u, r, state, iterations }: Progress,
  v: Tensor,
  zeros: Tensor,
  { floor }: LinearProblem,
): Progress {
  const limit = floor.context.constant({ kind: 'fill', value: STATUS.stalled + 0.5 }, [1]);
  const failed = elementwise('greater', [statusOf(state), limit]);
  const again = elementwise('multiply', [state, elementwise('scale', [failed], [-1, 1])]);
  return {
    u: elementwise('select', [column(failed), zeros, u]),
    r: elementwise('select', [column(failed), v, r]),
    state: freshState(again),
    iterations,
  };
}

/** [batch] as [batch, 1]. */
function column(x: Tensor): Tensor {
  return x.context.alias(x, [x.size, 1]);
}
