import { gmres } from '../solvers/gmres.ts';
import type { Begun } from '../solvers/iteration.ts';
import { krylov } from '../solvers/krylov.ts';
import { initialState } from '../solvers/monitor.ts';
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { type ImplicitSystem, matrixFree } from './system.ts';

/** Of ‖F‖: how well a Newton step solves its linear system. */
const FORCING = 1e-3;
/** Iterations of GMRES in a step: one cycle, without a restart. */
const INNER = 16;
/** Steps of the line search, longest first. */
const LENGTHS = [1, 0.5, 0.125, 1 / 64];

/**
 * Newton-Krylov (Knoll & Keyes 2004): x⁺ = x − tδ, Bδ = F(x) with B = ∂F/∂z by GMRES on its products. Of a few lengths t the one
 * with the least residual is taken, sample by sample, and the shortest where none makes it less. At kinks B is the element of
 * the Clarke Jacobian that the selection names: a semismooth Newton step (Qi & Sun 1993).
 */
export function newtonKrylov(system: ImplicitSystem, start: Tensor, context: LoopContext): Begun {
  const [batch] = start.shape;
  const constant = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
  const method = krylov(gmres);
  const residualAt = (x: Tensor): Tensor => reduceRows('norm', [system.value(x, system.image(x))]);
  return {
    start: { x: start },
    step({ x }) {
      const { image, direct, transposed } = system.linearised(x);
      const value = system.value(x, image);
      const size = reduceRows('norm', [value]);
      const problem = matrixFree(direct, transposed, value, constant(FORCING), INNER);
      const tolerance = elementwise('scale', [size], [FORCING, 0]);
      const round = { r: value, state: initialState(context, batch, INNER), tolerance, limit: INNER, last: true };
      const { e: change } = method.correct(context, problem, round);
      const stepped = (length: number): Tensor => combine({ x }, { x: change, factor: -length });
      let next = stepped(LENGTHS[0]);
      let least = residualAt(next);
      for (const length of LENGTHS.slice(1)) {
        const shorter = stepped(length);
        const residual = residualAt(shorter);
        // A longer step that makes the residual less is kept, and so is a shorter one where nothing has yet.
        const better = elementwise('greater', [least, elementwise('minimum', [residual, size])]);
        next = elementwise('select', [context.alias(better, [batch, 1]), shorter, next]);
        least = elementwise('select', [better, residual, least]);
      }
      return { next: { x: next }, residual: system.residual(x, image) };
    },
    keeps: 'x',
    solution: (x) => x,
  };
}
