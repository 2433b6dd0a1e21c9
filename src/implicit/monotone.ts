/** The solution of z = σ(Wz + b) as a differentiable function of W and b, for a linear map W with I − (W + Wᵀ)/2 ⪰ m·I, m > 0. */
import type { CustomOperation } from '../autodiff/custom.ts';
import { kinkTolerance } from '../autodiff/kinks.ts';
import { selectionFor, type UniformSelection } from '../autodiff/selection.ts';
import { type Activation, checkMask } from '../solvers/activations.ts';
import { adjointProblem } from '../solvers/adjoint.ts';
import { normsFrom } from '../solvers/equation.ts';
import { solveFixedPoint } from '../solvers/forward.ts';
import { forwardSolverOf, linearSolverOf, solverKey } from '../solvers/index.ts';
import { solveLinear } from '../solvers/linear.ts';
import { type LinearMap, type Margin, transposedMap, transposedResolvent } from '../solvers/linear-map.ts';
import { matrixMap } from '../solvers/maps/matrix.ts';
import { statusOf } from '../solvers/monitor.ts';
import { jacobianAt, kinksOfActivation, whereUsed } from '../solvers/nonlinearity.ts';
import type { SolveReport } from '../solvers/report.ts';
import { resolventOf } from '../solvers/resolvent.ts';
import { type Engine, engineOf } from '../tensor/engine.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { recorded } from '../tensor/operations.ts';
import { describe } from '../tensor/shape.ts';
import { type LoopContext, Tensor } from '../tensor/tensor.ts';
import { Tracing } from '../tensor/tracing.ts';
import {
  certificateOf,
  type ImplicitCertificate,
  type Known,
  knownByMargin,
  type LinearReport,
} from './certificate.ts';
import { AWAY, findKinks, type KinkedArgument, readKinksOf } from './kinks.ts';
import { marginOfMatrix } from './margin.ts';
import {
  type Chosen,
  checkPositive,
  checkSolveOptions,
  chosenFor,
  type MonotoneMapOptions,
  type MonotoneOptions,
  type Settings,
  solverName,
} from './options.ts';
import { certificateOfSolve, type LinearDirection, type LinearResult } from './reporting.ts';
import { type LimitedRun, unlessAborted } from './run-limits.ts';
import { Course } from './solution.ts';
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
 * Solves z = σ(Wz + b) for every row of b, with W a matrix or any other linear map, and differentiates the solution (Bolte et al. 2021, Proposition 3).
 *
 * Backward: with J from the pre-activation Wz + b and one selection throughout, (I − JW)ᵀu = v per sample; then
 * ∂ℓ/∂b = Jᵀu and ∂ℓ/∂W = Σ_batch (Jᵀu)zᵀ, of which a map makes the gradients of its parameters. Every gradient obeys ‖∂ℓ/∂b‖ ≤ ‖v‖/m.
 *
 * Returns at once. Reading z, or anything computed from it, rejects with a ConvergenceError where a sample was not
 * solved, and with a RangeError where W or b holds NaN or an infinity, or W is less monotone than the margin says; once the
 * signal is aborted, with its reason.
 * @param W [n, n], whose margin is an option; or a LinearMap, which brings its own
 * @param b [batch, n]
 * @throws RangeError where a shape or an option is wrong; the signal's reason where it is aborted
 */
export function monotoneFixedPoint(W: Tensor, b: Tensor, options: MonotoneOptions): MonotoneSolution;
export function monotoneFixedPoint(W: LinearMap, b: Tensor, options: MonotoneMapOptions): MonotoneSolution;
export function monotoneFixedPoint(
  W: Tensor | LinearMap,
  b: Tensor,
  options: MonotoneOptions | MonotoneMapOptions,
): MonotoneSolution;
export function monotoneFixedPoint(
  W: Tensor | LinearMap,
  b: Tensor,
  { margin, ...options }: MonotoneMapOptions & Partial<MonotoneOptions>,
): MonotoneSolution {
  if (W instanceof Tensor) {
    checkMatrix(W, b);
    return solveMonotone(matrixMap(W, marginOfMatrix(W, margin)), b, options);
  }
  if (margin !== undefined) {
    throw new RangeError(`margin: it is ${margin}; it must be left out where W is a linear map, which brings its own`);
  }
  return solveMonotone(W, b, options);
}

