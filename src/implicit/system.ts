/** An equation F(z, x, …) = 0 that a user wrote with tensor operations, as the solvers see it: rows are samples. */
import type { NormBound } from '../autodiff/norm-bound.ts';
import { type KinkedOperation, Tape } from '../autodiff/tape.ts';
import type { KrylovProblem } from '../solvers/krylov.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, ratio, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { describe, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ImplicitSelection, selectionOnTape } from './selections.ts';

/** Gets the unknown and the inputs, and returns a tensor of the unknown's shape. */
export type ImplicitFunction = (unknown: Tensor, ...inputs: Tensor[]) => Tensor;

/** How an unknown of any shape is laid out as [batch, n]. */
export interface Rows {
  readonly shape: Shape;
  readonly batch: number;
  readonly n: number;
}

/** The first axis counts samples, which do not see one another; `coupled`, or with one axis only, all is one system. */
export function rowsOf(shape: Shape, coupled: boolean): Rows {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const batch = coupled || shape.length < 2 ? 1 : shape[0];
  return { shape, batch, n: size / batch };
}

export class ImplicitSystem {
  constructor(
    readonly what: string,
    private readonly f: ImplicitFunction,
    /** F(z) is this: z − f(z) for a fixed point. */
    private readonly kind: 'root' | 'fixed point',
    readonly rows: Rows,
    readonly inputs: readonly Tensor[],
    private readonly selection: ImplicitSelection | undefined,
  ) {}

  /** The user's function at an x of [batch, n], as [batch, n]. */
  image(x: Tensor, inputs: readonly Tensor[] = this.inputs): Tensor {
    const { shape, batch, n } = this.rows;
    const image = this.f(x.reshape(shape), ...inputs);
    if (!sameShape(image.shape, shape)) {
      throw new RangeError(
        `${this.what}: the function returned the shape ${describe(image.shape)}; it must return that of the unknown, ${describe(shape)}`,
      );
    }
    return image.reshape([batch, n]);
  }

  /** F at x, from the image of x. */
  value(x: Tensor, image: Tensor): Tensor {
    return this.kind === 'root' ? image : elementwise('subtract', [x, image]);
  }

  /** An entry of ∂F/∂z, or of ∂F with respect to something else than z, from that of the user's function. */
  derivativeEntry(entry: number, isDiagonal: boolean): number {
    if (this.kind === 'root') return entry;
    return (isDiagonal ? 1 : 0) - entry;
  }

  /** ‖F(x)‖ / (ε + ‖x‖) for each sample, [batch]. */
  residual(x: Tensor, image: Tensor): Tensor {
    return this.relative(x, reduceRows('norm', [this.value(x, image)]));
  }

  /** The same, from ‖F(x)‖. Where ‖x‖ has overflowed nothing is small beside it: NaN. */
  relative(x: Tensor, size: Tensor): Tensor {
    return ratio(size, elementwise('scale', [reduceRows('norm', [x])], [1, x.context.epsilon]));
  }

  /** All derivatives of F at x, along one tape: one element of the conservative Jacobian. */
  linearised(x: Tensor): LinearisedSystem {
    const tape = new Tape();
    const unknown = tape.watch(x);
    const inputs = this.inputs.map((input) => tape.watch(input));
    const image = this.image(unknown, inputs);
    const linear = tape.linearised({
      selection: selectionOnTape(this.selection, tape.selectables(), this.rows.batch, x),
    });
    const isRoot = this.kind === 'root';
    const pulled = (u: Tensor): Tensor => linear.pullback(image, [unknown], u)[0];
    const pushed = (w: Tensor): Tensor => linear.pushforward([unknown], [w], [image])[0];
    // For F = z − f: B = I − ∂f/∂z, and −A = ∂f/∂x.
    return {
      image,
      kinks: () => tape.kinks(),
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

/** B = ∂F/∂z and A = ∂F/∂(inputs), by their products. */
export interface LinearisedSystem {
  /** The user's function at x, [batch, n]. */
  readonly image: Tensor;
  /** The operations with kinks. */
  kinks(): KinkedOperation[];
  /** Of ‖∂f/∂z‖ for a fixed point z = f(z) and every choice at the kinks; infinite where none is known. */
  normBound(): NormBound;
  /** Bᵀu */
  transposed(u: Tensor): Tensor;
  /** Bw */
  direct(w: Tensor): Tensor;
  /** −Aᵀu, for the inputs that need it. */
  inputCotangents(u: Tensor, needed: readonly boolean[]): Tensor[];
  /** −Aẋ, [batch, n]; at least one tangent is given. */
  inputTangent(tangents: readonly (Tensor | undefined)[]): Tensor;
}

/** Bu = v, or with the maps exchanged Bᵀu = v, matrix-free. */
export function matrixFree(
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

/** ε(1 + ‖B‖), where the norm is estimated by what B does to v, twice, [1]. */
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

/** The equation from its inputs, which differ from Program to Program. */
export type SystemOf = (inputs: readonly Tensor[]) => ImplicitSystem;

/** A solution, and what it solves. */
export interface Solved {
  readonly engine: Engine;
  readonly systemOf: SystemOf;
  readonly z: Tensor;
  readonly inputs: readonly Tensor[];
  /**
   * Where samples may have failed: the start, at which F is defined, and the residual, [batch]. A sample whose residual is not
   * finite, and which the cotangent leaves out, is differentiated there, so that nothing of it reaches the sums over the batch.
   */
  readonly instead?: { readonly start: Tensor; readonly residual: Tensor };
}

/** Reads something at a solution; what is computed on the way is freed. */
export function atSolution<Result>(
  { engine, systemOf, z, inputs }: Solved,
  read: (system: ImplicitSystem, x: Tensor) => Promise<Result>,
): Promise<Result> {
  return engine.tidy((scope) => {
    const system = systemOf(inputs.map((input) => scope.use(input)));
    return read(system, engine.alias(scope.use(z), [system.rows.batch, system.rows.n]));
  });
}
