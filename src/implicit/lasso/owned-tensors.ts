import type { Tensor } from '../../tensor/tensor.ts';

/** The tensors that are freed together with a solution. */
export class OwnedTensors {
  private readonly tensors: Tensor[];

  constructor(tensors: readonly Tensor[]) {
    this.tensors = [...tensors];
  }

  /** Adds the tensor, and returns it. */
  add(tensor: Tensor): Tensor {
    this.tensors.push(tensor);
    return tensor;
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose();
  }
}
