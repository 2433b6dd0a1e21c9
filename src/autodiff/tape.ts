/** Differentiation: a tape writes operations down and plays their derivatives backwards or forwards. */
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import type { CustomOperation } from './custom.ts';
import { FACTORS } from './derivatives.ts';
import { isKinked, type KinkDescription, kinkDescription, kinkedDerivative } from './kinks.ts';
import { dependentOn, depends, type Entry, Linearisation, type Played } from './linearisation.ts';
import { hasPullback } from './pullbacks.ts';
import { attribute } from './recorded.ts';
import { isList, type Selectable, type Selection, selectionsFor } from './selection.ts';

export interface PlayOptions {
  /** Which element of the Clarke intervals is taken. Default: the selections with which the operations were called. */
  selection?: Selection;
}

/** An operation on a tape that has kinks: a piecewise smooth function of x, element by element. */
export interface KinkedOperation {
  /** As in KINKS. */
  readonly operation: string;
  /** Its place among all operations on the tape, from 0; of a LiftedOperation among those with kinks. */
  readonly place: number;
  /** The pre-activations; of maximum and minimum the difference of their inputs, a − b. */
  readonly x: Tensor;
  /** The numbers at which x is at a kink. */
  readonly positions: readonly number[];
  /** How near a position counts as at it: [.., 1], for each row of x along the last axis, or [1]. */
  readonly tolerance: Tensor;
}

/** An operation with kinks, y = rest + σ(x): what a system in which y is an unknown is made of. */
export interface LiftedOperation extends KinkedOperation {
  /** The ends of the interval of the derivative in x: they are the same where x is at no kink. */
  readonly low: Tensor;
  readonly high: Tensor;
  /** The same, where what counts as at a kink is another tolerance. */
  readonly ends: (tolerance: Tensor) => Tensor[];
  /** y, followed by the tape. */
  readonly output: Tensor;
  /** x = plus − minus, followed by the tape where they depend on what it watches. */
  readonly argument: { readonly plus: Tensor; readonly minus?: Tensor };
  /** Of maximum and minimum, b in b + σ(a − b). */
  readonly rest: Tensor | undefined;
}

/** A custom operation whose equation is on the tape too. */
export interface UnfoldedSolution {
  /** Followed by the tape. */
  readonly output: Tensor;
  /** 0, followed by the tape: it depends on the output and on the inputs of the operation. */
  readonly residual: Tensor;
}

/** What `Tape.unfold` found. */
export interface Unfolded {
  readonly solutions: readonly UnfoldedSolution[];
  /** The names of the custom operations of which nobody knows whether they bend. */
  readonly opaque: readonly string[];
}

/**
 * An explicit object, never ambient: an operation is followed by the tape of its inputs, whatever else happens meanwhile.
 * It works alike on tensors of an engine and on those of a Program that is being traced. See Linearisation for what is
 * freed when.
 */
export class Tape implements Recorder {
  /** The tensors are held until the tape is disposed. */
  private readonly entries: Entry[] = [];
  private count = 0;

  /** An alias of the tensor from which on operations are followed. */
  watch(tensor: Tensor): Tensor {
    const watched = tensor.context.alias(tensor, tensor.shape);
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
    const alias = (tensor: Tensor): Tensor => tensor.context.alias(tensor, tensor.shape);
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
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor, options: PlayOptions = {}): Tensor[] {
    return new Linearisation(this, this.entries, this.played(options)).pullback(output, watched, cotangent);
  }

  /**
   * The same, followed by this tape: what comes out can be differentiated again.
   * @throws Error at an operation whose derivative jumps, and at a custom one
   */
  followedPullback(output: Tensor, watched: readonly Tensor[], cotangent: Tensor): Tensor[] {
    const played = { factorOf: followedFactor, isFollowed: true };
    return new Linearisation(this, this.entries, played).pullback(output, watched, cotangent);
  }

  /** Jv, as Linearisation.pushforward: the factors are made as they are needed. */
  pushforward(
    watched: readonly Tensor[],
    tangents: readonly Tensor[],
    outputs: readonly Tensor[],
    options: PlayOptions = {},
  ): Tensor[] {
    return new Linearisation(this, this.entries, this.played(options)).pushforward(watched, tangents, outputs);
  }

  /**
   * What is on the tape by now, with the derivatives of the element-wise operations made here, once: for many products with
   * one Jacobian, as in the loop of a linear solver. Of use until the tape is disposed.
   */
  linearised(options: PlayOptions = {}): Linearisation {
    const { factorOf, ...played } = this.played(options);
    const entries = [...this.entries];
    const withFactor = entries.filter(
      ({ operation }) => kinkDescription(operation) || Object.hasOwn(FACTORS, operation),
    );
    const factors = new Map(withFactor.map((entry) => [entry, factorOf(entry)]));
    return new Linearisation(this, entries, { ...played, factorOf: (entry) => factors.get(entry) ?? factorOf(entry) });
  }

  /** The operations with kinks, in the order in which they were recorded. Dispose their x and tolerance. */
  kinks(): KinkedOperation[] {
    return this.kinked().map(({ entry, place, kinks }) => {
      const { operation, inputs, attributes } = entry;
      const x = kinks.argument(inputs);
      const positions = kinks.positions(attributes);
      return {
        operation,
        place,
        x: inputs.includes(x) ? x.context.alias(x, x.shape) : x,
        positions,
        tolerance: kinks.tolerance(inputs),
      };
    });
  }

