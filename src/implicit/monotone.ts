/** The solution of z = σ(Wz + b) as a differentiable function of W and b, for W with I − (W + Wᵀ)/2 ⪰ m·I, m > 0. */
import type { CustomOperation } from '../autodiff/custom.ts';
import { kinkTolerance } from '../autodiff/kinks.ts';
import { selectionFor, type UniformSelection } from '../autodiff/selection.ts';
import { inTurns } from '../backends/event-loop.ts';
import type { Activation } from '../solvers/activations.ts';
import { adjointProblem } from '../solvers/adjoint.ts';
import { normsFrom } from '../solvers/equation.ts';
import { type FixedPointProblem, solveFixedPoint } from '../solvers/forward.ts';
import { FORWARD_SOLVERS, LINEAR_SOLVERS } from '../solvers/index.ts';
import { solveLinear } from '../solvers/linear.ts';
import { statusOf } from '../solvers/monitor.ts';
import { jacobianAt, kinksOfActivation } from '../solvers/nonlinearity.ts';
import type { SolveReport } from '../solvers/report.ts';
import { type Engine, engineOf } from '../tensor/engine.ts';
import { elementwise, product, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { recorded, transpose } from '../tensor/operations.ts';
import { describe } from '../tensor/shape.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import {
  certificateOf,
  type ImplicitCertificate,
  type Known,
  knownByMargin,
  type LinearReport,
} from './certificate.ts';
import { findKinks, type KinkedArgument, readKinksOf } from './kinks.ts';
import { checkStatedMargin } from './margin.ts';
import { type Chosen, checkSolveOptions, chosenFor, type MonotoneOptions } from './options.ts';
import { isMonotoneByConstruction } from './parametrisation.ts';
import { guarded, type LinearOutcome, linearly, linearReportOf, reportOf } from './reporting.ts';
import { type LimitedRun, unlessAborted } from './run-limits.ts';
import { summarise } from './summary.ts';

export interface MonotoneSolution {
  /** [batch, n] */
  readonly z: Tensor;
  readonly report: Promise<SolveReport>;
  /** Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for, with its certificate. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /** The same certificate without a linear solve. Rejects where W is less monotone than the margin says. */
  certificate(): Promise<ImplicitCertificate>;
  /** Frees z and what the certificate needs; not called for inside `tidy` or a differentiated function. */
  dispose(): void;
}

/**
 * Solves z = σ(Wz + b) for every row of b, and differentiates the solution (Bolte et al. 2021, Proposition 3).
 *
 * Backward: with J from the pre-activation Wz + b and one selection throughout, (I − JW)ᵀu = v per sample; then
 * ∂ℓ/∂b = Jᵀu and ∂ℓ/∂W = Σ_batch (Jᵀu)zᵀ. Every gradient obeys ‖∂ℓ/∂b‖ ≤ ‖v‖/m.
 *
 * Returns at once. Reading z, or anything computed from it, rejects with a ConvergenceError where a sample was not
 * solved, and with a RangeError where W or b holds NaN or an infinity, or W is less monotone than the margin says; once the
 * signal is aborted, with its reason.
 * @param W [n, n]
 * @param b [batch, n]
 * @throws RangeError where a shape or an option is wrong; the signal's reason where it is aborted
 */
export function monotoneFixedPoint(W: Tensor, b: Tensor, options: MonotoneOptions): MonotoneSolution {
  return solveMonotone(W, b, options);
}

/**
 * The same, for layers that solve again and again while W changes little.
 * @param near `inverse` of an earlier solve, of whatever W: where it is near enough that of this one starts from it
 * @returns also V = (I + α(I − W))⁻¹, where the solver had one
 */
