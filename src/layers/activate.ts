/** Activations that layers apply to what they compute. */
import { createArgumentError } from '../arguments/check.ts';
import type { Tensor } from '../tensor/tensor.ts';

export const ACTIVATIONS = [
  'none',
  'relu',
  'tanh',
  'sigmoid',
  'leakyRelu',
  'elu',
  'softplus',
  'softsign',
  'arctan',
] as const;

/** The activations that need no parameter, or have a default one. */
export type LayerActivation = (typeof ACTIVATIONS)[number];

export function checkActivation(layer: string, activation: LayerActivation): void {
  if (ACTIVATIONS.includes(activation)) return;
  throw createArgumentError(`${layer}: activation`, activation, `one of ${ACTIVATIONS.join(', ')}`);
}

export function activate(x: Tensor, activation: LayerActivation): Tensor {
  return activation === 'none' ? x : x[activation]();
}
