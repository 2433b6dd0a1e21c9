import { NOT_NEGATIVE, POSITIVE } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Optimiser } from './optimiser.ts';
import { type Schedule, scheduleOf } from './schedules.ts';
import { BELOW_ONE, scale, startRule, type UpdateRule } from './update-rule.ts';

/** Options of `adam`. */
export interface AdamOptions {
  /** The learning rate: a number > 0 or a schedule. Default 1e-3. */
  rate?: number | Schedule;
  /** β₁, the decay of the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** β₂, the decay of the running mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** ε > 0. Default 1e-8. */
  epsilon?: number;
}

/** Options of `adamW`. */
export interface AdamWOptions extends AdamOptions {
  /** The factor ω ≥ 0 of the weight decay. Default 1e-2. */
  weightDecay?: number;
}

const OPTIONS: Checks<AdamOptions> = { rate: 0, beta1: BELOW_ONE, beta2: BELOW_ONE, epsilon: POSITIVE };
const WITH_DECAY: Checks<AdamWOptions> = { ...OPTIONS, weightDecay: NOT_NEGATIVE };

/**
 * Adam (Kingma & Ba 2015, Algorithm 1): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * θ ← θ − rate·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 */
export function adam(options?: AdamOptions): Optimiser {
  return createAdam('adam', readOptions('adam', options, OPTIONS), undefined);
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, Algorithm 2, scaled as in PyTorch):
 * θ ← (1 − rate·ω)θ with the weight decay ω, then the update of Adam.
 */
export function adamW(given?: AdamWOptions): Optimiser {
  const { weightDecay = 1e-2, ...options } = readOptions('adamW', given, WITH_DECAY);
  return createAdam('adamW', options, weightDecay);
}

function createAdam(
  name: string,
  { rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  weightDecay: number | undefined,
): Optimiser {
  const schedule = scheduleOf(`${name}: rate`, rate);
  const blend = (old: Tensor, fresh: Tensor, beta: number): Tensor =>
    elementwise('add', [scale(old, beta), scale(fresh, 1 - beta)]);
  const rule: UpdateRule = {
    key: `${name} ${beta1} ${beta2}`,
    memory: ['mean', 'square'],
    numbers(rateNow, step) {
      // rate·m̂/(√v̂ + ε) = (rate·√c₂/c₁)·m/(√v + ε√c₂), cᵢ = 1 − βᵢᵗ
      const root = Math.sqrt(1 - beta2 ** (step + 1));
      return [(rateNow * root) / (1 - beta1 ** (step + 1)), epsilon * root, 1 - rateNow * (weightDecay ?? 0)];
    },
    next(value, gradient, [mean, square], [rateNow, offset, keep]) {
      const meanNext = blend(mean, gradient, beta1);
      const squareNext = blend(square, elementwise('square', [gradient]), beta2);
      const scale = elementwise('add', [elementwise('sqrt', [squareNext]), offset]);
      const change = elementwise('divide', [elementwise('multiply', [meanNext, rateNow]), scale]);
      const kept = weightDecay === undefined ? value : elementwise('multiply', [value, keep]);
      return [elementwise('subtract', [kept, change]), meanNext, squareNext];
    },
  };
  return {
    name,
    rate: schedule,
    settings: { rate: schedule.description, beta1, beta2, epsilon, weightDecay },
    start: (engine, parameters, memory) => startRule(rule, schedule, engine, parameters, memory),
  };
}
