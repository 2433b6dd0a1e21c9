/** The linear maps of recorded operations in both directions: forwards for tangents, and for bounds of the Jacobian. */
import type { Tensor } from '../tensor/tensor.ts';
import { FACTORS } from './derivatives.ts';
import { kinkDescription } from './kinks.ts';
import { checkShapes, type Entry, Linearisation } from './linearisation.ts';
import { type NormBound, normBoundOf } from './norm-bound.ts';
import { createPlayback, type PlaybackOptions } from './playback.ts';
import { PUSHFORWARDS } from './pushforwards.ts';
import { FOLLOWED, type Tape } from './tape.ts';

/** A module of its own, because training only goes backwards. */
export class JacobianProducts extends Linearisation {
  /**
   * Jv: the tangents of outputs, from those of watched tensors; zeros for an output that depends on none of them.
   * @param watched tensors that the tape follows; the output of an operation among them counts as independent of its
   *   inputs
   * @param tangents one of the same shape for each watched tensor
   * @throws Error if a custom operation on the way has no forward mode
   */
  pushforward(watched: readonly Tensor[], tangents: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
    checkShapes('tangents', tangents, watched);
    const found = new Map<number, Tensor>();
    for (const [at, tensor] of watched.entries()) {
      const index = this.indexOf(tensor);
      if (index === undefined) throw new Error(`autodiff: watched[${at}] is not followed by this tape`);
      found.set(index, tangents[at]);
    }
    const leading = this.leadingTo(outputs);
    for (const entry of this.entries) {
      if (leading.has(entry.outputIndex) && !found.has(entry.outputIndex)) this.pushForwardEntry(entry, found);
    }
    return outputs.map((output) => this.resultFor(output, found));
  }

  /** An upper bound of ‖∂output/∂x‖ for every selection at the kinks; Infinity if none is known. */
  normBound(output: Tensor, x: Tensor): NormBound {
    const bounds = new Map<number, NormBound>();
    const of = (index: number | undefined): NormBound => (index === undefined ? 0 : (bounds.get(index) ?? 0));
    for (const index of this.indicesOf([x])) bounds.set(index, 1);
    for (const entry of this.entries) {
      bounds.set(entry.outputIndex, normBoundOf(entry.operation, entry.inputIndices.map(of), entry));
    }
    return of(this.indexOf(output));
  }

  /** The numbers of all tensors that one of these depends on, and of these themselves. */
  private leadingTo(tensors: readonly Tensor[]): ReadonlySet<number> {
    const leading = this.indicesOf(tensors);
    for (const { inputIndices, outputIndex } of [...this.entries].reverse()) {
      if (!leading.has(outputIndex)) continue;
      for (const index of inputIndices) if (index !== undefined) leading.add(index);
    }
    return leading;
  }

  private pushForwardEntry(entry: Entry, found: Map<number, Tensor>): void {
    const tangents = entry.inputIndices.map((index) => (index === undefined ? undefined : found.get(index)));
    if (tangents.every((tangent) => tangent === undefined)) return;
    found.set(entry.outputIndex, PUSHFORWARDS[entry.operation](tangents, this.recorded(entry)));
  }
}

/**
 * The products of the operations recorded so far; derivatives of element-wise operations are computed when they are
 * needed.
 */
export function createProducts(tape: Tape, options: PlaybackOptions = {}): JacobianProducts {
  return new JacobianProducts(tape, tape.operations, createPlayback(tape, options));
}

/** Jv, as `JacobianProducts.pushforward`. */
export function pushforward(
  tape: Tape,
  watched: readonly Tensor[],
  tangents: readonly Tensor[],
  outputs: readonly Tensor[],
  options?: PlaybackOptions,
): Tensor[] {
  return createProducts(tape, options).pushforward(watched, tangents, outputs);
}

/** `pushforward`, followed by the tape so that the result can be differentiated again, as `Tape.followedPullback`. */
export function followedPushforward(
  tape: Tape,
  watched: readonly Tensor[],
  tangents: readonly Tensor[],
  outputs: readonly Tensor[],
): Tensor[] {
  const products = new JacobianProducts(tape, [...tape.operations], FOLLOWED);
  return tape.watchConstants(products.pushforward(watched, tangents, outputs));
}

/**
 * The same as `createProducts`, with the derivatives of element-wise operations computed once, here: for many products
 * with one Jacobian, as in the loop of a linear solver. Valid until the tape is disposed.
 */
export function createLinearisation(tape: Tape, options: PlaybackOptions = {}): JacobianProducts {
  const { factorOf, ...others } = createPlayback(tape, options);
  const entries = [...tape.operations];
  const withFactor = entries.filter(({ operation }) => kinkDescription(operation) || Object.hasOwn(FACTORS, operation));
  const factors = new Map(withFactor.map((entry) => [entry, factorOf(entry)]));
  const known = (entry: Entry): Tensor => factors.get(entry) ?? factorOf(entry);
  return new JacobianProducts(tape, entries, { ...others, factorOf: known });
}
