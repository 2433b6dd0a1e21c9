/** Tensors of one number each, shared by all callers that need the same number. */
import type { Tensor } from './tensor.ts';

/**
 * Most programs use few tolerances, margins and step sizes; the bound keeps a program that tries many of them from
 * filling the memory.
 */
const MAXIMUM_SCALARS = 64;

export class ScalarCache {
  private readonly tensors = new Map<number, Tensor>();

  /** The tensor of this number; `create` makes it if there is none. Above the bound, the oldest one is disposed. */
  get(value: number, create: () => Tensor): Tensor {
    let tensor = this.tensors.get(value);
    if (!tensor) {
      if (this.tensors.size === MAXIMUM_SCALARS) this.forgetOldest();
      tensor = create();
      this.tensors.set(value, tensor);
    }
    return tensor;
  }

  /** The number whose tensor the predicate accepts. */
  find(isWanted: (tensor: Tensor) => boolean): number | undefined {
    for (const [value, tensor] of this.tensors) if (isWanted(tensor)) return value;
    return undefined;
  }

  clear(): void {
    this.tensors.clear();
  }

  private forgetOldest(): void {
    const [[value, oldest]] = this.tensors;
    this.tensors.delete(value);
    oldest.dispose();
  }
}
