/** The operations with kinks as functions of one number, written independently of the library. */
import type { KinkOptions, Tensor } from '../../../src/tensor/tensor.ts';

export const BEND_NAMES = ['relu', 'abs', 'leakyRelu', 'softThreshold', 'clip', 'elu'] as const;
export type BendName = (typeof BEND_NAMES)[number];
export type ExtremeName = 'maximum' | 'minimum';

export interface Bend {
  readonly name: BendName;
  /** The parameters that the library's operation takes. */
  readonly parameters: readonly number[];
  /** The positions of the kinks, ascending. */
  readonly positions: readonly number[];
  /** The slopes of the pieces between the positions, one more than there are positions. */
  readonly slopes: readonly number[];
}

/** To the right of its kink elu is x. To the left its values are not dyadic, so no argument is planted there. */
export const isPlantedLeft = ({ name }: Bend): boolean => name !== 'elu';

/** The bend with every length multiplied by `scale`. `slope` is the slope of leakyRelu, and the α of elu. */
export function createBend(name: BendName, scale: number, slope: number): Bend {
  switch (name) {
    case 'relu':
      return { name, parameters: [], positions: [0], slopes: [0, 1] };
    case 'abs':
      return { name, parameters: [], positions: [0], slopes: [-1, 1] };
    case 'leakyRelu':
      return { name, parameters: [slope], positions: [0], slopes: [slope, 1] };
    case 'elu':
      return { name, parameters: [Math.abs(slope)], positions: [0], slopes: [Math.abs(slope), 1] };
    case 'softThreshold':
      return { name, parameters: [scale / 2], positions: [-scale / 2, scale / 2], slopes: [1, 0, 1] };
    case 'clip':
      return { name, parameters: [-scale, scale / 2], positions: [-scale, scale / 2], slopes: [0, 1, 0] };
  }
}

/** The Clarke interval at x; a single number, twice, where x is not at a kink. */
export function clarke({ positions, slopes }: Bend, x: number): readonly [low: number, high: number] {
  const at = positions.indexOf(x);
  if (at >= 0) return [Math.min(slopes[at], slopes[at + 1]), Math.max(slopes[at], slopes[at + 1])];
  const slope = slopes[positions.filter((position) => position < x).length];
  return [slope, slope];
}

/**
 * For maximum and minimum: the range of the share that the first operand has in the result's slope, from the difference
 * of the operands.
 */
export function clarkeShare(name: ExtremeName, difference: number): readonly [low: number, high: number] {
  if (difference === 0) return [0, 1];
  const share = (name === 'maximum') === difference > 0 ? 1 : 0;
  return [share, share];
}

export function bendValue({ name, parameters: [first, second] }: Bend, x: number): number {
  switch (name) {
    case 'relu':
      return Math.max(x, 0);
    case 'abs':
      return Math.abs(x);
    case 'leakyRelu':
      return x > 0 ? x : first * x;
    case 'elu':
      if (x < 0) throw new Error('a planted argument of elu must not be negative');
      return x;
    case 'softThreshold':
      return Math.sign(x) * Math.max(Math.abs(x) - first, 0);
    case 'clip':
      return Math.min(Math.max(x, first), second);
  }
}

export function applyBend({ name, parameters: [first, second] }: Bend, x: Tensor, options: KinkOptions = {}): Tensor {
  switch (name) {
    case 'relu':
    case 'abs':
      return x[name](options);
    case 'leakyRelu':
    case 'elu':
    case 'softThreshold':
      return x[name](first, options);
    case 'clip':
      return x.clip(first, second, options);
  }
}

/** The library's defaults. */
export const DEFAULT_SELECTION: Readonly<Record<BendName | ExtremeName, number>> = {
  ...{ relu: 0, abs: 0.5, leakyRelu: 0, softThreshold: 0, clip: 1, elu: 0 },
  ...{ maximum: 0.5, minimum: 0.5 },
};
