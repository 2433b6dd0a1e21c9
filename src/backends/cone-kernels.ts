/** Kernels of projections onto products of cones; kernels.ts lists them with the others. */

/**
 * zero: {0}. free: the whole space, its dual. nonneg: x ≥ 0. soc: t ≥ ‖u‖ of (t, u). psd: symmetric positive
 * semidefinite matrices, as the lower triangle column by column, off-diagonal entries times √2. exp: the closure of
 * {(x, y, z): y > 0, y·e^{x/y} ≤ z}. pow: x^α y^{1−α} ≥ |z|, x, y ≥ 0. expdual, powdual: the duals of these two.
 */
export const CONE_TYPES = ['zero', 'free', 'nonneg', 'soc', 'psd', 'exp', 'expdual', 'pow', 'powdual'] as const;
/**
 * The name of a cone. docs/cones.md describes them.
 *
 * @useDeclaredType
 */
export type ConeType = (typeof CONE_TYPES)[number];

/** A cone at its place in a product. */
export interface ConeBlock {
  readonly type: ConeType;
  /** The number of rows; of psd the order k, which takes k(k + 1)/2 rows. */
  readonly dim: number;
  /** The first of its rows. */
  readonly start: number;
  readonly rows: number;
  /** Of pow and powdual: 0 < α < 1; elsewhere NaN. */
  readonly alpha: number;
}

/** The blocks are those of each row, in order, and cover its columns. */
interface ConeSizes {
  readonly rows: number;
  readonly columns: number;
  readonly blocks: readonly ConeBlock[];
}

/**
 * The projection Π(v) of each row v of x [rows, columns] onto the product of cones, block by block. Operand [x].
 *   zero 0, free v, nonneg max(v, 0)
 *   soc, v = (t, u), r = ‖u‖: v if r ≤ t, 0 if r ≤ −t, else ½(t + r)·(1, u/r)
 *   psd, V = QΛQᵀ: QΛ⁺Qᵀ, by Jacobi rotations
 *   exp, v = (x, y, z): v in K, 0 in −K*, (x, 0, z⁺) for x, y ≤ 0. Else, with D = r² − r + 1, α = ((r − 1)x + y)/D and
 *     η = (x − ry)/D, at the root of αeʳ − ηe⁻ʳ = z at which α, η > 0 it is α(r, 1, eʳ) = v − η(1, 1 − r, −e⁻ʳ)
 *     (H. A. Friberg 2023).
 *   pow, v = (x, y, z): v in K, 0 in −K*, (x⁺, y⁺, 0) if z = 0. Else (X(r), Y(r), r·sign z) at the r in (0, |z|) with
 *     X^α·Y^{1−α} = r, X = ½(x + √(x² + 4αr(|z| − r))), and Y likewise with y and 1 − α (L. T. K. Hien 2015).
 *   expdual, powdual, the dual K* of K: v + Π_K(−v) (J. J. Moreau 1962)
 * Before its projection, a block of more than one number is divided by its largest size. It becomes NaN if one of its
 * numbers is NaN or infinite.
 */
export interface ProjectConesCall extends ConeSizes {
  readonly kernel: 'projectCones';
  readonly inputs: readonly [number];
  readonly output: number;
}

/**
 * Jh, row by row, for an element J of the Clarke Jacobian of `projectCones` at x. J is symmetric, and serves the
 * pullback and the pushforward. Where x is within the tolerance of a kink, J = (1 − q)·J_min + q·J_max with
 * J_min ⪯ J_max, the bounds of all elements there. Distances are Euclidean, to first order.
 *   zero 0, free I
 *   nonneg: 1 for v > 0, 0 for v < 0, [0, 1] at 0
 *   soc, w = u/r: ½[1, wᵀ; w, (1 + t/r)I − (t/r)wwᵀ]; at t = r: I − dbbᵀ, b = (1, −w)/√2; at t = −r: daaᵀ, a = (1, w)/√2;
 *     d in [0, 1]; at 0: [0, I]
 *   psd: Q(Ω∘QᵀHQ)Qᵀ with Ωᵢⱼ = 1 (λᵢ, λⱼ > 0), 0 (both < 0), λᵢ/(λᵢ − λⱼ) (λᵢ > 0 > λⱼ); at λᵢ = 0: 1 against
 *     positive, 0 against negative, [0, 1] against zero
 *   exp, pow on the boundary p, v − p = μ∇φ(p): p̂p̂ᵀ + κŵŵᵀ, ŵ = p̂ × n̂, n̂ = ∇φ/‖∇φ‖, κ = 1/(1 + μŵᵀ∇²φŵ), where
 *     φ = y·e^{x/y} − z or |z| − x^α·y^{1−α}; v on bd K: I − dn̂n̂ᵀ; v on bd(−K*): dp̂p̂ᵀ; at 0: [0, I]
 *   exp for x, y ≤ 0: diag([x < 0], [y > 0], [z > 0]), with [0, 1] in the place of each number that is 0
 *   pow at z = 0, outside K and −K*: diag([x > 0], [y > 0], [0, 1]), with [0, 1] in the place of each that is 0
 *   expdual, powdual: J*(v) = I − J(−v), J*_min(v) = I − J_max(−v), J*_max(v) = I − J_min(−v)
 * Operands [x, h, tolerance, shares]: x, h [rows, columns], tolerance [rows], or [1] if `isToleranceShared`, shares
 * [rows, columns] or absent. q is `selection`; with shares it is the share of the number of nonneg, or of the first
 * number of another block. A block of more than one number becomes NaN if one of its x or h, or the tolerance, is NaN or
 * infinite.
 */
export interface ProjectConesDerivativeCall extends ConeSizes {
  readonly kernel: 'projectConesDerivative';
  readonly inputs: readonly [number, number, number, number];
  readonly output: number;
  readonly isToleranceShared: boolean;
  readonly selection: number;
}

export type ConeCall = ProjectConesCall | ProjectConesDerivativeCall;
