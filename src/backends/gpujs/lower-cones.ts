/** Lowers projections onto cones. Each run of equal cones fills its columns, and takes the others from the run before. */
import { CONE_TYPES, type ConeBlock, type ConeCall, type ConeType } from '../cone-kernels.ts';
import { ABSENT } from '../kernels.ts';
import type { Emit } from './emit.ts';
import type { Extents } from './machine.ts';

const ELEMENTS: ReadonlySet<ConeType> = new Set<ConeType>(['zero', 'free', 'nonneg']);

/** Equal cones that follow one another. */
interface Run extends Pick<ConeBlock, 'type' | 'start' | 'rows'> {
  readonly count: number;
}

/** @throws Error that names the cone which this backend does not have */
export function lowerCones(call: ConeCall, emit: Emit): void {
  const runs = runsOf(call.blocks);
  let others = call.inputs[0];
  for (const [index, run] of runs.entries()) {
    const output = index === runs.length - 1 ? call.output : undefined;
    others = ELEMENTS.has(run.type)
      ? lowerElements(run, call, others, emit, output)
      : lowerSecondOrder(run, call, others, emit, output);
  }
}

function runsOf(blocks: readonly ConeBlock[]): Run[] {
  const runs: Run[] = [];
  for (const { type, start, rows } of blocks) {
    if (type !== 'soc' && !ELEMENTS.has(type)) {
      throw new Error(`projectCones: gpujs has no ${type} cones; webgpu, wasm and cpu have them`);
    }
    const last = runs.at(-1);
    if (last?.type === type && last.rows === rows) runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ type, start, rows, count: 1 });
  }
  return runs;
}

function lowerElements(run: Run, call: ConeCall, others: number, emit: Emit, output: number | undefined): number {
  const { type, start, rows, count } = run;
  const extents: Extents = [call.columns, call.rows];
  const constants = { CONE: CONE_TYPES.indexOf(type) };
  const place = [call.columns, start, start + rows * count];
  if (call.kernel === 'projectCones') {
    return emit({ kernel: 'cone-elements', constants }, [call.inputs[0], others], place, extents, output);
  }
  const kinks = { ...constants, SHARES: Number(call.inputs[3] !== ABSENT) };
  const parameters = [...place, Number(!call.isToleranceShared), call.selection];
  const operands = [...call.inputs, others];
  return emit({ kernel: 'cone-elements-derivative', constants: kinks }, operands, parameters, extents, output);
}

function lowerSecondOrder(run: Run, call: ConeCall, others: number, emit: Emit, output: number | undefined): number {
  const { start, rows: size, count } = run;
  const extents: Extents = [call.columns, call.rows];
  const place = [call.columns, start, size, count];
  const isDerivative = call.kernel === 'projectConesDerivative';
  const [x, h = x, ...rest] = call.inputs;
  const constants = { DIRECTION: Number(isDerivative) };
  const facts = emit({ kernel: 'cone-second-order-facts', constants }, [x, h], place, [3, call.rows * count]);
  if (!isDerivative) return emit({ kernel: 'cone-second-order' }, [x, facts, others], place, extents, output);
  const kinks = { SHARES: Number(call.inputs[3] !== ABSENT) };
  const parameters = [...place, Number(!call.isToleranceShared), call.selection];
  const operands = [x, h, facts, ...rest, others];
  return emit({ kernel: 'cone-second-order-derivative', constants: kinks }, operands, parameters, extents, output);
}
