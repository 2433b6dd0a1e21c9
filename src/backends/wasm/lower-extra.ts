/** Lowers the calls of kernels that are in the second module. */
import type {
  BatchedInvertCall,
  BatchedProductCall,
  CholeskyCall,
  KernelCall,
  RowsCall,
  TriangularSolveCall,
} from '../kernels.ts';
import {
  BatchedProduct,
  COLUMNS,
  Extra,
  ExtraOperation,
  Factor,
  ProjectSimplex,
  TriangularSolve,
} from './extra-instructions.ts';
import { Instruction } from './instruction.ts';
import { Bias, Code } from './instructions.ts';
import { lowerEpilogue } from './lower-product.ts';

/** The number of multiplications between two looks at the clock: about a millisecond. */
const AT_ONCE = 2 ** 22;

/**
 * Creates an instruction of the second module with the fields that all of them share.
 * @param work multiplications in a unit
 */
function createExtra(
  operation: ExtraOperation,
  length: number,
  { units, even = 1, work }: { units: number; even?: number; work: number },
): Instruction {
  const atOnce = Math.min(units, Math.max(1, Math.ceil(AT_ONCE / work / even)) * even);
  return new Instruction(Code.extra, length)
    .set(Extra.operation, operation, units, even, atOnce)
    .setReals(Extra.work, work);
}

/** Row-wise operations of the second module. */
type ExtraRowsCall = RowsCall & { readonly operation: 'projectSimplex' };

export type ExtraCall = BatchedProductCall | BatchedInvertCall | CholeskyCall | TriangularSolveCall | ExtraRowsCall;

export function isExtra(call: KernelCall): call is ExtraCall {
  return (call.kernel === 'rows' ? call.operation : call.kernel) in ExtraOperation;
}

export function lowerExtra(call: ExtraCall, operands: readonly number[], out: number): Instruction[] {
  switch (call.kernel) {
    case 'batchedProduct':
      return lowerBatchedProduct(call, operands, out);
    case 'batchedInvert':
    case 'cholesky':
      return lowerFactorisation(call, operands, out);
    case 'triangularSolve':
      return [lowerTriangularSolve(call, operands, out)];
    case 'rows':
      return [lowerProjectSimplex(call, operands, out)];
  }
}

function lowerBatchedProduct(call: BatchedProductCall, operands: readonly number[], out: number): Instruction[] {
  const { batch, m, n, k } = call;
  const [a, b, bias] = operands;
  const multiplied = createExtra(ExtraOperation.batchedProduct, BatchedProduct.end, { units: batch, work: m * n * k })
    .set(BatchedProduct.out, out, a, b, bias, m, n, k, Number(call.transposeA), Number(call.transposeB))
    .set(BatchedProduct.sharedA, Number(call.sharedA), Number(call.sharedB), Bias[call.bias]);
  const isPlain = call.activation === 'identity' && !call.proximal && !call.residual && operands[3] === 0;
  return isPlain ? [multiplied] : [multiplied, lowerEpilogue(call, operands, out)];
}

/** Each instruction factorises some rows, or pivots, of every sample: so few that a unit takes about a millisecond. */
function lowerFactorisation(
  { kernel, batch, order, epsilon }: BatchedInvertCall | CholeskyCall,
  [matrix]: readonly number[],
  out: number,
): Instruction[] {
  const rows = Math.min(order, Math.max(1, Math.floor(AT_ONCE / order ** 2)));
  return Array.from({ length: Math.ceil(order / rows) }, (_, index) => {
    const start = index * rows;
    return createExtra(ExtraOperation[kernel], Factor.end, { units: batch, work: rows * order ** 2 })
      .set(Factor.out, out, matrix, order, start, Math.min(start + rows, order), batch)
      .setReals(Factor.least, order * epsilon);
  });
}

function lowerTriangularSolve(
  { batch, order, columns, transposed }: TriangularSolveCall,
  [matrix, right]: readonly number[],
  out: number,
): Instruction {
  const units = batch * Math.ceil(columns / COLUMNS);
  const work = order ** 2 * Math.min(columns, COLUMNS);
  return createExtra(ExtraOperation.triangularSolve, TriangularSolve.end, { units, work }).set(
    TriangularSolve.out,
    ...[out, matrix, right, order, columns, Number(transposed)],
  );
}

/** The number of multiplications that take as long as the passes over a number of a row. */
const ROW_WORK = 64;

function lowerProjectSimplex(
  { rows, columns, parameters: [radius] }: RowsCall,
  [x]: readonly number[],
  out: number,
): Instruction {
  const share = { units: rows, even: 4, work: columns * ROW_WORK };
  return createExtra(ExtraOperation.projectSimplex, ProjectSimplex.end, share)
    .set(ProjectSimplex.out, out, x, columns)
    .setReals(ProjectSimplex.radius, radius);
}
