/** Lowers the calls of kernels for cone programs, which are in a module of their own. */
import { workOfBlocks } from '../cone-program-kernels.ts';
import type { ConeDerivativeCall, ConeInteriorPointCall, KernelCall } from '../kernels.ts';
import { ConeType } from './cone-instructions.ts';
import {
  ConeProgramFields,
  ConeProgramOperation,
  PROGRAM_BLOCK_WORDS,
  ProgramBlockFields,
} from './cone-program-instructions.ts';
import { Extra } from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Code } from './instructions.ts';
import type { Reservations } from './lower.ts';
import { bitsOf, matricesSize, padded, reserveRoom, workOfIteration } from './program-room.ts';

/** The number of iterations of the interior point method that are assumed. */
const ITERATIONS = 12;
/** Vectors of a sample; see assembly/cone-program-data.ts. */
const VECTORS = 36;

export type ConeProgramCall = ConeInteriorPointCall | ConeDerivativeCall;

export function isConeProgramCall(call: KernelCall): call is ConeProgramCall {
  return call.kernel in ConeProgramOperation;
}

export function lowerConeProgram(
  call: ConeProgramCall,
  [P, A, ...others]: readonly number[],
  out: number,
  aside: Reservations,
): Instruction[] {
  const { batch, n, m, blocks, shared, wide } = call;
  const [N, M] = [n, m].map(padded);
  const order = Math.max(0, ...blocks.map(({ type, dim }) => (type === 'psd' ? dim : 0)));
  // These are the sizes that assembly/cone-program-data.ts lays out.
  const preparedSize = matricesSize(N, M);
  const sampleSize = N ** 2 + (N + M) * N + M ** 2 + 2 * N * M + 4 * M + 10 * order ** 2 + VECTORS * Math.max(N, M);
  const isShared = shared[0] && shared[1];
  const work = workOf(call);
  const room = reserveRoom(aside, { batch, isShared, preparedSize, sampleSize, work });
  const create = (operation: ConeProgramOperation, units: number, count: number): Instruction => {
    const instruction = new Instruction(Code.extra, ConeProgramFields.end + PROGRAM_BLOCK_WORDS * blocks.length)
      .set(Extra.operation, operation, units, 1, count)
      .setReals(Extra.work, work)
      .set(ConeProgramFields.P, P, A)
      .set(ConeProgramFields.prepared, room.prepared, room.space, room.spaceOfSample)
      .set(ConeProgramFields.batch, batch, n, m, bitsOf(shared), bitsOf(wide))
      .set(ConeProgramFields.blocks, blocks.length, order);
    for (const [index, { type, start, dim }] of blocks.entries()) {
      const at = ConeProgramFields.end + PROGRAM_BLOCK_WORDS * index;
      instruction.set(at + ProgramBlockFields.type, ConeType[type], start, dim);
    }
    return instruction;
  };
  const perform = create(ConeProgramOperation[call.kernel], batch, room.atOnce)
    .set(ConeProgramFields.out, out)
    .set(ConeProgramFields.b, ...others);
  if (call.kernel === 'coneInteriorPoint') {
    perform.set(ConeProgramFields.limit, call.limit).setReals(ConeProgramFields.absolute, call.absolute, call.relative);
  }
  return isShared ? [create(ConeProgramOperation.prepareConeProgram, 1, 1), perform] : [perform];
}

/** The approximate work of a sample, in multiplications. */
function workOf({ kernel, n, m, blocks }: ConeProgramCall): number {
  return (kernel === 'coneInteriorPoint' ? ITERATIONS : 2) * (workOfIteration(n, m) + workOfBlocks(n, blocks));
}
