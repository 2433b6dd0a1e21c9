/** The solution of z = σ(Wz + b) as a differentiable function of W and b, for a linear map W with I − (W + Wᵀ)/2 ⪰ m·I, m > 0. */
import { readOptions } from '../arguments/options.ts';
import type { CustomOperation } from '../autodiff/custom.ts';
import { selectionFor, type UniformSelection } from '../autodiff/selection.ts';
import { checkMask } from '../solvers/activations.ts';
import { convergenceOf, forwardSolverOf } from '../solvers/index.ts';
import type { LinearMap, Margin } from '../solvers/linear-map.ts';
import { roundingUnits, type SolveReport, worstOf } from '../solvers/report.ts';
import { recorded } from '../tensor/operations.ts';
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
import { forward } from './monotone-forward.ts';
import { kinkedArgument, kinkedOperations, type LinearPoint, movementOf, solveLinearised } from './monotone-linear.ts';
import { type ResolvedSolution, resolvedSolution } from './monotone-resolved.ts';
import {
  type Chosen,
  checkSolveOptions,
  chosenFor,
  MONOTONE_OPTIONS,
  type MonotoneMapOptions,
  type MonotoneOptions,
  type Settings,
  solverName,
} from './options.ts';
import { guardOf, isOverwritten } from './overwritten.ts';
import { certificateOfSolve, type LinearDirection } from './reporting.ts';
import { unlessAborted } from './run-limits.ts';
import { Course } from './solution.ts';

export interface MonotoneSolution {
  /** [batch, n] */
  readonly z: Tensor;
  readonly report: Promise<SolveReport>;
  /** Of each linear solve, for a gradient or for a tangent, in the order in which they were asked for, with its certificate. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /**
   * The same certificate without a gradient, with the kinks of the true solution: see `unresolved` of SampleCertificate. Where W is
   * less monotone than the margin says: see `onFailedCertificate`.
   */
  certificate(): Promise<ImplicitCertificate>;
  /** Frees z and what the certificate needs; not called for inside `tidy` or a differentiated function. */
  dispose(): void;
}

/** What helps where a solve by this solver fails. */
const adviceOn = (solver: Chosen['solver']): OwnAdvice => ({
  forward(report) {
    const { cause } = worstOf(report);
    const isRepetition = convergenceOf(forwardSolverOf(solver)) === 'where it contracts';
    if (cause === 'start' || cause === 'divergence') {
      const grows = isRepetition
        ? 'Repetition grows where W does not contract, and peaceman-rachford does not; or '
        : '';
      return `${grows}W or b holds very large numbers, or W does not have the margin that was stated (monotonicityMargin finds the one it has): a higher limit or a looser tolerance does not help`;
    }
    if (!isRepetition) return undefined;
    return 'Raise the limit where W contracts; where it does not, repetition need not come to the solution, and peaceman-rachford does. Or loosen the tolerance, or ask for the report';
  },
});