  /** What a selection with one entry for each of `kinks()` is made for. */
  selectables(): (Selectable & Pick<Entry, 'output' | 'outputIndex'>)[] {
    return this.kinked().map(({ entry: { operation, output, outputIndex } }) => ({
      ...{ operation, output, outputIndex },
      shape: output.shape,
    }));
  }

  /**
   * The operations with kinks that depend on one of the tensors, as a lifted system needs them, where the value of each is an
   * unknown of its own; their places are those among all that have kinks.
   * @param radius everything within it of a kink counts as at the kink; default: the tolerance of each row
   */
  lifted(watched: readonly Tensor[], radius?: number): LiftedOperation[] {
    const dependent = dependentOn(this.indicesOf(watched), this.entries);
    return this.kinked().flatMap(({ entry, kinks }, place) => {
      if (!dependent.has(entry.outputIndex)) return [];
      const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
      const x = kinks.argument(inputs);
      const tolerance = radius === undefined ? kinks.tolerance(inputs) : x.context.upload([radius], [1], x);
      const ends = (near: Tensor): Tensor[] => [0, 1].map((q) => kinks.derivative(x, near, attributes, q));
      const [low, high] = ends(tolerance);
      const [first, second] = inputs.map((input, index) => this.followed(input, inputIndices[index]));
      const isExtreme = operation === 'maximum' || operation === 'minimum';
      const lifted = {
        operation,
        place,
        x,
        positions: kinks.positions(attributes),
        tolerance,
        low,
        high,
        ends,
        output: this.followed(output, outputIndex),
        argument: isExtreme ? { plus: first, minus: second } : { plus: first },
        rest: isExtreme ? second : undefined,
      };
      return [lifted];
    });
  }

  /** What is on the tape by now, in the order in which it was recorded. */
  get operations(): readonly Entry[] {
    return this.entries;
  }

  /** Of a tensor that this tape follows, the number that Entry tells it by. */
  indexOf({ node }: Tensor): number | undefined {
    return node?.recorder === this ? node.index : undefined;
  }

  /**
   * Writes down the equations of all custom operations that depend on one of the tensors, and of those that these equations hold in
   * turn: their outputs can then be taken for unknowns. It is for those who examine a function: what is differentiated is recorded
   * before.
   * @param isWanted of which operations. Default: of all
   */
  unfold(watched: readonly Tensor[], isWanted: (operation: CustomOperation) => boolean = () => true): Unfolded {
    const solutions: UnfoldedSolution[] = [];
    const opaque: string[] = [];
    const dependent = new Set(this.indicesOf(watched));
    // The list grows on the way.
    for (const entry of this.entries) {
      const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
      if (!depends(entry, dependent)) continue;
      dependent.add(outputIndex);
      if (operation !== 'custom' || !isWanted(attributes as CustomOperation)) continue;
      const { name = 'a custom operation', isSmooth = false, equation } = attributes as CustomOperation;
      if (equation) {
        const found = this.followed(output, outputIndex);
        const given = inputs.map((input, at) => this.followed(input, inputIndices[at]));
        solutions.push({ output: found, residual: equation(found, given) });
      } else if (!isSmooth) opaque.push(name);
    }
    return { solutions, opaque };
  }

  private indicesOf(tensors: readonly Tensor[]): number[] {
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

  private followed(tensor: Tensor, index: number | undefined): Tensor {
    const alias = tensor.context.alias(tensor, tensor.shape);
    alias.node = index === undefined ? undefined : { recorder: this, index };
    return alias;
  }

  private kinked(): { entry: Entry; place: number; kinks: KinkDescription }[] {
    return this.entries.flatMap((entry, place) => {
      const kinks = kinkDescription(entry.operation);
      return kinks && kinks.positions(entry.attributes).length > 0 ? [{ entry, place, kinks }] : [];
    });
  }

  private played({ selection }: PlayOptions): Played {
    if (selection === undefined || !isList(selection)) return { factorOf: this.factors(selection), selection };
    for (const { operation, attributes } of this.entries) {
      const { name, isSelectable = false } = attributes as CustomOperation;
      if (operation !== 'custom' || !isSelectable) continue;
      throw new Error(
        `autodiff: a selection by place does not reach ${name}, which the function calls; give one number, or numbers by ` +
          `operation, or give ${name} a selection of its own`,
      );
    }
    return { factorOf: this.factors(selection) };
  }

  private factors(selection: Selection | undefined): (entry: Entry) => Tensor {
    const kinked = this.kinked().map(({ entry }) => entry);
    const chosen = selectionsFor(this.selectables(), selection);
    const selections = new Map(kinked.map((entry, index) => [entry, chosen[index]]));
    return (entry) => {
      const { operation, inputs, attributes } = entry;
      const kinks = kinkDescription(operation);
      if (!kinks) return FACTORS[operation](entry);
      return kinkedDerivative(kinks, inputs, attributes, selections.get(entry) ?? ownSelection(entry));
    };
  }
}

function followedFactor(entry: Entry): Tensor {
  if (!isKinked(entry.operation)) return FACTORS[entry.operation](entry);
  throw new Error(
    `autodiff: the derivative of ${entry.operation} jumps, so that it cannot be differentiated again; a function whose gradient ` +
      'is differentiated must be smooth',
  );
}

function ownSelection({ attributes }: Entry): number {
  return attribute<number>(attributes, 'selection');
}
