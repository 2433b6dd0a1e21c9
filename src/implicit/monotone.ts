/**
 * The solution of z = σ(Wz + b) as a differentiable function of W and b, for a linear map W with I − (W + Wᵀ)/2 ⪰ m·I,
 * m > 0.
 */
import { readOptions } from '../arguments/options.ts';
import type { CustomOperation } from '../autodiff/custom.ts';
import { selectionFor, type UniformSelection } from '../autodiff/selection.ts';
import { checkMask } from '../solvers/activations.ts';
import { convergenceOf, forwardSolverOf } from '../solvers/index.ts';
import type { LinearMap, Margin } from '../solvers/linear-map.ts';
import { roundingUnits, type SolveReport } from '../solvers/report.ts';
import { recordOperation } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OwnAdvice } from './advice.ts';
import {
  certificateOf,
  type ImplicitCertificate,
  type Known,
  knownByMargin,
  type LinearReport,
} from './certificate.ts';
import { readKinksOf } from './kinks.ts';
import { marginOfMatrix } from './matrix-margin.ts';
import { checkArguments, hasResolvent, linearMapOf } from './monotone-arguments.ts';
import { solveForward } from './monotone-forward.ts';
import { kinkedArgument, kinkedOperations, type LinearPoint, movementOf, solveLinearised } from './monotone-linear.ts';
import { type ResolvedSolution, resolveSolution } from './monotone-resolved.ts';
import {
  type ChosenSettings,
  checkSolveOptions,
  chooseSolvers,
  MONOTONE_OPTIONS,
  type MonotoneMapOptions,
  type MonotoneOptions,
  type Settings,
  solverName,
} from './options.ts';
import { guardTensors, isOverwritten } from './overwritten.ts';
import { certificateOfSolve, type LinearDirection } from './reporting.ts';
import { unlessAborted } from './run-limits.ts';
import { Course } from './solution.ts';

/** The result of `monotoneFixedPoint`. */
export interface MonotoneSolution {
  /**
   * The solution, [batch, n], recorded for differentiation. Reading it awaits the report, and rejects where the solve
   * failed.
   */
  readonly z: Tensor;
  /** The report of the forward solve, sample by sample. */
  readonly report: Promise<SolveReport>;
  /**
   * One report for each linear solve, whether for a gradient or for a tangent, in the order in which they were asked
   * for, each with a certificate.
   */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * The certificate of the solution without a gradient. Its kinks are those of the true solution: see `unresolved` of
   * SampleCertificate. Where W is less monotone than the margin says, `onFailedCertificate` decides what happens.
   */
  certificate(): Promise<ImplicitCertificate>;
  /** Frees z and what the certificate needs. Inside `tidy` or a differentiated function there is no need to call it. */
  dispose(): void;
}

/** The advice on a solve by this solver that failed. */
const adviceOn = (solver: ChosenSettings['solver']): OwnAdvice => ({
  async forward(_, worst) {
    const { adviseOnMonotone } = await import('./advice.ts');
    return adviseOnMonotone(worst, convergenceOf(forwardSolverOf(solver)) === 'where it contracts');
  },
});

/**
 * Solves z = σ(Wz + b) for every row of b, where W is a matrix or any other linear map with I − (W + Wᵀ)/2 ⪰ m·I and m
 * > 0, and differentiates z with respect to W and b (Bolte et al. 2021, Proposition 3). The margin m makes the solution
 * unique.
 *
 * Gradients do not go through the iterations. With J = σ′ at the pre-activation Wz + b, and one selection at each kink
 * throughout, a cotangent v asks for one linear solve (I − JW)ᵀu = v for each sample; then ∂ℓ/∂b = Jᵀu and ∂ℓ/∂W =
 * Σ_batch (Jᵀu)zᵀ, from which a linear map computes the gradients of its parameters. Every gradient obeys ‖∂ℓ/∂b‖ ≤
 * ‖v‖/m.
 *
 * Returns at once. Reading z, or anything computed from it, rejects with a ConvergenceError where a sample was not
 * solved; with a RangeError where W or b holds NaN or an infinity; with a RangeError where W is less monotone than the
 * margin says, unless `onFailedCertificate` is warn or ignore; and with the signal's reason once the signal is aborted.
 * @param W [n, n], with its margin as an option; or a LinearMap, which brings its own margin
 * @param b [batch, n]
 * @param options `activation` is required, and `margin` where W is a matrix
 * @throws RangeError where a shape or an option is wrong; the signal's reason where the signal is aborted
 */
export function monotoneFixedPoint(W: Tensor, b: Tensor, options: MonotoneOptions): MonotoneSolution;
export function monotoneFixedPoint(W: LinearMap, b: Tensor, options: MonotoneMapOptions): MonotoneSolution;
export function monotoneFixedPoint(
  W: Tensor | LinearMap,
  b: Tensor,
  given: MonotoneMapOptions & Partial<MonotoneOptions>,
): MonotoneSolution {
  const { margin, ...options } = readOptions('monotoneFixedPoint', given, MONOTONE_OPTIONS);
  return solveMonotone(linearMapOf(W, b, margin), b, options);
}

