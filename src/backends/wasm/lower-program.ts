/** Lowers the calls of kernels for quadratic programs, which are in a module of their own. */
import type { InteriorPointCall, KernelCall, ProgramDerivativeCall } from '../kernels.ts';
import { Extra } from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Code } from './instructions.ts';
import type { Reservations } from './lower.ts';
import { ProgramFields, ProgramOperation } from './program-instructions.ts';
import { bitsOf, matricesSize, padded, reserveRoom, workOfIteration } from './program-room.ts';

/** The number of iterations of the interior point method that are assumed. */
const ITERATIONS = 8;
/** Vectors of a sample; see assembly/program-state.ts. */
const VECTORS = 35;

export type ProgramCall = InteriorPointCall | ProgramDerivativeCall;

export function isProgramCall(call: KernelCall): call is ProgramCall {
  return call.kernel in ProgramOperation;
}

export function lowerProgram(
  call: ProgramCall,
  operands: readonly number[],
  out: number,
  aside: Reservations,
): Instruction[] {
  const { batch, n, m } = call;
  const [N, M] = [n, m].map(padded);
  const [P, A] = call.kernel === 'interiorPoint' ? [operands[0], operands[2]] : operands;
  const [sharesP, sharesA] = call.kernel === 'interiorPoint' ? [call.shared[0], call.shared[2]] : call.shared;
  // These are the sizes that assembly/program-data.ts lays out.
  const preparedSize = matricesSize(N, M) + (N + M) * N + M ** 2;
  const sampleSize = (N + M) * N + M ** 2 + N ** 2 + M * N + 4 * M + VECTORS * Math.max(N, M);
  const isShared = sharesP && sharesA;
  const work = workOf(call);
  const room = reserveRoom(aside, { batch, isShared, preparedSize, sampleSize, work });
  const create = (operation: ProgramOperation, units: number, count: number): Instruction =>
    new Instruction(Code.extra, ProgramFields.end)
      .set(Extra.operation, operation, units, 1, count)
      .setReals(Extra.work, work)
      .set(ProgramFields.P, P, A)
      .set(ProgramFields.prepared, room.prepared, room.space, room.spaceOfSample)
      .set(ProgramFields.batch, batch, n, m, flagsOf(call, 'shared'), flagsOf(call, 'wide'));
  const perform = create(ProgramOperation[call.kernel], batch, room.atOnce).set(ProgramFields.out, out);
  if (call.kernel === 'interiorPoint') {
    const [, q, , l, u, x, y] = operands;
    perform.set(ProgramFields.q, q, l, u, x, y);
    perform.set(ProgramFields.limit, call.limit).setReals(ProgramFields.absolute, call.absolute, call.relative);
  } else
    perform.set(ProgramFields.activity, operands[2], operands[3]).set(ProgramFields.isTangent, Number(call.isTangent));
  return isShared ? [create(ProgramOperation.prepareProgram, 1, 1), perform] : [perform];
}

/** The approximate work of a sample, in multiplications. */
function workOf({ kernel, n, m }: ProgramCall): number {
  return (kernel === 'interiorPoint' ? ITERATIONS : 4) * workOfIteration(n, m);
}

/** The flags of the operands as bits, P and A first. */
function flagsOf(call: ProgramCall, flags: 'shared' | 'wide'): number {
  const given = call[flags];
  const ordered = call.kernel === 'interiorPoint' ? [given[0], given[2], given[1], ...given.slice(3)] : given;
  return bitsOf(ordered);
}
