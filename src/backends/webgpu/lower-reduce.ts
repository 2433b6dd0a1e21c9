import { ABSENT, ACTIVATIONS, REDUCTIONS, type ReduceCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import {
  type Dispatch,
  distributeGroups,
  f,
  groupsForInvocations,
  type ProductVariants,
  SCRATCH,
  u,
} from './dispatch.ts';

/** Length of the middle index up to which one invocation an output is enough on a GPU. */
const SHORT = 16;
/** Longest stretch that one workgroup (tiled form) or one invocation reduces when there are few outputs. */
const STRETCH = { tiled: 4096, register: 256 } as const;
/** With this many outputs the device is busy without splitting the middle index. */
const MANY_OUTPUTS = 256;
const ELEMENT_WORK = 4;

/** Numbers of scratch that the call needs: a pair for each stretch. */
export function scratchSizeOfReduce(call: ReduceCall, variants: ProductVariants): number {
  const segments = countSegments(call, variants);
  return segments === 1 ? 0 : call.outer * segments * call.inner * 2;
}

function countSegments({ outer, middle, inner }: ReduceCall, variants: ProductVariants): number {
  const stretch = variants.tiled ? STRETCH.tiled : STRETCH.register;
  // Twice the stretch: below that a second dispatch costs more than it saves.
  if (outer * inner >= MANY_OUTPUTS || middle <= 2 * stretch) return 1;
  return Math.ceil(middle / stretch);
}

export function lowerReduce(call: ReduceCall, step: PlannedCall, variants: ProductVariants): Dispatch[] {
  const segments = countSegments(call, variants);
  const operands = [step.operands[0], step.operands[1] ?? ABSENT];
  if (segments === 1) return [createReduction(call, variants, call.middle, 1, operands, step.output, false, false)];
  return [
    createReduction(call, variants, call.middle, segments, operands, SCRATCH, false, true),
    createReduction(call, variants, segments, 1, [SCRATCH, ABSENT], step.output, true, false),
  ];
}

function createReduction(
  call: ReduceCall,
  variants: ProductVariants,
  middle: number,
  segments: number,
  operands: readonly number[],
  result: number,
  partialOperand: boolean,
  partialResult: boolean,
): Dispatch {
  const outputs = call.outer * segments * call.inner;
  const byWorkgroup = variants.tiled && middle > SHORT;
  const [p0 = 0, p1 = 0, epsilon = 0] = call.parameters;
  return {
    shader: byWorkgroup ? 'reduce-workgroup' : 'reduce-thread',
    constants: {
      OPERATION: REDUCTIONS.indexOf(call.operation),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      PARTIAL_OPERAND: partialOperand ? 1 : 0,
      PARTIAL_RESULT: partialResult ? 1 : 0,
    },
    sizes: [...u(outputs, middle, call.inner, segments, Math.ceil(middle / segments)), ...f(p0, p1, epsilon)],
    operands,
    result,
    groups: byWorkgroup ? distributeGroups(outputs) : groupsForInvocations(outputs),
    work: call.outer * middle * call.inner * ELEMENT_WORK,
  };
}
