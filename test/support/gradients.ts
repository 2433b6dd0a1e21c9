import { expect } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { centralDifferences, gradientError, normals } from './numbers.ts';

type GradientCheck = (
  f: (...inputs: Tensor[]) => Tensor,
  arrays: readonly number[][],
  shapes: readonly number[][],
) => Promise<void>;

/** Compares the gradient of a weighted sum of f with central differences. */
export function gradientChecker(engine: Engine): GradientCheck {
  return async (f: (...inputs: Tensor[]) => Tensor, arrays: readonly number[][], shapes: readonly number[][]) => {
    const tensors = (values: readonly number[][]): Tensor[] =>
      values.map((array, index) => engine.tensor(array, shapes[index]));
    let weights: number[] | undefined;
    const loss = (...inputs: Tensor[]): Tensor => {
      const output = f(...inputs);
      weights ??= normals(output.size, 99);
      return output.mul(engine.tensor(weights, output.shape)).sum();
    };
    const [, gradients] = await valueAndGrad(loss, tensors(arrays));
    const lossAt = async (values: number[][]): Promise<number> => (await loss(...tensors(values)).data())[0];
    for (const [index, gradient] of gradients.entries()) {
      const differences = await centralDifferences(lossAt, arrays, index);
      expect(gradientError(await gradient.data(), differences)).toBeLessThan(1e-7);
    }
  };
}
