/** Products, and the epilogue that they share with products of batches. */
import type { ActivationName, BatchedProductCall, ProductCall } from '../kernels.ts';
import { Instruction } from './instruction.ts';
import { Bias, Code, Operation, Product } from './instructions.ts';

/** Where the right operand of a product is packed: a buffer, and the word that tells whether it is there (0: each time). */
export interface Pack {
  readonly buffer: number;
  readonly word: number;
}

const NO_OPERATION = -1;

export function lowerProduct(call: ProductCall, operands: readonly number[], out: number, pack: Pack): Instruction {
  return withEpilogue(Code.product, call, operands, out)
    .set(Product.packed, pack.buffer, pack.word)
    .set(Product.m, call.m, call.n, call.k, Number(call.transposeA), Number(call.transposeB));
}

/** The epilogue of what lies in the result already, bias and all. */
export function lowerEpilogue(call: BatchedProductCall, operands: readonly number[], out: number): Instruction {
  return withEpilogue(Code.finish, call, operands, out).set(Product.m, call.batch * call.m, call.n);
}

function withEpilogue(
  code: Code,
  call: ProductCall | BatchedProductCall,
  [a, b, bias, scale, prior, step]: readonly number[],
  out: number,
): Instruction {
  const sigma = call.proximal ? proximalOf(call.activation) : activationOf(call.activation);
  return new Instruction(code, Product.end)
    .set(Product.out, out, a, b, bias, scale, prior, call.proximal ? step : 0)
    .set(Product.biasKind, Bias[call.bias], sigma)
    .setReals(Product.p0, ...call.activationParameters)
    .set(Product.residual, Number(call.residual));
}

/** Operation, or −1. */
export function activationOf(name: ActivationName): number {
  return name === 'identity' ? NO_OPERATION : Operation[name];
}

export function proximalOf(name: ActivationName): Operation {
  return Operation[`proximal${name[0].toUpperCase()}${name.slice(1)}` as `proximal${Capitalize<ActivationName>}`];
}
