import { combine, elementwise } from '../tensor/kernels.ts';
import { type ForwardSolver, preActivation, proximalStep, relativeResidual, repeated } from './forward.ts';
import { initialState, monitor, statusOf, whereRunning } from './monitor.ts';

/**
 * z⁺ = prox_{αf}((1 − α)z + α(Wz + b)); converges for 0 < α < 2m/‖I − W‖² (Winston & Kolter 2020, section 3).
 * Default α = m/L² with L ≥ ‖I − W‖: it minimises the guaranteed contraction, √(1 − m²/L²).
 */
export const forwardBackward: ForwardSolver = {
  name: 'forward-backward',
  iterate(tracing, problem, { bound, floor }) {
    const [batch] = problem.b.shape;
    const step = problem.step ?? elementwise('divide', [problem.margin, elementwise('square', [bound])]);
    const toward = repeated(step, batch); // α
    const away = elementwise('scale', [toward], [-1, 1]); // 1 − α
    return tracing.loop(
      { z: problem.initial, state: initialState(tracing, batch) },
      ({ state }) => statusOf(state),
      problem.limit,
      ({ z, state }) => {
        const p = preActivation(problem, z);
        const next = monitor(state, relativeResidual(problem, z, p), problem.tolerance, floor);
        const stepped = proximalStep(
          problem,
          combine({ x: z, coefficient: away }, { x: p, coefficient: toward }),
          step,
        );
        // The residual is that of z, so a sample that stops now keeps z.
        return { z: whereRunning(next, stepped, z), state: next };
      },
    );
  },
};