/**
 * The same, for layers that solve again and again while W changes little.
 * @param near `resolvent` of an earlier solve, of whatever W: where it is near enough that of this one starts from it
 * @returns also what the map keeps of V = (I + α(I − W))⁻¹, where the solver had one
 */
export function solveMonotone(
  map: LinearMap,
  b: Tensor,
  options: MonotoneMapOptions,
  near: readonly Tensor[] = [],
): MonotoneSolution & { readonly resolvent: readonly Tensor[] } {
  const checked = checkSolveOptions(options);
  const { engine, batch } = checkArguments(map, b, options.initial);
  checkMask(checked.activation, map.n);
  const settings = chosenFor(checked, batch, map.n, hasResolvent(engine, map));
  const margin = settings.checkInputs ? map.margin : unchecked(map.margin);
  const { limits } = settings;
  const course = new Course({
    engine,
    what: 'monotone',
    given: 'W or b',
    solver: solverName(settings.solver),
    linearSolver: solverName(settings.linearSolver),
    isBounded: true,
    hypothesis: { ofSolve: async (read) => certificateOfSolve(read, await known) },
    settings,
  });
  const found = forward(engine, map, b, { initial: options.initial, near }, settings, course.run);
  const { z: unread, summary, ...kept } = found;
  const { preActivation } = kept;
  const known = knownOnceChecked(margin, settings);
  known.catch(() => {}); // it is told with the report
  const { report, outputs } = course.solved(summary, [unread], async (read) => {
    await known;
    return read;
  });
  const [z] = outputs;

  /** Jᵀu and, where they are needed, the gradients of the map's parameters. */
  const linear = (
    direction: LinearDirection,
    right: Tensor,
    needsMap: boolean,
    given: UniformSelection | undefined,
  ): Tensor[] => {
    const selection = selectionFor(settings.activation.name, given) ?? settings.selection;
    const inputs = { ...kept, map, z, right };
    return course.linear(direction, (run) =>
      solveLinearised(engine, direction, inputs, needsMap, { ...settings, selection }, run),
    );
  };
  const operation: CustomOperation = {
    name: 'monotoneFixedPoint',
    isSelectable: options.selection === undefined && kinkedOperations(settings.activation).length > 0,
    pullback(cotangent, needed, given) {
      const needsMap = map.parameters.some((_, index) => needed[index]);
      const [Ju, ...gradients] = linear('backward', cotangent, needsMap, given);
      return [...map.parameters.map((_, index) => gradients.at(index)), Ju];
    },
    // ż = J(Wż + Ẇz + ḃ) is J(I − WJ)⁻¹(Ẇz + ḃ): the adjoint system of Wᵀ.
    pushforward: (tangents, given) => linear('tangent', movementOf(engine, map, z, tangents), false, given)[0],
  };
  return {
    z: recorded('custom', [...map.parameters, b], z, operation),
    resolvent: kept.resolvent,
    report,
    backwardReports: course.backwardReports,
    async certificate() {
      limits.signal?.throwIfAborted();
      const reading = engine.tidy((scope) => readKinksOf(kinkedArgument(scope.use(preActivation), settings), batch));
      const [kinks, shown] = await unlessAborted(Promise.all([reading, known]), limits.signal);
      const samples = Array.from({ length: batch }, (_, sample) => ({
        ...shown,
        ...kinks.ofSample(sample),
        nearlySingular: false,
      }));
      return certificateOf(samples, kinks.list);
    },
    dispose() {
      for (const tensor of [z, ...Object.values(kept).flat()]) tensor?.dispose();
    },
  };
}

function checkMatrix(W: Tensor, b: Tensor): void {
  const n = widthOf(b);
  if (W.shape.length !== 2 || W.shape[0] !== n || W.shape[1] !== n) {
    throw new RangeError(`W: the shape is ${describe(W.shape)}; b of shape ${describe(b.shape)} needs [${n}, ${n}]`);
  }
}

function widthOf(b: Tensor): number {
  if (b.shape.length !== 2) throw new RangeError(`b: the shape is ${describe(b.shape)}; it must be [batch, n]`);
  return b.shape[1];
}

