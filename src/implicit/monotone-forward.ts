/** The forward solve of z = σ(Wz + b), as one Program. */
import { solveFixedPoint } from '../solvers/forward.ts';
import { forwardSolverOf, solverKey } from '../solvers/index.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { asColumn } from '../solvers/monitor.ts';
import { kinksOfActivation } from '../solvers/nonlinearity.ts';
import { roundingUnits } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { combine, elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import type { ChosenSettings } from './options.ts';
import type { LimitedRun } from './run-limits.ts';
import { summarise } from './summary.ts';

/** The parts of a forward solve that its backward solves need. */
export interface Kept {
  readonly preActivation: Tensor;
  /** L ≥ ‖I − W‖, [1]. */
  readonly bound: Tensor;
  /**
   * A bound of ‖p − p*‖, where p is the pre-activation and p* that of the true solution, [batch, 1]. Undefined if σ has no
   * kinks.
   */
  readonly uncertainty: Tensor | undefined;
  /** The step size α, if the solver had a resolvent, and the tensors that it keeps. */
  readonly step: Tensor | undefined;
  readonly resolvent: readonly Tensor[];
}

interface Forward {
  readonly z: Tensor;
  readonly summary: Tensor;
  readonly kept: Kept;
}

/** The point and the resolvent from which a solve starts. */
interface Start {
  readonly initial: Tensor | undefined;
  readonly near: readonly Tensor[];
}

export function solveForward(
  engine: Engine,
  map: LinearMap,
  b: Tensor,
  { initial, near }: Start,
  settings: ChosenSettings,
  run: LimitedRun,
): Forward {
  const { activation, limit, tolerance, step, checkInputs } = settings;
  const { parameters } = map;
  const solver = forwardSolverOf(settings.solver);
  const isKinked = kinksOfActivation(activation).length > 0;
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
    const { norms, residual, floor, size, resolvent } = solution;
    const length = elementwise('scale', [norms.bound], [1, 1]); // 1 + L, which is at least ‖W‖
    const amplification = elementwise('divide', [length, tracedMargin]);
    const rows = {
      status: solution.status,
      iterations: solution.iterations,
      residual,
      floor,
      // ‖z − z*‖ ≤ (1 + ‖I − W‖)/m · ‖z − σ(Wz + b)‖
      amplification,
      notFinite: notFinite(checkInputs, tracedB, own),
    };
    const outputs = [solution.z, solution.preActivation, norms.bound, summarise(b.shape[0], rows)];
    if (isKinked) {
      // ‖p − p*‖ ≤ ‖W‖·‖z − z*‖
      const error = combine(
        { x: asColumn(residual), coefficient: size },
        { x: asColumn(floor), coefficient: size, factor: roundingUnits(map.n) },
      );
      outputs.push(elementwise('multiply', [elementwise('multiply', [amplification, length]), error]));
    }
    return resolvent ? [...outputs, resolvent.step, ...(resolvent.kept ?? [])] : outputs;
  };
  const [z, preActivation, bound, summary, ...rest] = engine.run(key.join(' '), inputs, build, run);
  const uncertainty = isKinked ? rest.shift() : undefined;
  const [usedStep, ...resolvent] = rest;
  return { z, summary, kept: { preActivation, bound, uncertainty, step: usedStep, resolvent } };
}

/** How many numbers of each row, and of the tensors that all rows share, are NaN or infinite, [batch]. */
export function notFinite(wanted: boolean, rows: Tensor, shared: readonly Tensor[] = []): Tensor {
  if (!wanted) return rows.context.constant({ kind: 'fill', value: 0 }, [1]);
  const counts = shared.map((tensor) => reduceAll('countNotFinite', tensor));
  return counts.reduce((a, b) => elementwise('add', [a, b]), reduceRows('countNotFinite', [rows]));
}
