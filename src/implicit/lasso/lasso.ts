/** The Lasso, β̂ = argmin ½‖y − Xβ‖² + e^λ Σⱼ wⱼ|βⱼ| + ½ρ‖β‖², as a differentiable function of X, y, λ, w and ρ. */

import { isList } from '../../arguments/check.ts';
import { readOptions } from '../../arguments/options.ts';
import type { CustomOperation } from '../../autodiff/custom.ts';
import { inTurns } from '../../backends/event-loop.ts';
import { type SolveReport, worstOf } from '../../solvers/report.ts';
import { Arena } from '../../tensor/arena.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { recorded } from '../../tensor/operations.ts';
import { isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { OwnAdvice } from '../advice.ts';
import { certificateOf, type ImplicitCertificate, type LinearReport } from '../certificate.ts';
import { awaiting } from '../reporting.ts';
import { unlessAborted } from '../run-limits.ts';
import { Course } from '../solution.ts';
import type { LassoNumbers } from './analysis.ts';
import { certifyLasso, type LassoCertificate } from './certificate.ts';
import { lassoResidual } from './equation.ts';
import { type LassoInterval, lassoInterval } from './interval.ts';
import { type CheckedLasso, checkedLasso, finestTolerance, LASSO_OPTIONS, type LassoOptions } from './options.ts';
import {
  type Given,
  gradients,
  madeOf,
  type Prepared,
  prepare,
  type Solved,
  solve,
  tangent,
  VARIABLES,
} from './program.ts';
import { checkExtremes } from './ranges.ts';

export interface LassoReport extends SolveReport {
  /**
   * Of each problem: the duality gap relative to the objective at β = 0. About 1e-7 is the least that float32 can show; that of a
   * homotopy is summed up in float64, for β as it is rounded.
   */
  readonly dualityGap: readonly number[];
}

export interface LassoSolution {
  /** [batch, features] */
  readonly beta: Tensor;
  /** β₀, [batch]: 0 without an intercept. */
  readonly intercept: Tensor;
  readonly report: Promise<LassoReport>;
  /** Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for, with its certificate. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /** Whether the solution is unique and the theorem applies: by a Cholesky factor on the equicorrelation set, on the host. */
  certificate(): Promise<LassoCertificate>;
  /**
   * For each problem the range of vᵀ·dβ/dλ over all selections, and its one-sided derivatives.
   * @param cotangent v, [batch, features]
   */
  gradientInterval(cotangent: Tensor): Promise<readonly LassoInterval[]>;
  /** Frees β and what gradients need; not called for inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Solves a batch of Lasso problems and differentiates the solutions (Bolte et al. 2021, Proposition 5).
 *
 * Forward: a homotopy where it runs, to rounding; elsewhere proximal gradient steps (FISTA) until a linear solve on their support,
 * with their signs, solves the problem.
 * Backward: with the selection q on the equicorrelation set, S = X_AᵀX_A + ρ + Q⁻¹ − I on A = {q > 0}, Sw = v by conjugate
 * gradients; then ∂ℓ/∂λ = −e^λ Σ signⱼ wⱼ, and so on. For q in {0, 1} that does not depend on the step size of the proximal
 * map; for fractional q it is the element for a step of 1, as in the paper.
 *
 * Returns at once. Reading β, or anything computed from it, rejects with a ConvergenceError where a problem was not solved, and
 * with the signal's reason once that is aborted.
 * @throws RangeError where a shape or an option is wrong; the signal's reason where it is aborted
 */
export function lasso(given: LassoOptions): LassoSolution {
  const options = inOneArena(readOptions('lasso', given, LASSO_OPTIONS, 'X', 'y', 'logLambda'));
  const checked = checkedLasso(options);
  options.signal?.throwIfAborted();
  return checked.engine.wholly(() => {
    const prepared = prepare(checked.engine, options.X, options.masks, checked.settings.intercept, checked.batch);
    return lassoOf(checked, prepared, options, madeOf(prepared));
  });
}

/**
 * What is computed from tensors belongs where they do: those from outside of a differentiated function, or of a `tidy`, count
 * as inside where others are.
 */
export function inOneArena<Options extends Pick<LassoOptions, 'X'>>(options: Options): Options {
  const arena = Arena.of(tensorsOf(options));
  if (!arena) return options;
  const engine = engineOf('X', options.X);
  return withTensors(options, (tensor) => (tensor.arena || tensor.node ? tensor : engine.useIn(arena, tensor)));
}

/** The tensors among the options; what cannot be computed with is refused later, by name. */
export function tensorsOf<Options extends Pick<LassoOptions, 'X'>>(options: Options): Tensor[] {
  return Object.values(options).filter((value) => isUsable(value, options.X));
}

/** The options with others in the place of these tensors. */
export function withTensors<Options extends Pick<LassoOptions, 'X'>>(
  options: Options,
  instead: (tensor: Tensor) => Tensor,
): Options {
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    isUsable(value, options.X) ? instead(value) : value,
  ]);
  return Object.fromEntries(entries) as Options;
}

