import { BOOLEAN, NOT_NEGATIVE } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { elementwise } from '../tensor/kernels.ts';
import type { Optimiser } from './optimiser.ts';
import { type Schedule, scheduleOf } from './schedules.ts';
import { BELOW_ONE, scale, startRule, type UpdateRule } from './update-rule.ts';

/** Options of `sgd`. */
export interface SgdOptions {
  /** The learning rate: a number > 0 or a schedule. */
  rate: number | Schedule;
  /** μ in [0, 1). Default 0. */
  momentum?: number;
  /** Whether to use Nesterov's momentum, which needs `momentum` > 0. Default false. */
  nesterov?: boolean;
  /** ω ≥ 0: ωθ is added to the gradient. Default 0. */
  weightDecay?: number;
}

export const SGD_OPTIONS: Checks<SgdOptions> = {
  rate: 0,
  momentum: BELOW_ONE,
  nesterov: BOOLEAN,
  weightDecay: NOT_NEGATIVE,
};

/**
 * Stochastic gradient descent on shuffled batches. Momentum is defined as in PyTorch (Sutskever et al. 2013, but with
 * the rate outside): g ← g + ωθ with the weight decay ω; b ← μb + g with b = 0 at the start; θ ← θ − rate·b, or θ ← θ −
 * rate·(g + μb) with `nesterov`.
 */
export function sgd(options: SgdOptions): Optimiser {
  const { rate, momentum = 0, nesterov = false, weightDecay = 0 } = readOptions('sgd', options, SGD_OPTIONS);
  const schedule = scheduleOf('sgd: rate', rate);
  if (nesterov && momentum === 0) throw new RangeError('sgd: momentum is 0; nesterov needs a momentum > 0');
  const rule: UpdateRule = {
    key: `sgd ${momentum} ${nesterov} ${weightDecay}`,
    memory: momentum > 0 ? ['momentum'] : [],
    numbers: (rateNow) => [rateNow],
    next(value, gradient, memory, [rateNow]) {
      const g = weightDecay > 0 ? elementwise('add', [gradient, scale(value, weightDecay)]) : gradient;
      const b = memory.map((old) => elementwise('add', [scale(old, momentum), g]));
      const ahead = b.map((fresh) => (nesterov ? elementwise('add', [g, scale(fresh, momentum)]) : fresh));
      const [direction = g] = ahead;
      return [elementwise('subtract', [value, elementwise('multiply', [direction, rateNow])]), ...b];
    },
  };
  return {
    name: 'sgd',
    rate: schedule,
    settings: { rate: schedule.description, momentum, nesterov, weightDecay },
    start: (engine, parameters, memory) => startRule(rule, schedule, engine, parameters, memory),
  };
}
