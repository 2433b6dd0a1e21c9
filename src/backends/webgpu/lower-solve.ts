import solve from '../../../shaders/solve.wgsl';
import type { SolveCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { groupsFor, type LoadedDispatch, u } from './dispatch.ts';
import { kernel } from './shaders.ts';

export const SOLVE_SHADERS = { solve: kernel(2, { file: 'solve.wgsl', text: solve }) };

export function lowerSolve({ batch, order }: SolveCall, { operands, output }: PlannedCall): LoadedDispatch {
  return {
    name: 'solve',
    constants: {},
    sizes: u(batch, order),
    operands,
    result: output,
    groups: groupsFor(batch),
    work: (batch * order ** 3 * 2) / 3 + batch * order ** 2,
  };
}
