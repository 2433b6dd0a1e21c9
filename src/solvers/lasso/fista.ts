/** Proximal gradient iterations for a batch of Lasso problems. */
import { combine, divideOrZero, elementwise, reduceRows } from '../../tensor/kernels.ts';
import { proximalGradientRows } from '../../tensor/loop-kernels.ts';
import { joinEndToEnd, padColumns } from '../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../tensor/tensor.ts';
import type { Begun } from '../iteration.ts';
import { asColumn } from '../monitor.ts';
import { applyHessian, applyProximal, type LassoProblem, leastSize, scaleOf } from './problem.ts';

/**
 * β⁺ = prox(w + s(XᵀPy − (XᵀPX + ρ)w), st), s = 1/(L + ρ). ISTA: w = β. FISTA: w = β + (θ − 1)/θ⁺·(β − β⁻),
 * θ⁺ = (1 + √(1 + 4θ²))/2 (Beck & Teboulle 2009). FISTA restarts from θ = 1 if ⟨w − β⁺, β⁺ − β⟩ > 0, that is, if the
 * update went against the momentum (O'Donoghue & Candès 2015).
 * @param moment XᵀPy
 * @returns the iteration from a start, [batch, features]
 */
export function proximalGradient(
  context: LoopContext,
  problem: LassoProblem,
  moment: Tensor,
  { accelerated }: { accelerated: boolean },
): (start: Tensor) => Begun {
  const { penalty, ridge, design } = problem;
  const [batch, features] = penalty.shape;
  const largest = elementwise('add', [ridge, design.bound]);
  const step = elementwise('reciprocal', [largest]);
  const threshold = elementwise('multiply', [penalty, asColumn(step)]);
  // ‖w − β⁺‖ is a residual for step size 1/L; the tolerance is for step size 1/h.
  const rescaling = elementwise('divide', [largest, scaleOf(problem)]);
  const proximal = (w: Tensor): Tensor => {
    const p = combine(
      { x: w },
      { x: moment, coefficient: step },
      { x: applyHessian(problem, w), coefficient: step, factor: -1 },
    );
    return applyProximal(problem, p, threshold);
  };
  const least = leastSize(problem, moment);
  const relative = (w: Tensor, next: Tensor): Tensor => {
    const moved = reduceRows('norm', [elementwise('subtract', [w, next])]);
    const size = elementwise('add', [reduceRows('norm', [next]), least]);
    return elementwise('multiply', [rescaling, divideOrZero(moved, size)]);
  };
  const common: Pick<Begun, 'keeps' | 'solution' | 'whole'> = { keeps: 'next', solution: (x) => x };
  // Host backends have other methods. Without XᵀPX an iteration needs X, which is too large for one workgroup.
  if (design.gram && !problem.nonNegative && !context.runsOnHost && features <= context.widestIteration) {
    const scalars = joinEndToEnd(joinEndToEnd(step, ridge), joinEndToEnd(rescaling, least));
    const operands = { accelerated, gram: padColumns(design.gram), moment, threshold, scalars };
    common.whole = (x, state, rule) => proximalGradientRows(x, state, { ...operands, ...rule });
  }
  if (!accelerated) {
    return (start) => ({
      ...common,
      start: { x: start },
      step({ x }) {
        const next = proximal(x);
        return { next: { x: next }, residual: relative(x, next) };
      },
    });
  }
  const one = context.constant({ kind: 'fill', value: 1 }, [batch]);
  const zero = context.constant({ kind: 'fill', value: 0 }, [1]);
  return (start) => ({
    ...common,
    start: { x: start, w: start, theta: one },
    step({ x, w, theta }) {
      const next = proximal(w);
      const moved = elementwise('subtract', [next, x]);
      const against = reduceRows('dot', [elementwise('subtract', [w, next]), moved]);
      const kept = elementwise('select', [elementwise('greater', [against, zero]), one, theta]);
      const root = elementwise('sqrt', [elementwise('scale', [elementwise('square', [kept])], [4, 1])]);
      const thetaNext = elementwise('scale', [root], [0.5, 0.5]);
      const momentum = elementwise('divide', [elementwise('scale', [kept], [1, -1]), thetaNext]);
      return {
        next: { x: next, w: combine({ x: next }, { x: moved, coefficient: momentum }), theta: thetaNext },
        residual: relative(w, next),
      };
    },
  });
}
