/**
 * The linear part W of z = σ(Wz + b) as an object. Solvers see a map by what it does to rows of vectors, so that a
 * matrix, a convolution and a map of the user's own are solved and differentiated alike. Rows are samples: Wz is one
 * vector for each row.
 */
import type { ProductOptions } from '../tensor/kernels.ts';
import { combine, elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';

/** By how much the identity exceeds a map: I − (W + Wᵀ)/2 ⪰ m·I. */
export interface Margin {
  /** m > 0. */
  readonly value: number;
  /**
   * Why it holds. construction: for all parameters. checked: their numbers were examined, by whoever made the map or
   * by `check`. stated: somebody claims it; a certificate that rests on it is `unknown`, and no error is bounded. It
   * also becomes stated if the parameters have been overwritten since, unless `check` examines them.
   */
  readonly by: 'construction' | 'checked' | 'stated';
  /** The reason for the certificate, in half a sentence: "by construction as (1 − m)I − AᵀA + B − Bᵀ". */
  readonly reason: string;
  /**
   * Examines the numbers while the solve runs, and rejects with a RangeError if W is less monotone than claimed.
   * Default: there is nothing left to check.
   * @param signal of the solve; once it is aborted, nobody waits for the answer
   */
  check?(signal?: AbortSignal): Promise<void>;
}

/**
 * A linear map W from n numbers to n numbers, which depends on parameters. `monotoneFixedPoint` accepts one in place
 * of a matrix.
 */
export interface LinearMap {
  /**
   * Identifies what `traced` writes down, besides the shapes of the parameters: a solve is traced once for each key
   * and these shapes. Maps that compute differently must have different keys.
   */
  readonly key: string;
  /** The dimension of the space. */
  readonly n: number;
  /** The tensors that W consists of and is differentiated with respect to: of one engine, of any shape. */
  readonly parameters: readonly Tensor[];
  /** By how much the identity exceeds W, and why. */
  readonly margin: Margin;
  /** Whether `traced` has a resolvent. Default: each solve finds out by tracing the map once more. */
  readonly hasResolvent?: boolean;
  /**
   * The order of the matrices that the resolvent inverts, by which 'auto' decides whether inverses pay. Default: n.
   */
  readonly resolventOrder?: number;
  /**
   * The map inside a Program.
   * @param parameters tensors of the Program in place of those of the map, in their order
   * @param tracing creates constants
   */
  traced(parameters: readonly Tensor[], tracing: LoopContext): TracedMap;
}

/** Which of W and Wᵀ is applied. */
export interface Orientation {
  /** Wᵀ in place of W. */
  readonly transposed: boolean;
}

/** W as solvers see it. Tensors are those of the Program being traced. */
export interface LinearOperator {
  /** Wz for each row of z, [batch, n], or Wᵀz. */
  apply(z: Tensor, orientation: Orientation): Tensor;
  /** The same, followed by the epilogue in the same kernel. Default: the epilogue takes kernels of its own. */
  applyWith?(z: Tensor, orientation: Orientation, epilogue: Epilogue): Tensor;
  /** Bounds of ‖I − W‖. */
  norms(): NormBounds;
  /**
   * The resolvent V = (I + α(I − W))⁻¹ of this W, not of Wᵀ. Without it, solvers that need one refuse the map, and
   * 'auto' takes others.
   * @param step α > 0, [1]
   */
  resolvent?(step: Tensor, options: ResolventOptions): Resolvent;
  /** W as a matrix, if it is stored as one: for kernels that run a whole loop. */
  readonly matrix?: StoredMatrix;
}

/** A linear map inside a Program, with its derivatives. */
export interface TracedMap extends LinearOperator {
  /**
   * The gradients of Σ leftᵀ·W·right over the samples, one for each parameter, of its shape.
   * @param left [batch, n]
   * @param right [batch, n]
   */
  cotangent(left: Tensor, right: Tensor): readonly Tensor[];
  /**
   * Ẇz for each row, [batch, n], where Ẇ is the change of W along the tangents of the parameters.
   * @param tangents one for each parameter; undefined, which means 0, for one that does not change; at least one is
   *   given
   */
  tangent(tangents: readonly (Tensor | undefined)[], z: Tensor): Tensor;
  /** Ẇz + bias in one kernel. Default: the sum is a kernel of its own. */
  tangentWith?(tangents: readonly (Tensor | undefined)[], z: Tensor, bias: Tensor): Tensor;
}

/** Bounds of the norm of I − W. */
export interface NormBounds {
  /** L ≥ ‖I − W‖₂, [1]. */
  readonly bound: Tensor;
  /** About ‖I − W‖₂, [1], by which step sizes are chosen. Default: the bound. */
  readonly estimate?: Tensor;
}

/** A matrix M, [n, n], stored as M = values or as Mᵀ = values. */
export interface StoredMatrix {
  /** [n, n] */
  readonly values: Tensor;
  /** Whether `values` is Mᵀ. */
  readonly transposed: boolean;
}

/** What follows a product, in this order: t = Wz + bias; t = scale ∘ t; t = prior − t. All are [batch, n]. */
export interface Epilogue extends Pick<ProductOptions, 'bias' | 'scale'> {
  /** The prior, [batch, n]. Default: t is the result. */
  readonly subtractedFrom?: Tensor;
}

/** What a resolvent may need to know. */
export interface ResolventOptions {
  /** s > 0 with σ_min(I + α(I − W)) ≥ s, [1]. */
  readonly smallest: Tensor;
  /** L ≥ ‖I + α(I − W)‖, [1]. */
  readonly largest: Tensor;
  /** Bound of ‖I − V⁻¹V‖, [1]: how exact V has to be if an iteration computes it. */
  readonly tolerance: Tensor;
  /** [1], with 0 if the resolvent is not needed. Default 1. */
  readonly wanted?: Tensor;
  /** The `kept` tensors of an earlier solve with other parameters, which may be close enough to start from. */
  readonly near?: readonly Tensor[];
  /** The `kept` tensors of this very W and α: nothing has to be computed again. */
  readonly kept?: readonly Tensor[];
}

/** A resolvent V = (I + α(I − W))⁻¹. */
export interface Resolvent {
  /** Vx for each row of x, [batch, n], or Vᵀx. */
  apply(x: Tensor, orientation: Orientation): Tensor;
  /** V as a matrix, if V and W are stored as matrices. */
  readonly matrix?: StoredMatrix;
  /** What the gradients of this solve can use again, such as V itself. Default: nothing. */
  readonly kept?: readonly Tensor[];
}

/** Computes Wz and the epilogue. */
export function applyMap(map: LinearOperator, z: Tensor, epilogue: Epilogue): Tensor {
  const orientation = { transposed: false };
  if (map.applyWith) return map.applyWith(z, orientation, epilogue);
  const { bias, scale, subtractedFrom } = epilogue;
  let t = map.apply(z, orientation);
  if (bias) t = elementwise('add', [t, bias]);
  if (scale) t = elementwise('multiply', [t, scale]);
  return subtractedFrom ? combine({ x: subtractedFrom }, { x: t, factor: -1 }) : t;
}

const flipOrientation = ({ transposed }: Orientation): Orientation => ({ transposed: !transposed });
const flipMatrix = (matrix: StoredMatrix): StoredMatrix => ({ ...matrix, ...flipOrientation(matrix) });

/** Wᵀ */
export function transposeMap(map: LinearOperator): LinearOperator {
  const { applyWith, resolvent, matrix } = map;
  return {
    apply: (z, orientation) => map.apply(z, flipOrientation(orientation)),
    applyWith:
      applyWith && ((z, orientation, epilogue) => applyWith.call(map, z, flipOrientation(orientation), epilogue)),
    norms: () => map.norms(),
    resolvent: resolvent && ((step, options) => transposeResolvent(resolvent.call(map, step, options))),
    matrix: matrix && flipMatrix(matrix),
  };
}

/** Vᵀ: the resolvent of Wᵀ. */
export function transposeResolvent<Given extends Resolvent>(given: Given): Given {
  const { matrix } = given;
  return {
    ...given,
    apply: (x: Tensor, orientation: Orientation) => given.apply(x, flipOrientation(orientation)),
    matrix: matrix && flipMatrix(matrix),
  };
}
