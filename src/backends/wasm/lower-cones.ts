/** Lowers projections onto cones, which are in a module of their own. */
import { ABSENT, type ConeBlock, type ConeCall, type KernelCall } from '../kernels.ts';
import { BLOCK_WORDS, ConeBlockFields, ConeFields, ConeOperation, ConeType } from './cone-instructions.ts';
import { Extra } from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Code } from './instructions.ts';

/** The number of multiplications between two looks at the clock: about a millisecond. */
const AT_ONCE = 2 ** 22;

export function isConeCall(call: KernelCall): call is ConeCall {
  return call.kernel in ConeOperation;
}

export function lowerCones(call: ConeCall, [x, h, tolerance, shares]: readonly number[], out: number): Instruction[] {
  const { rows, columns, blocks } = call;
  const work = blocks.reduce((sum, block) => sum + workOf(block), 0);
  const atOnce = Math.min(rows, Math.max(1, Math.floor(AT_ONCE / work)));
  const instruction = new Instruction(Code.extra, ConeFields.end + BLOCK_WORDS * blocks.length)
    .set(Extra.operation, ConeOperation[call.kernel], rows, 1, atOnce)
    .setReals(Extra.work, work)
    .set(ConeFields.out, out, x)
    .set(ConeFields.columns, columns, blocks.length);
  if (call.kernel === 'projectConesDerivative') {
    instruction
      .set(ConeFields.h, h, tolerance, call.inputs[3] === ABSENT ? 0 : shares, Number(call.isToleranceShared))
      .setReals(ConeFields.selection, call.selection);
  }
  for (const [index, { type, start, dim, alpha }] of blocks.entries()) {
    const at = ConeFields.end + BLOCK_WORDS * index;
    const rounded = Math.fround(alpha);
    instruction
      .set(at + ConeBlockFields.type, ConeType[type], start, dim)
      .setReals(at + ConeBlockFields.alpha, rounded, alpha - rounded);
  }
  return [instruction];
}

/** The approximate work of a block, in multiplications. */
function workOf({ type, dim, rows }: ConeBlock): number {
  if (type === 'psd') return 32 * dim ** 3;
  return rows === 3 && (type.startsWith('exp') || type.startsWith('pow')) ? 4096 : 8 * rows;
}
