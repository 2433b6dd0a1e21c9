/** Lowers operations on rows. */
import { ABSENT, ROWS, type RowsCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, distributeGroups, f, groupsForInvocations, type ProductVariants, u } from './dispatch.ts';

/** On a GPU, one invocation treats a row if it has at most so many columns; otherwise a workgroup does. */
const SHORT = 16;
/** Estimated operations per element. Only their order of magnitude matters, for the size of submits. */
const ELEMENT_WORK = 50;
const NEWTON_WORK = 1000;

export function lowerRows(call: RowsCall, planned: PlannedCall, variants: ProductVariants): Dispatch {
  const byWorkgroup = variants.tiled && call.columns > SHORT;
  const [p0 = 0] = call.parameters;
  return {
    shader: byWorkgroup ? 'rows-workgroup' : 'rows-thread',
    constants: { OPERATION: ROWS.indexOf(call.operation) },
    sizes: [...u(call.rows, call.columns), ...f(p0)],
    operands: [planned.operands[0], planned.operands[1] ?? ABSENT],
    result: planned.output,
    groups: byWorkgroup ? distributeGroups(call.rows) : groupsForInvocations(call.rows),
    work: call.rows * call.columns * (call.operation === 'proximalSoftmax' ? NEWTON_WORK : ELEMENT_WORK),
  };
}