export function solveMonotone(
  W: Tensor,
  b: Tensor,
  options: MonotoneOptions,
  near?: Tensor,
): MonotoneSolution & { readonly inverse: Tensor | undefined } {
  const checked = checkSolveOptions(options);
  const { engine, batch, n } = checkArguments(W, b, options.initial);
  const settings = chosenFor(checked, batch, n);
  const started = performance.now();
  const { limits } = settings;
  const run = limits.forward();
  const { z: found, summary, ...kept } = forward(engine, W, b, { initial: options.initial, near }, settings, run);
  const { preActivation } = kept;
  const isMonotone = checkMonotone(W, settings);
  isMonotone.catch(() => {}); // it is told with the report
  const { tolerance, backwardTolerance, onFailure } = settings;
  const ahead = {
    what: 'monotone',
    direction: 'forward',
    given: 'W or b',
    solver: settings.solver,
    tolerance,
    onFailure,
    isBounded: true,
    run,
  } as const;
  const report = reportOf(engine, ahead, summary, started).then(async (read) => {
    await isMonotone;
    return read;
  });
  const z = guarded(engine, ahead, found, report);

  const hypothesis = async (): Promise<Known> => {
    await isMonotone;
    return knownByMargin(settings.margin, settings.checkInputs || isMonotoneByConstruction(W));
  };
  const backwardReports: Promise<LinearReport>[] = [];
  const linear = (
    direction: LinearDirection,
    right: Tensor,
    needsW: boolean,
    given: UniformSelection | undefined,
  ): { Ju: Tensor; W: Tensor | undefined } => {
    const since = performance.now();
    const selection = selectionFor(settings.activation.name, given) ?? settings.selection;
    const run = limits.linear();
    const inputs = { ...kept, W, z, right };
    const solved = solveLinearised(engine, direction, inputs, needsW, { ...settings, selection }, run);
    const back = linearly(ahead, direction, { solver: settings.linearSolver, tolerance: backwardTolerance, run });
    const told = linearReportOf(engine, back, solved, since, hypothesis);
    backwardReports.push(told);
    return { Ju: guarded(engine, back, solved.Ju, told), W: solved.W && guarded(engine, back, solved.W, told) };
  };
  const operation: CustomOperation = {
    name: 'monotoneFixedPoint',
    isSelectable: options.selection === undefined && kinkedOperations(settings.activation).length > 0,
    pullback(cotangent, [needsW], given) {
      const { Ju, W: gradient } = linear('backward', cotangent, needsW, given);
      return [gradient, Ju];
    },
    // ż = J(Wż + ẆZ + ḃ) is J(I − WJ)⁻¹(ẆZ + ḃ): the adjoint system of Wᵀ.
    pushforward: ([dW, db], given) => linear('tangent', tangentOf(z, dW, db), false, given).Ju,
  };
  return {
    z: recorded('custom', [W, b], z, operation),
    inverse: kept.inverse,
    report,
    backwardReports,
    async certificate() {
      limits.signal?.throwIfAborted();
      const reading = engine.tidy((scope) => readKinksOf(kinkedArgument(scope.use(preActivation), settings), batch));
      const [kinks, known] = await unlessAborted(Promise.all([reading, hypothesis()]), limits.signal);
      const samples = Array.from({ length: batch }, (_, sample) => ({
        ...known,
        ...kinks.ofSample(sample),
        nearlySingular: false,
      }));
      return certificateOf(samples, kinks.list);
    },
    dispose() {
      for (const tensor of [z, ...Object.values(kept)]) tensor?.dispose();
    },
  };
}

function checkArguments(
  W: Tensor,
  b: Tensor,
  initial: Tensor | undefined,
): { engine: Engine; batch: number; n: number } {
  if (b.shape.length !== 2) throw new RangeError(`b: the shape is ${describe(b.shape)}; it must be [batch, n]`);
  const [batch, n] = b.shape;
  if (W.shape.length !== 2 || W.shape[0] !== n || W.shape[1] !== n) {
    throw new RangeError(`W: the shape is ${describe(W.shape)}; b of shape ${describe(b.shape)} needs [${n}, ${n}]`);
  }
  if (initial && (initial.shape.length !== 2 || initial.shape[0] !== batch || initial.shape[1] !== n)) {
    throw new RangeError(
      `initial: the shape is ${describe(initial.shape)}; it must be that of b, ${describe(b.shape)}`,
    );
  }
  return { engine: engineOf('W', W), batch, n };
}

