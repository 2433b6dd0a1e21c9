/** Parameters as one row of numbers, and back. */
import type { Tensor } from '../../src/index.ts';

/** The numbers of all tensors, one after the other. */
export async function readNumbers(tensors: readonly Tensor[]): Promise<number[]> {
  const numbers = await Promise.all(tensors.map((tensor) => tensor.data()));
  return numbers.flatMap((data) => Array.from(data));
}

/** Numbers one after the other, cut into parts for tensors of these shapes. */
export function cutNumbers(numbers: readonly number[], shapes: readonly (readonly number[])[]): number[][] {
  let start = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    start += size;
    return numbers.slice(start - size, start);
  });
}