function isUsable(value: unknown, X: Tensor): value is Tensor {
  return isTensor(value) && value.context === X.context && !value.isDisposed;
}

/**
 * Of an X that is prepared already.
 * @param owned tensors that are freed with the solution
 */
export function lassoOf(
  checked: CheckedLasso,
  prepared: Prepared,
  options: LassoOptions,
  owned: Tensor[] = [],
): LassoSolution {
  const { engine, settings, batch, features } = checked;
  const { X } = options;
  const { signal } = settings.limits;
  const own = (tensor: Tensor): Tensor => {
    owned.push(tensor);
    return tensor;
  };
  const given = givenOf(checked, options, own);
  const isExamined = settings.onFailedCertificate !== 'ignore';
  const isSelected = options.selection !== undefined;
  let examined: Promise<LassoCertificate> | undefined;
  const certificate = (): Promise<LassoCertificate> => {
    examined ??= unlessAborted(
      numbers().then((read) => inTurns(certifyLasso(read), signal)),
      signal,
    );
    return examined;
  };
  const course = new Course({
    engine,
    what: 'lasso',
    given: 'X, y, logLambda, weights or ridge',
    solver: settings.solver,
    linearSolver: 'conjugate-gradients',
    isBounded: () => false,
    advice: ADVICE,
    hypothesis: {
      ofSolve: async ({ report }) => withSolve(report, isExamined ? await certificate() : undefined),
      ...(isExamined && { closer: certificate }),
    },
    settings,
  });
  const solved = solve(engine, checked, prepared, given, options.initial, course.run);
  const gaps = unlessAborted(solved.gap.data(), signal);
  solved.gap.dispose();
  const ranged = { weights: given.weights, ridge: given.ridge, masks: prepared.masks };
  const inRange = gaps.then((read) => checkExtremes(read.subarray(batch), ranged));
  inRange.catch(() => {}); // told with the report, and with β
  const { report, outputs } = course.solved(solved.summary, [solved.beta], async (read): Promise<LassoReport> => {
    await inRange;
    return { ...read, dualityGap: Array.from((await gaps).subarray(0, batch)) };
  });
  // Wrong arguments are not a solve that failed: β rejects whatever onFailure says.
  const beta = Object.values(ranged).some(Boolean) ? awaiting(engine, outputs[0], inRange) : outputs[0];
  const { correlation, moment, penalty, kinkTolerance } = solved;
  const left = { beta, correlation, moment, penalty, kinkTolerance };
  let finest: typeof left | undefined;
  /** The solution in which kinks are looked for: a loose tolerance leaves features anywhere near their knots. */
  const resolved = (): typeof left => {
    finest ??= settings.tolerance > finestTolerance(engine.epsilon) ? atFinest() : left;
    return finest;
  };
  const atFinest = (): typeof left => {
    const own = { ...checked, settings: { ...settings, tolerance: finestTolerance(engine.epsilon) } };
    const { gap, summary, ...found } = solve(engine, own, prepared, given, beta, settings.limits.linear());
    for (const tensor of [gap, summary]) tensor.dispose();
    return found;
  };
  const numbers = (): Promise<LassoNumbers> => numbersOf(checked, prepared, given, resolved());
  const differentiated = (): typeof left => (isSelected || isExamined || finest ? resolved() : left);

  const arguments_ = { X, ...given };
  const variables = VARIABLES.filter((name) => arguments_[name] !== undefined);
  const operation: CustomOperation = {
    name: 'lasso',
    isRowwise: variables.map((name) => name !== 'X' && arguments_[name]?.shape[0] === batch),
    ...(!options.masks && {
      equation: (found, inputs) => {
        const byName = Object.fromEntries(variables.map((name, index) => [name, inputs[index]]));
        return lassoResidual(found, byName, settings.intercept);
      },
    }),
    pullback(cotangent, needed) {
      const wanted = variables.filter((_, index) => needed[index]);
      const found = course.linear('backward', (run) => {
        const at = { kept: differentiated(), cotangent, wanted };
        const made = gradients(engine, checked, prepared, given, at, run);
        return { summary: made.summary, marked: [], tensors: wanted.map((name) => made[name]) };
      });
      return needed.map((each) => (each ? found.shift() : undefined));
    },
    pushforward(tangents) {
      const byName = Object.fromEntries(variables.map((name, index) => [name, tangents[index]]));
      return course.linear('tangent', (run) => {
        const made = tangent(engine, checked, prepared, given, { kept: differentiated(), tangents: byName }, run);
        return { summary: made.summary, marked: [], tensors: [made.tangent] };
      })[0];
    },
  };
  const inputs = variables.map((name) => arguments_[name] as Tensor);
  recorded('custom', inputs, beta, operation);
  return {
    beta,
    intercept: interceptOf(checked, options, beta, own),
    report,
    backwardReports: course.backwardReports,
    certificate,
    async gradientInterval(cotangent) {
      TENSOR('gradientInterval: cotangent', cotangent);
      if (cotangent.size !== batch * features) {
        throw new RangeError(
          `gradientInterval: cotangent holds ${cotangent.size} numbers; β holds ${batch * features}`,
        );
      }
      signal?.throwIfAborted();
      const [read, v] = await unlessAborted(Promise.all([numbers(), cotangent.data()]), signal);
      const intervals: LassoInterval[] = [];
      for (let problem = 0; problem < batch; problem++) {
        intervals.push(await unlessAborted(inTurns(lassoInterval(read, problem, v), signal), signal));
      }
      return intervals;
    },
    dispose() {
      for (const tensor of [...Object.values(left), ...Object.values(finest ?? {}), ...owned]) tensor.dispose();
    },
  };
}

