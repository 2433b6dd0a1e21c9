import type { IterationCall } from '../kernels.ts';
import { activation, proximal } from './activations.ts';
import { type Length, lengthOfRow, relativeTo } from './length.ts';

/** The iteration of one sample. The arrays are rows of the operands. */
export interface SampleIteration {
  readonly call: Pick<IterationCall, 'iteration' | 'activation' | 'activationParameters'>;
  readonly b: Float64Array;
  /** NaN for picard. */
  readonly alpha: number;
  /** d, where σ(p) = d∘p. */
  readonly slope: Float64Array | undefined;
}

/** The vector that is multiplied by M: q for peacemanRachford, otherwise x. */
export function factorOf(iterating: SampleIteration, x: Float64Array): Float64Array {
  const { call, b, alpha } = iterating;
  if (call.iteration !== 'peacemanRachford') return x;
  return x.map((value, index) => 2 * prox(iterating, index, value) - value + alpha * b[index]);
}

export interface Advance {
  /** T(x) */
  readonly next: Float64Array;
  /** ‖z − σ(p)‖ */
  readonly missed: Length;
  /** ‖z‖ */
  readonly size: Length;
}

/**
 * Computes T(x); see ITERATIONS.
 * @param factor the vector that was multiplied by M, from `factorOf`
 * @param h the product
 * @param lost what the sums of forwardBackward have lost to rounding; it is updated
 */
export function advance(
  iterating: SampleIteration,
  factor: Float64Array,
  h: Float64Array,
  lost: Float64Array,
): Advance {
  const { call, b, alpha } = iterating;
  if (call.iteration === 'peacemanRachford') {
    const p = h.map((value, index) => (1 + 1 / alpha) * value - factor[index] / alpha + b[index]);
    const next = h.map((value, index) => 2 * value - factor[index] + alpha * b[index]);
    return { next, ...measureResidual(iterating, h, p) };
  }
  const p = h.map((value, index) => value + b[index]);
  const watching = measureResidual(iterating, factor, p);
  if (call.iteration === 'picard')
    return { next: p.map((value, index) => sigma(iterating, index, value)), ...watching };
  const y = p.map((value, index) => alpha * (value - factor[index]) + lost[index]);
  const w = y.map((value, index) => factor[index] + value);
  for (const [index, value] of w.entries()) lost[index] = y[index] - (value - factor[index]);
  return { next: w.map((value, index) => prox(iterating, index, value)), ...watching };
}

function measureResidual(
  iterating: SampleIteration,
  z: Float64Array,
  p: Float64Array,
): Pick<Advance, 'missed' | 'size'> {
  const missed = z.map((value, index) => value - sigma(iterating, index, p[index]));
  return { missed: lengthOfRow(missed), size: lengthOfRow(z) };
}

function sigma({ call, slope }: SampleIteration, index: number, p: number): number {
  return slope ? slope[index] * p : activation(call.activation, p, call.activationParameters);
}

function prox({ call, slope, alpha }: SampleIteration, index: number, x: number): number {
  if (!slope) return proximal(call.activation, x, alpha, call.activationParameters);
  const d = slope[index];
  return (d / (d + alpha * (1 - d))) * x;
}

/** The residual ρ. */
export function residualOf(missed: Length, size: Length, epsilon: number, relative: boolean): number {
  return relative ? relativeTo(missed, size, epsilon) : missed.root / missed.scale;
}
