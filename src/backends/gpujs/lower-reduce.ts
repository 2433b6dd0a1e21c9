import type { ReduceCall, Reduction } from '../kernels.ts';
import { activationBinding, type Emit } from './emit.ts';

/** With this many outputs a device is busy, so that sums need not be split. */
const MANY_OUTPUTS = 256;
/**
 * The longest stretch that one thread reduces when there are few outputs. A longer one would delay the result, and
 * round more.
 */
const STRETCH = 256;
/** Functions of shared/reductions.js: `single` computes the value of one element, `join` combines two values. */
const FUNCTIONS: Record<Exclude<Reduction, 'fixedPointResidual' | 'norm'>, readonly [single: string, join: string]> = {
  sum: ['entryOf', 'sumOf'],
  maximum: ['entryOf', 'largerOf'],
  maximumAbsolute: ['sizeOf', 'largerOf'],
  dot: ['productOf', 'sumOf'],
  anyZero: ['isZero', 'largerOf'],
  countNotFinite: ['isNotFinite', 'sumOf'],
};

export function lowerReduce(call: ReduceCall, emit: Emit): void {
  const { outer, inner, operation, output, inputs } = call;
  const [x, y = x] = inputs;
  if (operation === 'fixedPointResidual') {
    const [p0 = 0, p1 = 0, epsilon = 0] = call.parameters;
    const variant = { kernel: 'residual', bindings: { activation: activationBinding(call.activation) } } as const;
    emit(variant, [x, y], [call.middle, inner, p0, p1, epsilon], [inner, outer], output);
    return;
  }
  /** Reduces each stretch of `length` elements to one value. */
  const emitReduction = (
    operands: readonly number[],
    middle: number,
    length: number,
    isFirst: boolean,
    to?: number,
  ) => {
    const segments = Math.ceil(middle / length);
    const extents = [inner, outer * segments] as const;
    const sizes = [middle, inner, segments, length];
    if (operation === 'norm') return emit({ kernel: 'norm' }, operands.slice(0, 1), sizes, extents, to);
    const [single, join] = FUNCTIONS[operation];
    const variant = { kernel: 'reduce', bindings: { single: isFirst ? single : 'entryOf', join } } as const;
    const start = operation === 'maximum' ? Number.NEGATIVE_INFINITY : 0;
    return emit(variant, operands, [...sizes, start], extents, to);
  };
  let operands = [x, y];
  let { middle } = call;
  let isFirst = true;
  // Reduce stretches first, and then their results in the same way.
  while (outer * inner < MANY_OUTPUTS && middle > 2 * STRETCH) {
    const partial = emitReduction(operands, middle, STRETCH, isFirst);
    operands = [partial, partial];
    middle = Math.ceil(middle / STRETCH);
    isFirst = false;
  }
  emitReduction(operands, middle, middle, isFirst, output);
}