/**
 * Solves z = σ(Wz + b) for every row of b, with W a matrix or any other linear map, and differentiates the solution (Bolte et al. 2021, Proposition 3).
 *
 * Backward: with J from the pre-activation Wz + b and one selection throughout, (I − JW)ᵀu = v per sample; then
 * ∂ℓ/∂b = Jᵀu and ∂ℓ/∂W = Σ_batch (Jᵀu)zᵀ, of which a map makes the gradients of its parameters. Every gradient obeys ‖∂ℓ/∂b‖ ≤ ‖v‖/m.
 *
 * Returns at once. Reading z, or anything computed from it, rejects with a ConvergenceError where a sample was not
 * solved, and with a RangeError where W or b holds NaN or an infinity, or (unless `onFailedCertificate` says otherwise) W is less
 * monotone than the margin says; once the signal is aborted, with its reason.
 * @param W [n, n], whose margin is an option; or a LinearMap, which brings its own
 * @param b [batch, n]
 * @throws RangeError where a shape or an option is wrong; the signal's reason where it is aborted
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
  const margin = marginNow(map, settings);
  const { limits } = settings;
  const guard = guardOf('monotone', map.parameters, (index) => nameOf(map, index));
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
  const { z: unread, summary, kept } = forward(engine, map, b, start, settings, course.run);
  const shown = shownOnceChecked(margin, settings);
  shown.catch(() => {}); // it is told with the report
  const { report, outputs } = course.solved(summary, [unread]);
  const [z] = outputs;
  const isKinked = kinkedOperations(settings.activation).length > 0;
  let atFloor: ResolvedSolution | undefined;
  /** The solution in which kinks are looked for, as it is from then on for whatever asks. */
  const resolved = (): ResolvedSolution => {
    if (!atFloor || atFloor.z.isDisposed) {
      atFloor = resolvedSolution(engine, map, b, kept, settings, settings.limits.linear());
    }
    return atFloor;
  };

  const left = { z, preActivation: kept.preActivation, uncertainty: kept.uncertainty };
  const pointFor = (given: UniformSelection | undefined): LinearPoint => {
    const asked = selectionFor(settings.activation.name, given) ?? options.selection;
    const isResolved = isKinked && (asked !== undefined || atFloor !== undefined);
    return { map, kept, at: isResolved ? resolved() : left, isResolved, selection: asked ?? settings.selection };
  };

  /** Jᵀu and, where they are needed, the gradients of the map's parameters. */
  const linear = (direction: LinearDirection, point: LinearPoint, right: Tensor, needsMap: boolean): Tensor[] => {
    guard.check();
    return course.linear(direction, (run) => solveLinearised(engine, direction, point, right, needsMap, settings, run));
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
    // ż = J(Wż + Ẇz + ḃ) is J(I − WJ)⁻¹(Ẇz + ḃ): the adjoint system of Wᵀ.
    pushforward(tangents, given) {
      guard.check();
      const point = pointFor(given);
      return linear('tangent', point, movementOf(engine, map, point.at.z, tangents), false)[0];
    },
  };
  return {
    z: recorded('custom', [...map.parameters, b], z, operation),
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
      const changed = guard.changed();
      const known = changed === undefined ? shownThen : unexamined(changed);
      const samples = Array.from({ length: batch }, (_, sample) => ({
        ...known,
        ...kinks.ofSample(sample),
        nearlySingular: false,
      }));
      return certificateOf(samples, kinks.list);
    },
    dispose() {
      for (const tensor of [z, ...Object.values(kept).flat(), ...Object.values(atFloor ?? {})]) tensor?.dispose();
    },
  };
}

const nameOf = ({ key, parameters }: LinearMap, index: number): string =>
  key === 'matrix' && parameters.length === 1 ? 'W' : `parameter ${index} of W`;

/** What is known of the margin for the numbers that W has now. */
function marginNow(map: LinearMap, { checkInputs }: Settings): Margin {
  const { value } = map.margin;
  const isMatrix = map.key === 'matrix' && map.parameters.length === 1;
  let { margin } = map;
  // One that is checked is that of the numbers that are there.
  if (!margin.check && isOverwritten(map)) {
    margin = isMatrix ? marginOfMatrix(map.parameters[0], value) : { ...margin, by: 'stated' };
  }
  // One that would have been checked is one that is stated.
  return !checkInputs && margin.check ? { ...margin, by: 'stated', check: undefined } : margin;
}

const unexamined = (reason: string): Known => ({ status: 'unknown', argument: 'not examined', reason });

/** What the margin shows, once it has been checked: in float64 on the host, beside the solve. */
async function shownOnceChecked(
  margin: Margin,
  { onFailedCertificate, limits: { signal } }: Settings,
): Promise<{ readonly known: Known; readonly holds: boolean }> {
  try {
    await margin.check?.(signal);
    const known = knownByMargin(margin);
    // A margin that somebody states bounds no error.
    return { known, holds: known.status === 'certified' };
  } catch (error) {
    if (onFailedCertificate === 'throw' || !(error instanceof RangeError) || signal?.aborted) throw error;
    if (onFailedCertificate === 'warn') console.warn(`monotone: ${error.message}`);
    return { known: unexamined(`the margin does not hold: ${error.message}`), holds: false };
  }
}
