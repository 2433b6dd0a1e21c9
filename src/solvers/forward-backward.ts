import { combine, elementwise } from '../tensor/kernels.ts';
import { preActivation } from './equation.ts';
import { createFusedIteration, type Iteration } from './iteration.ts';
import { repeatForBatch } from './monitor.ts';

/**
 * Forward-backward splitting, z⁺ = prox_{αf}((1 − α)z + α(Wz + b)); converges for 0 < α < 2m/‖I − W‖² (Winston &
 * Kolter 2020, section 3). Default α = m/L² with L about ‖I − W‖, which minimises the guaranteed contraction √(1 −
 * m²/L²). It converges with any L > ‖I − W‖/√2.
 *
 * The updates α(p − z) are small, and below the rounding of z they would leave it unchanged, at a residual of ε/α,
 * far above the floor. So the part of an update that the sum z + α(p − z) loses is carried to the next one (Kahan
 * 1965): y = α(p − z) + c, w = z + y, c⁺ = y − (w − z). Each operation is a kernel of its own, or guarded, so that no
 * compiler reassociates it.
 */
export const forwardBackward: Iteration = {
  name: 'forward-backward',
  converges: 'linearly',
  needsResolvent: false,
  begin(tracing, equation, z) {
    const { margin, norms, sigma } = equation;
    const [batch, n] = equation.b.shape;
    const step = equation.step ?? elementwise('divide', [margin, elementwise('square', [norms.estimate])]);
    const proximal = sigma.proximal(step);
    const toward = repeatForBatch(step, batch);
    return {
      start: { x: z, carry: tracing.constant({ kind: 'fill', value: 0 }, [batch, n]) },
      step({ x, carry }) {
        const p = preActivation(equation, x);
        const y = combine({ x: p, coefficient: toward }, { x, coefficient: toward, factor: -1 }, { x: carry });
        const w = elementwise('add', [x, y]);
        const lost = elementwise('subtract', [y, elementwise('subtract', [w, x])]);
        return { next: { x: proximal(w), carry: lost }, residual: sigma.residual(x, p) };
      },
      keeps: 'x',
      solution: (x) => x,
      ...createFusedIteration('forwardBackward', equation, equation.map.matrix, { step }),
    };
  },
};
