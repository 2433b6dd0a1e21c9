import { preActivation } from './equation.ts';
import { createFusedIteration, type Iteration } from './iteration.ts';

/**
 * z⁺ = σ(Wz + b): converges if W contracts, ‖W‖ < 1, but not in general. For the adjoint equation this is the Neumann
 * series.
 */
export const picard: Iteration = {
  name: 'picard',
  converges: 'where it contracts',
  needsResolvent: false,
  begin(_tracing, equation, z) {
    const { sigma } = equation;
    return {
      start: { x: z },
      step({ x }) {
        const p = preActivation(equation, x);
        return { next: { x: sigma.value(p) }, residual: sigma.residual(x, p) };
      },
      keeps: 'x',
      solution: (x) => x,
      ...createFusedIteration('picard', equation, equation.map.matrix),
    };
  },
};
