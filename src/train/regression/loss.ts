/** The loss of a regression, on outputs of the layers. */
import type { Model } from '../../layers/sequential.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Shared } from '../evaluation-parts.ts';
import type { BatchLoss } from '../losses.ts';
import type { RegressionLossOptions } from '../options.ts';
import { scaleOf } from './scale.ts';
import { huber } from './terms.ts';

const NAMES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

/** In standard deviations, no error in float32 is larger, so that a larger δ is the same. */
const LARGEST = 1e30;

/** The loss with its options after their checks. */
export interface RegressionLoss {
  readonly name: (typeof NAMES)[number] | BatchLoss;
  /** Huber's δ of each target, in its unit; undefined for one standard deviation. */
  readonly delta: readonly number[] | undefined;
}

/** @param outputs the number of targets */
export function readLoss(
  what: string,
  { loss = 'meanSquaredError', delta }: RegressionLossOptions,
  outputs: number,
  { createArgumentError }: Shared,
): RegressionLoss {
  if (typeof loss !== 'function' && !NAMES.includes(loss)) {
    const names = NAMES.map((name) => `"${name}"`).join(', ');
    throw createArgumentError(`${what}: loss`, loss, `one of ${names}, or a function`);
  }
  if (delta === undefined) return { name: loss, delta };
  if (loss !== 'huber') {
    throw new RangeError(`${what}: delta is given and loss is not "huber"; delta is for that loss alone`);
  }
  const check = (place: string, value: unknown): void => {
    if (!(Number.isFinite(value) && (value as number) > 0))
      throw createArgumentError(place, value, 'a finite number > 0');
  };
  if (!Array.isArray(delta)) {
    check(`${what}: delta`, delta);
    return { name: loss, delta: new Array<number>(outputs).fill(delta as number) };
  }
  if (delta.length !== outputs) {
    throw createArgumentError(`${what}: delta`, delta, `a number > 0, or a list of ${outputs}, one for each target`);
  }
  for (const [target, each] of delta.entries()) check(`${what}: delta[${target}]`, each);
  return { name: loss, delta: delta as readonly number[] };
}

/** Computes the loss from outputs of the layers and targets in the same scale. */
export function createLoss({ name, delta }: RegressionLoss, model: Model): BatchLoss {
  if (typeof name === 'function') {
    return (outputs, targets, weights) => name(inOwnUnits(outputs, model), inOwnUnits(targets, model), weights);
  }
  const meanOf = (terms: Tensor, weights: Tensor | undefined): Tensor => (weights ? terms.mul(weights) : terms).mean();
  if (name === 'huber') {
    return (outputs, targets, weights) =>
      meanOfHuber(outputs.sub(targets), delta, model, (terms) => meanOf(terms, weights));
  }
  const termsOf = (errors: Tensor): Tensor => (name === 'meanSquaredError' ? errors.square() : errors.abs());
  return (outputs, targets, weights) => meanOf(termsOf(outputs.sub(targets)), weights);
}

/**
 * In standard deviations, δ of each target is δ/deviation. The targets are taken one by one: whether a number is at a
 * kink is decided by its distance relative to its row, where an error beside a much larger δ would be none.
 */
function meanOfHuber(
  errors: Tensor,
  delta: readonly number[] | undefined,
  model: Model,
  meanOf: (terms: Tensor) => Tensor,
): Tensor {
  const scaled = delta ? scaleOf(model).deviation.map((each, target) => Math.min(delta[target] / each, LARGEST)) : [1];
  if (scaled.every((each) => each === scaled[0])) return meanOf(huber(errors, scaled[0]));
  const means = scaled.map((each, target) => meanOf(huber(errors.slice([0, target], [errors.shape[0], 1]), each)));
  return means.reduce((sum, mean) => sum.add(mean)).mul(1 / means.length);
}

/** mean + deviation · values, for each column. */
function inOwnUnits(values: Tensor, model: Model): Tensor {
  const { mean, deviation } = scaleOf(model);
  const row = (numbers: readonly number[]): Tensor => model.engine.tensor(numbers, [1, numbers.length]);
  return values.mul(row(deviation)).add(row(mean));
}
