/** The linear solves behind gradients and tangents of z = σ(Wz + b): (I − JW)ᵀu = v, and the same equation with Wᵀ for W. */
import { kinkTolerance } from '../autodiff/kinks.ts';
import type { Activation } from '../solvers/activations.ts';
import { adjointProblem } from '../solvers/adjoint.ts';
import { normsFrom } from '../solvers/equation.ts';
import { linearSolverOf, solverKey } from '../solvers/index.ts';
import { solveLinear } from '../solvers/linear.ts';
import { type LinearMap, transposeMap, transposeResolvent } from '../solvers/linear-map.ts';
import { jacobianAt, kinksOfActivation, maskUnused } from '../solvers/nonlinearity.ts';
import { resolventOf } from '../solvers/resolvent.ts';
import type { Engine } from '../tensor/engine.ts';
import { combine, elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { AWAY, attachMarks, findKinks, type KinkedArgument } from './kinks.ts';
import { type Kept, notFinite } from './monotone-forward.ts';
import type { ChosenSettings } from './options.ts';
import type { LinearDirection, LinearResult } from './reporting.ts';
import type { LimitedRun } from './run-limits.ts';
import { summariseLinear } from './summary.ts';

/** Ẇz + ḃ of each sample, [batch, n]. @param tangents of the parameters of the map and of b; an absent one is 0 */
export function movementOf(
  engine: Engine,
  map: LinearMap,
  z: Tensor,
  tangents: readonly (Tensor | undefined)[],
): Tensor {
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

/** The point at which a solution is differentiated, and the selection there. */
export interface LinearPoint {
  readonly map: LinearMap;
  readonly kept: Kept;
  readonly at: Pick<Kept, 'preActivation' | 'uncertainty'> & { readonly z: Tensor };
  /** Whether `at` is the solution at the floor of the precision. */
  readonly isResolved: boolean;
  readonly selection: number;
}

/**
 * Solves (I − JW)ᵀu = v for the direction `backward`, and the same equation with Wᵀ for W for the direction `tangent`.
 * @param right v, [batch, n]
 * @returns Jᵀu, followed by the gradients of the map's parameters if they are needed
 */
export function solveLinearised(
  engine: Engine,
  direction: LinearDirection,
  { map, kept: { bound, resolvent, step }, at: { z, preActivation, uncertainty }, isResolved, selection }: LinearPoint,
  right: Tensor,
  needsMap: boolean,
  settings: ChosenSettings,
  run: LimitedRun,
): LinearResult {
  const { linearSolver, activation, backwardLimit, kinkUnits, checkInputs } = settings;
  const { parameters } = map;
  const kept = step ? [step, ...resolvent] : [];
  const key = [
    ...[direction, map.key, solverKey(linearSolver), JSON.stringify(activation), backwardLimit],
    ...[selection, kinkUnits, needsMap, checkInputs, kept.length, isResolved, settings.onFailure],
  ];
  const scalars = [settings.backwardTolerance, map.margin.value].map((value) => engine.scalar(value));
  const errors = uncertainty ? [uncertainty] : [];
  const inputs = [...parameters, z, preActivation, right, bound, ...errors, ...scalars, ...kept];
  const build = (traced: Tensor[], tracing: LoopContext): Tensor[] => {
    const W = map.traced(traced.slice(0, parameters.length), tracing);
    const others = traced.slice(parameters.length);
    const [fixedPoint, p, v, tracedBound, ...more] = others;
    const error = uncertainty && more.shift();
    const [tolerance, margin, tracedStep, ...tracedKept] = more;
    const norms = normsFrom({ bound: tracedBound });
    const kinked = kinkedArgument(p, error, isResolved, settings);
    // A unit that only the bound of the error puts near its kink keeps the derivative of its side. It counts as unresolved.
    const J = jacobianAt(activation, p, kinked[0]?.tolerance, selection);
    const forwards = tracedStep && resolventOf(W, { margin, norms, step: tracedStep, tolerance, kept: tracedKept });
    const isTangent = direction === 'tangent';
    const problem = adjointProblem({
      map: isTangent ? transposeMap(W) : W,
      J,
      v,
      tolerance,
      margin,
      norms,
      resolvent: forwards && isTangent ? transposeResolvent(forwards) : forwards,
      limit: backwardLimit,
    });
    const solved = solveLinear(tracing, linearSolverOf(linearSolver), problem);
    // Jᵀu. A sample with a cotangent of 0 takes no part in sums over the batch, even if its own numbers are not finite.
    const masks = settings.onFailure === 'report' && !isTangent;
    const partOf = (x: Tensor): Tensor => (masks ? combine({ x, coefficient: solved.isAsked }) : x);
    const weighted = partOf(J.apply(solved.u));
    const kinks = findKinks(kinked, v.shape[0]);
    const summary = summariseLinear(v.shape[0], solved, kinks, {
      // ‖Jᵀ(u − u*)‖ ≤ 1/m · ‖v − (I − JW)ᵀu‖
      amplification: elementwise('reciprocal', [margin]),
      notFinite: notFinite(checkInputs, v),
    });
    const gradients = needsMap ? W.cotangent(weighted, partOf(fixedPoint)) : [];
    return [weighted, summary, ...(kinks?.marks ?? []), ...gradients];
  };
  const [Ju, summary, ...rest] = engine.run(key.join(' '), inputs, build, run);
  const operations = kinkedOperations(activation);
  const places = { batch: right.shape[0], own: 'rows' } as const;
  const marked = operations.map((one, index) => attachMarks({ ...one, uncertainty, isResolved, places }, rest[index]));
  return { tensors: [Ju, ...rest.slice(operations.length)], summary, marked };
}

/** σ as an operation with kinks; empty for a smooth σ. */
export function kinkedOperations(activation: Activation): Pick<KinkedArgument, 'operation' | 'positions'>[] {
  const positions = kinksOfActivation(activation);
  return positions.length === 0 ? [] : [{ operation: activation.name, positions }];
}

export function kinkedArgument(
  x: Tensor,
  uncertainty: Tensor | undefined,
  isResolved: boolean,
  { activation, kinkUnits }: ChosenSettings,
): KinkedArgument[] {
  return kinkedOperations(activation).map((one) => ({
    ...one,
    x: maskUnused(activation, x, AWAY),
    tolerance: kinkTolerance(maskUnused(activation, x, 0), kinkUnits),
    uncertainty,
    isResolved,
    places: { batch: x.shape[0], own: 'rows' },
  }));
}