/** Rejects where a W that is given directly has less than the margin stated; in float64 on the host, beside the solve. */
async function checkMonotone(W: Tensor, { margin, checkInputs, limits: { signal } }: Chosen): Promise<void> {
  if (!checkInputs || isMonotoneByConstruction(W)) return;
  const numbers = await unlessAborted(W.data(), signal);
  await unlessAborted(inTurns(checkStatedMargin(numbers, W.shape[0], margin), signal), signal);
}

/** What the backward pass needs of the forward one. */
interface Kept {
  readonly preActivation: Tensor;
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** V and α, where the solver had them. */
  readonly inverse?: Tensor;
  readonly step?: Tensor;
}

interface Forward extends Kept {
  readonly z: Tensor;
  readonly summary: Tensor;
}

/** From where a solve starts. */
type Start = Pick<FixedPointProblem, 'initial' | 'near'>;

function forward(
  engine: Engine,
  W: Tensor,
  b: Tensor,
  { initial, near }: Start,
  settings: Chosen,
  run: LimitedRun,
): Forward {
  const { activation, limit, margin, tolerance, step, checkInputs } = settings;
  const solver = FORWARD_SOLVERS[settings.solver];
  const optional = [step === undefined ? undefined : engine.scalar(step), initial, near];
  const key = ['forward', settings.solver, JSON.stringify(activation), limit, checkInputs, ...optional.map(Boolean)];
  const inputs = [
    W,
    b,
    engine.scalar(margin),
    engine.scalar(tolerance),
    ...optional.filter((input) => input !== undefined),
  ];
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const [tracedW, tracedB, tracedMargin, tracedTolerance, ...rest] = traced;
    const tracedStep = step === undefined ? undefined : rest.shift();
    const tracedInitial = initial && rest.shift();
    const solution = solveFixedPoint(tracing, solver, {
      W: tracedW,
      b: tracedB,
      initial: tracedInitial,
      near: rest.shift(),
      margin: tracedMargin,
      tolerance: tracedTolerance,
      step: tracedStep,
      activation,
      limit,
    });
    const { norms, resolvent } = solution;
    const rows = {
      status: solution.status,
      iterations: solution.iterations,
      residual: solution.residual,
      floor: solution.floor,
      // ‖z − z*‖ ≤ (1 + ‖I − W‖)/m · ‖z − σ(Wz + b)‖
      amplification: elementwise('divide', [elementwise('scale', [norms.bound], [1, 1]), tracedMargin]),
      notFinite: notFinite(checkInputs, tracedB, tracedW),
    };
    const outputs = [solution.z, solution.preActivation, norms.bound, summarise(b.shape[0], rows)];
    return resolvent ? [...outputs, resolvent.inverse, resolvent.step] : outputs;
  };
  const [z, preActivation, bound, summary, inverse, usedStep] = engine.run(key.join(' '), inputs, build, run);
  return { z, preActivation, bound, summary, inverse, step: usedStep };
}

/** Ẇz + ḃ for each sample, [batch, n]; one of them may be absent, which is 0. */
function tangentOf(z: Tensor, dW: Tensor | undefined, db: Tensor | undefined): Tensor {
  if (dW) return product(z, dW, { transposeB: true, ...(db && { bias: db }) });
  if (!db) throw new Error('monotoneFixedPoint: a tangent of W or of b must be given');
  return db;
}

/** backward: (I − JW)ᵀu = v. tangent: the same of Wᵀ. */
type LinearDirection = 'backward' | 'tangent';

