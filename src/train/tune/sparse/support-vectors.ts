/** Evaluates a criterion of a support vector machine and its derivative in log C, on the host. */
import { runInTurns } from '../../../backends/event-loop.ts';
import { foldMasks } from '../../../data/folds.ts';
import { findActiveRows } from '../../../implicit/support-vectors/active-rows.ts';
import { SupportVectorDerivative } from '../../../implicit/support-vectors/derivative.ts';
import type { SupportVectorData } from '../../../implicit/support-vectors/options.ts';
import { readMachine } from '../../../implicit/support-vectors/smallest-cost.ts';
import type { SupportVectorResult } from '../../../solvers/support-vectors/active-set.ts';
import type { MarginRows, SupportVectorProblem } from '../../../solvers/support-vectors/problem.ts';
import { type NearSolution, solveSupportVectors } from '../../../solvers/support-vectors/solve.ts';
import type { CriterionSplit } from '../criteria.ts';
import { type LineCriterion, type LineVisit, nearestTo } from './along-line.ts';
import { ofCriterion } from './folds.ts';

/** One fit of a criterion. */
interface Fold {
  /** c, 0 in the rows that are held out. */
  readonly rowWeights: Float64Array;
  /** C is divided by the share of the rows that the fold is fitted to, for losses are sums. */
  readonly share: number;
  /** The rows on which it is judged, with weights that add up to its part of the criterion. */
  readonly judged: MarginRows;
  readonly judgedWeights: Float64Array;
}

const LIMIT = 100_000;
const KINK_TOLERANCE = 1e-10;

/** The criterion as a function of −log C, which falls as the penalty of w does. */
export class SupportVectorEvaluation implements LineCriterion {
  solves = 0;
  /** The criterion is rough: with few rows many shallow valleys hide a deeper one. */
  readonly valleys = { reach: 2, spacing: 1 };
  private readonly solved: { readonly at: number; readonly near: readonly NearSolution[] }[] = [];

  private constructor(
    private readonly margins: MarginRows,
    private readonly intercept: boolean,
    private readonly folds: readonly Fold[],
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** @throws RangeError where the data do not fit each other */
  static async of(data: SupportVectorData, split: CriterionSplit, signal: AbortSignal | undefined) {
    const what = 'tuneSupportVectorMachine';
    const { margins, weights, intercept } = await readMachine(what, { ...data, signal });
    const [rowWeights] = weights;
    if (split.kind === 'held-out') {
      const { X, y, rowWeights: ofJudged } = split.rows;
      if (X.shape[1] !== data.X.shape[1]) {
        throw new RangeError(
          `criterion: its X has ${X.shape[1]} features; X has ${data.X.shape[1]}, so it must have as many`,
        );
      }
      const judged = await ofCriterion(() =>
        readMachine(what, { X, y, ...(ofJudged && { rowWeights: ofJudged }), signal }),
      );
      const judgedWeights = withTotal(judged.weights[0], 1);
      const fold = { rowWeights, share: 1, judged: judged.margins, judgedWeights };
      return new SupportVectorEvaluation(margins, intercept, [fold], signal);
    }
    const { folds: count, seed } = split;
    const rows = margins.count;
    const { heldOut } = foldMasks(rows, { folds: count, seed });
    const folds = Array.from({ length: count }, (_, fold): Fold => {
      const isOut = (row: number): boolean => heldOut[fold * rows + row] > 0;
      const outside = rowWeights.map((weight, row) => (isOut(row) ? weight : 0));
      return {
        rowWeights: rowWeights.map((weight, row) => (isOut(row) ? 0 : weight)),
        share: 1 - rowWeights.reduce((sum, _weight, row) => sum + (isOut(row) ? 1 : 0), 0) / rows,
        judged: margins,
        judgedWeights: withTotal(outside, 1 / count),
      };
    });
    return new SupportVectorEvaluation(margins, intercept, folds, signal);
  }

  async at(at: number, _tolerance: number, withSlope: boolean): Promise<LineVisit> {
    const nearest = nearestTo(at, this.solved)?.near;
    const near: NearSolution[] = [];
    let [value, slope] = [0, 0];
    for (const [index, fold] of this.folds.entries()) {
      const cost = Math.exp(-at) / fold.share;
      const upper = fold.rowWeights.map((weight) => cost * weight);
      const problem = { margins: this.margins, upper, intercept: this.intercept };
      const result = await runInTurns(solveSupportVectors(problem, { limit: LIMIT }, nearest?.[index]), this.signal);
      this.solves += 1;
      if (result.residual > Math.max(1e-6, result.floor)) {
        throw new Error(`tuneSupportVectorMachine: fold ${index} was not solved at log C ${-at}`);
      }
      near.push({ upper, alpha: result.alpha });
      const rate = withSlope ? rateOf({ problem, result, cost, rowWeights: fold.rowWeights }) : undefined;
      const judged = judge(fold, result, rate);
      value += judged.value;
      slope -= judged.slope;
    }
    this.solved.push({ at, near });
    return { at, value, slope: withSlope ? slope : undefined };
  }
}

interface Fitted {
  readonly problem: SupportVectorProblem;
  readonly result: SupportVectorResult;
  readonly cost: number;
  readonly rowWeights: Float64Array;
}

/** The derivatives of w and b in log C; at a kink for rising C. */
function rateOf(fitted: Fitted): Float64Array {
  const { problem, result } = fitted;
  const active = findActiveRows(fitted, KINK_TOLERANCE);
  const shares = active.kinks.map(({ isUpper }) => (isUpper ? 1 : 0));
  const derivative = new SupportVectorDerivative({ ...fitted, variables: [] }, active, shares);
  if (!derivative.singular) return derivative.tangent({ logC: [1] }).subarray(0, problem.margins.features + 1);
  // Where no row is inside, every α, and with it w, is proportional to C.
  return Float64Array.of(...result.w, 0);
}

/** The mean of log(1 + e^(−ym)) over the judged rows, and its derivative. */
function judge({ judged, judgedWeights }: Fold, { w, b }: SupportVectorResult, rate: Float64Array | undefined) {
  const { labels, features } = judged;
  const agreements = judged.times(w).map((value, row) => value + labels[row] * b);
  const moved =
    rate && judged.times(rate.subarray(0, features)).map((value, row) => value + labels[row] * rate[features]);
  let [value, slope] = [0, 0];
  for (const [row, weight] of judgedWeights.entries()) {
    if (weight === 0) continue;
    const agreement = agreements[row];
    const e = Math.exp(-Math.abs(agreement));
    value += weight * (Math.log1p(e) + Math.max(-agreement, 0));
    if (moved) slope -= (weight * (agreement > 0 ? e : 1) * moved[row]) / (1 + e);
  }
  return { value, slope };
}

/** Weights that add up to a total, unless all are 0. */
function withTotal(weights: Float64Array, total: number): Float64Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => (sum > 0 ? (weight * total) / sum : 0));
}
