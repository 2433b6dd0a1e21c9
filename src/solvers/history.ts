/**
 * The last k vectors of each sample, [batch, k, n], in a ring. A slot, [1, k], is 1 at the row that is overwritten
 * next and 0 elsewhere.
 */
import { elementwise, product, reduceAxes, reduceRows } from '../tensor/kernels.ts';
import type { Context, Tensor } from '../tensor/tensor.ts';

export function createEmptyHistory(context: Context, [batch, n]: readonly number[], length: number): Tensor {
  return context.constant({ kind: 'fill', value: 0 }, [batch, length, n]);
}

export function createFirstSlot(context: Context, length: number): Tensor {
  const values = Array.from({ length }, (_, index) => (index === 0 ? 1 : 0));
  return context.constant({ kind: 'values', values }, [1, length]);
}

/** Moves the slot on around the ring: a product with the matrix of the cyclic shift. */
export function advanceSlot(slot: Tensor): Tensor {
  const length = slot.size;
  const values = Array.from({ length: length * length }, (_, at) =>
    at % length === (Math.floor(at / length) + 1) % length ? 1 : 0,
  );
  return product(slot, slot.context.constant({ kind: 'values', values }, [length, length]));
}

/** Puts x, [batch, n], into the slot of the history. */
export function storeInSlot(history: Tensor, slot: Tensor, x: Tensor): Tensor {
  const { context } = x;
  const [batch, n] = x.shape;
  return elementwise('select', [context.alias(slot, [1, slot.size, 1]), context.alias(x, [batch, 1, n]), history]);
}

/** Inner products of x, [batch, n], with each vector of the history: [batch, k]. */
export function computeInnerProducts(history: Tensor, x: Tensor): Tensor {
  const { context } = x;
  const [batch, length, n] = history.shape;
  const products = elementwise('multiply', [history, context.alias(x, [batch, 1, n])]);
  const sums = reduceRows('sum', [context.alias(products, [batch * length, n])]);
  return context.alias(sums, [batch, length]);
}

/** Computes Σⱼ cⱼ·(vector j), [batch, n], from coefficients [batch, k]. */
export function combineHistory(history: Tensor, coefficients: Tensor): Tensor {
  const { context } = history;
  const [batch, length] = coefficients.shape;
  const scaled = elementwise('multiply', [history, context.alias(coefficients, [batch, length, 1])]);
  return reduceAxes('sum', [scaled], 1, 2);
}
