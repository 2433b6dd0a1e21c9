/** The solution of z = σ(Wz + b) as a differentiable function of W and b, for W with I − (W + Wᵀ)/2 ⪰ m·I, m > 0. */
import { KINK_UNITS } from '../autodiff/pullbacks.ts';
import { STATE_ROWS } from '../backends/kernels.ts';
import { ACTIVATION_KERNELS, type Activation, type ActivationOption, activationOf } from '../solvers/activations.ts';
import { solveFixedPoint } from '../solvers/forward.ts';
import { FORWARD_SOLVERS, type ForwardSolverName, LINEAR_SOLVERS, type LinearSolverName } from '../solvers/index.ts';
import { rowOf, statusOf } from '../solvers/monitor.ts';
import { ConvergenceError, isSolved, type SolveReport, sampleReports } from '../solvers/report.ts';
import { Engine } from '../tensor/engine.ts';
import { elementwise, product, reduceAll, reduceAxes, reduceRows } from '../tensor/kernels.ts';
import { checkSelection, recorded } from '../tensor/operations.ts';
import { describe } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Certificate, kinksOf } from './certificate.ts';
import { monotonicityMargin } from './margin.ts';
import { readSummary, summarise } from './summary.ts';

export interface SolveOptions {
  /** Of ‖z − σ(Wz + b)‖/(ε + ‖z‖), per sample. Default 1e-4. */
  tolerance?: number;
  /** Of ‖v − (I − JW)ᵀu‖/‖v‖, per sample. Default: `tolerance`. */
  backwardTolerance?: number;
  /** Default peaceman-rachford. */
  solver?: ForwardSolverName;
  /** Default bicgstab+cgnr: BiCGSTAB, then CGNR for the samples on which it breaks down. */
  linearSolver?: LinearSolverName;
  /** α > 0. Default: chosen from m and ‖I − W‖ so that convergence is guaranteed. */
  step?: number;
  /** Most forward iterations. Default 1000. */
  limit?: number;
  /** Most iterations of a round of the backward solve. Default 500. */
  backwardLimit?: number;
  /** q in [0, 1]: at a kink J is (1 − q)·min + q·max of the Clarke interval. Default 0. */
  selection?: number;
  /** A pre-activation is at a kink within this many units of ε·max|Wz + b|. Default 64. */
  kinkUnits?: number;
  /** throw (default): reading anything that depends on a failed solve rejects. report: the report alone tells. */
  onFailure?: 'throw' | 'report';
  /** Count the numbers in W and b that are not finite, and fail if there are any. Default true. */
  checkInputs?: boolean;
}

export interface MonotoneOptions extends SolveOptions {
  activation: ActivationOption;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I. It is believed, not checked: `monotonicityMargin` finds it for a W given directly. */
  margin: number;
  /** Start of the iteration, [batch, n]. Default zeros. */
  initial?: Tensor;
}

export interface MonotoneSolution {
  /** [batch, n] */
  readonly z: Tensor;
  readonly report: Promise<SolveReport>;
  /** Of each backward solve, in the order in which they were asked for. */
  readonly backwardReports: readonly Promise<SolveReport>[];
  certificate(): Promise<Certificate>;
}

interface Settings extends Required<Omit<MonotoneOptions, 'activation' | 'initial' | 'step'>> {
  readonly activation: Activation;
  readonly step: number | undefined;
}

const DEFAULT_TOLERANCE = 1e-4;

