import { ABSENT, ROWS, type RowsCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, distributeGroups, f, groupsForInvocations, type ProductVariants, u } from './dispatch.ts';

/** Columns up to which one invocation a row is enough on a GPU. */
const SHORT = 16;
/** Rough operations an element: only their order of magnitude matters, for the size of submits. */
const ELEMENT_WORK = 50;
const ITERATIVE_WORK = 1000;

export function lowerRows(call: RowsCall, step: PlannedCall, variants: ProductVariants): Dispatch {
  const byWorkgroup = variants.tiled && call.columns > SHORT;
  const [p0 = 0] = call.parameters;
  return {
    shader: byWorkgroup ? 'rows-workgroup' : 'rows-thread',
    constants: { OPERATION: ROWS.indexOf(call.operation) },
    sizes: [...u(call.rows, call.columns), ...f(p0)],
    operands: [step.operands[0], step.operands[1] ?? ABSENT],
    result: step.output,
    groups: byWorkgroup ? distributeGroups(call.rows) : groupsForInvocations(call.rows),
    work: call.rows * call.columns * (call.operation === 'proximalSoftmax' ? ITERATIVE_WORK : ELEMENT_WORK),
  };
}
