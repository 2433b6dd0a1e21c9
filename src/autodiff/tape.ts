/** Differentiation: a tape records operations and applies their derivatives backwards. */
import { Arena } from '../tensor/arena.ts';
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import { FACTORS } from './derivatives.ts';
import { computeKinkedDerivative, isKinked, kinkDescription, ownSelection } from './kinks.ts';
import { type Entry, Linearisation, type Playback } from './linearisation.ts';
import { hasPullback } from './pullbacks.ts';

/**
 * A tape is an explicit object, never ambient state: an operation is followed by the tape of its inputs, whatever
 * else runs meanwhile. It works for tensors of an engine and for those of a Program being traced. `Linearisation`
 * says what is freed when.
 */
export class Tape implements Recorder {
  /** The tape holds these tensors until it is disposed. */
  private readonly entries: Entry[] = [];
  reads = 0;
  private count = 0;
  /**
   * The arena of the first watched tensor. What the tape holds belongs there, even if an operation is called in
   * another scope.
   */
  private arena: Arena | undefined;

  /** Returns an alias of the tensor; from there on the tape follows operations. */
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
    // Aliases keep the numbers even if the caller disposes the tensors before they are differentiated.
    const alias = (tensor: Tensor): Tensor => {
      const held = tensor.context.alias(tensor, tensor.shape);
      Arena.move(held, this.arena);
      return held;
    };
    this.entries.push({
      operation,
      inputs: inputs.map(alias),
      // An input of another tape has been refused before.
      inputIndices: inputs.map((input) => input.node?.index),
      output: alias(output),
      outputIndex: output.node.index,
      attributes,
    });
  }

  /** Jᵀu, as `Linearisation.pullback`; derivatives of element-wise operations are computed when they are needed. */
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    return new Linearisation(this, this.entries, OWN).pullback(output, watched, cotangent);
  }

  /**
   * `pullback`, followed by this tape, so that the result can be differentiated again.
   * @throws Error at an operation with kinks, whose derivative jumps, and at a custom one
   */
  followedPullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    const linearisation = new Linearisation(this, [...this.entries], FOLLOWED);
    return this.watchConstants(linearisation.pullback(output, watched, cotangent));
  }

  /** Makes the tape follow derivatives that are constant too: their derivative is known to be 0. */
  watchConstants(derivatives: readonly Tensor[]): Tensor[] {
    return derivatives.map((derivative) => (derivative.node ? derivative : this.watch(derivative)));
  }

  /** The operations recorded so far, in their order. */
  get operations(): readonly Entry[] {
    return this.entries;
  }

  /** The number of a tensor that this tape follows, as `Entry` uses it. */
  indexOf(tensor: Tensor): number | undefined {
    const { node } = tensor;
    return node?.recorder === this ? node.index : undefined;
  }

  /** The numbers of those tensors that this tape follows. */
  indicesOf(tensors: readonly Tensor[]): number[] {
    return tensors.map((tensor) => this.indexOf(tensor)).filter((index) => index !== undefined);
  }

  /** Forgets all operations except the first `length` ones. */
  shorten(length: number): void {
    for (const { inputs, output } of this.entries.splice(length)) {
      for (const tensor of [...inputs, output]) tensor.dispose();
    }
  }

  /** Frees the tensors that the tape holds. */
  dispose(): void {
    this.shorten(0);
  }

  /** An alias of a tensor that the tape holds, followed as it was when it was recorded. */
  aliasOf(tensor: Tensor, index: number | undefined): Tensor {
    const alias = tensor.context.alias(tensor, tensor.shape);
    alias.node = index === undefined ? undefined : { recorder: this, index };
    return alias;
  }
}

/** At kinks it takes the selections with which the operations were called. */
const OWN: Playback = { factorOf: ownFactor };

function ownFactor(entry: Entry): Tensor {
  const { operation, inputs, attributes } = entry;
  const kinks = kinkDescription(operation);
  return kinks
    ? computeKinkedDerivative(kinks, inputs, attributes, ownSelection(attributes))
    : FACTORS[operation](entry);
}

/** Derivatives that can be differentiated again. */
export const FOLLOWED: Playback = { factorOf: followedFactor, isFollowed: true };

function followedFactor(entry: Entry): Tensor {
  if (!isKinked(entry.operation)) return FACTORS[entry.operation](entry);
  throw new Error(
    `autodiff: the derivative of ${entry.operation} jumps, so that it cannot be differentiated again; a function whose gradient ` +
      'is differentiated must be smooth',
  );
}
