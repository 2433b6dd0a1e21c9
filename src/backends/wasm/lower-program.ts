/** Lowers the calls of kernels for quadratic programs, which are in a module of their own. */
import type { InteriorPointCall, KernelCall, ProgramDerivativeCall } from '../kernels.ts';
import { Extra } from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Code } from './instructions.ts';
import type { Reservations } from './lower.ts';
import { ProgramFields, ProgramOperation } from './program-instructions.ts';

/** The work between two looks at the clock, as `workOf` counts it: some milliseconds on one thread. */
const AT_ONCE = 2 ** 24;
/** What the samples in progress may take, in numbers. */
const MEMORY = 2 ** 24;
/** The number of iterations of the interior point method that are assumed. */
const ITERATIONS = 8;
/** What an iteration does for each row and variable, in multiplications of a factorisation that take as long. */
const VECTOR_WORK = 128;
/** Vectors of a sample, see assembly/program-state.ts; and numbers before its matrices. */
const VECTORS = 35;
const FACTS = 8;

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
  const [wideN, wideM] = [4 * Math.ceil(n / 4), 4 * Math.ceil(m / 4)];
  const [P, A] = call.kernel === 'interiorPoint' ? [operands[0], operands[2]] : operands;
  const [sharesP, sharesA] = call.kernel === 'interiorPoint' ? [call.shared[0], call.shared[2]] : call.shared;
  // These are the sizes that assembly/program-data.ts lays out.
  const preparedSize = FACTS + wideN + wideM + wideN ** 2 + 2 * wideM * wideN + (wideN + wideM) * wideN + wideM ** 2;
  const sampleSize =
    (wideN + wideM) * wideN + wideM ** 2 + wideN ** 2 + wideM * wideN + 4 * wideM + VECTORS * Math.max(wideN, wideM);
  const isShared = sharesP && sharesA;
  const spaceOfSample = 8 * Math.ceil((sampleSize + (isShared ? 0 : preparedSize)) / 8);
  const work = workOf(call);
  const atOnce = Math.min(batch, Math.max(1, Math.floor(Math.min(AT_ONCE / work, MEMORY / spaceOfSample))));
  const prepared = isShared ? aside.reserve(2 * preparedSize) : 0;
  const create = (operation: ProgramOperation, units: number, count: number): Instruction =>
    new Instruction(Code.extra, ProgramFields.end)
      .set(Extra.operation, operation, units, 1, count)
      .setReals(Extra.work, work)
      .set(ProgramFields.P, P, A)
      .set(ProgramFields.prepared, prepared)
      .set(ProgramFields.batch, batch, n, m, bitsOf(call, 'shared'), bitsOf(call, 'wide'));
  const perform = create(ProgramOperation[call.kernel], batch, atOnce)
    .set(ProgramFields.out, out)
    .set(ProgramFields.space, aside.reserve(2 * spaceOfSample * atOnce), spaceOfSample);
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
  const iteration = (n * (n + m) ** 2) / 16 + VECTOR_WORK * (n + m);
  return kernel === 'interiorPoint' ? ITERATIONS * iteration : 4 * iteration;
}

/** The flags of the operands as bits, P and A first. */
function bitsOf(call: ProgramCall, flags: 'shared' | 'wide'): number {
  const given = call[flags];
  const ordered = call.kernel === 'interiorPoint' ? [given[0], given[2], given[1], ...given.slice(3)] : given;
  return ordered.reduce((bits, isSet, index) => bits | (Number(isSet) << index), 0);
}
