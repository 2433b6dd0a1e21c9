import { ABSENT, type ProximalGradientCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, type Forms, f, flatGroups, u } from './dispatch.ts';

/** Samples of a workgroup, and columns of each of its invocations. */
const ROWS = 4;
const COLUMNS = 4;

/** Steps after which a dispatch ends in any case: however short, they take some microseconds each. */
const MOST_TRIPS = 10_000;

/** Several dispatches where the limit is more than one may do; those after the last sample has stopped return at once. */
export function lowerProximalGradient(
  call: ProximalGradientCall,
  step: PlannedCall,
  { dispatchWork }: Forms,
): Dispatch[] {
  const { batch, groups, features, stride, limit } = call;
  const each = 2 * batch * features ** 2;
  const trips = Math.min(Math.max(Math.floor(dispatchWork / each), 1), MOST_TRIPS, limit);
  const [carried, ...others] = step.operands;
  return Array.from({ length: Math.ceil(limit / trips) }, (_, index) => ({
    shader: 'proximal-gradient',
    constants: {
      ACCELERATED: call.accelerated ? 1 : 0,
      CONTINUED: index === 0 ? 0 : 1,
      THREADS: stride / COLUMNS,
    },
    sizes: [
      ...u(batch, groups, features, Math.min(trips, limit - index * trips), call.giveUp ? 1 : 0),
      ...f(call.staleLimit, call.epsilon),
    ],
    operands: [index === 0 ? carried : ABSENT, ...others],
    result: step.output,
    groups: flatGroups(groups * Math.ceil(batch / groups / ROWS)),
    // Most solves have ended before the later ones.
    work: index === 0 ? each * trips : each,
  }));
}
