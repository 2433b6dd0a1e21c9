/** An equation F(z, x, …) = 0 that a user wrote with tensor operations, as the solvers see it: rows are samples. */
import type { Selection } from '../autodiff/selection.ts';
import { Tape } from '../autodiff/tape.ts';
import type { KrylovProblem } from '../solvers/krylov.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { describe, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

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
    private readonly inputs: readonly Tensor[],
    private readonly selection: Selection | undefined,
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
    const size = elementwise('scale', [reduceRows('norm', [x])], [1, x.context.epsilon]);
    return elementwise('divide', [reduceRows('norm', [this.value(x, image)]), size]);
  }

  /** B = ∂F/∂z at x by its products, along a tape on which the solution alone is followed. */
  derivative(x: Tensor): Derivative {
    const tape = new Tape();
    const watched = tape.watch(x);
    const image = this.image(watched);
    const linear = tape.linearised({ selection: this.selection });
    const pulled = (u: Tensor): Tensor => linear.pullback(image, [watched], u)[0];
    const pushed = (w: Tensor): Tensor => linear.pushforward([watched], [w], [image])[0];
    if (this.kind === 'root') return { transposed: pulled, direct: pushed };
    return {
      transposed: (u) => elementwise('subtract', [u, pulled(u)]),
      direct: (w) => elementwise('subtract', [w, pushed(w)]),
    };
  }

  /** −Aᵀu with A = ∂F/∂(inputs) at x, for the inputs that need it. */
  inputCotangents(x: Tensor, u: Tensor, needed: readonly boolean[]): Tensor[] {
    const tape = new Tape();
    const followed = this.inputs.map((input, index) => (needed[index] ? tape.watch(input) : input));
    const image = this.image(x, followed);
    // F = z − f has A = −∂f/∂x.
    const cotangent = this.kind === 'root' ? elementwise('negate', [u]) : u;
    const watched = followed.filter((_, index) => needed[index]);
    return tape.pullback(image, watched, cotangent, { selection: this.selection });
  }

  /** −Aẋ with A = ∂F/∂(inputs) at x, [batch, n]; at least one tangent is given. */
  inputTangent(x: Tensor, tangents: readonly (Tensor | undefined)[]): Tensor {
    const tape = new Tape();
    const followed = this.inputs.map((input, index) => (tangents[index] ? tape.watch(input) : input));
    const image = this.image(x, followed);
    const watched = followed.filter((_, index) => tangents[index]);
    const present = tangents.filter((tangent) => tangent !== undefined);
    const [moved] = tape.pushforward(watched, present, [image], { selection: this.selection });
    return this.kind === 'root' ? elementwise('negate', [moved]) : moved;
  }
}

/** A linear map known by its products. */
export interface Derivative {
  /** u ↦ Bᵀu */
  readonly transposed: (u: Tensor) => Tensor;
  /** w ↦ Bw */
  readonly direct: (w: Tensor) => Tensor;
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
