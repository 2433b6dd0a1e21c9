/** Lowers projections onto cones: equal cones that follow one another are treated by the same dispatches. */

import { CONE_TYPES, type ConeBlock, type ConeCall, type ConeType } from '../cone-kernels.ts';
import { ABSENT } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { CONE_SHADERS } from './cone-shaders.ts';
import { type Dispatch, distributeGroups, f, groupsForInvocations, type ProductVariants, u } from './dispatch.ts';
import { splitRange } from './lower-batched.ts';

/** Equal blocks that follow one another; the numbers of zero, free and nonneg cones are blocks of their own. */
interface Run extends Pick<ConeBlock, 'type' | 'dim' | 'start' | 'alpha'> {
  /** The numbers of a block. */
  readonly size: number;
  readonly count: number;
}

const ELEMENTS: ReadonlySet<ConeType> = new Set<ConeType>(['zero', 'free', 'nonneg']);

export function lowerCones(call: ConeCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  return runsOf(call.blocks).flatMap((run) => lowerRun(run, call, planned, variants));
}

function runsOf(blocks: readonly ConeBlock[]): Run[] {
  const runs: Run[] = [];
  for (const { type, dim, start, rows, alpha } of blocks) {
    const isElements = ELEMENTS.has(type);
    const run: Run = { type, dim, start, alpha, size: isElements ? 1 : rows, count: isElements ? rows : 1 };
    const last = runs.at(-1);
    const isEqual = last?.type === type && (isElements || (last.dim === dim && Object.is(last.alpha, alpha)));
    if (isEqual) runs[runs.length - 1] = { ...last, count: last.count + run.count };
    else runs.push(run);
  }
  return runs;
}

function lowerRun(run: Run, call: ConeCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { type, dim, start, size, count, alpha } = run;
  const isDerivative = call.kernel === 'projectConesDerivative';
  const shader = type === 'psd' ? 'cones-workgroup' : 'cones';
  const form = type === 'psd' ? semidefiniteForm(dim, isDerivative) : undefined;
  const work = workOf(run);
  const atOnce = Math.max(1, Math.floor(variants.dispatchWork / work));
  return splitRange(call.rows * count, atOnce).map(([first, end]) => ({
    shader,
    source: CONE_SHADERS[shader],
    constants: {
      OPERATION: CONE_TYPES.indexOf(type),
      DERIVATIVE: Number(isDerivative),
      ...form,
    },
    sizes: [
      ...u(call.columns, start, size, count, first, end),
      ...f(isDerivative ? call.selection : 0, alpha || 0),
      ...u(Number(isDerivative && call.isToleranceShared), Number(isDerivative && call.inputs[3] !== ABSENT), dim),
    ],
    operands: Array.from({ length: 4 }, (_, index) => planned.operands[index] ?? ABSENT),
    result: planned.output,
    groups: form ? distributeGroups(Math.ceil((end - first) / form.LANES)) : groupsForInvocations(end - first),
    work: work * (end - first),
  }));
}

/** What every device allows a workgroup to store, less some. */
const MEMORY = 16_000;
/** Up to this order an invocation treats a matrix alone, and a workgroup several of them. */
const SMALL = 8;
/** The invocations of a workgroup. */
const INVOCATIONS = 16;

function semidefiniteForm(
  dim: number,
  isDerivative: boolean,
): Record<'THREADS' | 'LANES' | 'ENTRIES' | 'OTHERS' | 'AXES', number> {
  const threads = dim > SMALL ? INVOCATIONS : 1;
  const capacity = Math.max(4, 2 ** Math.ceil(Math.log2(dim))); // so that few pipelines are compiled
  const numbers = capacity ** 2;
  const fitting = Math.floor(MEMORY / (4 * ((isDerivative ? 2 : 1) * numbers + capacity)));
  const lanes = threads > 1 ? 1 : Math.min(INVOCATIONS, fitting);
  return {
    ...{ THREADS: threads, LANES: lanes, ENTRIES: numbers * lanes, AXES: capacity * lanes },
    OTHERS: isDerivative ? numbers * lanes : 1,
  };
}

/** Estimated operations for a block. Only their order of magnitude matters, for the size of submits. */
function workOf({ type, dim, size }: Run): number {
  if (type === 'psd') return 512 * (dim + 1) ** 3;
  if (ELEMENTS.has(type)) return 8;
  return type === 'soc' ? 16 * size : 4000;
}
