/** Lowers products, and the epilogue that they share with batched products. */
import type { ActivationName, BatchedProductCall, ProductCall } from '../kernels.ts';
import { Instruction } from './instruction.ts';
import { Bias, Code, Operation, Product } from './instructions.ts';

/** Where the right operand of a product is packed. */
export interface Pack {
  readonly buffer: number;
  /** The word of the Program that is not 0 while the pack is valid; 0 where the operand is packed for each product. */
  readonly word: number;
}

const NO_OPERATION = -1;

export function lowerProduct(call: ProductCall, operands: readonly number[], out: number, pack: Pack): Instruction {
  return withEpilogue(Code.product, call, operands, out)
    .set(Product.packed, pack.buffer, pack.word)
    .set(Product.m, call.m, call.n, call.k, Number(call.transposeA), Number(call.transposeB));
}

/** The epilogue of a product that was computed into the result, with its bias, by another instruction. */
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

/** The Operation of an activation, or −1 for the identity. */
export function activationOf(name: ActivationName): number {
  return name === 'identity' ? NO_OPERATION : Operation[name];
}

export function proximalOf(name: ActivationName): Operation {
  return Operation[`proximal${name[0].toUpperCase()}${name.slice(1)}` as `proximal${Capitalize<ActivationName>}`];
}
