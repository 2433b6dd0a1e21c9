/** Batches of cone programs, solved and differentiated by the kernels of cone-program-kernels.ts: on wasm only. */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import {
  CONE_DERIVATIVE_NUMBERS,
  CONE_PROGRAM_NUMBERS,
  type ConeProgramSizes,
  SYMMETRIC_CONES,
  workOfBlocks,
} from '../../backends/cone-program-kernels.ts';
import { WIDE_WORDS } from '../../backends/program-kernels.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkShape, isShared, isWide, type ProgramOperand, wordsOf } from '../programs/kernels.ts';
import type { WideTensor } from '../programs/wide.ts';

/** A program with more work than this takes the kernel longer than the turn of one task; see `fitsKernel`. */
const LARGEST_WORK = 2 ** 26;

/**
 * Whether programs of this size are for the kernels, which cannot be interrupted within a sample, and which have
 * symmetric cones alone. Others belong to the host.
 */
export function fitsKernel({ n, m, blocks }: Omit<ConeProgramSizes, 'batch'>): boolean {
  if (!blocks.every(({ type }) => SYMMETRIC_CONES.has(type))) return false;
  return n * (n + m) ** 2 + workOfBlocks(n, blocks) <= LARGEST_WORK;
}

/** P [n, n], A [m, n], b [m] and c [n]; each may have a leading axis `batch`. */
export type ConeOperands = Readonly<Record<'P' | 'A' | 'b' | 'c', ProgramOperand>>;

export interface ConeInteriorPointOptions extends ConeProgramSizes {
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
  /** Where to start: x [batch, n], y and s [batch, m]. */
  readonly initial?: Readonly<Partial<Record<'x' | 'y' | 's', ProgramOperand>>>;
}

/**
 * Solves a batch of programs; see `ConeInteriorPointCall`. Samples that were not solved say so in their numbers.
 * @returns x, y, s and CONE_PROGRAM_NUMBERS of each sample, [batch, n + 2m + 8]
 * @throws RangeError if shapes do not fit
 */
export function coneInteriorPoint({ P, A, b, c }: ConeOperands, options: ConeInteriorPointOptions): WideTensor {
  const { batch, n, m, blocks, absolute, relative, limit, initial = {} } = options;
  const shared = [...sharedMatrices({ P, A }, options), isShared('b', b, batch, [m]), isShared('c', c, batch, [n])];
  if (initial.x) checkShape('initial.x', initial.x, [batch, n]);
  if (initial.y) checkShape('initial.y', initial.y, [batch, m]);
  if (initial.s) checkShape('initial.s', initial.s, [batch, m]);
  const all = [P, A, b, c, initial.x, initial.y, initial.s];
  const call = {
    ...{ kernel: 'coneInteriorPoint' as const, batch, n, m, blocks, shared, wide: all.map(isWide) },
    ...{ absolute, relative, limit },
  };
  const shape = [batch, n + 2 * m + CONE_PROGRAM_NUMBERS.length, WIDE_WORDS];
  const operands = all.map((operand) => operand && wordsOf(operand));
  return { words: wordsOf(P).context.call(call, operands, shape) };
}

export interface ConeDerivativeOptions extends ConeProgramSizes {
  /** The result of `coneInteriorPoint`. */
  readonly point: WideTensor;
  /** (x̄, ȳ, s̄), [batch, n + 2m]. */
  readonly cotangent: ProgramOperand;
}

/**
 * Solves the adjoint systems of a batch of programs; see `ConeDerivativeCall`.
 * @returns w_u, w_v and CONE_DERIVATIVE_NUMBERS of each sample, [batch, n + m + 6]
 * @throws RangeError if shapes do not fit
 */
export function coneDerivative(
  { P, A }: Pick<ConeOperands, 'P' | 'A'>,
  { batch, n, m, blocks, point, cotangent }: ConeDerivativeOptions,
): WideTensor {
  const shared = sharedMatrices({ P, A }, { batch, n, m });
  checkShape('point', point, [batch, n + 2 * m + CONE_PROGRAM_NUMBERS.length]);
  checkShape('cotangent', cotangent, [batch, n + 2 * m]);
  const wide = [P, A, cotangent].map(isWide);
  const call = { kernel: 'coneDerivative' as const, batch, n, m, blocks, shared, wide };
  const shape = [batch, n + m + CONE_DERIVATIVE_NUMBERS.length, WIDE_WORDS];
  const operands: Tensor[] = [P, A, point, cotangent].map(wordsOf);
  return { words: operands[0].context.call(call, operands, shape) };
}

function sharedMatrices(
  { P, A }: Pick<ConeOperands, 'P' | 'A'>,
  { batch, n, m }: Pick<ConeProgramSizes, 'batch' | 'n' | 'm'>,
): boolean[] {
  return [isShared('P', P, batch, [n, n]), isShared('A', A, batch, [m, n])];
}

/** What tells the kernels for one kind of cones from those for another. */
export function keyOfBlocks(blocks: readonly ConeBlock[]): string {
  return blocks.map(({ type, dim }) => `${type} ${dim}`).join();
}
