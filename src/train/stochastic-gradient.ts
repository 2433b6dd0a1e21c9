import { BOOLEAN, createArgumentError, isList, isObject, POSITIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { random } from '../data/random.ts';
import type { Optimiser } from './optimiser.ts';
import { polynomialDecay } from './schedules.ts';
import { SGD_OPTIONS, type SgdOptions, sgd } from './sgd.ts';

/** Options of `stochasticGradient` where it keeps to Theorem 3. */
export interface Theorem3Options {
  /** Restricts the method to what the theorem covers. */
  theorem3: true;
  /** α₀ > 0, the learning rate before scaling at the first step. Default 0.1. */
  rate?: number;
  /** The power p in (0, 1]. Default 0.75. */
  power?: number;
  /** The interval [least, largest] from which the scale s is drawn, with 0 < least < largest. Default [0.5, 1.5]. */
  scale?: readonly [number, number];
  /** Seed for drawing s. Default 0. */
  seed?: number;
}

/** Options of `stochasticGradient`: those of `sgd`, or those that Theorem 3 covers. */
export type StochasticGradientOptions =
  | Theorem3Options
  | (SgdOptions & {
      /** Without it, or false: the options of `sgd` apply. */
      theorem3?: false;
    });

/** The optimiser that `stochasticGradient` returns. */
export interface StochasticGradient extends Optimiser {
  /** The scale s that was drawn; 1 without `theorem3`. */
  readonly scale: number;
}

/**
 * Stochastic gradient descent on samples that are drawn independently and uniformly, with replacement.
 *
 * With `theorem3: true` it is exactly the method of Theorem 3 of Bolte, Le, Pauwels and Silveti-Falls (2021): θ ← θ −
 * s·αₖ·g with αₖ = α₀/(k + 1)^p at step k, 0 < p ≤ 1, so that αₖ = o(1/log k) and Σαₖ = ∞. The scale s is drawn once
 * per run, uniformly from an interval. For almost every start and s, the objective then converges and every limit point
 * is Clarke-critical: 0 is in the convex hull of the limits of gradients around it. The objective is the mean over all
 * samples, or over all batches where a step takes several samples.
 *
 * The caller is responsible for the assumptions: the iterates must stay bounded, loss and layers must be definable
 * (compositions of arithmetic, exp, log and the activations of this library are), and each implicit layer must fulfil
 * its hypothesis, which its certificate reports. The theorem does not cover momentum, weight decay, clipping, other
 * schedules and class weights, which are refused. Neither does it cover shuffled epochs, Adam, a constant learning
 * rate, layers that draw random masks, or early stopping.
 * @throws RangeError where an option is out of its range or not covered by the theorem
 */
export function stochasticGradient(given: StochasticGradientOptions): StochasticGradient {
  // With the theorem, options of `sgd` pass this check, since `refuseUncovered` explains better why they are refused.
  const isCovered = isObject(given) && given.theorem3 === true;
  const options = readOptions('stochasticGradient', given, isCovered ? ALL_OPTIONS : PLAIN_OPTIONS);
  if (!options.theorem3) {
    const { theorem3, ...rest } = options;
    return { ...sgd(rest), name: 'stochasticGradient', sampling: 'independent', scale: 1 };
  }
  const { rate = 0.1, power = 0.75, scale: interval = [0.5, 1.5], seed = 0 } = options;
  refuseUncovered(options);
  if (!(Number.isFinite(power) && power > 0 && power <= 1)) {
    throw new RangeError(
      `stochasticGradient: power is ${describeValue(power)}; with theorem3 it must be in (0, 1], so that the learning rates sum to infinity`,
    );
  }
  const [least, largest]: readonly number[] = isList(interval) ? interval : [];
  if (!(Number.isFinite(least) && least > 0 && largest > least && Number.isFinite(largest))) {
    throw createArgumentError('stochasticGradient: scale', interval, 'an interval with 0 < least < largest');
  }
  POSITIVE('stochasticGradient: rate', rate);
  const scale = least + (largest - least) * random(seed).fork('scale of the step sizes').uniform();
  const plain = sgd({ rate: polynomialDecay(scale * rate, { power }) });
  return { ...plain, name: 'stochasticGradient', sampling: 'independent', theorem3: true, scale };
}

const PLAIN_OPTIONS: Checks<SgdOptions & { theorem3?: boolean }> = { ...SGD_OPTIONS, theorem3: BOOLEAN };
const ALL_OPTIONS: Checks<SgdOptions & Theorem3Options> = {
  ...SGD_OPTIONS,
  theorem3: BOOLEAN,
  power: 0,
  scale: 0,
  seed: 0,
};

const COVERED: readonly string[] = ['theorem3', 'rate', 'power', 'scale', 'seed'];

/**
 * @throws RangeError for options of `sgd` that the theorem does not cover; plain JavaScript may pass them in spite of
 *   the type
 */
function refuseUncovered(options: Theorem3Options): void {
  for (const [name, value] of Object.entries(options)) {
    if (!COVERED.includes(name) && value !== undefined && value !== 0 && value !== false) {
      throw new RangeError(
        `stochasticGradient: ${name} is ${describeValue(value)}; the theorem does not cover it, leave it out or set theorem3 to false`,
      );
    }
  }
  if (options.rate !== undefined && typeof options.rate !== 'number') {
    throw new RangeError(
      'stochasticGradient: rate is a schedule; the theorem does not cover every one, so with theorem3 rate is the number α₀ of α₀/(k + 1)^p',
    );
  }
}