/** Numbers as tensors, and shapes as the Programs take them; aliases are on the tape of what they are aliases of. */
function givenOf({ engine, features, rows }: CheckedLasso, options: LassoOptions, own: Own): Given {
  const { X, y, logLambda, weights, ridge } = options;
  const numbers = (value: number | readonly number[] | Tensor): Tensor => {
    if (typeof value === 'number') return engine.scalar(value);
    return isList(value) ? own(engine.upload(value, [value.length], X)) : (value as Tensor);
  };
  const asRows = (value: Tensor, width: number): Tensor =>
    value.shape.length === 1 ? own(value.reshape([1, width])) : value;
  return {
    y: asRows(y, rows),
    logLambda: numbers(logLambda),
    ...(weights && { weights: asRows(weights, features) }),
    ...(ridge !== undefined && { ridge: numbers(ridge) }),
  };
}

const ADVICE: OwnAdvice = {
  forward: (report) =>
    !report.timedOut && worstOf(report).cause === 'stagnation'
      ? 'Columns of X are nearly dependent, as it seems: leave some out, or add a ridge; else raise the limit, loosen the tolerance, or ask for the report'
      : undefined,
  singular:
    'columns in use are linearly dependent, so that β is not unique and need not have a derivative; certificate() names them. Leave some out, or add a ridge; a higher limit or a looser tolerance does not help',
};

/** Takes note of a tensor that is freed with the solution. */
type Own = (tensor: Tensor) => Tensor;

/** β₀ = mean(y − Xβ), over the rows that count. */
function interceptOf(
  { engine, batch, rows, features, groups, settings }: CheckedLasso,
  options: LassoOptions,
  beta: Tensor,
  own: Own,
): Tensor {
  const { X, y, masks } = options;
  if (!settings.intercept) return own(engine.upload(new Float64Array(batch), [batch], beta));
  const share = masks
    ? own(masks.div(own(masks.sum(1, { keepAxes: true }))))
    : own(engine.upload(new Float64Array(rows).fill(1 / rows), [1, rows], beta));
  const meanX = own(own(share.matmul(X)).reshape([groups, 1, features]));
  const grouped = own(beta.reshape([groups, batch / groups, features]));
  const fitted = own(own(grouped.mul(meanX)).sum(2));
  const meanY = own(meanOfTargets(y, share, [groups, batch / groups, rows], own));
  return own(own(meanY.sub(fitted)).reshape([batch]));
}

/** [groups, problems of each], or [groups, 1] where y is the same for all. */
function meanOfTargets(y: Tensor, share: Tensor, [groups, length, rows]: readonly number[], own: Own): Tensor {
  const isShared = y.size === rows;
  if (isShared) return share.matmul(own(y.reshape([rows, 1])));
  const weights = own(share.reshape([groups, 1, rows]));
  return own(own(y.reshape([groups, length, rows])).mul(weights)).sum(2);
}

/** The certificate of a gradient: that of the solution, where it was looked at, and what the linear solve says besides. */
function withSolve({ samples }: SolveReport, certificate: LassoCertificate | undefined): ImplicitCertificate {
  const unexamined = {
    status: 'unknown',
    argument: 'not examined',
    reason: 'certificates were to be ignored; certificate() looks at the columns in use',
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular: false,
  } as const;
  const own = samples.map(({ residual, singularValueBound }, index) => ({
    ...(certificate?.samples[index] ?? unexamined),
    residual,
    singularValueBound,
  }));
  return certificate ? { ...certificate, samples: own } : certificateOf(own, []);
}

async function numbersOf(
  { rows, features, batch, engine, settings }: CheckedLasso,
  { X, masks, largest }: Prepared,
  { ridge }: Given,
  { beta, correlation, penalty, kinkTolerance }: Omit<Solved, 'gap' | 'summary'>,
): Promise<LassoNumbers> {
  const read = async (tensor: Tensor | undefined): Promise<ArrayLike<number> | undefined> => tensor?.data();
  const [x, mask, h, rho, b, g, t, tolerance] = await Promise.all(
    [X, masks, largest, ridge, beta, correlation, penalty, kinkTolerance].map(read),
  );
  return {
    rows,
    features,
    batch,
    intercept: settings.intercept,
    X: x as ArrayLike<number>,
    masks: mask,
    ridge: rho ?? [0],
    largest: (h as ArrayLike<number>)[0],
    beta: b as ArrayLike<number>,
    correlation: g as ArrayLike<number>,
    penalty: t as ArrayLike<number>,
    kinkTolerance: tolerance as ArrayLike<number>,
    epsilon: engine.epsilon,
  };
}
