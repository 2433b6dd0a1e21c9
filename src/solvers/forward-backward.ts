import { combine, elementwise } from '../tensor/kernels.ts';
import { type ForwardSolver, preActivation, proximalStep, relativeResidual, repeated } from './forward.ts';
import { initialState, monitor, statusOf, whereRunning } from './monitor.ts';

/**
 * z⁺ = prox_{αf}((1 − α)z + α(Wz + b)); converges for 0 < α < 2m/‖I − W‖² (Winston & Kolter 2020, section 3).
 * Default α = m/L² with L ≥ ‖I − W‖: it minimises the guaranteed contraction, √(1 − m²/L²).
 *
 * The steps α(p − z) are small, and z stands still once they are below its rounding: at a residual of ε/α, far above the
 * floor. So what the sum z + α(p − z) loses is carried to the next step (Kahan 1965): y = α(p − z) + c, w = z + y,
 * c⁺ = y − (w − z). Each operation is a kernel of its own, which no compiler can reassociate.
 */
export const forwardBackward: ForwardSolver = {
  name: 'forward-backward',
  iterate(tracing, problem, { bound, floor }) {
    const [batch, n] = problem.b.shape;
    const step = problem.step ?? elementwise('divide', [problem.margin, elementwise('square', [bound])]);
    const toward = repeated(step, batch);
    const nothing = tracing.constant({ kind: 'fill', value: 0 }, [batch, n]);
    const final = tracing.loop(
      { z: problem.initial, carry: nothing, state: initialState(tracing, batch) },
      ({ state }) => statusOf(state),
      problem.limit,
      ({ z, carry, state }) => {
        const p = preActivation(problem, z);
        const next = monitor(state, relativeResidual(problem, z, p), problem.tolerance, floor);
        const y = combine({ x: p, coefficient: toward }, { x: z, coefficient: toward, factor: -1 }, { x: carry });
        const w = elementwise('add', [z, y]);
        return {
          // The residual is that of z, so a sample that stops now keeps z.
          z: whereRunning(next, proximalStep(problem, w, step), z),
          carry: elementwise('subtract', [y, elementwise('subtract', [w, z])]),
          state: next,
        };
      },
    );
    return { z: final.z, state: final.state };
  },
};
