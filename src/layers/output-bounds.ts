/** Fixed bounds of the output of a layer. */
import { createArgumentError, isListLike } from '../arguments/check.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Bounds of the output: a number for all of it, or a list with one for each; null where there is none. */
export type OutputBounds = number | null | readonly (number | null)[];

/** The fixed bounds, ±∞ where there is none. */
export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * A point within the bounds for every p: p itself, lower + softplus(p), upper − softplus(p), or
 * lower + (upper − lower)·sigmoid(p), according to which bounds there are.
 */
export function moveInside(point: Tensor, { lower, upper }: Box): Tensor {
  const n = lower.length;
  const offset = lower.map((low, i) => (Number.isFinite(low) ? low : Number.isFinite(upper[i]) ? upper[i] : 0));
  const slopes = { free: new Float64Array(n), oneSided: new Float64Array(n), between: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    const [hasLower, hasUpper] = [Number.isFinite(lower[i]), Number.isFinite(upper[i])];
    if (hasLower && hasUpper) slopes.between[i] = upper[i] - lower[i];
    else if (hasLower || hasUpper) slopes.oneSided[i] = hasLower ? 1 : -1;
    else slopes.free[i] = 1;
  }
  const images = { free: () => point, oneSided: () => point.softplus(), between: () => point.sigmoid() };
  return (['free', 'oneSided', 'between'] as const)
    .filter((name) => slopes[name].some((slope) => slope !== 0))
    .reduce(
      (sum, name) => sum.add(images[name]().mul(constant(point, [n], slopes[name]))),
      constant(point, [n], offset),
    );
}

/** A tensor of numbers. @param beside the tensor belongs to the arena of this one */
export function constant(beside: Tensor, shape: readonly number[], values: Float64Array): Tensor {
  return beside.context.upload(values, shape, beside);
}

/** @returns undefined where there is no bound. @throws RangeError where bounds are wrong */
export function readBox(lower: OutputBounds | undefined, upper: OutputBounds | undefined, n: number): Box | undefined {
  const box = { lower: readSide('lower', lower, n), upper: readSide('upper', upper, n) };
  const crossed = box.lower.findIndex((low, i) => low > box.upper[i]);
  if (crossed >= 0) {
    throw new RangeError(
      `quadraticLayer: lower is ${box.lower[crossed]} and upper is ${box.upper[crossed]} for output ${crossed}; lower must be at most upper`,
    );
  }
  const isBounded = [...box.lower, ...box.upper].some(Number.isFinite);
  return isBounded ? box : undefined;
}

function readSide(name: 'lower' | 'upper', bounds: OutputBounds | undefined, n: number): Float64Array {
  const none = name === 'lower' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const read = (place: string, value: unknown): number => {
    if (value === null || value === undefined) return none;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw createArgumentError(`quadraticLayer: ${place}`, value, 'a finite number, null, or a list of these');
  };
  if (!isListLike(bounds)) return new Float64Array(n).fill(read(name, bounds));
  if (bounds.length !== n) {
    throw new RangeError(
      `quadraticLayer: ${name} holds ${bounds.length} numbers; it must hold ${n}, one for each output`,
    );
  }
  return Float64Array.from({ length: n }, (_, i) => read(`${name}[${i}]`, bounds[i]));
}
