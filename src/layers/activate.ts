/** Activations that layers for images apply to what they compute: those of `dense`. */
import { createArgumentError } from '../arguments/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ACTIVATIONS, type DenseOptions } from './dense.ts';

/** An activation that a layer applies to what it computes, with its default parameters. */
export type LayerActivation = NonNullable<DenseOptions['activation']>;

export function checkActivation(layer: string, activation: LayerActivation): void {
  if (ACTIVATIONS.includes(activation)) return;
  throw createArgumentError(`${layer}: activation`, activation, `one of ${ACTIVATIONS.join(', ')}`);
}

export function activate(x: Tensor, activation: LayerActivation): Tensor {
  return activation === 'none' ? x : x[activation]();
}
