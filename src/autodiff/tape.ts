/** Differentiation: a tape writes operations down and plays their derivatives backwards or forwards. */
import { Arena } from '../tensor/arena.ts';
import type { Recorder, Tensor } from '../tensor/tensor.ts';
import type { CustomOperation } from './custom.ts';
import { FACTORS } from './derivatives.ts';
import { isKinked, type KinkDescription, kinkDescription, kinkedDerivative, nearness } from './kinks.ts';
import { dependentOn, depends, type Entry, Linearisation, type Played } from './linearisation.ts';
import { hasPullback } from './pullbacks.ts';
import { attribute } from './recorded.ts';
import { isByPlace, type Selectable, type Selection, selectionsFor } from './selection.ts';

export interface PlayOptions {
  /** Which element of the Clarke intervals is taken. Default: the selections with which the operations were called. */
  selection?: Selection;
  /**
   * How far the x of each of `kinks()` may be from what it stands for, in that order: broadcasts to x. Within it the selection
   * applies. Default: within what rounding makes of a kink.
   */
  uncertainty?: readonly Tensor[];
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
  pullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor, options: PlayOptions = {}): Tensor[] {
    return new Linearisation(this, this.entries, this.played(options)).pullback(output, watched, cotangent);
  }

  /**
   * The same, followed by this tape: what comes out can be differentiated again.
   * @throws Error at an operation whose derivative jumps, and at a custom one
   */
  followedPullback(output: Tensor, watched: readonly Tensor[], cotangent?: Tensor): Tensor[] {
    return this.attached(this.followed().pullback(output, watched, cotangent));
  }

  /** Jv, followed likewise. */
  followedPushforward(watched: readonly Tensor[], tangents: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
    return this.attached(this.followed().pushforward(watched, tangents, outputs));
  }

  private followed(): Linearisation {
    return new Linearisation(this, [...this.entries], { factorOf: followedFactor, isFollowed: true });
  }

  /** A derivative that is the same everywhere is followed as well: its own is known, and 0. */
  private attached(derivatives: readonly Tensor[]): Tensor[] {
    return derivatives.map((derivative) => (derivative.node ? derivative : this.watch(derivative)));
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

  /** Whether a call on this tape named a selection. */
  get isSelected(): boolean {
    return this.kinked().some(({ entry: { attributes } }) => (attributes as { isSelected?: boolean }).isSelected);
  }

  /**
   * The operations with kinks that depend on one of the tensors, as a lifted system needs them, where the value of each is an
   * unknown of its own; their places are those among all that have kinks.
   * @param watched default: all operations with kinks
   * @param radius everything within it of a kink counts as at the kink; default: the tolerance of each row
   * @param uncertainty as in PlayOptions
   */
  lifted(watched?: readonly Tensor[], radius?: number, uncertainty?: readonly Tensor[]): LiftedOperation[] {
    const dependent = watched && dependentOn(this.indicesOf(watched), this.entries);
    return this.kinked().flatMap(({ entry, kinks }, place) => {
      if (dependent && !dependent.has(entry.outputIndex)) return [];
      const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
      const x = kinks.argument(inputs);
      const tolerance = radius === undefined ? kinks.tolerance(inputs) : x.context.upload([radius], [1], x);
      const ends = (within: Tensor): Tensor[] => {
        const near = nearness(within, uncertainty?.[place]);
        return [0, 1].map((q) => kinks.derivative(x, near, attributes, q));
      };
      const [low, high] = ends(tolerance);
      const [first, second] = inputs.map((input, index) => this.aliasOf(input, inputIndices[index]));
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
        output: this.aliasOf(output, outputIndex),
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
        const found = this.aliasOf(output, outputIndex);
        const given = inputs.map((input, at) => this.aliasOf(input, inputIndices[at]));
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

  private aliasOf(tensor: Tensor, index: number | undefined): Tensor {
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

  private played({ selection, uncertainty }: PlayOptions): Played {
    if (selection === undefined || !isByPlace(selection)) {
      return { factorOf: this.factors(selection, uncertainty), selection };
    }
    for (const { operation, attributes } of this.entries) {
      const { name, isSelectable = false } = attributes as CustomOperation;
      if (operation !== 'custom' || !isSelectable) continue;
      throw new Error(
        `autodiff: a selection by place does not reach ${name}, which the function calls; give one number, or numbers by ` +
          `operation, or give ${name} a selection of its own`,
      );
    }
    return { factorOf: this.factors(selection, uncertainty) };
  }

  private factors(
    selection: Selection | undefined,
    uncertainty: readonly Tensor[] | undefined,
  ): (entry: Entry) => Tensor {
    const kinked = this.kinked().map(({ entry }) => entry);
    const chosen = selectionsFor(this.selectables(), selection);
    const places = new Map(kinked.map((entry, index) => [entry, index]));
    return (entry) => {
      const { operation, inputs, attributes } = entry;
      const kinks = kinkDescription(operation);
      if (!kinks) return FACTORS[operation](entry);
      const place = places.get(entry) ?? -1;
      const q = chosen[place] ?? ownSelection(entry);
      return kinkedDerivative(kinks, inputs, attributes, q, uncertainty?.[place]);
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
