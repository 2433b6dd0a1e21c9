/** What the lowerings of all kernel calls share. */
import type { ActivationName } from '../kernels.ts';
import type { Extents } from './machine.ts';
import type { KernelVariant } from './variants.ts';

/** Launches a kernel; returns the slot of its result: `output`, or without it a new one. */
export type Emit = (
  variant: KernelVariant,
  operands: readonly number[],
  parameters: readonly number[],
  extents: Extents,
  output?: number,
) => number;

export const capitalise = (name: string): string => name[0].toUpperCase() + name.slice(1);

/** What `activation` is bound to: a function of shared/activations.js. */
export function activationBinding(activation: ActivationName): string {
  return `activation${capitalise(activation)}`;
}

/** Of shared/proximal.js: the bounded part of σ and its slope, where prox_{αf} is found by Newton steps. */
const SMOOTH: Readonly<Partial<Record<ActivationName, readonly [part: string, slope: string]>>> = {
  tanh: ['boundedTanh', 'slopeOfTanh'],
  sigmoid: ['boundedSigmoid', 'slopeOfSigmoid'],
  softplus: ['softplusExcess', 'slopeOfSoftplusExcess'],
  elu: ['boundedElu', 'slopeOfElu'],
  arctan: ['boundedArctan', 'slopeOfArctan'],
};

/** What `proximal` is bound to, with what that needs. */
export function proximalBindings(activation: ActivationName): Record<string, string> {
  const [boundedPart, smoothSlope] = SMOOTH[activation] ?? [];
  const bindings = { proximal: `proximal${capitalise(activation)}` };
  return boundedPart && smoothSlope ? { ...bindings, boundedPart, smoothSlope } : bindings;
}
