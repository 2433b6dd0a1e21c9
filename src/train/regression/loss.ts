/** The loss of a regression, on outputs of the layers. */
import { createArgumentError, isFunction, isList, POSITIVE } from '../../arguments/check.ts';
import type { Model } from '../../layers/sequential.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { BatchLoss } from '../losses.ts';
import type { RegressionLossOptions } from '../options.ts';
import { huberLoss, meanAbsoluteError, meanSquaredError } from './losses.ts';
import { scaleOf } from './scale.ts';

const NAMES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

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
): RegressionLoss {
  if (!isFunction(loss) && !NAMES.includes(loss)) {
    const names = NAMES.map((name) => `"${name}"`).join(', ');
    throw createArgumentError(`${what}: loss`, loss, `one of ${names}, or a function`);
  }
  if (delta === undefined) return { name: loss, delta };
  if (loss !== 'huber') {
    throw new RangeError(`${what}: delta is given and loss is not "huber"; delta is for that loss alone`);
  }
  if (!isList(delta)) {
    POSITIVE(`${what}: delta`, delta);
    return { name: loss, delta: new Array<number>(outputs).fill(delta as number) };
  }
  if (delta.length !== outputs) {
    throw createArgumentError(`${what}: delta`, delta, `a number > 0, or a list of ${outputs}, one for each target`);
  }
  for (const [target, each] of delta.entries()) POSITIVE(`${what}: delta[${target}]`, each);
  return { name: loss, delta: delta as readonly number[] };
}

/** Computes the loss from outputs of the layers and targets in the same scale. */
export function createLoss({ name, delta }: RegressionLoss, model: Model): BatchLoss {
  if (name === 'meanSquaredError') return meanSquaredError;
  if (name === 'meanAbsoluteError') return meanAbsoluteError;
  if (name === 'huber') return createHuberLoss(delta, model);
  return (outputs, targets, weights) => name(inOwnUnits(outputs, model), inOwnUnits(targets, model), weights);
}

/** In standard deviations, δ of each target is δ/deviation. */
function createHuberLoss(delta: readonly number[] | undefined, model: Model): BatchLoss {
  return (outputs, targets, weights) => {
    const { deviation } = scaleOf(model);
    const scaled = deviation.map((each, target) => (delta ? delta[target] / each : 1));
    if (scaled.every((each) => each === scaled[0])) return huberLoss(outputs, targets, weights, { delta: scaled[0] });
    const [rows, width] = outputs.shape;
    const columnOf = (matrix: Tensor, target: number): Tensor => matrix.slice([0, target], [rows, 1]);
    return scaled
      .map((own, target) => huberLoss(columnOf(outputs, target), columnOf(targets, target), weights, { delta: own }))
      .reduce((sum, loss) => sum.add(loss))
      .mul(1 / width);
  };
}

/** mean + deviation · values, for each column. */
function inOwnUnits(values: Tensor, model: Model): Tensor {
  const { mean, deviation } = scaleOf(model);
  const row = (numbers: readonly number[]): Tensor => model.engine.tensor(numbers, [1, numbers.length]);
  return values.mul(row(deviation)).add(row(mean));
}
