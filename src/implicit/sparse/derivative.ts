/**
 * The derivative of a solved sparse model. With Z the free coefficients, those of the groups in use, and v_g for each kink
 * with q > 0, the derivative is −Z(Zᵀ(H + Ω)Z + R)⁻¹Zᵀ times that of the optimality conditions: H at β̂, Ω_g =
 * (t_g/‖β_g‖)(I − v_g v_gᵀ), and R = 1/q − 1 at a kink, for step size 1 (Bolte et al. 2021, Proposition 5, for groups).
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { CholeskyFactorisation } from '../../solvers/matrices.ts';
import { applyCurvatureTo, gradientOf, marginsOf, slopesAt } from '../../solvers/sparse/problem.ts';
import {
  addPenaltyCurvature,
  type Direction,
  fixShared,
  placesOfShared,
  reducedHessian,
  unitDirections,
} from '../../solvers/sparse/reduced.ts';
import { type ActiveGroups, directionOf, type SparsePoint } from './active-groups.ts';

/** Directions of the data of one problem; one that is absent is 0. */
export interface SparseDirections {
  readonly logLambda?: number;
  /** One number for each group. */
  readonly weights?: ArrayLike<number>;
  readonly rowWeights?: ArrayLike<number>;
  /** rows × features, row by row. */
  readonly X?: ArrayLike<number>;
  /** Output by output. */
  readonly targets?: ArrayLike<number>;
}

/** The gradients of one problem. */
export interface SparseGradients {
  readonly logLambda: number;
  readonly weights: Float64Array;
  readonly rowWeights: Float64Array;
  /** rows × features, row by row. */
  readonly X: Float64Array;
  /** Output by output; of the square loss. */
  readonly targets: Float64Array;
}

export class SparseDerivative {
  private readonly slopes: Float64Array;
  private readonly curvatures: Float64Array;

  private constructor(
    private readonly point: SparsePoint,
    /** λ */
    private readonly lambda: number,
    private readonly directions: readonly Direction[],
    /** v_g of the groups in use and of kinks with q > 0. */
    private readonly penalised: readonly Direction[],
    private readonly matrix: Float64Array,
    private readonly factor: CholeskyFactorisation | undefined,
  ) {
    const { slopes, curvatures } = slopesAt(point.problem, marginsOf(point.problem, point.beta));
    this.slopes = slopes;
    this.curvatures = curvatures;
  }

  /** @param shares q of each kink, in their order */
  static *at(
    point: SparsePoint,
    lambda: number,
    active: ActiveGroups,
    shares: readonly number[],
  ): Interruptible<SparseDerivative> {
    const { problem, beta } = point;
    const entering = active.kinks.flatMap(({ group }, at) =>
      shares[at] > 0 ? [{ direction: directionOf(point, group, true), q: shares[at] }] : [],
    );
    const units = unitDirections(problem, [...active.free, ...active.support]);
    const directions = [...units, ...entering.map(({ direction }) => direction)];
    const { curvatures } = slopesAt(problem, marginsOf(problem, beta));
    const matrix = yield* reducedHessian(problem, curvatures, directions);
    addPenaltyCurvature(problem, beta, units, matrix, directions.length);
    fixShared(problem, units, matrix, directions.length);
    for (const [index, { q }] of entering.entries()) {
      const place = units.length + index;
      matrix[place * directions.length + place] += 1 / q - 1;
    }
    const factor = yield* CholeskyFactorisation.of(directions.length, Float64Array.from(matrix));
    const penalised = [
      ...active.support.map((group) => directionOf(point, group, false)),
      ...entering.map(({ direction }) => direction),
    ];
    return new SparseDerivative(point, lambda, directions, penalised, matrix, factor);
  }

  /** Whether the matrix has no Cholesky factor: it is singular to the precision. */
  get isSingular(): boolean {
    return this.factor === undefined;
  }

  /**
   * Solves Zᵀ(H + Ω + R)Z a = Zᵀx.
   * @returns Za, and the relative residual
   */
  solve(x: ArrayLike<number>): { readonly u: Float64Array; readonly residual: number } {
    const { directions, factor, matrix, point } = this;
    const size = directions.length;
    const right = this.project(x);
    const found = factor ? factor.solve(Float64Array.from(right)) : new Float64Array(size).fill(Number.NaN);
    let [missed, whole] = [0, 0];
    for (let i = 0; i < size; i++) {
      let sum = -right[i];
      for (let j = 0; j < size; j++) sum += matrix[i * size + j] * found[j];
      missed = Math.hypot(missed, sum);
      whole = Math.hypot(whole, right[i]);
    }
    const u = new Float64Array(point.beta.length);
    for (const [place, { members, values }] of directions.entries()) {
      for (const [index, at] of members.entries()) u[at] += found[place] * values[index];
    }
    return { u, residual: whole > 0 ? missed / whole : 0 };
  }