/**
 * `monotoneFixedPoint` for layers, which solve again and again while W changes little.
 * @param near the `resolvent` of an earlier solve with another W. Where it is near enough, the resolvent of this one
 *   starts from it
 * @returns also `resolvent`: what the map stores of V = (I + α(I − W))⁻¹, empty where the solver used none
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
  const settings = chooseSolvers(checked, batch, map.resolventOrder ?? map.n, hasResolvent(engine, map));
  const margin = currentMargin(map, settings);
  const { limits } = settings;
  const guard = guardTensors('monotone', map.parameters, (index) => nameOf(map, index));
  const course = new Course({
    engine,
    what: 'monotone',
    given: 'W or b',
    solver: solverName(settings.solver),
    linearSolver: solverName(settings.linearSolver),
    isBounded: async () => (await shown).holds,
    rounding: roundingUnits(map.n),
    hypothesis: { ofSolve: async (read) => certificateOfSolve(read, (await shown).known) },
    advice: adviceOn(settings.solver),
    settings,
  });
  const start = { initial: options.initial, near };
  const { z: unread, summary, kept } = solveForward(engine, map, b, start, settings, course.run);
  const shown = checkMargin(margin, settings);
  shown.catch(() => {}); // reported through the report
  const { report, outputs } = course.completeForward(summary, [unread]);
  const [z] = outputs;
  const isKinked = kinkedOperations(settings.activation).length > 0;
  let atFloor: ResolvedSolution | undefined;
  /**
   * The solution at the floor of the precision, in which kinks are looked for: computed when first asked for, and kept.
   */
  const resolved = (): ResolvedSolution => {
    if (!atFloor || atFloor.z.isDisposed) {
      atFloor = resolveSolution(engine, map, b, kept, settings, settings.limits.linear());
    }
    return atFloor;
  };

  const left = { z, preActivation: kept.preActivation, uncertainty: kept.uncertainty };
  const pointFor = (given: UniformSelection | undefined): LinearPoint => {
    const asked = selectionFor(settings.activation.name, given) ?? options.selection;
    const isResolved = isKinked && (asked !== undefined || atFloor !== undefined);
    return { map, kept, at: isResolved ? resolved() : left, isResolved, selection: asked ?? settings.selection };
  };

  /** Jᵀu, then the gradients of the map's parameters where they are needed. */
  const linear = (direction: LinearDirection, point: LinearPoint, right: Tensor, needsMap: boolean): Tensor[] => {
    guard.check();
    return course.runLinear(direction, (run) =>
      solveLinearised(engine, direction, point, right, needsMap, settings, run),
    );
  };
  const operation: CustomOperation = {
    name: 'monotoneFixedPoint',
    isSelectable: options.selection === undefined && isKinked,
    isRowwise: [...map.parameters.map(() => false), true],
    equation: { context: engine, map, activation: settings.activation },
    pullback(cotangent, needed, given) {
      const needsMap = map.parameters.some((_, index) => needed[index]);
      const [Ju, ...gradients] = linear('backward', pointFor(given), cotangent, needsMap);
      return [...map.parameters.map((_, index) => gradients.at(index)), Ju];
    },
    // ż = J(Wż + Ẇz + ḃ), so that ż = J(I − WJ)⁻¹(Ẇz + ḃ): the adjoint system of Wᵀ.
    pushforward(tangents, given) {
      guard.check();
      const point = pointFor(given);
      return linear('tangent', point, movementOf(engine, map, point.at.z, tangents), false)[0];
    },
  };
  return {
    z: recordOperation('custom', [...map.parameters, b], z, operation),
    resolvent: kept.resolvent,
    report,
    backwardReports: course.backwardReports,
    async certificate() {
      limits.signal?.throwIfAborted();
      const { preActivation, uncertainty } = isKinked ? resolved() : kept;
      const reading = engine.tidy((scope) =>
        readKinksOf(
          kinkedArgument(scope.use(preActivation), uncertainty && scope.use(uncertainty), true, settings),
          batch,
        ),
      );
      const [kinks, { known: shownThen }] = await unlessAborted(Promise.all([reading, shown]), limits.signal);
      const changed = guard.reasonToRefuse();
      const known = changed === undefined ? shownThen : unexamined(changed);
      const samples = Array.from({ length: batch }, (_, sample) => ({
        ...known,
        ...kinks.ofSample(sample),
        nearlySingular: false,
      }));
      return course.whereSolved(certificateOf(samples, kinks.list));
    },
    dispose() {
      for (const tensor of [z, ...Object.values(kept).flat(), ...Object.values(atFloor ?? {})]) tensor?.dispose();
    },
  };
}

const nameOf = ({ key, parameters }: LinearMap, index: number): string =>
  key === 'matrix' && parameters.length === 1 ? 'W' : `parameter ${index} of W`;

/** The margin of the numbers that W holds now. */
function currentMargin(map: LinearMap, { checkInputs }: Settings): Margin {
  const { value } = map.margin;
  const isMatrix = map.key === 'matrix' && map.parameters.length === 1;
  let { margin } = map;
  // A margin that was not checked here may be that of numbers that have been overwritten since.
  if (!margin.check && isOverwritten(map)) {
    margin = isMatrix ? marginOfMatrix(map.parameters[0], value) : { ...margin, by: 'stated' };
  }
  if (checkInputs || !margin.check) return margin;
  // Without `checkInputs` nothing is checked: a margin that does not hold by construction is only stated.
  return { ...margin, by: margin.by === 'construction' ? margin.by : 'stated', check: undefined };
}

const unexamined = (reason: string): Known => ({ status: 'unknown', argument: 'not examined', reason });

/** Checks the margin, in float64 on the host beside the solve. @returns what it shows, and whether it bounds errors */
async function checkMargin(
  margin: Margin,
  { onFailedCertificate, limits: { signal } }: Settings,
): Promise<{ readonly known: Known; readonly holds: boolean }> {
  try {
    await margin.check?.(signal);
    const known = knownByMargin(margin);
    // A margin that is only stated bounds no error.
    return { known, holds: known.status === 'certified' };
  } catch (error) {
    if (onFailedCertificate === 'throw' || !(error instanceof RangeError) || signal?.aborted) throw error;
    if (onFailedCertificate === 'warn') console.warn(`monotone: ${error.message}`);
    return { known: unexamined(`the margin does not hold: ${error.message}`), holds: false };
  }
}
