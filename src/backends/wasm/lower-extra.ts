/** Calls of kernels that are in the second module. */
import type { BatchedProductCall } from '../kernels.ts';
import { BatchedProduct, Bias, Code, Extra, ExtraOperation } from './instructions.ts';
import { Instruction, lowerEpilogue } from './lower.ts';

/** Multiplications between two looks at the clock, about a millisecond of them. */
const AT_ONCE = 2 ** 22;

/** The head of an instruction. @param work multiplications of a unit */
function extra(
  operation: ExtraOperation,
  length: number,
  { units, even = 1, work }: { units: number; even?: number; work: number },
): Instruction {
  const atOnce = Math.min(units, Math.max(1, Math.ceil(AT_ONCE / work / even)) * even);
  return new Instruction(Code.extra, length)
    .set(Extra.operation, operation, units, even, atOnce)
    .setReals(Extra.work, work);
}

export function lowerBatchedProduct(call: BatchedProductCall, operands: readonly number[], out: number): Instruction[] {
  const { batch, m, n, k } = call;
  const [a, b, bias] = operands;
  const multiplied = extra(ExtraOperation.batchedProduct, BatchedProduct.end, { units: batch, work: m * n * k })
    .set(BatchedProduct.out, out, a, b, bias, m, n, k, Number(call.transposeA), Number(call.transposeB))
    .set(BatchedProduct.sharedA, Number(call.sharedA), Number(call.sharedB), Bias[call.bias]);
  const isPlain = call.activation === 'identity' && !call.proximal && !call.residual && operands[3] === 0;
  return isPlain ? [multiplied] : [multiplied, lowerEpilogue(call, operands, out)];
}
