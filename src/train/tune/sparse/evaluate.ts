/** Evaluates a criterion of a sparse model and its derivative in log λ, on the host. */
import { runInTurns } from '../../../backends/event-loop.ts';
import { findActiveGroups } from '../../../implicit/sparse/active-groups.ts';
import { SparseDerivative } from '../../../implicit/sparse/derivative.ts';
import { lossAt, marginsOf, type SparseProblem, slopesAt } from '../../../solvers/sparse/problem.ts';
import { type SparseResult, solveSparse } from '../../../solvers/sparse/solve.ts';
import { type LineCriterion, type LineVisit, nearestTo } from './along-line.ts';
import type { Fold } from './folds.ts';

/** The kink tolerance of loose solutions: a group this near to its threshold is on the side on which it stopped. */
const KINK_TOLERANCE = 1e-10;
const LIMIT = 500;

/** Evaluates a criterion at one penalty after another; each fold starts from the nearest penalty at which it was solved. */
export class SparseEvaluation implements LineCriterion {
  /** The number of models that were fitted. */
  solves = 0;
  /** The criterion is smooth between knots, and cubics find what there is. */
  readonly valleys = { reach: 0, spacing: Number.POSITIVE_INFINITY };
  private readonly solved: { readonly at: number; readonly betas: readonly Float64Array[] }[] = [];

  constructor(
    private readonly folds: readonly Fold[],
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * @param tolerance of the fits
   * @throws RangeError where the free features separate the classes of a fold; Error where a fit does not converge
   */
  async at(logLambda: number, tolerance: number, withSlope: boolean): Promise<LineVisit> {
    const near = nearestTo(logLambda, this.solved)?.betas;
    const betas: Float64Array[] = [];
    let [value, slope] = [0, 0];
    for (const [index, fold] of this.folds.entries()) {
      const lambda = Math.exp(logLambda) * fold.share;
      const problem = withPenalty(fold.problem, lambda);
      const initial = near?.[index];
      const options = { tolerance, limit: LIMIT, ...(initial && { initial }) };
      const result = await runInTurns(solveSparse(problem, options), this.signal);
      this.solves += 1;
      refuseUnlessSolved(result, index, logLambda);
      betas.push(result.beta);
      const margins = fold.isInside ? result.margins : marginsOf(fold.judged, result.beta);
      value += lossAt(fold.judged, margins);
      if (withSlope) slope += await this.slopeOf(fold, { problem, lambda, result, margins });
    }
    this.solved.push({ at: logLambda, betas });
    return { at: logLambda, value, slope: withSlope ? slope : undefined };
  }

  /** ⟨∇C(β), dβ/d(log λ)⟩ of one fold: at a kink, such as λ_max, for falling λ. */
  private async slopeOf(
    { judged }: Fold,
    {
      problem,
      lambda,
      result,
      margins,
    }: { problem: SparseProblem; lambda: number; result: SparseResult; margins: Float64Array },
  ): Promise<number> {
    const point = { problem, beta: result.beta, gradient: result.gradient };
    const active = findActiveGroups(point, KINK_TOLERANCE);
    const shares = active.kinks.map(() => 1);
    const derivative = await runInTurns(SparseDerivative.at(point, lambda, active, shares), this.signal);
    const { u } = derivative.tangent({ logLambda: 1 });
    const moved = marginsOf(judged, u);
    const { slopes } = slopesAt(judged, margins);
    return slopes.reduce((sum, value, at) => sum + value * moved[at], 0);
  }
}

/** The problem with the penalty λ, from that of λ = 1. */
export function withPenalty(problem: SparseProblem, lambda: number): SparseProblem {
  return { ...problem, thresholds: problem.thresholds.map((weight) => weight * lambda) };
}

function refuseUnlessSolved({ status, residual }: SparseResult, fold: number, logLambda: number): void {
  if (status === 'separable') {
    throw new RangeError(
      `tuneSparseModel: the features without a penalty, or the intercept, separate the classes of fold ${fold}, so that it has no fit; give these features a penalty, leave out the intercept, or take fewer folds`,
    );
  }
  if (status !== 'converged') {
    throw new Error(
      `tuneSparseModel: fold ${fold} was not solved at log λ ${logLambda}: its residual is ${residual.toExponential(1)}; columns of X are nearly dependent, as it seems`,
    );
  }
}
