/** Functions that the lowerings of all kernel calls share. */
import type { ActivationName } from '../kernels.ts';
import type { Extents } from './machine.ts';
import type { KernelVariant } from './variants.ts';

/** Adds a launch, and returns the slot of its result: `output`, or a new slot where that is absent. */
export type Emit = (
  variant: KernelVariant,
  operands: readonly number[],
  parameters: readonly number[],
  extents: Extents,
  output?: number,
) => number;

export const capitalise = (name: string): string => name[0].toUpperCase() + name.slice(1);

/** The function of shared/activations.js to which `activation` is bound. */
export function activationBinding(activation: ActivationName): string {
  return `activation${capitalise(activation)}`;
}

/**
 * Functions of shared/proximal.js for activations whose prox_{αf} is found by Newton steps: the bounded part of σ, and
 * σ'.
 */
const SMOOTH: Readonly<Partial<Record<ActivationName, readonly [part: string, slope: string]>>> = {
  tanh: ['boundedTanh', 'slopeOfTanh'],
  sigmoid: ['boundedSigmoid', 'slopeOfSigmoid'],
  softplus: ['softplusExcess', 'slopeOfSoftplusExcess'],
  elu: ['boundedElu', 'slopeOfElu'],
  arctan: ['boundedArctan', 'slopeOfArctan'],
};

/** The bindings of `proximal`, and of the functions that it calls. */
export function proximalBindings(activation: ActivationName): Record<string, string> {
  const [boundedPart, smoothSlope] = SMOOTH[activation] ?? [];
  const bindings = { proximal: `proximal${capitalise(activation)}` };
  return boundedPart && smoothSlope ? { ...bindings, boundedPart, smoothSlope } : bindings;
}
