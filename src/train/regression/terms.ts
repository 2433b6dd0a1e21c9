/** The losses of single numbers, before weights and means. */
import type { Tensor } from '../../tensor/tensor.ts';

/** ½r² for |r| ≤ δ, and δ(|r| − ½δ) beyond: with c = min(|r|, δ), both are c(|r| − ½c). */
export function huber(errors: Tensor, delta: number): Tensor {
  const size = errors.abs();
  const clipped = size.clip(0, delta);
  return clipped.mul(size.sub(clipped.mul(0.5)));
}
