/** Reverse-mode differentiation: a tape writes operations down and plays their pullbacks backwards. */
import { elementwise } from '../tensor/kernels.ts';
import { describe } from '../tensor/shape.ts';
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import { PULLBACKS, type Pullback } from './pullbacks.ts';

/** What is known of an operation when its pullback runs. The tensors are held until the tape is disposed. */
interface Entry {
  readonly operation: string;
  readonly pullback: Pullback;
  readonly inputs: readonly Tensor[];
  readonly inputIndices: readonly (number | undefined)[];
  readonly output: Tensor;
  readonly outputIndex: number;
  readonly attributes: object;
}

/**
 * An explicit object, never ambient: an operation is followed by the tape of its inputs, whatever else happens meanwhile.
 */
export class Tape implements Recorder {
  private readonly entries: Entry[] = [];
  private count = 0;

  /** An alias of the tensor from which on operations are followed. */
  watch(tensor: Tensor): Tensor {
    const watched = tensor.context.alias(tensor, tensor.shape);
    watched.node = { recorder: this, index: this.count++ };
    return watched;
  }

  record(operation: string, inputs: readonly Tensor[], output: Tensor, attributes: object): void {
    const pullback = PULLBACKS[operation];
    if (!pullback) throw new Error(`autodiff: the operation ${operation} has no pullback`);
    output.node = { recorder: this, index: this.count++ };
    // Aliases hold the numbers even where the caller disposes the tensors before the backward pass.
    const alias = (tensor: Tensor): Tensor => tensor.context.alias(tensor, tensor.shape);
    this.entries.push({
      operation,
      pullback,
      inputs: inputs.map(alias),
      inputIndices: inputs.map((input) => input.node?.index),
      output: alias(output),
      outputIndex: output.node.index,
      attributes,
    });
  }

  /**
   * The cotangents of watched tensors, given that of an output.
   * @param output a tensor followed by this tape
   * @param cotangent of the shape of `output`; default: ones, for which `output` must hold one number
   */
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    if (!cotangent && output.size !== 1) {
      throw new RangeError(`autodiff: the loss has shape ${describe(output.shape)}; it must hold one number`);
    }
    const cotangents = new Map<number, Tensor>();
    if (output.node?.recorder === this) {
      cotangents.set(output.node.index, cotangent ?? elementwise('scale', [output], [0, 1]));
    }
    for (const entry of [...this.entries].reverse()) {
      const incoming = cotangents.get(entry.outputIndex);
      if (incoming) this.backward(entry, incoming, cotangents);
    }
    return watched.map((tensor) => {
      const index = tensor.node?.index;
      const found = index === undefined ? undefined : cotangents.get(index);
      return found ? tensor.context.alias(found, tensor.shape) : elementwise('scale', [tensor], [0, 0]);
    });
  }

  /** Lets go of the tensors held for the pullbacks. */
  dispose(): void {
    for (const { inputs, output } of this.entries) for (const tensor of [...inputs, output]) tensor.dispose();
    this.entries.length = 0;
  }

  private backward(entry: Entry, cotangent: Tensor, cotangents: Map<number, Tensor>): void {
    const { inputs, output, attributes, inputIndices } = entry;
    const needed = inputIndices.map((index) => index !== undefined);
    const results = entry.pullback(cotangent, { inputs, output, attributes, needed });
    for (const [position, index] of inputIndices.entries()) {
      const result = results[position];
      if (index === undefined || !result) continue;
      const sum = cotangents.get(index);
      cotangents.set(index, sum ? elementwise('add', [sum, result]) : result);
    }
  }
}
