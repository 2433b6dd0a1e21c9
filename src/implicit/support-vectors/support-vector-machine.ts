/** Linear support vector machines, argmin ½‖w‖² + C Σ cᵢ max(0, 1 − yᵢ(xᵢw + b)), as differentiable functions of their data. */

import { readOptions } from '../../arguments/options.ts';
import type { SolveReport } from '../../solvers/report.ts';
import { MarginRows } from '../../solvers/support-vectors/problem.ts';
import { type NearSolution, solveSupportVectors } from '../../solvers/support-vectors/solve.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport } from '../certificate.ts';
import type { NodeProblem } from '../declarative/node.ts';
import { type NodeCertificates, SolvedNode } from '../declarative/solved-node.ts';
import { checkIntervalCotangent } from '../derivative-range.ts';
import { computeEach } from '../host-rows.ts';
import { refuseNegative, refuseNoRows } from '../row-weights.ts';
import { readTwoClasses } from '../two-classes.ts';
import type { Variable } from './derivative.ts';
import type { SupportVectorSampleCertificate } from './hypothesis.ts';
import type { SupportVectorInterval } from './interval.ts';
import {
  type CheckedSupportVectors,
  checkSupportVectors,
  SUPPORT_VECTOR_OPTIONS,
  type SupportVectorOptions,
} from './options.ts';
import { SupportVectorSample } from './sample.ts';

/** The certificate of a batch of support vector machines. Of each kink `index` is the row. */
export type SupportVectorCertificate = NodeCertificates<SupportVectorSampleCertificate>;

/** The report of a batch of support vector machines. */
export interface SupportVectorReport extends SolveReport {
  /** ½‖w‖² + C Σ cᵢ max(0, 1 − yᵢ(xᵢw + b)) of each problem. */
  readonly objective: readonly number[];
  /** How far that is above the value of the dual, and so at most above the least one. */
  readonly gap: readonly number[];
}

