import {
  ABSENT,
  ACTIVATIONS,
  type ElementwiseCall,
  type ElementwiseOperation,
  type OperandLayout,
} from '../kernels.ts';
import { activationBinding, capitalised, type Emit, proximalBindings } from './emit.ts';

/** An axis of the result, with the stride of each operand along it. */
interface Axis {
  readonly extent: number;
  readonly strides: readonly number[];
}

export function lowerElementwise(call: ElementwiseCall, emit: Emit): void {
  const axes = joinedAxes(call);
  // One that is not there is 0, as a tolerance or a step that an operation does without.
  const operands = [0, 1, 2].map((index) => call.inputs[index] ?? ABSENT);
  const layouts = [0, 1, 2].flatMap((index) => {
    const layout: OperandLayout | undefined = call.layouts[index];
    return layout ? [layout.offset, ...axes.map(({ strides }) => strides[index])] : [0, 0, 0, 0, 0];
  });
  const [extent0, extent1, extent2, extent3] = axes.map(({ extent }) => extent);
  const [p0 = 0, p1 = 1, p2 = 0] = call.parameters;
  emit(
    { kernel: 'elementwise', bindings: bindingsOf(call.operation) },
    operands,
    [extent1, extent2, extent3, ...layouts, p0, p1, p2],
    [extent3, extent0 * extent1 * extent2],
    call.output,
  );
}

/** The four axes, of which neighbours through which every operand runs at one stride have become one. */
function joinedAxes({ shape, layouts }: ElementwiseCall): Axis[] {
  const joined: Axis[] = [];
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const strides = layouts.map((layout) => layout.strides[axis]);
    const before = joined.at(-1);
    if (before?.strides.every((stride, operand) => stride === strides[operand] * extent)) {
      joined[joined.length - 1] = { extent: before.extent * extent, strides };
    } else {
      joined.push({ extent, strides });
    }
  }
  while (joined.length < 4) joined.unshift({ extent: 1, strides: layouts.map(() => 0) });
  return joined;
}

/** Functions of shared/operations.js; an activation and its prox have one for all of them. */
function bindingsOf(operation: ElementwiseOperation): Record<string, string> {
  const activation = ACTIVATIONS.find((name) => name === operation);
  if (activation) return { operation: 'operationActivation', activation: activationBinding(activation) };
  const proximal = ACTIVATIONS.find((name) => `proximal${capitalised(name)}` === operation);
  if (proximal) return { operation: 'operationProximal', ...proximalBindings(proximal) };
  return { operation: `operation${capitalised(operation)}` };
}
