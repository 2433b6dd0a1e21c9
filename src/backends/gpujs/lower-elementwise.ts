import { joinAxes } from '../join-axes.ts';
import {
  ABSENT,
  ACTIVATIONS,
  type ElementwiseCall,
  type ElementwiseOperation,
  type OperandLayout,
} from '../kernels.ts';
import { activationBinding, capitalise, type Emit, proximalBindings } from './emit.ts';

export function lowerElementwise(call: ElementwiseCall, emit: Emit): void {
  const joined = joinAxes(call.shape, call.layouts);
  // An absent operand reads as 0: a tolerance or a step size that the operation does not need.
  const operands = [0, 1, 2].map((index) => call.inputs[index] ?? ABSENT);
  const layouts = [0, 1, 2].flatMap((index) => {
    const layout: OperandLayout | undefined = joined.layouts[index];
    return layout ? [layout.offset, ...layout.strides] : [0, 0, 0, 0, 0];
  });
  const [extent0, extent1, extent2, extent3] = joined.shape;
  const [p0 = 0, p1 = 1, p2 = 0] = call.parameters;
  emit(
    { kernel: 'elementwise', bindings: bindingsOf(call.operation) },
    operands,
    [extent1, extent2, extent3, ...layouts, p0, p1, p2],
    [extent3, extent0 * extent1 * extent2],
    call.output,
  );
}

/**
 * The bindings to functions of shared/operations.js. All activations share one of them, and so do all proximal
 * operators.
 */
function bindingsOf(operation: ElementwiseOperation): Record<string, string> {
  const activation = ACTIVATIONS.find((name) => name === operation);
  if (activation) return { operation: 'operationActivation', activation: activationBinding(activation) };
  const proximal = ACTIVATIONS.find((name) => `proximal${capitalise(name)}` === operation);
  if (proximal) return { operation: 'operationProximal', ...proximalBindings(proximal) };
  return { operation: `operation${capitalise(operation)}` };
}