/** What `supportVectorMachine` returns. */
export interface SupportVectorSolution {
  /** w, [batch, features]. */
  readonly beta: Tensor;
  /** b, [batch]; 0 if there is no intercept. */
  readonly intercept: Tensor;
  /** α, [batch, rows]: 0 ≤ αᵢ ≤ C cᵢ, and w = Σ αᵢyᵢxᵢ. */
  readonly alpha: Tensor;
  /** The report of the solve, once it has ended. */
  readonly report: Promise<SupportVectorReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * Decides whether the theorem applies: if and only if the rows on the margin, with a 1 appended where there is an intercept,
   * are linearly independent, and with an intercept one of them is strictly inside of its range.
   */
  certificate(): Promise<SupportVectorCertificate>;
  /**
   * Computes, for each problem, the range of vᵀ·dw/d(log C) over all selections, and the one-sided derivatives; `right` is
   * that for rising C.
   * @param cotangent v, of the shape of β
   */
  gradientInterval(cotangent: Tensor): Promise<readonly SupportVectorInterval[]>;
  /** Frees β, the intercept and α. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Fits linear support vector machines for a batch of costs. The solutions can be differentiated in X, log C and the weights
 * of rows (Bolte et al. 2021, Theorem 2, for the projection onto 0 ≤ α ≤ C c of the dual; C. Cortes, V. Vapnik 1995).
 *
 * In float64 on every backend, on the host. Forward: coordinate descent on the dual, then an active-set method, whose
 * solution is exact up to rounding. Backward: one Cholesky factor of the inner products of the rows on the margin. α has
 * kinks at both ends of its range. With the selection q in {0, 1} the result does not depend on the step size of the
 * projection; for fractional q it is the element for step size 1.
 *
 * Returns at once. Reading β, or anything computed from it, rejects with a RangeError where a number is out of its range,
 * with a ConvergenceError where a problem was not solved, and with the signal's reason once the signal is aborted.
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function supportVectorMachine(given: SupportVectorOptions): SupportVectorSolution {
  const options = readOptions('supportVectorMachine', given, SUPPORT_VECTOR_OPTIONS, 'X', 'y', 'logC');
  return solveBatch(checkSupportVectors('supportVectorMachine', options));
}

function solveBatch(checked: CheckedSupportVectors): SupportVectorSolution {
  const { engine, rows, features, batch, settings } = checked;
  settings.limits.signal?.throwIfAborted();
  return engine.runOrFree(() => {
    const solved = new SolvedNode(problemOf(checked));
    const [beta, intercept, alpha] = [
      solved.cut(0, [batch, features]),
      solved.cut(features, [batch]),
      solved.cut(features + 1, [batch, rows]),
    ];
    const results = solved.samples.then((samples) =>
      (samples as readonly SupportVectorSample[]).map(({ origin }) => origin.result),
    );
    const report = solved.report.then(async (read): Promise<SupportVectorReport> => {
      const all = await results;
      return { ...read, objective: all.map(({ objective }) => objective), gap: all.map(({ gap }) => gap) };
    });
    for (const promise of [results, report]) promise.catch(() => {}); // reading β rejects with it
    return {
      beta,
      intercept,
      alpha,
      report,
      backwardReports: solved.backwardReports,
      certificate: () => solved.certificate(),
      async gradientInterval(cotangent) {
        checkIntervalCotangent(cotangent, beta.size);
        const numbers = await engine.downloadNow(cotangent);
        const samples = (await solved.samples) as readonly SupportVectorSample[];
        return computeEach(
          samples,
          (sample, index) => sample.interval(numbers.subarray(index * features, (index + 1) * features)),
          settings.limits.signal,
        );
      },
      dispose() {
        for (const tensor of [beta, intercept, alpha]) tensor.dispose();
        solved.dispose();
      },
    };
  });
}

/** Solves one problem after the other; each starts from the solution of the one before it. */
function problemOf(checked: CheckedSupportVectors): NodeProblem<SupportVectorSampleCertificate> {
  const { what, engine, args, rows, features, batch, intercept, settings, limit, kinkTolerance } = checked;
  const variables = args.map(({ name }) => name as Variable);
  let margins: MarginRows | undefined;
  let near: NearSolution | undefined;
  return {
    what,
    engine,
    batch,
    width: features + 1 + rows,
    args,
    settings,
    solver: 'active-set',
    examined: 'the rows on the margin',
    singular:
      'rows on the margin are linearly dependent, or none is strictly inside of its range, so that α or the intercept is not unique and need not have a derivative; certificate() names them. Merge equal rows into one with the sum of their weights',
    unsolved: 'Raise limit, or the time limit',
    selection: checked.selection,
    isSelected: checked.isSelected,
    *solve(numbers, sample, isCutShort) {
      const own = (name: Variable): Float64Array | undefined => numbers[variables.indexOf(name)];
      const rowWeights = own('rowWeights') ?? new Float64Array(rows).fill(1);
      refuseNegative('rowWeights', rowWeights);
      refuseNoRows(rowWeights, sample);
      // X and y are the same for all samples.
      margins ??= new MarginRows(numbers[0], readTwoClasses(numbers[1], 'a support vector machine'), features);
      const cost = Math.exp(own('logC')?.[0] ?? logCostOf(checked, sample));
      const upper = rowWeights.map((weight) => cost * weight);
      const problem = { margins, upper, intercept };
      const result = yield* solveSupportVectors(problem, { limit, isCutShort }, near);
      near = { upper, alpha: result.alpha };
      return new SupportVectorSample(
        { problem, result, cost, rowWeights, variables },
        { tolerance: settings.tolerance, kinkTolerance, epsilon: engine.epsilon },
      );
    },
  };
}

function logCostOf({ logC = [] }: CheckedSupportVectors, sample: number): number {
  return logC[logC.length === 1 ? 0 : sample];
}