function checkArguments(
  { n, parameters, margin }: LinearMap,
  b: Tensor,
  initial: Tensor | undefined,
): { engine: Engine; batch: number } {
  if (widthOf(b) !== n) {
    throw new RangeError(`b: the shape is ${describe(b.shape)}; a linear map of ${n} numbers needs [batch, ${n}]`);
  }
  checkPositive('margin', margin.value);
  if (initial && (initial.shape.length !== 2 || initial.shape[0] !== b.shape[0] || initial.shape[1] !== n)) {
    throw new RangeError(
      `initial: the shape is ${describe(initial.shape)}; it must be that of b, ${describe(b.shape)}`,
    );
  }
  return { engine: engineOf('W', parameters[0] ?? b), batch: b.shape[0] };
}

/** Looks at the map without running anything. */
function hasResolvent(engine: Engine, map: LinearMap): boolean {
  const tracing = new Tracing('a look at W', engine);
  const stand = map.parameters.map(({ shape }) => tracing.input(shape));
  return map.traced(stand, tracing).resolvent !== undefined;
}

/** A margin that would have been checked is one that is stated. */
function unchecked({ check, ...margin }: Margin): Margin {
  return check ? { ...margin, by: 'stated' } : margin;
}

/** What the margin shows, once it has been checked: in float64 on the host, beside the solve. */
async function knownOnceChecked(margin: Margin, { onFailedCertificate, limits }: Settings): Promise<Known> {
  try {
    await margin.check?.(limits.signal);
  } catch (error) {
    if (onFailedCertificate === 'throw' || !(error instanceof RangeError) || limits.signal?.aborted) throw error;
    if (onFailedCertificate === 'warn') console.warn(`monotone: ${error.message}`);
    return { status: 'unknown', argument: 'not examined', reason: `the margin does not hold: ${error.message}` };
  }
  return knownByMargin(margin);
}

/** What the backward pass needs of the forward one. */
interface Kept {
  readonly preActivation: Tensor;
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /** α, where the solver had a resolvent, and what is kept of that. */
  readonly step: Tensor | undefined;
  readonly resolvent: readonly Tensor[];
}

interface Forward extends Kept {
  readonly z: Tensor;
  readonly summary: Tensor;
}

/** From where a solve starts. */
interface Start {
  readonly initial: Tensor | undefined;
  readonly near: readonly Tensor[];
}

function forward(
  engine: Engine,
  map: LinearMap,
  b: Tensor,
  { initial, near }: Start,
  settings: Chosen,
  run: LimitedRun,
): Forward {
  const { activation, limit, tolerance, step, checkInputs } = settings;
  const { parameters } = map;
  const solver = forwardSolverOf(settings.solver);
  const optional = [step === undefined ? undefined : engine.scalar(step), initial];
  const key = [
    ...['forward', map.key, solverKey(settings.solver), JSON.stringify(activation), limit, checkInputs],
    ...[...optional.map(Boolean), near.length],
  ];
  const inputs = [
    ...[...parameters, b, engine.scalar(map.margin.value), engine.scalar(tolerance)],
    ...[...optional.filter((input) => input !== undefined), ...near],
  ];
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const own = traced.slice(0, parameters.length);
    const [tracedB, tracedMargin, tracedTolerance, ...rest] = traced.slice(parameters.length);
    const tracedStep = step === undefined ? undefined : rest.shift();
    const tracedInitial = initial && rest.shift();
    const solution = solveFixedPoint(tracing, solver, {
      map: map.traced(own, tracing),
      b: tracedB,
      initial: tracedInitial,
      near: rest,
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
      notFinite: notFinite(checkInputs, tracedB, own),
    };
    const outputs = [solution.z, solution.preActivation, norms.bound, summarise(b.shape[0], rows)];
    return resolvent ? [...outputs, resolvent.step, ...(resolvent.kept ?? [])] : outputs;
  };
  const [z, preActivation, bound, summary, usedStep, ...resolvent] = engine.run(key.join(' '), inputs, build, run);
  return { z, preActivation, bound, summary, step: usedStep, resolvent };
}

