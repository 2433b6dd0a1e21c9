/** An equation F(z, x, …) = 0 that a user wrote with tensor operations, as the solvers see it: each row is a sample. */
import { createResultError } from '../arguments/check.ts';
import { createLinearisation } from '../autodiff/jacobian-products.ts';
import { isSelectedOn, kinksOn, liftedOn, selectablesOn } from '../autodiff/kinked-operations.ts';
import type { NormBound } from '../autodiff/norm-bound.ts';
import { Tape } from '../autodiff/tape.ts';
import type { KrylovProblem } from '../solvers/krylov.ts';
import type { Engine } from '../tensor/engine.ts';
import { divideOrZero, elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import type { KinkedArgument } from './kinks.ts';
import { type Asked, findStructure, type Mixing, type Structure } from './samples/structure.ts';
import { type ImplicitSelection, selectionOnTape } from './selections.ts';
import { type UnfoldedSolution, unfold } from './unfold.ts';

/**
 * A function of the unknown and the inputs, written with tensor operations; returns a tensor of the unknown's shape.
 */
export type ImplicitFunction = (unknown: Tensor, ...inputs: Tensor[]) => Tensor;

/** An unknown of any shape, laid out as [batch, n]. */
export interface SampleRows {
  readonly shape: Shape;
  readonly batch: number;
  readonly n: number;
}

/**
 * The first axis counts samples, each an equation of its own. Where `coupled` is set, or with a single axis, all is one
 * system.
 */
export function rowsOf(shape: Shape, coupled: boolean): SampleRows {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const batch = coupled || shape.length < 2 ? 1 : shape[0];
  return { shape, batch, n: size / batch };
}

export class ImplicitSystem {
  constructor(
    readonly what: string,
    private readonly f: ImplicitFunction,
    /** root: F(z) = f(z). fixed point: F(z) = z − f(z). */
    readonly kind: 'root' | 'fixed point',
    readonly rows: SampleRows,
    readonly inputs: readonly Tensor[],
    private readonly selection: ImplicitSelection | undefined,
    /** The number added to ‖z‖ in relative residuals, [batch]. Default: ε. */
    private readonly least?: Tensor,
  ) {}

  /**
   * The same equation, solved from this start. In its relative residuals, ε is scaled by ‖x‖ + ‖F(x)‖ where that is
   * less than 1: otherwise 0 would pass as a solution of an equation whose numbers are all smaller than ε.
   * @param image f(x). Without it, as for an x that is taken as the solution, the scale is ‖x‖, and 1 where x is 0
   */
  withStart(x: Tensor, image?: Tensor): ImplicitSystem {
    const { what, f, kind, rows, inputs, selection } = this;
    const { context } = x;
    const sizes = [x, ...(image ? [this.value(x, image)] : [])].map((one) => reduceRows('norm', [one]));
    const size = sizes.reduce((sum, each) => elementwise('add', [sum, each]));
    const number = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
    const isLess = elementwise('greater', [number(1), size]); // not where it is NaN
    const isUnit = image ? isLess : elementwise('multiply', [isLess, elementwise('greater', [size, number(0)])]);
    const unit = elementwise('select', [isUnit, size, number(1)]);
    return new ImplicitSystem(
      what,
      f,
      kind,
      rows,
      inputs,
      selection,
      elementwise('scale', [unit], [context.epsilon, 0]),
    );
  }

  /** The user's function at x, [batch, n]. @param x [batch, n] */
  image(x: Tensor, inputs: readonly Tensor[] = this.inputs): Tensor {
    const { shape, batch, n } = this.rows;
    const image = this.f(x.reshape(shape), ...inputs);
    if (!isTensor(image)) throw createResultError(`${this.what}: the function`, image, 'a tensor');
    if (!sameShape(image.shape, shape)) {
      throw new RangeError(
        `${this.what}: the function returned the shape ${formatShape(image.shape)}; it must return that of the unknown, ${formatShape(shape)}`,
      );
    }
    this.checkOrigin(image, [x, ...inputs]);
    return image.reshape([batch, n]);
  }

  /**
   * @throws Error where the function uses a tensor that is being differentiated and is not among its inputs: it would
   *   get no gradient
   */
  private checkOrigin({ node }: Tensor, given: readonly Tensor[]): void {
    if (!node || given.some((one) => one.node?.recorder === node.recorder)) return;
    throw new Error(
      `${this.what}: the function uses a tensor from outside that is being differentiated; pass it as one of the inputs, so that its derivative is not lost`,
    );
  }

  /** F(x). @param image f(x) */
  value(x: Tensor, image: Tensor): Tensor {
    return this.kind === 'root' ? image : elementwise('subtract', [x, image]);
  }

  /**
   * An entry of a derivative of F, from the same entry for f.
   * @param isDiagonal whether it is a diagonal entry of ∂F/∂z
   */
  derivativeEntry(entry: number, isDiagonal: boolean): number {
    if (this.kind === 'root') return entry;
    return (isDiagonal ? 1 : 0) - entry;
  }

  /** ‖F(x)‖ / (ε + ‖x‖) for each sample, [batch]. `withStart` puts another number in place of ε. @param image f(x) */
  residual(x: Tensor, image: Tensor): Tensor {
    return this.relativeResidual(x, reduceRows('norm', [this.value(x, image)]));
  }

  /** `residual`, from size = ‖F(x)‖. NaN where ‖x‖ has overflowed: no residual counts as small beside it. */
  relativeResidual(x: Tensor, size: Tensor): Tensor {
    const norm = reduceRows('norm', [x]);
    const { least } = this;
    return divideOrZero(
      size,
      least ? elementwise('add', [norm, least]) : elementwise('scale', [norm], [1, x.context.epsilon]),
    );
  }

  /** Evaluates the user's function at x on a tape. */
  record(x: Tensor): RecordedImage {
    const tape = new Tape();
    const unknown = tape.watch(x);
    const inputs = this.inputs.map((input) => tape.watch(input));
    return { tape, unknown, inputs, image: this.image(unknown, inputs) };
  }

  /**
   * Finds the samples to which the values asked for belong, and whether rows depend on one another.
   * @param unfolded the solutions that `unfold` found. Default: found here
   */
  structure(
    { tape, unknown, inputs, image }: RecordedImage,
    asked: readonly Asked[],
    unfolded?: readonly UnfoldedSolution[],
  ): Structure {
    const { batch } = this.rows;
    if (batch === 1) return { mixing: undefined, places: asked.map(() => ({ batch, own: 'rows' })) };
    const { length } = tape.operations;
    // The rows of rowwise operations are known, so that their equations are not needed.
    const needed = unfolded ?? unfold(tape, [unknown], ({ isRowwise }) => !isRowwise).solutions;
    const solutions = needed.map(({ output, residual }) => ({
      output: tape.indexOf(output) as number,
      residual: tape.indexOf(residual),
    }));
    const from = { index: tape.indexOf(unknown) as number, size: unknown.size };
    const given = inputs.map((input) => ({ index: tape.indexOf(input) as number, shape: input.shape }));
    const found = findStructure(
      { entries: tape.operations, solutions, unknown: from, inputs: given, image: tape.indexOf(image), batch },
      asked,
    );
    if (!unfolded) tape.shorten(length);
    return found;
  }

  /**
   * Evaluates the user's function at x, and checks that it does not mix rows.
   * @returns f(x), and whether the trace leaves it in doubt that rows are not mixed
   * @throws RangeError where it mixes rows
   */
  evaluateRowwise(x: Tensor): { readonly image: Tensor; readonly isDoubtful: boolean } {
    const recorded = this.record(x);
    const { mixing } = this.structure(recorded, []);
    recorded.tape.dispose();
    if (mixing && !mixing.isDoubtful) throw this.mixingError(mixing);
    return { image: recorded.image, isDoubtful: mixing !== undefined };
  }

  /** Which inputs have a row for each sample, as the trace of the user's function at x shows. */
  findInputsBySample(x: Tensor): readonly boolean[] {
    const recorded = this.record(x);
    const asked = recorded.inputs.map((input) => ({ index: recorded.tape.indexOf(input) as number, size: input.size }));
    const { places } = this.structure(recorded, asked);
    recorded.tape.dispose();
    return places.map(({ own }) => own === 'rows');
  }

  /** The error for a function that mixes rows. */
  mixingError({ row, on }: Pick<Mixing, 'row' | 'on'>): RangeError {
    const other = on === undefined ? 'other rows' : `row ${on}`;
    return new RangeError(
      `${this.what}: coupled is false, but row ${row} of what the function returns depends on ${other} of the unknown; ` +
        'coupled must be true where rows see one another, which makes one system of them',
    );
  }

  /**
   * Linearises F at x along one tape: one element of the conservative Jacobian.
   * @param uncertainty where the solution is resolved, that of the argument of each operation with kinks
   */
  linearise(x: Tensor, uncertainty?: readonly Tensor[]): LinearisedSystem {
    const recorded = this.record(x);
    const { tape, unknown, inputs, image } = recorded;
    const kinked = selectablesOn(tape);
    const asked = kinked.map(({ output, outputIndex }) => ({ index: outputIndex, size: output.size }));
    let structure: Structure | undefined;
    const placesOf = (): Structure['places'] => {
      structure ??= this.structure(recorded, asked);
      return structure.places;
    };
    const linear = createLinearisation(tape, {
      selection: selectionOnTape(this.selection, kinked, placesOf, x),
      uncertainty,
    });
    const isRoot = this.kind === 'root';
    const pulled = (u: Tensor): Tensor => linear.pullback(image, [unknown], u)[0];
    const pushed = (w: Tensor): Tensor => linear.pushforward([unknown], [w], [image])[0];
    // For a fixed point, F = z − f, so that B = I − ∂f/∂z and −A = ∂f/∂x.
    return {
      image,
      kinks: () =>
        kinksOn(tape).map((kink, place) => ({
          ...kink,
          place,
          places: placesOf()[place],
          uncertainty: uncertainty?.[place],
          isResolved: !!uncertainty,
        })),
      isSelected: isSelectedOn(tape),
      moveArguments(w) {
        const ends = liftedOn(tape).flatMap(({ argument: { plus, minus } }) => (minus ? [plus, minus] : [plus]));
        const changes = linear.pushforward([unknown], [w], ends);
        return liftedOn(tape).map(({ argument: { minus } }) => {
          const change = changes.shift() as Tensor;
          return minus ? elementwise('subtract', [change, changes.shift() as Tensor]) : change;
        });
      },
      normBound: () => (isRoot ? Number.POSITIVE_INFINITY : linear.normBound(image, unknown)),
      transposed: isRoot ? pulled : (u) => elementwise('subtract', [u, pulled(u)]),
      direct: isRoot ? pushed : (w) => elementwise('subtract', [w, pushed(w)]),
      inputCotangents(u, needed) {
        const watched = inputs.filter((_, index) => needed[index]);
        return linear.pullback(image, watched, isRoot ? elementwise('negate', [u]) : u);
      },
      inputTangent(tangents) {
        const watched = inputs.filter((_, index) => tangents[index]);
        const present = tangents.filter((tangent) => tangent !== undefined);
        const [moved] = linear.pushforward(watched, present, [image]);
        return isRoot ? elementwise('negate', [moved]) : moved;
      },
    };
  }
}

/** The value of a user's function on a tape. The tape follows all three. */
interface RecordedImage {
  readonly tape: Tape;
  readonly unknown: Tensor;
  readonly inputs: readonly Tensor[];
  readonly image: Tensor;
}

/** B = ∂F/∂z and A = ∂F/∂(inputs), by their products with vectors. */
export interface LinearisedSystem {
  /** The user's function at x, [batch, n]. */
  readonly image: Tensor;
  /** The operations with kinks. */
  kinks(): KinkedArgument[];
  /** Whether the function names a selection where it calls one of these operations. */
  readonly isSelected: boolean;
  /** The change of the argument of each of these operations, to first order, when x changes by w. */
  moveArguments(w: Tensor): Tensor[];
  /** A bound of ‖∂f/∂z‖ for a fixed point z = f(z), for every choice at the kinks; infinite where none is known. */
  normBound(): NormBound;
  /** Bᵀu */
  transposed(u: Tensor): Tensor;
  /** Bw */
  direct(w: Tensor): Tensor;
  /** −Aᵀu, for the inputs whose gradient is needed. */
  inputCotangents(u: Tensor, needed: readonly boolean[]): Tensor[];
  /** −Aẋ, [batch, n], from the tangents of the inputs, of which at least one is given. */
  inputTangent(tangents: readonly (Tensor | undefined)[]): Tensor;
}

/** The system Bu = v for a B that is known by its products; with both products exchanged, Bᵀu = v. */
export function makeMatrixFreeProblem(
  apply: (u: Tensor) => Tensor,
  applyTransposed: (u: Tensor) => Tensor,
  v: Tensor,
  tolerance: Tensor,
  limit: number,
): KrylovProblem {
  return {
    v,
    tolerance,
    limit,
    floor: roundingOf(apply, v),
    residual: (u, right) => elementwise('subtract', [right, apply(u)]),
    apply,
    applyTransposed,
    enter: (r) => r,
    leave: (y) => y,
  };
}

/** Keeps 0/0 from being NaN. */
const TINY = 1e-30;

/** ε(1 + ‖B‖), [1]. The norm is estimated by two products, Bv and B(Bv). */
function roundingOf(apply: (u: Tensor) => Tensor, v: Tensor): Tensor {
  const { epsilon } = v.context;
  const grown = (x: Tensor): { image: Tensor; growth: Tensor } => {
    const image = apply(x);
    const size = elementwise('scale', [reduceAll('norm', x)], [1, TINY]);
    return { image, growth: elementwise('divide', [reduceAll('norm', image), size]) };
  };
  const once = grown(v);
  const twice = grown(once.image);
  const largest = elementwise('maximum', [once.growth, twice.growth]);
  return elementwise('scale', [largest], [epsilon, epsilon]);
}

/** Makes the equation from its inputs, which are other tensors in every Program. */
export type SystemOf = (inputs: readonly Tensor[]) => ImplicitSystem;

/** A solution and its equation. */
export interface Solved {
  readonly engine: Engine;
  readonly systemOf: SystemOf;
  readonly z: Tensor;
  readonly inputs: readonly Tensor[];
  /**
   * How far the argument of each operation with kinks may be from its value at the true solution. Present where z is at
   * the floor of the precision, absent where z is as the solve left it.
   */
  readonly uncertainty?: readonly Tensor[];
  /**
   * Points at which F is defined, mostly the start, and the residual, [batch]; present where failed samples are
   * allowed. A sample whose residual is not finite, and whose cotangent is 0, is differentiated there, so that its NaN
   * does not reach the sums over the batch.
   */
  readonly instead?: { readonly start: Tensor; readonly residual: Tensor };
}

/** A solution at the floor of the precision. */
export type Resolved = Solved & Required<Pick<Solved, 'uncertainty'>>;

/** Computes something at a solution and reads it back; tensors made on the way are freed. */
export function atSolution<Result>(
  { engine, systemOf, z, inputs, uncertainty }: Solved,
  read: (system: ImplicitSystem, x: Tensor, uncertainty: readonly Tensor[] | undefined) => Promise<Result>,
): Promise<Result> {
  const reading = engine.runInArena((arena) => {
    const system = systemOf(inputs.map((input) => engine.aliasIn(arena, input)));
    const x = engine.alias(engine.aliasIn(arena, z), [system.rows.batch, system.rows.n]);
    return read(
      system,
      x,
      uncertainty?.map((each) => engine.aliasIn(arena, each)),
    );
  });
  return engine.trackRead(reading);
}