  /** Zᵀx; the coefficients of shared columns, whose sum is fixed, without their mean. */
  private project(x: ArrayLike<number>): Float64Array {
    const { problem } = this.point;
    const projected = Float64Array.from(this.directions, ({ members, values }) => {
      let sum = 0;
      for (const [index, at] of members.entries()) sum += values[index] * x[at];
      return sum;
    });
    for (const places of placesOfShared(problem, this.directions)) {
      const mean = places.reduce((sum, place) => sum + projected[place], 0) / places.length;
      for (const place of places) projected[place] -= mean;
    }
    return projected;
  }

  /** vᵀu for v of a penalised group. */
  private along({ members, values }: Direction, u: Float64Array): number {
    let sum = 0;
    for (const [index, at] of members.entries()) sum += values[index] * u[at];
    return sum;
  }

  /** The gradients of a loss whose cotangent of β, with the intercepts behind, led to u. */
  gradients(u: Float64Array): SparseGradients {
    const { point, lambda, slopes, curvatures, penalised } = this;
    const { problem, beta } = point;
    const { rows, columns, outputs, thresholds, rowWeights, intercept, loss } = problem;
    const features = columns - (intercept ? 1 : 0);
    const moved = marginsOf(problem, u);
    const curved = applyCurvatureTo(problem, curvatures, moved);
    const weights = new Float64Array(thresholds.length);
    let logLambda = 0;
    for (const direction of penalised) {
      const along = this.along(direction, u);
      weights[direction.group] = -lambda * along;
      logLambda -= thresholds[direction.group] * along;
    }
    const ofRows = new Float64Array(rows);
    const unweighted = slopesAt({ ...problem, rowWeights: new Float64Array(rows).fill(1) }, marginsOf(problem, beta));
    const X = new Float64Array(rows * features);
    for (let k = 0; k < outputs; k++) {
      for (let row = 0; row < rows; row++) {
        const at = k * rows + row;
        ofRows[row] -= moved[at] * unweighted.slopes[at];
        for (let j = 0; j < features; j++) {
          X[row * features + j] -= slopes[at] * u[j * outputs + k] + curved[at] * beta[j * outputs + k];
        }
      }
    }
    const targets = loss === 'square' ? moved.map((value, at) => rowWeights[at % rows] * value) : new Float64Array(0);
    return { logLambda, weights, rowWeights: ofRows, X, targets };
  }

  /** The derivative of β, with the intercepts behind, along directions of the data. */
  tangent(directions: SparseDirections): { readonly u: Float64Array; readonly residual: number } {
    const { point, lambda, slopes, curvatures, penalised } = this;
    const { problem, beta } = point;
    const { rows, columns, outputs, thresholds, rowWeights, intercept } = problem;
    const features = columns - (intercept ? 1 : 0);
    const { logLambda = 0, weights, rowWeights: ofRows, X, targets } = directions;
    const change = new Float64Array(rows * outputs);
    if (X) {
      for (let at = 0; at < change.length; at++) {
        const [row, k] = [at % rows, Math.floor(at / rows)];
        for (let j = 0; j < features; j++) change[at] += X[row * features + j] * beta[j * outputs + k];
      }
    }
    const moved = applyCurvatureTo(problem, curvatures, change);
    const unweighted = slopesAt({ ...problem, rowWeights: new Float64Array(rows).fill(1) }, marginsOf(problem, beta));
    for (let at = 0; at < moved.length; at++) {
      const row = at % rows;
      if (targets) moved[at] -= rowWeights[row] * targets[at];
      if (ofRows) moved[at] += ofRows[row] * unweighted.slopes[at];
    }
    // Where only penalties move, no margin does, and no pass over X is needed.
    const right = X || targets || ofRows ? gradientOf(problem, moved) : new Float64Array(beta.length);
    for (let row = 0; X && row < rows; row++) {
      for (let j = 0; j < features; j++) {
        for (let k = 0; k < outputs; k++) right[j * outputs + k] += X[row * features + j] * slopes[k * rows + row];
      }
    }
    for (const { group, members, values } of penalised) {
      const rate = thresholds[group] * logLambda + lambda * (weights?.[group] ?? 0);
      for (const [index, at] of members.entries()) right[at] += rate * values[index];
    }
    return this.solve(right.map((value) => -value));
  }
}