/** Ẇz + ḃ for each sample, [batch, n]. @param tangents of the parameters of the map and of b; those that are absent are 0 */
function movementOf(engine: Engine, map: LinearMap, z: Tensor, tangents: readonly (Tensor | undefined)[]): Tensor {
  const { parameters } = map;
  const db = tangents[parameters.length];
  if (tangents.slice(0, parameters.length).every((tangent) => tangent === undefined)) {
    if (!db) throw new Error('monotoneFixedPoint: a tangent of W or of b must be given');
    return db;
  }
  const key = ['movement', map.key, ...tangents.map(Boolean)].join(' ');
  const given = tangents.filter((tangent) => tangent !== undefined);
  const [moved] = engine.run(key, [...parameters, z, ...given], (traced, tracing) => {
    const [tracedZ, ...rest] = traced.slice(parameters.length);
    const changes = parameters.map((_, index) => (tangents[index] ? rest.shift() : undefined));
    const W = map.traced(traced.slice(0, parameters.length), tracing);
    const [bias] = rest;
    if (bias && W.tangentWith) return [W.tangentWith(changes, tracedZ, bias)];
    const change = W.tangent(changes, tracedZ);
    return [bias ? elementwise('add', [change, bias]) : change];
  });
  return moved;
}

interface LinearInputs extends Kept {
  readonly map: LinearMap;
  readonly z: Tensor;
  /** v, [batch, n] */
  readonly right: Tensor;
}

/** backward: (I − JW)ᵀu = v. tangent: the same of Wᵀ. @returns Jᵀu, then the gradients that are needed of the map's parameters */
function solveLinearised(
  engine: Engine,
  direction: LinearDirection,
  { map, z, preActivation, bound, resolvent, step, right }: LinearInputs,
  needsMap: boolean,
  settings: Chosen,
  run: LimitedRun,
): LinearResult {
  const { linearSolver, activation, backwardLimit, selection, kinkUnits, checkInputs } = settings;
  const { parameters } = map;
  const kept = step ? [step, ...resolvent] : [];
  const key = [
    ...[direction, map.key, solverKey(linearSolver), JSON.stringify(activation), backwardLimit],
    ...[selection, kinkUnits, needsMap, checkInputs, kept.length],
  ];
  const scalars = [settings.backwardTolerance, map.margin.value].map((value) => engine.scalar(value));
  const inputs = [...parameters, z, preActivation, right, bound, ...scalars, ...kept];
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const W = map.traced(traced.slice(0, parameters.length), tracing);
    const others = traced.slice(parameters.length);
    const [fixedPoint, p, v, tracedBound, tolerance, margin, tracedStep, ...tracedKept] = others;
    const norms = normsFrom({ bound: tracedBound });
    const kinked = kinkedArgument(p, settings);
    const J = jacobianAt(activation, p, kinked[0]?.tolerance, selection);
    const forwards = tracedStep && resolventOf(W, { margin, norms, step: tracedStep, tolerance, kept: tracedKept });
    const isTangent = direction === 'tangent';
    const problem = adjointProblem({
      map: isTangent ? transposedMap(W) : W,
      J,
      v,
      tolerance,
      margin,
      norms,
      resolvent: forwards && isTangent ? transposedResolvent(forwards) : forwards,
      limit: backwardLimit,
    });
    const solved = solveLinear(tracing, linearSolverOf(linearSolver), problem);
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
    const gradients = needsMap ? W.cotangent(weighted, fixedPoint) : [];
    return [weighted, summarise(v.shape[0], rows), ...(kinks?.marks ?? []), ...gradients];
  };
  const [Ju, summary, ...rest] = engine.run(key.join(' '), inputs, build, run);
  const operations = kinkedOperations(activation);
  const marked = operations.map((operation, index) => ({ ...operation, marks: rest[index] }));
  return { tensors: [Ju, ...rest.slice(operations.length)], summary, marked };
}

/** σ, where it has kinks. */
function kinkedOperations(activation: Activation): Pick<KinkedArgument, 'operation' | 'positions'>[] {
  const positions = kinksOfActivation(activation);
  return positions.length === 0 ? [] : [{ operation: activation.name, positions }];
}

function kinkedArgument(x: Tensor, { activation, kinkUnits }: Chosen): KinkedArgument[] {
  return kinkedOperations(activation).map((one) => ({
    ...one,
    x: whereUsed(activation, x, AWAY),
    tolerance: kinkTolerance(whereUsed(activation, x, 0), kinkUnits),
  }));
}

/** Numbers in each row, and in the tensors that all share, that are NaN or infinite, [batch]. */
function notFinite(wanted: boolean, rows: Tensor, shared: readonly Tensor[] = []): Tensor {
  if (!wanted) return rows.context.constant({ kind: 'fill', value: 0 }, [1]);
  const counts = shared.map((tensor) => reduceAll('countNotFinite', tensor));
  return counts.reduce((a, b) => elementwise('add', [a, b]), reduceRows('countNotFinite', [rows]));
}
