/** What the tests of declarative nodes share. */
import { type Engine, jacobianVectorProduct, type Tensor, valueAndGrad } from '../../src/index.ts';
import { normals } from './numbers.ts';

/** The largest difference, relative where numbers are above 1. */
export const largestDifference = (found: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(found[index] - value) / Math.max(1, Math.abs(value))),
    found.length === expected.length ? 0 : Number.POSITIVE_INFINITY,
  );

/** A matrix as a tensor. */
export const matrixOn = (engine: Engine, rows: readonly (readonly number[])[]): Tensor =>
  engine.tensor(rows.flat(), [rows.length, rows[0].length]);

/** |⟨v, J·h⟩ − ⟨Jᵀv, h⟩| of a function of tensors, along random h and v, relative to what is compared. */
export async function adjointError(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Promise<number> {
  const engine = inputs[0].context as Engine;
  const directions = inputs.map((input, index) => engine.tensor(normals(input.size, 50 + index), input.shape));
  const [value, tangent] = await jacobianVectorProduct(f, [...inputs], directions);
  const v = engine.tensor(normals(value.size, 99), value.shape);
  const [, gradients] = await valueAndGrad(
    (...given: Tensor[]) =>
      f(...given)
        .mul(v)
        .sum(),
    [...inputs],
  );
  const [forward] = await tangent.mul(v).sum().data();
  const products = await Promise.all(gradients.map((each, index) => each.mul(directions[index]).sum().data()));
  const backward = products.reduce((sum, [product]) => sum + product, 0);
  return Math.abs(forward - backward) / Math.max(1, Math.abs(forward));
}