interface LinearInputs extends Kept {
  readonly W: Tensor;
  readonly z: Tensor;
  /** v, [batch, n] */
  readonly right: Tensor;
}

function solveLinearised(
  engine: Engine,
  direction: LinearDirection,
  { W, z, preActivation, bound, inverse, step, right }: LinearInputs,
  needsW: boolean,
  settings: Chosen,
  run: LimitedRun,
): LinearOutcome & { Ju: Tensor; W: Tensor | undefined } {
  const { linearSolver, activation, backwardLimit, selection, kinkUnits, checkInputs } = settings;
  const resolvent = inverse && step ? [inverse, step] : [];
  const key = [
    direction,
    linearSolver,
    JSON.stringify(activation),
    backwardLimit,
    selection,
    kinkUnits,
    needsW,
    checkInputs,
    resolvent.length,
  ];
  const scalars = [settings.backwardTolerance, settings.margin].map((value) => engine.scalar(value));
  const inputs = [W, z, preActivation, right, bound, ...scalars, ...resolvent];
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const [tracedW, fixedPoint, p, v, tracedBound, tolerance, margin, tracedInverse, tracedStep] = traced;
    const oriented = (matrix: Tensor): Tensor => (direction === 'tangent' ? transpose(matrix) : matrix);
    const kinked = kinkedArgument(p, settings);
    const J = jacobianAt(activation, p, kinked[0]?.tolerance, selection);
    const problem = adjointProblem({
      W: oriented(tracedW),
      J,
      v,
      tolerance,
      margin,
      norms: normsFrom(tracedBound),
      resolvent: tracedInverse && { inverse: oriented(tracedInverse), step: tracedStep },
      limit: backwardLimit,
    });
    const solved = solveLinear(tracing, LINEAR_SOLVERS[linearSolver], problem);
    const weighted = J.apply(solved.u); // Jᵀu
    const kinks = findKinks(kinked, v.shape[0]);
    const rows = {
      status: statusOf(solved.state),
      iterations: solved.iterations,
      residual: solved.residual,
      floor: solved.floor,
      // ‖Jᵀ(u − u*)‖ ≤ 1/m · ‖v − (I − JW)ᵀu‖, as for every cotangent
      amplification: elementwise('reciprocal', [margin]),
      singularValueBound: solved.singularValueBound,
      notFinite: notFinite(checkInputs, v),
      kinks: kinks?.count,
      kinkTolerance: kinks?.tolerance,
    };
    const gradients = needsW ? [product(weighted, fixedPoint, { transposeA: true })] : [];
    return [weighted, summarise(v.shape[0], rows), ...(kinks?.marks ?? []), ...gradients];
  };
  const [Ju, summary, ...rest] = engine.run(key.join(' '), inputs, build, run);
  const operations = kinkedOperations(activation);
  const marked = operations.map((operation, index) => ({ ...operation, marks: rest[index] }));
  return { Ju, W: rest[operations.length], summary, marked };
}

/** σ, where it has kinks. */
function kinkedOperations(activation: Activation): Pick<KinkedArgument, 'operation' | 'positions'>[] {
  const positions = kinksOfActivation(activation);
  return positions.length === 0 ? [] : [{ operation: activation.name, positions }];
}

function kinkedArgument(x: Tensor, { activation, kinkUnits }: Chosen): KinkedArgument[] {
  return kinkedOperations(activation).map((one) => ({ ...one, x, tolerance: kinkTolerance(x, kinkUnits) }));
}

/** Numbers in each row, and in the shared matrix, that are NaN or infinite, [batch]. */
function notFinite(wanted: boolean, rows: Tensor, shared?: Tensor): Tensor {
  if (!wanted) return rows.context.constant({ kind: 'fill', value: 0 }, [1]);
  const count = reduceRows('countNotFinite', [rows]);
  return shared ? elementwise('add', [count, reduceAll('countNotFinite', shared)]) : count;
}
