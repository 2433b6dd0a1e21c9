/**
 * The linear part W of z = σ(Wz + b) as an object: solvers see a map by what it does to rows of vectors, so that a matrix, a
 * convolution or a map of the user's own are solved and differentiated alike. Rows are samples: Wz is one vector for each row.
 */
import type { ProductOptions } from '../tensor/kernels.ts';
import { combine, elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

/** How much less than the identity a map is: I − (W + Wᵀ)/2 ⪰ m·I. */
export interface Margin {
  /** m > 0. */
  readonly value: number;
  /**
   * Why it holds. construction: whatever the parameters are. checked: their numbers were looked at, by whoever made the map or
   * by `check`. stated: somebody says so, a certificate that rests on it is `unknown`, and no error is bounded. Where the parameters were
   * overwritten since it is stated, too, unless `check` looks at them.
   */
  readonly by: 'construction' | 'checked' | 'stated';
  /** In half a sentence, for the certificate: "by construction as (1 − m)I − AᵀA + B − Bᵀ". */
  readonly reason: string;
  /**
   * Looks at the numbers beside the solve; rejects with a RangeError where W is less monotone than that. Default: nothing is left to check.
   * @param signal of the solve; once it is aborted nobody waits for the answer
   */
  check?(signal?: AbortSignal): Promise<void>;
}

/**
 * A linear map W from n numbers to n numbers, which depends on parameters. `monotoneFixedPoint` takes one in the place of a
 * matrix.
 */
export interface LinearMap {
  /**
   * What `traced` writes down besides the shapes of the parameters: a solve is traced once for each key and these shapes. Maps that
   * compute differently must have different keys.
   */
  readonly key: string;
  readonly n: number;
  /** What W is made of, and differentiated with respect to: tensors of one engine, of any shape. */
  readonly parameters: readonly Tensor[];
  readonly margin: Margin;
  /** Whether `traced` gives a resolvent. Default: each solve looks, for which the map is traced once more. */
  readonly hasResolvent?: boolean;
  /**
   * The map within a Program.
   * @param parameters stand for those of the map, in their order
   * @param tracing makes constants
   */
  traced(parameters: readonly Tensor[], tracing: LoopContext): TracedMap;
}

export interface Orientation {
  /** Wᵀ in the place of W. */
  readonly transposed: boolean;
}

/** What solvers see of W. Tensors are those of the Program being traced. */
export interface LinearOperator {
  /** Wz for each row of z, [batch, n], or Wᵀz. */
  apply(z: Tensor, orientation: Orientation): Tensor;
  /** The same and, in one kernel with it, what follows; by default that is done by kernels of its own. */
  applyWith?(z: Tensor, orientation: Orientation, epilogue: Epilogue): Tensor;
  norms(): NormBounds;
  /**
   * The resolvent V = (I + α(I − W))⁻¹ of this W (not of Wᵀ). Without it the solvers that need one refuse the map, and 'auto'
   * takes others.
   * @param step α > 0, [1]
   */
  resolvent?(step: Tensor, options: ResolventOptions): Resolvent;
  /** Where W is a matrix: for the kernels that run a whole loop. */
  readonly matrix?: StoredMatrix;
}

export interface TracedMap extends LinearOperator {
  /**
   * The gradients of Σ leftᵀ·W·right over the samples, one for each parameter, of its shape.
   * @param left [batch, n]
   * @param right [batch, n]
   */
  cotangent(left: Tensor, right: Tensor): readonly Tensor[];
  /**
   * Ẇz for each row, [batch, n], with Ẇ the change of W as the parameters change.
   * @param tangents one for each parameter; undefined, which is 0, where it does not change; at least one is given
   */
  tangent(tangents: readonly (Tensor | undefined)[], z: Tensor): Tensor;
  /** Ẇz + bias in one kernel; by default the sum is a kernel of its own. */
  tangentWith?(tangents: readonly (Tensor | undefined)[], z: Tensor, bias: Tensor): Tensor;
}

export interface NormBounds {
  /** L ≥ ‖I − W‖₂, [1]. */
  readonly bound: Tensor;
  /** About ‖I − W‖₂, [1]: step sizes are chosen by it. Default: the bound. */
  readonly estimate?: Tensor;
}

/** A matrix M, [n, n], as values or as Mᵀ = values. */
export interface StoredMatrix {
  readonly values: Tensor;
  readonly transposed: boolean;
}

/** In this order: t = Wz + bias; t = scale ∘ t; t = prior − t. All are [batch, n]. */
export interface Epilogue extends Pick<ProductOptions, 'bias' | 'scale'> {
  readonly subtractedFrom?: Tensor;
}

export interface ResolventOptions {
  /** s > 0 with σ_min(I + α(I − W)) ≥ s, [1]. */
  readonly smallest: Tensor;
  /** L ≥ ‖I + α(I − W)‖, [1]. */
  readonly largest: Tensor;
  /** Of ‖I − V⁻¹V‖, [1]: how exact an iteration has to be that computes it. */
  readonly tolerance: Tensor;
  /** [1]: where it is 0 the resolvent is not needed. Default 1. */
  readonly wanted?: Tensor;
  /** What was `kept` of an earlier solve, with other parameters: maybe near enough to start from. */
  readonly near?: readonly Tensor[];
  /** What was `kept` of this very W and α: nothing has to be computed anew. */
  readonly kept?: readonly Tensor[];
}

export interface Resolvent {
  /** Vx for each row of x, [batch, n], or Vᵀx. */
  apply(x: Tensor, orientation: Orientation): Tensor;
  /** Where V is a matrix, and W too. */
  readonly matrix?: StoredMatrix;
  /** What is worth keeping for the gradients of this solve, such as V itself. Default nothing. */
  readonly kept?: readonly Tensor[];
}

/** Wz and what follows. */
export function applied(map: LinearOperator, z: Tensor, epilogue: Epilogue): Tensor {
  const orientation = { transposed: false };
  if (map.applyWith) return map.applyWith(z, orientation, epilogue);
  const { bias, scale, subtractedFrom } = epilogue;
  let t = map.apply(z, orientation);
  if (bias) t = elementwise('add', [t, bias]);
  if (scale) t = elementwise('multiply', [t, scale]);
  return subtractedFrom ? combine({ x: subtractedFrom }, { x: t, factor: -1 }) : t;
}

const turned = ({ transposed }: Orientation): Orientation => ({ transposed: !transposed });
const turnedMatrix = (matrix: StoredMatrix): StoredMatrix => ({ ...matrix, ...turned(matrix) });

/** Wᵀ */
export function transposedMap(map: LinearOperator): LinearOperator {
  const { applyWith, resolvent, matrix } = map;
  return {
    apply: (z, orientation) => map.apply(z, turned(orientation)),
    applyWith: applyWith && ((z, orientation, epilogue) => applyWith.call(map, z, turned(orientation), epilogue)),
    norms: () => map.norms(),
    resolvent: resolvent && ((step, options) => transposedResolvent(resolvent.call(map, step, options))),
    matrix: matrix && turnedMatrix(matrix),
  };
}

/** Vᵀ: the resolvent of Wᵀ. */
export function transposedResolvent<Given extends Resolvent>(given: Given): Given {
  const { matrix } = given;
  return {
    ...given,
    apply: (x: Tensor, orientation: Orientation) => given.apply(x, turned(orientation)),
    matrix: matrix && turnedMatrix(matrix),
  };
}