/** Checks the options that do not depend on tensors; layers call it when they are made. */
export function checkSolveOptions(options: MonotoneOptions): Settings {
  const positive = (name: string, value: number): number => {
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`${name}: it is ${value}; it must be a finite number > 0`);
    return value;
  };
  const whole = (name: string, value: number): number => {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name}: it is ${value}; it must be a positive integer`);
    return value;
  };
  const oneOf = <Name extends string>(name: string, value: Name, allowed: object): Name => {
    if (!Object.hasOwn(allowed, value)) {
      throw new RangeError(
        `${name}: it is ${JSON.stringify(value)}; it must be one of ${Object.keys(allowed).join(', ')}`,
      );
    }
    return value;
  };
  const tolerance = positive('tolerance', options.tolerance ?? DEFAULT_TOLERANCE);
  return {
    activation: activationOf(options.activation),
    margin: positive('margin', options.margin),
    tolerance,
    backwardTolerance: positive('backwardTolerance', options.backwardTolerance ?? tolerance),
    solver: oneOf('solver', options.solver ?? 'peaceman-rachford', FORWARD_SOLVERS),
    linearSolver: oneOf('linearSolver', options.linearSolver ?? 'bicgstab+cgnr', LINEAR_SOLVERS),
    step: options.step === undefined ? undefined : positive('step', options.step),
    limit: whole('limit', options.limit ?? 1000),
    backwardLimit: whole('backwardLimit', options.backwardLimit ?? 500),
    selection: checkSelection('monotone', options.selection ?? 0),
    kinkUnits: positive('kinkUnits', options.kinkUnits ?? KINK_UNITS),
    onFailure: oneOf('onFailure', options.onFailure ?? 'throw', { throw: 0, report: 0 }),
    checkInputs: options.checkInputs ?? true,
  };
}

/**
 * The largest m with I − (W + Wᵀ)/2 ⪰ m·I for a W that is given directly, in float64 on the host.
 * @throws RangeError where m ≤ 0, up to rounding: the layer is then not monotone, and z = σ(Wz + b) may have no solution
 *   or several
 */
export function checkedMargin(W: ArrayLike<number>, n: number): number {
  const margin = monotonicityMargin(W, n);
  let norm = 0;
  for (let index = 0; index < n * n; index++) norm = Math.hypot(norm, W[index]);
  // An eigenvalue that is 0 comes out as a few units of rounding, of either sign.
  if (!(margin > 4 * n * Number.EPSILON * (1 + norm))) {
    throw new RangeError(
      `W: the layer is not monotone: the smallest eigenvalue of I − (W + Wᵀ)/2 is ${margin.toPrecision(6)}; it must be > 0 beyond rounding`,
    );
  }
  return margin;
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
  if (!(W.context instanceof Engine)) throw new Error('W: it must be a tensor of an engine');
  return { engine: W.context, batch, n };
}

/**
 * Solves z = σ(Wz + b) for every row of b, and differentiates the solution (Bolte et al. 2021, Proposition 3).
 *
 * Backward: with J from the pre-activation Wz + b and one selection throughout, (I − JW)ᵀu = v per sample; then
 * ∂ℓ/∂b = Jᵀu and ∂ℓ/∂W = Σ_batch (Jᵀu)zᵀ. Every gradient obeys ‖∂ℓ/∂b‖ ≤ ‖v‖/m.
 * @param W [n, n]
 * @param b [batch, n]
 */
export function monotoneFixedPoint(W: Tensor, b: Tensor, options: MonotoneOptions): MonotoneSolution {
  const settings = checkSolveOptions(options);
  const { engine, batch, n } = checkArguments(W, b, options.initial);
  const { activation } = settings;
  const started = performance.now();

  const solver = FORWARD_SOLVERS[settings.solver];
  const scalars = [settings.margin, settings.tolerance, ...(settings.step ? [settings.step] : [])].map((value) =>
    engine.scalar(value),
  );
  const { initial } = options;
  const key = `forward ${solver.name} ${JSON.stringify(activation)} ${settings.limit} ${settings.step ? 'step' : ''} ${initial ? 'initial' : ''} ${settings.checkInputs}`;
  const [z, preActivation, floor, summary] = engine.run(
    key,
    [W, b, ...scalars, ...(initial ? [initial] : [])],
    (inputs, tracing) => {
      const [tracedW, tracedB, margin, tolerance, ...rest] = inputs;
      const step = settings.step ? rest.shift() : undefined;
      const start = rest.shift() ?? tracing.constant({ kind: 'fill', value: 0 }, [batch, n]);
      const problem = {
        W: tracedW,
        b: tracedB,
        initial: start,
        margin,
        tolerance,
        step,
        activation,
        limit: settings.limit,
      };
      const solution = solveFixedPoint(tracing, solver, problem);
      const { state } = solution;
      const rows = {
        status: statusOf(state),
        iterations: rowOf(state, STATE_ROWS.iterations),
        residual: solution.residual,
        floor: solution.floor,
        notFinite: notFinite(tracedW, tracedB, settings.checkInputs),
      };
      return [solution.z, solution.preActivation, solution.norms.floor, summarise(batch, rows)];
    },
  );

  const reportOf = async (
    what: string,
    kind: 'forward' | 'backward',
    tensor: Tensor,
    since: number,
  ): Promise<SolveReport> => {
    const read = readSummary(await tensor.data());
    const bad = read.notFinite.findIndex((count) => count > 0);
    if (bad >= 0)
      throw new RangeError(
        `${what}: sample ${bad} of its inputs (or W) holds NaN or an infinity; every number must be finite`,
      );
    const tolerance = kind === 'forward' ? settings.tolerance : settings.backwardTolerance;
    return {
      solver: kind === 'forward' ? settings.solver : settings.linearSolver,
      backend: engine.backend,
      milliseconds: performance.now() - since,
      tolerance,
      samples: sampleReports(read.status, read.iterations, read.residual, tolerance, (sample) => read.floor[sample]),
    };
  };
  const guard = (what: string, tensor: Tensor, report: Promise<SolveReport>): Tensor => {
    report.catch(() => {}); // it is reported where the report or a tensor is awaited
    if (settings.onFailure === 'report') return tensor;
    const checked = engine.withCheck(
      tensor,
      report.then((found) => {
        if (!found.samples.every(isSolved)) throw new ConvergenceError(what, found);
      }),
    );
    tensor.dispose();
    return checked;
  };

  const report = reportOf('monotone, forward', 'forward', summary, started).finally(() => summary.dispose());
  const solution = guard('monotone, forward', z, report);
  const backwardReports: Promise<SolveReport>[] = [];

  const pullback = (cotangent: Tensor, [needsW]: readonly boolean[]): readonly (Tensor | undefined)[] => {
    const since = performance.now();
    const backwardKey = `backward ${settings.linearSolver} ${JSON.stringify(activation)} ${settings.backwardLimit} ${settings.selection} ${settings.kinkUnits} ${needsW}`;
    const inputs = [W, solution, preActivation, cotangent, floor, engine.scalar(settings.backwardTolerance)];
    const [gradB, backwardSummary, gradW] = engine.run(
      backwardKey,
      inputs,
      ([w, fixedPoint, p, v, unit, tolerance], tracing) => {
        const d = derivativeAt(p, settings);
        const problem = { W: w, d, v, tolerance, floor: unit, limit: settings.backwardLimit };
        const solved = LINEAR_SOLVERS[settings.linearSolver].solve(tracing, problem);
        const weighted = elementwise('multiply', [d, solved.u]); // Jᵀu
        const rows = {
          status: statusOf(solved.state),
          iterations: solved.iterations,
          residual: solved.residual,
          floor: solved.floor,
          notFinite: notFinite(v, v, settings.checkInputs),
        };
        const gradients = needsW ? [product(weighted, fixedPoint, { transposeA: true })] : [];
        return [weighted, summarise(batch, rows), ...gradients];
      },
    );
    const backwardReport = reportOf('monotone, backward', 'backward', backwardSummary, since).finally(() =>
      backwardSummary.dispose(),
    );
    backwardReports.push(backwardReport);
    const checkedB = guard('monotone, backward', gradB, backwardReport);
    return [gradW ? guard('monotone, backward', gradW, backwardReport) : undefined, checkedB];
  };

  recorded('custom', [W, b], solution, { pullback });
  return {
    z: solution,
    report,
    backwardReports,
    async certificate() {
      const values = await preActivation.data();
      const positions = ACTIVATION_KERNELS[activation.name].kinks(activation.parameter);
      return {
        status: 'certified',
        argument: 'margin',
        margin: settings.margin,
        ...kinksOf(values, batch, positions, settings.kinkUnits, engine.epsilon),
      };
    },
  };
}

/** d of J = diag(d) at the pre-activation p, with the selection at the kinks. */
function derivativeAt(p: Tensor, { activation, selection, kinkUnits }: Settings): Tensor {
  const { derivative } = ACTIVATION_KERNELS[activation.name];
  if (ACTIVATION_KERNELS[activation.name].kinks(activation.parameter).length === 0) return elementwise(derivative, [p]);
  const scale = reduceAxes('maximumAbsolute', [p], 1, 2);
  const tolerance = elementwise('scale', [p.context.alias(scale, [scale.size, 1])], [kinkUnits * p.context.epsilon, 0]);
  return elementwise(derivative, [p, tolerance], [selection, activation.parameter]);
}

/** Numbers in the row of b, and in W, that are NaN or infinite, [batch]. */
function notFinite(W: Tensor, b: Tensor, wanted: boolean): Tensor {
  if (!wanted) return b.context.constant({ kind: 'fill', value: 0 }, [1]);
  return elementwise('add', [reduceRows('countNotFinite', [b]), reduceAll('countNotFinite', W)]);
}
