/** The arguments of declarative nodes: tensors of one shape for each sample, or for all. */
import { createArgumentError } from '../../arguments/check.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { NodeArgument } from './node.ts';

/** The tensors of a node, and which axes stand for samples. */
export interface NodeArguments {
  readonly engine: Engine;
  readonly args: readonly NodeArgument[];
  /** The leading axes that stand for samples; none where no argument has them. */
  readonly leading: Shape;
  readonly batch: number;
}

/**
 * @param what the public function, for messages
 * @param given the tensors by name, each with its shape for one sample; undefined stands for one that is left out
 * @throws RangeError where a tensor has neither that shape nor that of all samples
 */
export function readNodeArguments(
  what: string,
  given: Readonly<Record<string, readonly [tensor: Tensor, shape: Shape] | undefined>>,
): NodeArguments {
  const known = Object.entries(given).flatMap(([name, pair]) => (pair ? [[name, ...pair] as const] : []));
  checkTogether(what, Object.fromEntries(known.map(([name, tensor]) => [name, tensor])));
  const engine = engineOf(`${what}: ${known[0][0]}`, known[0][1]);
  const leads = known.map(([, tensor, own]) => tensor.shape.slice(0, Math.max(tensor.shape.length - own.length, 0)));
  const leading = leads.reduce((longest, lead) => (lead.length > longest.length ? lead : longest), []);
  const args = known.map(([name, tensor, own]): NodeArgument => {
    const isShared = tensor.shape.length <= own.length;
    if (!sameShape(tensor.shape, isShared ? own : [...leading, ...own])) {
      const shapes =
        leading.length > 0 ? `${formatShape(own)} or ${formatShape([...leading, ...own])}` : formatShape(own);
      const [[first, { shape }]] = known;
      throw new RangeError(
        `${what}: ${name} has shape ${formatShape(tensor.shape)}; with ${first} of shape ${formatShape(shape)} it must be ${shapes}`,
      );
    }
    return { name, tensor, width: sizeOf(own), isShared: isShared && leading.length > 0 };
  });
  return { engine, args, leading, batch: sizeOf(leading) };
}

/** The last axes of a tensor. @throws RangeError if it is none, or has fewer axes */
export function lastAxes(place: string, tensor: Tensor, axes: number): Shape {
  TENSOR(place, tensor);
  const { shape } = tensor;
  if (shape.length >= axes && shape.every((extent) => extent > 0)) return shape.slice(shape.length - axes);
  throw new RangeError(`${place} has shape ${formatShape(shape)}; it needs at least ${axes} axes`);
}

/** A number > 0 that may be a tensor [1], which gets a gradient. @throws RangeError unless it is one of these */
export function checkPositiveOrTensor(place: string, value: number | Tensor): void {
  const must = 'a finite number > 0, or a tensor [1]';
  if (!isTensor(value)) {
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return;
    throw createArgumentError(place, value, must);
  }
  TENSOR(place, value);
  if (value.size === 1 && value.shape.length === 1) return;
  throw new RangeError(`${place} has shape ${formatShape(value.shape)}; it must be ${must}`);
}

/**
 * @param weights of one sample
 * @throws RangeError that names the sample, where one is negative or all are 0
 */
export function refuseWeights(what: string, weights: Float64Array, sample: number): void {
  const negative = weights.find((weight) => weight < 0);
  if (negative !== undefined) {
    throw new RangeError(`${what}: weights, sample ${sample}, hold ${negative}; every weight must be ≥ 0`);
  }
  if (weights.every((weight) => weight === 0)) {
    throw new RangeError(`${what}: weights, sample ${sample}, are all 0; one of them must be > 0`);
  }
}
