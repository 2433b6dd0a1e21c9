/** Differentiation: a tape writes operations down and plays their derivatives backwards. */
import { Arena } from '../tensor/arena.ts';
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import { FACTORS } from './derivatives.ts';
import { isKinked, kinkDescription, kinkedDerivative, ownSelection } from './kinks.ts';
import { type Entry, Linearisation, type Played } from './linearisation.ts';
import { hasPullback } from './pullbacks.ts';

/**
 * An explicit object, never ambient: an operation is followed by the tape of its inputs, whatever else happens meanwhile.
 * It works alike on tensors of an engine and on those of a Program that is being traced. See Linearisation for what is
 * freed when.
 */
export class Tape implements Recorder {
  /** The tensors are held until the tape is disposed. */
  private readonly entries: Entry[] = [];
  reads = 0;
  private count = 0;
  /** Of the first tensor that is watched: what is held belongs there, whatever scope an operation is called in. */
  private arena: Arena | undefined;

  /** An alias of the tensor from which on operations are followed. */
  watch(tensor: Tensor): Tensor {
    const watched = tensor.context.alias(tensor, tensor.shape);
    if (this.count === 0) this.arena = watched.arena;
    watched.node = { recorder: this, index: this.count++ };
    return watched;
  }

  record(operation: string, inputs: readonly Tensor[], output: Tensor, attributes: object): void {
    if (!hasPullback(operation)) {
      throw new Error(
        `autodiff: the operation ${operation} is not known to be definable, and has no derivative; DEFINABLE lists those that are`,
      );
    }
    output.node = { recorder: this, index: this.count++ };
    // Aliases hold the numbers even where the caller disposes the tensors before they are differentiated.
    const alias = (tensor: Tensor): Tensor => {
      const held = tensor.context.alias(tensor, tensor.shape);
      Arena.move(held, this.arena);
      return held;
    };
    this.entries.push({
      operation,
      inputs: inputs.map(alias),
      // Inputs that another tape follows do not get this far.
      inputIndices: inputs.map((input) => input.node?.index),
      output: alias(output),
      outputIndex: output.node.index,
      attributes,
    });
  }

  /** Jᵀu, as Linearisation.pullback: the factors are made as they are needed. */
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    return new Linearisation(this, this.entries, OWN).pullback(output, watched, cotangent);
  }

  /**
   * The same, followed by this tape: what comes out can be differentiated again.
   * @throws Error at an operation whose derivative jumps, and at a custom one
   */
  followedPullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    const linearisation = new Linearisation(this, [...this.entries], FOLLOWED);
    return this.attached(linearisation.pullback(output, watched, cotangent));
  }

  /** A derivative that is the same everywhere is followed as well: its own is known, and 0. */
  attached(derivatives: readonly Tensor[]): Tensor[] {
    return derivatives.map((derivative) => (derivative.node ? derivative : this.watch(derivative)));
  }

  /** What is on the tape by now, in the order in which it was recorded. */
  get operations(): readonly Entry[] {
    return this.entries;
  }

  /** Of a tensor that this tape follows, the number that Entry tells it by. */
  indexOf(tensor: Tensor): number | undefined {
    const { node } = tensor;
    return node?.recorder === this ? node.index : undefined;
  }

  /** Of those that it follows. */
  indicesOf(tensors: readonly Tensor[]): number[] {
    return tensors.map((tensor) => this.indexOf(tensor)).filter((index) => index !== undefined);
  }

  /** Forgets all but the first operations, so many of them. */
  shorten(length: number): void {
    for (const { inputs, output } of this.entries.splice(length)) {
      for (const tensor of [...inputs, output]) tensor.dispose();
    }
  }

  /** Lets go of the tensors held for the derivatives. */
  dispose(): void {
    this.shorten(0);
  }

  /** Of a tensor that it holds, followed as that was when it was written down. */
  aliasOf(tensor: Tensor, index: number | undefined): Tensor {
    const alias = tensor.context.alias(tensor, tensor.shape);
    alias.node = index === undefined ? undefined : { recorder: this, index };
    return alias;
  }
}

/** At kinks with the selections with which the operations were called. */
const OWN: Played = { factorOf: ownFactor };

function ownFactor(entry: Entry): Tensor {
  const { operation, inputs, attributes } = entry;
  const kinks = kinkDescription(operation);
  return kinks ? kinkedDerivative(kinks, inputs, attributes, ownSelection(attributes)) : FACTORS[operation](entry);
}

/** Such that what comes out can be differentiated again. */
export const FOLLOWED: Played = { factorOf: followedFactor, isFollowed: true };

function followedFactor(entry: Entry): Tensor {
  if (!isKinked(entry.operation)) return FACTORS[entry.operation](entry);
  throw new Error(
    `autodiff: the derivative of ${entry.operation} jumps, so that it cannot be differentiated again; a function whose gradient ` +
      'is differentiated must be smooth',
  );
}
