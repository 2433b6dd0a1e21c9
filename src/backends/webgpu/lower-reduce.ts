/** Lowers reductions. */
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

/** On a GPU, one invocation computes an output if the middle index is at most this long; otherwise a workgroup does. */
const SHORT = 16;
/** If there are few outputs, the longest segment that one workgroup (tiled) or one invocation (register) reduces. */
const SEGMENT = { tiled: 4096, register: 256 } as const;
/** With at least so many outputs, the device is busy without splitting the middle index into segments. */
const MANY_OUTPUTS = 256;
/** Estimated operations per element. */
const ELEMENT_WORK = 4;

/** How many numbers of scratch memory the call needs: two for each segment. */
export function scratchSizeOfReduce(call: ReduceCall, variants: ProductVariants): number {
  const segments = countSegments(call, variants);
  return segments === 1 ? 0 : call.outer * segments * call.inner * 2;
}

function countSegments({ outer, middle, inner }: ReduceCall, variants: ProductVariants): number {
  const segmentLength = variants.tiled ? SEGMENT.tiled : SEGMENT.register;
  // Up to twice the segment length, a second dispatch costs more than it saves.
  if (outer * inner >= MANY_OUTPUTS || middle <= 2 * segmentLength) return 1;
  return Math.ceil(middle / segmentLength);
}

export function lowerReduce(call: ReduceCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const segments = countSegments(call, variants);
  const operands = [planned.operands[0], planned.operands[1] ?? ABSENT];
  const whole = { middle: call.middle, segments, operands, result: planned.output, readsPartial: false };
  if (segments === 1) return [createReduction(call, variants, { ...whole, writesPartial: false })];
  return [
    createReduction(call, variants, { ...whole, result: SCRATCH, writesPartial: true }),
    createReduction(call, variants, {
      middle: segments,
      segments: 1,
      operands: [SCRATCH, ABSENT],
      result: planned.output,
      readsPartial: true,
      writesPartial: false,
    }),
  ];
}

/** One of the two dispatches of a reduction, or the only one. */
interface Stage extends Pick<Dispatch, 'operands' | 'result'> {
  /** The length of the middle index. */
  readonly middle: number;
  readonly segments: number;
  /** Whether the operand or the result consists of partial results, which are pairs of numbers. */
  readonly readsPartial: boolean;
  readonly writesPartial: boolean;
}

function createReduction(call: ReduceCall, variants: ProductVariants, stage: Stage): Dispatch {
  const { middle, segments, operands, result } = stage;
  const outputs = call.outer * segments * call.inner;
  const byWorkgroup = variants.tiled && middle > SHORT;
  const [p0 = 0, p1 = 0, epsilon = 0] = call.parameters;
  return {
    shader: byWorkgroup ? 'reduce-workgroup' : 'reduce-thread',
    constants: {
      OPERATION: REDUCTIONS.indexOf(call.operation),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      PARTIAL_OPERAND: stage.readsPartial ? 1 : 0,
      PARTIAL_RESULT: stage.writesPartial ? 1 : 0,
    },
    sizes: [...u(outputs, middle, call.inner, segments, Math.ceil(middle / segments)), ...f(p0, p1, epsilon)],
    operands,
    result,
    groups: byWorkgroup ? distributeGroups(outputs) : groupsForInvocations(outputs),
    work: call.outer * middle * call.inner * ELEMENT_WORK,
  };
}
