import type { ReduceCall, Reduction } from '../kernels.ts';
import { activationBinding, type Emit } from './emit.ts';

/** With this many outputs a device is busy, and shorter sums need not be split. */
const MANY_OUTPUTS = 256;
/** Longest stretch that one thread reduces when there are few outputs: more would wait for it, and round more. */
const STRETCH = 256;
/** Below any float32, in place of −∞. */
const LOWEST = -3.4028234663852886e38;

/** Functions of shared/reductions.js: the value of one element, how two become one, the last step. */
const FUNCTIONS: Record<
  Exclude<Reduction, 'fixedPointResidual'>,
  readonly [single: string, join: string, finish: string]
> = {
  sum: ['entryOf', 'sumOf', 'asItIs'],
  maximum: ['entryOf', 'largerOf', 'asItIs'],
  maximumAbsolute: ['sizeOf', 'largerOf', 'asItIs'],
  norm: ['squareOf', 'sumOf', 'rootOf'],
  dot: ['productOf', 'sumOf', 'asItIs'],
  anyZero: ['isZero', 'largerOf', 'asItIs'],
  countNotFinite: ['isNotFinite', 'sumOf', 'asItIs'],
};

export function lowerReduce(call: ReduceCall, emit: Emit): void {
  const { outer, inner, operation, output, inputs } = call;
  const [x, y = x] = inputs;
  if (operation === 'fixedPointResidual') {
    const [p0 = 0, p1 = 0, epsilon = 0] = call.parameters;
    const form = { kernel: 'residual', bindings: { activation: activationBinding(call.activation) } } as const;
    emit(form, [x, y], [call.middle, inner, p0, p1, epsilon], [inner, outer], output);
    return;
  }
  const [first, join, finish] = FUNCTIONS[operation];
  const start = operation === 'maximum' ? LOWEST : 0;
  let single = first;
  let operands = [x, y];
  let { middle } = call;
  // Stretches first, then what they gave, in the same way.
  while (outer * inner < MANY_OUTPUTS && middle > 2 * STRETCH) {
    const segments = Math.ceil(middle / STRETCH);
    const form = { kernel: 'reduce', bindings: { single, join, finish: 'asItIs' } } as const;
    const partial = emit(form, operands, [middle, inner, segments, STRETCH, start], [inner, outer * segments]);
    operands = [partial, partial];
    single = 'entryOf';
    middle = segments;
  }
  const form = { kernel: 'reduce', bindings: { single, join, finish } } as const;
  emit(form, operands, [middle, inner, 1, middle, start], [inner, outer], output);
}
