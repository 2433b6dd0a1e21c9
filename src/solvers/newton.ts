/**
 * Semismooth Newton iterations (Qi & Sun 1993) on the pre-activation of z = σ(Wz + b), from near the solution to the
 * floor of the precision.
 */
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { type AdjointProblem, adjointProblem } from './adjoint.ts';
import { bicgstab } from './bicgstab.ts';
import { cgnr } from './cgnr.ts';
import { type Equation, preActivation, roundingOf, sizeOfRows } from './equation.ts';
import type { Jacobian } from './jacobian.ts';
import { krylov } from './krylov.ts';
import { normaliseRows } from './linear.ts';
import { transposeMap } from './linear-map.ts';
import {
  asColumn,
  createFreshState,
  initialState,
  monitor,
  reopenUnsolved,
  solvedIn,
  statusOf,
  whereRunning,
} from './monitor.ts';

/** Largest number of Newton iterations: for a piecewise linear σ they end once the right pieces are found. */
const MAXIMUM_ITERATIONS = 24;
/** After this many iterations without progress a sample is left to another method. */
const STALE_ITERATIONS = 3;
/** How well an iteration solves its linear system, relative to the residual. */
const FORCING = 1e-3;
/** Step lengths that are tried; the one with the least residual is taken. */
const LENGTHS = [1, 0.25, 1 / 16];

const METHODS = [krylov<AdjointProblem>(bicgstab), krylov<AdjointProblem>(cgnr)];

/**
 * With ρ = Wσ(p) + b − p and J an element of the conservative Jacobian of σ at p: (I − WJ)u = ρ, p⁺ = p + tu. On a
 * piecewise linear σ, one iteration ends at the solution from every p close enough to it, whichever element is taken
 * at a kink, because every piece that meets the solution has it as its own.
 * @param p where to start, [batch, n]
 * @param limit largest number of iterations of a linear solve
 * @returns p, and the state of the samples: solved where ρ is at the floor
 */
export function semismoothNewton(
  tracing: LoopContext,
  equation: Equation,
  jacobianOf: (p: Tensor) => Jacobian,
  p: Tensor,
  limit: number,
): { readonly p: Tensor; readonly state: Tensor } {
  const { map, sigma, margin, norms } = equation;
  const forcing = tracing.constant({ kind: 'fill', value: FORCING }, [1]);
  const missed = (at: Tensor): Tensor => elementwise('subtract', [preActivation(equation, sigma.value(at)), at]);
  const final = tracing.loop<Record<'p' | 'missed' | 'state', Tensor>>(
    { p, missed: missed(p), state: initialState(tracing, p.shape[0], MAXIMUM_ITERATIONS) },
    ({ state }) => statusOf(state),
    MAXIMUM_ITERATIONS,
    (before) => {
      const size = reduceRows('norm', [before.missed]);
      const z = sigma.value(before.p);
      const floor = roundingOf(equation, z);
      const relative = elementwise('divide', [size, sizeOfRows(z)]);
      const state = monitor(before.state, relative, floor, floor, { giveUp: true, staleLimit: STALE_ITERATIONS });
      const { unit, size: length } = normaliseRows(before.missed);
      const problem = adjointProblem({
        ...{ map: transposeMap(map), J: jacobianOf(before.p), v: unit, tolerance: forcing, margin, norms, limit },
        resolvent: undefined,
      });
      const change = elementwise('multiply', [solveForDirection(tracing, problem, state), asColumn(length)]);
      let best = { p: before.p, missed: before.missed };
      let least = size;
      for (const factor of LENGTHS) {
        const stepped = combine({ x: before.p }, { x: change, factor });
        const left = missed(stepped);
        const leftSize = reduceRows('norm', [left]);
        const better = elementwise('greater', [least, leftSize]); // not where it is NaN
        const either = (yes: Tensor, no: Tensor): Tensor => elementwise('select', [asColumn(better), yes, no]);
        best = { p: either(stepped, best.p), missed: either(left, best.missed) };
        least = elementwise('select', [better, leftSize, least]);
      }
      return {
        p: whereRunning(state, best.p, before.p),
        missed: whereRunning(state, best.missed, before.missed),
        state,
      };
    },
  );
  return { p: final.p, state: final.state };
}

/** Solves (I − WJ)u = v for the running samples; each method takes over what the one before has not solved. */
function solveForDirection(tracing: LoopContext, problem: AdjointProblem, outer: Tensor): Tensor {
  const { v, tolerance, limit } = problem;
  let [u, r] = [tracing.constant({ kind: 'fill', value: 0 }, v.shape), v];
  let state = createFreshState(outer, limit);
  for (const method of METHODS) {
    const { e, state: after } = method.correct(tracing, problem, { r, state, tolerance, limit, last: false });
    u = whereRunning(state, elementwise('add', [u, e]), u);
    r = problem.residual(u, v);
    state = reopenUnsolved(after, solvedIn(after), limit);
  }
  return u;
}
