import type { Engine } from '../tensor/engine.ts';
import { elementwise, elementwiseLaidOut } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Optimiser } from './optimiser.ts';
import { constantRate, type Schedule } from './schedules.ts';

export interface AdamOptions {
  /** Default 1e-3. */
  rate?: number | Schedule;
  /** Decay of the mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Decay of the mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015, Algorithm 1): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * θ ← θ − rate·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 */
export function adam({ rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimiser {
  const schedule = typeof rate === 'number' ? constantRate(rate) : rate;
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    if (!(beta >= 0 && beta < 1)) throw new RangeError(`adam: ${name} is ${beta}; it must be in [0, 1)`);
  }
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new RangeError(`adam: epsilon is ${epsilon}; it must be a finite number > 0`);
  return {
    name: 'adam',
    rate: schedule,
    start(engine, parameters) {
      const zeros = (): Tensor[] =>
        parameters.map((parameter) => engine.tensor(new Float32Array(parameter.size), parameter.shape));
      const means = zeros();
      const squares = zeros();
      // In one small tensor, since they change at every step and nothing may be compiled anew for them.
      const step = engine.tensor([0, 0], [2]);
      let count = 0;
      return {
        update(values, gradients, epoch) {
          count += 1;
          // rate·m̂/(√v̂ + ε) = (rate·√c₂/c₁)·m/(√v + ε√c₂), cᵢ = 1 − βᵢᵗ
          const root = Math.sqrt(1 - beta2 ** count);
          engine.write(step, [(schedule(epoch) * root) / (1 - beta1 ** count), epsilon * root]);
          return values.map((value, index) => {
            const [next, mean, square] = updateOne(
              engine,
              [value, gradients[index], means[index], squares[index], step],
              beta1,
              beta2,
            );
            means[index].dispose();
            squares[index].dispose();
            means[index] = mean;
            squares[index] = square;
            return next;
          });
        },
        dispose() {
          for (const tensor of [...means, ...squares, step]) tensor.dispose();
        },
      };
    },
  };
}

function updateOne(engine: Engine, inputs: readonly Tensor[], beta1: number, beta2: number): Tensor[] {
  return engine.run(`adam ${beta1} ${beta2}`, inputs, ([value, gradient, mean, square, step]) => {
    const part = (offset: number): Tensor =>
      elementwiseLaidOut('copy', [step], [{ offset, strides: [0, 0, 0, 0] }], [1]);
    const blend = (old: Tensor, fresh: Tensor, beta: number): Tensor =>
      elementwise('add', [elementwise('scale', [old], [beta, 0]), elementwise('scale', [fresh], [1 - beta, 0])]);
    const meanNext = blend(mean, gradient, beta1);
    const squareNext = blend(square, elementwise('square', [gradient]), beta2);
    const scale = elementwise('add', [elementwise('sqrt', [squareNext]), part(1)]);
    const change = elementwise('divide', [elementwise('multiply', [meanNext, part(0)]), scale]);
    return [elementwise('subtract', [value, change]), meanNext, squareNext];
  });
}
