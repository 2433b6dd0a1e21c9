/** Batches of quadratic programs, solved and differentiated by the kernels of program-kernels.ts: on wasm only. */
import { DERIVATIVE_NUMBERS, PROGRAM_NUMBERS, type ProgramSizes, WIDE_WORDS } from '../../backends/program-kernels.ts';
import { takePart } from '../../tensor/move-kernels.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { WideTensor } from './wide.ts';

/** A program with more work than this takes the kernel longer than the turn of one task; see `fitsKernel`. */
const LARGEST_WORK = 2 ** 27;

/**
 * Whether programs of this size are for the kernels, which cannot be interrupted within a sample. Larger ones belong to
 * the host, which can, and which makes use of zeros.
 */
export function fitsKernel({ n, m }: Pick<ProgramSizes, 'n' | 'm'>): boolean {
  return n * (n + m) ** 2 <= LARGEST_WORK;
}

/** Numbers in float32 or float64. */
export type ProgramOperand = Tensor | WideTensor;

/** P [n, n], q [n], A [m, n], l and u [m]; each may have a leading axis `batch`. |bound| ≥ 1e20 stands for none. */
export interface ProgramOperands {
  readonly P: ProgramOperand;
  readonly q: ProgramOperand;
  readonly A: ProgramOperand;
  readonly l: ProgramOperand;
  readonly u: ProgramOperand;
}

export interface InteriorPointOptions extends ProgramSizes {
  readonly absolute: number;
  readonly relative: number;
  /** The largest number of iterations. */
  readonly limit: number;
  /** Where to start: x [batch, n], and y [batch, m], which needs x. */
  readonly initial?: { readonly x?: ProgramOperand; readonly y?: ProgramOperand };
}

/** x [batch, n], y and z = Ax [batch, m]. */
type Point<Numbers> = Readonly<Record<'x' | 'y' | 'z', Numbers>>;

export interface InteriorPointResult extends Point<Tensor> {
  /** The same in float64. */
  readonly wide: Point<WideTensor>;
  /** [batch, 9]: PROGRAM_NUMBERS of each sample. */
  readonly numbers: Tensor;
}

/**
 * Solves a batch of programs; see `InteriorPointCall`. Samples that were not solved say so in their numbers.
 * @throws RangeError if shapes do not fit
 */
export function interiorPoint(operands: ProgramOperands, options: InteriorPointOptions): InteriorPointResult {
  const { batch, n, m, absolute, relative, limit, initial = {} } = options;
  const { P, q, A, l, u } = operands;
  const shared = [
    isShared('P', P, batch, [n, n]),
    isShared('q', q, batch, [n]),
    isShared('A', A, batch, [m, n]),
    isShared('l', l, batch, [m]),
    isShared('u', u, batch, [m]),
  ];
  if (initial.x) checkShape('initial.x', initial.x, [batch, n]);
  if (initial.y) checkShape('initial.y', initial.y, [batch, m]);
  const all = [P, q, A, l, u, initial.x, initial.x && initial.y];
  const sizes = { batch, n, m };
  const call = { kernel: 'interiorPoint' as const, ...sizes, shared, wide: all.map(isWide), absolute, relative, limit };
  const { context } = wordsOf(P);
  const parts = [n, m, m].map((count) => batch * count);
  const half = batch * (n + 2 * m);
  const whole = context.call(
    call,
    all.map((operand) => operand && wordsOf(operand)),
    [3 * half + batch * PROGRAM_NUMBERS.length],
  );
  const [inX, inY] = [parts[0], parts[0] + parts[1]];
  return {
    wide: {
      x: { words: takePart(whole, 0, [batch, n, WIDE_WORDS]) },
      y: { words: takePart(whole, 2 * inX, [batch, m, WIDE_WORDS]) },
      z: { words: takePart(whole, 2 * inY, [batch, m, WIDE_WORDS]) },
    },
    x: takePart(whole, 2 * half, [batch, n]),
    y: takePart(whole, 2 * half + inX, [batch, m]),
    z: takePart(whole, 2 * half + inY, [batch, m]),
    numbers: takePart(whole, 3 * half, [batch, PROGRAM_NUMBERS.length]),
  };
}

export interface ProgramDerivativeOptions extends ProgramSizes {
  /** [batch, m]: 1 for active rows, 0 for others. A sample with another number is left to the host. */
  readonly activity: Tensor;
  /**
   * (x̄, ȳ, z̄) [batch, n + 2m], the cotangents of x, y and z, or, for tangents, (−(dP x + dq + dAᵀy), db − dA x)
   * [batch, n + m], where db is that of the bound at which a row is.
   */
  readonly right: ProgramOperand;
  readonly isTangent: boolean;
}

export interface ProgramDerivativeResult {
  /** (w_u, w_v) or (dx, dy), [batch, n + m]. */
  readonly solution: Tensor;
  /** The same in float64. */
  readonly wide: WideTensor;
  /** [batch, 4]: DERIVATIVE_NUMBERS of each sample. */
  readonly numbers: Tensor;
}

/**
 * Solves the linear system behind the derivatives of a batch of programs; see `ProgramDerivativeCall`.
 * @throws RangeError if shapes do not fit
 */
export function programDerivative(
  { P, A }: Pick<ProgramOperands, 'P' | 'A'>,
  { batch, n, m, activity, right, isTangent }: ProgramDerivativeOptions,
): ProgramDerivativeResult {
  const shared = [isShared('P', P, batch, [n, n]), isShared('A', A, batch, [m, n])];
  checkShape('activity', activity, [batch, m]);
  checkShape('right', right, [batch, isTangent ? n + m : n + 2 * m]);
  const wide = [P, A, right].map(isWide);
  const call = { kernel: 'programDerivative' as const, batch, n, m, shared, wide, isTangent };
  const size = batch * (n + m);
  const whole = activity.context.call(
    call,
    [wordsOf(P), wordsOf(A), activity, wordsOf(right)],
    [3 * size + batch * DERIVATIVE_NUMBERS.length],
  );
  return {
    wide: { words: takePart(whole, 0, [batch, n + m, WIDE_WORDS]) },
    solution: takePart(whole, 2 * size, [batch, n + m]),
    numbers: takePart(whole, 3 * size, [batch, DERIVATIVE_NUMBERS.length]),
  };
}

/** Whether an operand is in the float64 form. */
export function isWide(operand: ProgramOperand | undefined): boolean {
  return operand !== undefined && 'words' in operand;
}

/** The tensor that holds an operand. */
export function wordsOf(operand: ProgramOperand): Tensor {
  return 'words' in operand ? operand.words : operand;
}

/** The shape of the numbers. */
function shapeOf(operand: ProgramOperand): Shape {
  return 'words' in operand ? operand.words.shape.slice(0, -1) : operand.shape;
}

/** @throws RangeError if the shape is another one */
export function checkShape(name: string, operand: ProgramOperand, shape: Shape): void {
  if (!sameShape(shapeOf(operand), shape)) {
    throw new RangeError(`${name}: its shape is ${formatShape(shapeOf(operand))}; it must be ${formatShape(shape)}`);
  }
}

/** Whether all samples share the operand. */
export function isShared(name: string, operand: ProgramOperand, batch: number, shape: Shape): boolean {
  const given = shapeOf(operand);
  if (sameShape(given, shape)) return true;
  if (sameShape(given, [batch, ...shape])) return false;
  throw new RangeError(
    `${name}: its shape is ${formatShape(given)}; it must be ${formatShape(shape)} or ${formatShape([batch, ...shape])}`,
  );
}
