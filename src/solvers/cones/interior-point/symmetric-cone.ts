/**
 * What the interior point method asks of a symmetric cone (Vandenberghe, "The CVXOPT linear and quadratic cone program
 * solvers", 2010, sections 4 and 5). The Nesterov-Todd scaling W of s and z in the interior makes λ = W⁻ᵀs = Wz. With the
 * orthogonal U and the diagonal D of WᵀW = UDUᵀ, linear systems have rows of very different size side by side and not
 * mixed, which keeps the small ones accurate. Vectors have the rows of the whole product; a cone reads and writes its own.
 */
export interface SymmetricCone {
  readonly start: number;
  readonly rows: number;
  /** eᵀe of the identity e of its product: the share of sᵀz that this cone has. */
  readonly degree: number;
  /** Adds scale · e. */
  addIdentity(target: Float64Array, scale: number): void;
  /** The largest t with v − t·e in the cone. */
  margin(v: Float64Array): number;
  /** Computes W and λ. @returns false where s or z is not in the interior; the scaling is lost then */
  scale(s: Float64Array, z: Float64Array, lambda: Float64Array): boolean;
  /** Computes U and writes D. */
  decompose(d: Float64Array): void;
  /** target = Wv, of a vector like z. */
  scaleDual(v: Float64Array, target: Float64Array): void;
  /** target = Wᵀv, a vector like s. */
  unscalePrimal(v: Float64Array, target: Float64Array): void;
  /** target = Uᵀv */
  rotate(v: Float64Array, target: Float64Array): void;
  /** target = Uv */
  rotateBack(v: Float64Array, target: Float64Array): void;
  /** target = u ∘ v */
  multiply(u: Float64Array, v: Float64Array, target: Float64Array): void;
  /** target = the solution of λ ∘ target = d */
  divide(lambda: Float64Array, d: Float64Array, target: Float64Array): void;
  /** 1/t for the largest t with λ + t·direction in the cone; at most 0 where t is infinite. */
  inverseStep(lambda: Float64Array, direction: Float64Array): number;
}
