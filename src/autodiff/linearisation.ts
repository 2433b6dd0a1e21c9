/** The linear maps of recorded operations backwards: Jᵀu. `JacobianProducts` has the forward direction. */
import { elementwise } from '../tensor/kernels.ts';
import { add, reshape } from '../tensor/operations.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import type { OperationName } from './definable.ts';
import { zerosLike } from './derivatives.ts';
import { PULLBACKS } from './pullbacks.ts';
import type { Recorded } from './recorded.ts';
import type { UniformSelection } from './selection.ts';

/** One operation on a tape. */
export interface Entry {
  readonly operation: OperationName;
  readonly inputs: readonly Tensor[];
  /** The numbers of the inputs on the tape; undefined for an input that the tape does not follow. */
  readonly inputIndices: readonly (number | undefined)[];
  readonly output: Tensor;
  readonly outputIndex: number;
  readonly attributes: object;
}

/** How a Linearisation takes derivatives. */
export interface Playback {
  /** The derivative of an element-wise operation. */
  readonly factorOf: (entry: Entry) => Tensor;
  /** The selection that solves inside of operations receive. */
  readonly selection?: UniformSelection;
  /**
   * Whether the tape follows the computation of the derivative, so that it can be differentiated again. Default
   * false.
   */
  readonly isFollowed?: boolean;
}

/**
 * One element of the Jacobian of every recorded operation. Products with it change nothing: they can be computed any
 * number of times, and in loops of a Program. Intermediate tensors join the arenas of the tensors that they are
 * computed from; outside of an arena (`engine.tidy`) they stay until the engine is closed.
 */
export class Linearisation {
  constructor(
    protected readonly recorder: Recorder,
    protected readonly entries: readonly Entry[],
    private readonly playback: Playback,
  ) {}

  /**
   * Jᵀu: the cotangents of watched tensors, from that of an output; zeros for a tensor that the output does not
   * depend on.
   * @param output a tensor that the tape follows
   * @param cotangent of the shape of `output`; default: ones, for which `output` must hold one number
   */
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    if (!cotangent && output.size !== 1) {
      throw new RangeError(`autodiff: the loss has shape ${formatShape(output.shape)}; it must hold one number`);
    }
    if (cotangent) checkShapes('cotangent', [cotangent], [output]);
    const cotangents = new Map<number, Tensor>();
    const start = this.indexOf(output);
    if (start !== undefined) cotangents.set(start, cotangent ?? elementwise('scale', [output], [0, 1]));
    const dependent = this.dependentOn(watched);
    for (const entry of [...this.entries].reverse()) {
      const incoming = cotangents.get(entry.outputIndex);
      if (incoming) this.pullBackEntry(entry, incoming, dependent, cotangents);
    }
    return watched.map((tensor) => this.resultFor(tensor, cotangents));
  }

  protected indexOf(tensor: Tensor): number | undefined {
    const { node } = tensor;
    return node?.recorder === this.recorder ? node.index : undefined;
  }

  protected resultFor(tensor: Tensor, found: ReadonlyMap<number, Tensor>): Tensor {
    const index = this.indexOf(tensor);
    const result = index === undefined ? undefined : found.get(index);
    return result ? reshape(result, tensor.shape) : zerosLike(tensor);
  }

  protected indicesOf(tensors: readonly Tensor[]): Set<number> {
    return new Set(tensors.map((tensor) => this.indexOf(tensor)).filter((index) => index !== undefined));
  }

  /**
   * The numbers of all tensors that depend on one of these, and of these themselves: other cotangents are not needed.
   */
  private dependentOn(tensors: readonly Tensor[]): ReadonlySet<number> {
    return dependentOn(this.indicesOf(tensors), this.entries);
  }

  protected recorded(entry: Entry): Recorded {
    const { factorOf, selection, isFollowed } = this.playback;
    const operation = isFollowed ? this.followedEntry(entry) : entry;
    const { inputs, output, attributes } = operation;
    let factor: Tensor | undefined;
    return {
      inputs,
      output,
      attributes,
      selection,
      factor: () => {
        factor ??= factorOf(operation);
        return factor;
      },
    };
  }

  /** The same operation on tensors that the tape follows. */
  private followedEntry(entry: Entry): Entry {
    const { inputs, inputIndices, output, outputIndex } = entry;
    return {
      ...entry,
      inputs: inputs.map((input, at) => this.createFollowedAlias(input, inputIndices[at])),
      output: this.createFollowedAlias(output, outputIndex),
    };
  }

  private createFollowedAlias(tensor: Tensor, index: number | undefined): Tensor {
    const alias = tensor.context.alias(tensor, tensor.shape);
    alias.node = index === undefined ? undefined : { recorder: this.recorder, index };
    return alias;
  }

  private pullBackEntry(
    entry: Entry,
    cotangent: Tensor,
    dependent: ReadonlySet<number>,
    cotangents: Map<number, Tensor>,
  ): void {
    const needed = entry.inputIndices.map((index) => index !== undefined && dependent.has(index));
    if (!needed.includes(true)) return;
    const results = PULLBACKS[entry.operation](cotangent, this.recorded(entry), needed);
    for (const [position, index] of entry.inputIndices.entries()) {
      const result = results[position];
      if (index === undefined || !needed[position] || !result) continue;
      const sum = cotangents.get(index);
      cotangents.set(index, sum ? add(sum, result) : result);
    }
  }
}

export function dependsOn({ inputIndices }: Pick<Entry, 'inputIndices'>, on: ReadonlySet<number | undefined>): boolean {
  return inputIndices.some((index) => index !== undefined && on.has(index));
}

/** The numbers of all tensors that depend on one of these, and of these themselves. */
export function dependentOn(indices: Iterable<number>, entries: readonly Entry[]): ReadonlySet<number> {
  const dependent = new Set(indices);
  for (const entry of entries) if (dependsOn(entry, dependent)) dependent.add(entry.outputIndex);
  return dependent;
}

/** @throws RangeError unless each tensor has the shape of its counterpart */
export function checkShapes(name: string, given: readonly Tensor[], needed: readonly Tensor[]): void {
  if (given.length !== needed.length) {
    throw new RangeError(`autodiff: ${name} holds ${given.length} tensors; it must hold ${needed.length}`);
  }
  for (const [index, { shape }] of given.entries()) {
    if (sameShape(shape, needed[index].shape)) continue;
    throw new RangeError(
      `autodiff: ${name}[${index}] has shape ${formatShape(shape)}; it must be ${formatShape(needed[index].shape)}`,
    );
  }
}
