/** Lowers the calls of kernels for cone programs, which are in a module of their own. */
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

/** The work between two looks at the clock, as `workOf` counts it: some milliseconds on one thread. */
const AT_ONCE = 2 ** 24;
/** What the samples in progress may take, in numbers. */
const MEMORY = 2 ** 24;
/** The number of iterations of the interior point method that are assumed. */
const ITERATIONS = 12;
/** What an iteration does for each row and variable, in multiplications of a factorisation that take as long. */
const VECTOR_WORK = 128;
/** Of a semidefinite block of order k: k³ so often for its scaling, and for each variable. */
const SCALING_WORK = 32;
/** Vectors of a sample, and numbers before its matrices; see assembly/cone-program-data.ts. */
const VECTORS = 36;
const FACTS = 8;

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
  const [N, M] = [4 * Math.ceil(n / 4), 4 * Math.ceil(m / 4)];
  const order = Math.max(0, ...blocks.map(({ type, dim }) => (type === 'psd' ? dim : 0)));
  // These are the sizes that assembly/cone-program-data.ts lays out.
  const preparedSize = FACTS + N + M + N ** 2 + 2 * M * N;
  const sampleSize = N ** 2 + (N + M) * N + M ** 2 + 2 * N * M + 4 * M + 10 * order ** 2 + VECTORS * Math.max(N, M);
  const isShared = shared[0] && shared[1];
  const spaceOfSample = 8 * Math.ceil((sampleSize + (isShared ? 0 : preparedSize)) / 8);
  const work = workOf(call);
  const atOnce = Math.min(batch, Math.max(1, Math.floor(Math.min(AT_ONCE / work, MEMORY / spaceOfSample))));
  const prepared = isShared ? aside.reserve(2 * preparedSize) : 0;
  const space = aside.reserve(2 * spaceOfSample * atOnce);
  const create = (operation: ConeProgramOperation, units: number, count: number): Instruction => {
    const instruction = new Instruction(Code.extra, ConeProgramFields.end + PROGRAM_BLOCK_WORDS * blocks.length)
      .set(Extra.operation, operation, units, 1, count)
      .setReals(Extra.work, work)
      .set(ConeProgramFields.P, P, A)
      .set(ConeProgramFields.prepared, prepared, space, spaceOfSample, batch, n, m, bitsOf(shared), bitsOf(wide))
      .set(ConeProgramFields.blocks, blocks.length, order);
    for (const [index, { type, start, dim }] of blocks.entries()) {
      const at = ConeProgramFields.end + PROGRAM_BLOCK_WORDS * index;
      instruction.set(at + ProgramBlockFields.type, ConeType[type], start, dim);
    }
    return instruction;
  };
  const perform = create(ConeProgramOperation[call.kernel], batch, atOnce)
    .set(ConeProgramFields.out, out)
    .set(ConeProgramFields.b, ...others);
  if (call.kernel === 'coneInteriorPoint') {
    perform.set(ConeProgramFields.limit, call.limit).setReals(ConeProgramFields.absolute, call.absolute, call.relative);
  }
  return isShared ? [create(ConeProgramOperation.prepareConeProgram, 1, 1), perform] : [perform];
}

/** The approximate work of a sample, in multiplications. */
function workOf({ kernel, n, m, blocks }: ConeProgramCall): number {
  const ofBlocks = blocks.reduce((sum, { type, dim }) => sum + (type === 'psd' ? (SCALING_WORK + n) * dim ** 3 : 0), 0);
  const iteration = (n * (n + m) ** 2) / 16 + VECTOR_WORK * (n + m) + ofBlocks;
  return kernel === 'coneInteriorPoint' ? ITERATIONS * iteration : 2 * iteration;
}

function bitsOf(flags: readonly boolean[]): number {
  return flags.reduce((bits, isSet, index) => bits | (Number(isSet) << index), 0);
}
