/** The solvers by name, and the rule by which 'auto' chooses one. */

import { type AdjointProblem, adjointIteration } from './adjoint.ts';
import { runAccelerated } from './anderson.ts';
import { bicgstab } from './bicgstab.ts';
import { cgnr } from './cgnr.ts';
import { conjugateGradients } from './conjugate-gradients.ts';
import { dense } from './direct.ts';
import type { ForwardMethod, ForwardSolver } from './forward.ts';
import { forwardBackward } from './forward-backward.ts';
import { gmres } from './gmres.ts';
import { type Convergence, type Iteration, runPlain } from './iteration.ts';
import { type KrylovProblem, krylov } from './krylov.ts';
import type { LinearMethod, LinearSolver } from './linear.ts';
import { peacemanRachford } from './peaceman-rachford.ts';
import { picard } from './picard.ts';

const splitting: ForwardMethod = { iteration: peacemanRachford, run: runPlain };
const gradual: ForwardMethod = { iteration: forwardBackward, run: runPlain };
const repetition: ForwardMethod = { iteration: picard, run: runPlain };
const acceleratedRepetition: ForwardMethod = { iteration: picard, run: runAccelerated };

/**
 * The forward solvers by name. A name with a + is several methods: each takes over the samples that those before it
 * have not solved.
 */
export const FORWARD_SOLVERS = {
  /** Converges for every monotone layer, in few iterations; inverts an n × n matrix once. */
  'peaceman-rachford': [splitting],
  /** Converges for every monotone layer, in many iterations. */
  'forward-backward': [gradual],
  /** Converges only where W contracts. */
  picard: [repetition],
  /** Accelerates forward-backward splitting: converges for every monotone layer, and needs no inverse. */
  anderson: [{ iteration: forwardBackward, run: runAccelerated }],
  'anderson-peaceman-rachford': [{ iteration: peacemanRachford, run: runAccelerated }],
  /** Anderson acceleration in the usual sense: fast if it converges, which nothing guarantees. */
  'anderson-picard': [acceleratedRepetition],
  /** The inverse is computed only if a sample needs it. */
  'anderson-picard+peaceman-rachford': [acceleratedRepetition, splitting],
} as const satisfies Record<string, ForwardSolver>;
/**
 * The name of a forward solver.
 *
 * @useDeclaredType
 */
export type ForwardSolverName = keyof typeof FORWARD_SOLVERS;

export const LINEAR_SOLVERS = {
  /** Solves the adjoint equation ũ = J(Wᵀũ + v), with the inverse of the forward solve if that computed one. */
  'peaceman-rachford': [adjointIteration(splitting)],
  'forward-backward': [adjointIteration(gradual)],
  /** u⁺ = v + (JW)ᵀu: converges only if JW contracts. */
  neumann: [adjointIteration(repetition)],
  bicgstab: [krylov(bicgstab)],
  cgnr: [krylov(cgnr)],
  gmres: [krylov(gmres)],
  /** BiCGSTAB, and CGNR, which cannot break down, for the samples on which it fails. */
  'bicgstab+cgnr': [krylov(bicgstab), krylov(cgnr)],
  'peaceman-rachford+bicgstab+cgnr': [adjointIteration(splitting), krylov(bicgstab), krylov(cgnr)],
} as const satisfies Record<string, LinearSolver<AdjointProblem>>;
/**
 * The name of a solver for the linear solves of a monotone layer.
 *
 * @useDeclaredType
 */
export type LinearSolverName = keyof typeof LINEAR_SOLVERS;

/** The methods of a solver, which is a name or an iteration of the user's own. */
export function forwardSolverOf(solver: ForwardSolverName | Iteration): ForwardSolver {
  return typeof solver === 'string' ? FORWARD_SOLVERS[solver] : [{ iteration: solver, run: runPlain }];
}

/** The same for the linear solves: the adjoint equation has the same form. */
export function linearSolverOf(solver: LinearSolverName | Iteration): LinearSolver<AdjointProblem> {
  return typeof solver === 'string' ? LINEAR_SOLVERS[solver] : [adjointIteration({ iteration: solver, run: runPlain })];
}

type Method = ForwardMethod | Pick<LinearMethod<never>, 'converges' | 'needsResolvent'>;
const traitsOf = (method: Method): Pick<Iteration, 'converges'> & { readonly needsResolvent?: boolean } =>
  'iteration' in method ? method.iteration : method;

/** The convergence of the last method, which takes over what the others have not solved. */
export function convergenceOf(methods: readonly Method[]): Convergence {
  return traitsOf(methods[methods.length - 1]).converges;
}

/** Whether any of the methods needs a resolvent. */
export function needsResolvent(methods: readonly Method[]): boolean {
  return methods.some((method) => traitsOf(method).needsResolvent);
}

const namesOfOwn = new WeakMap<Iteration, string>();
let owned = 0;

/** Identifies a solver in the keys of Programs: an iteration by its identity, whatever its name. */
export function solverKey(solver: string | Iteration): string {
  if (typeof solver === 'string') return solver;
  const known = namesOfOwn.get(solver) ?? `own ${owned++}`;
  namesOfOwn.set(solver, known);
  return known;
}

/** Solvers for a matrix that is known only by its products. */
export const GENERAL_SOLVERS = {
  gmres: [krylov(gmres)],
  bicgstab: [krylov(bicgstab)],
  /** Converges for every nonsingular matrix; squares the condition number. */
  cgnr: [krylov(cgnr)],
  /** Elimination, for at most 16 unknowns. */
  dense: [dense],
  /** GMRES for the samples on which BiCGSTAB breaks down. */
  'bicgstab+gmres': [krylov(bicgstab), krylov(gmres)],
} as const satisfies Record<string, LinearSolver<KrylovProblem>>;
/**
 * The name of a solver for general linear systems.
 *
 * @useDeclaredType
 */
export type GeneralSolverName = keyof typeof GENERAL_SOLVERS;

/** For symmetric positive definite matrices. */
export const DEFINITE_SOLVER: LinearSolver<KrylovProblem> = [krylov(conjugateGradients)];

/** The inverse costs about as much as INVERSE_COST·order products of W with one sample. */
const INVERSE_COST = 0.25;

/**
 * The forward solver that 'auto' stands for. Peaceman-Rachford takes the fewest iterations but inverts matrices of this
 * order, n for a matrix, which pays if enough samples share them (batch ≥ order/4), or if the caller chose a step size for it. For fewer
 * samples: Anderson acceleration of z⁺ = σ(Wz + b), and Peaceman-Rachford for the samples on which it fails. For a
 * map without a resolvent: forward-backward, which always converges.
 */
export function automaticForwardSolver({
  batch,
  order,
  hasStep,
  hasResolvent,
}: Readonly<Record<'batch' | 'order', number> & Record<'hasStep' | 'hasResolvent', boolean>>): ForwardSolverName {
  if (!hasResolvent) return 'forward-backward';
  return hasStep || batch >= INVERSE_COST * order ? 'peaceman-rachford' : 'anderson-picard+peaceman-rachford';
}

/** Whether the forward solve computes the inverse that Peaceman-Rachford needs, for all samples. */
export function computesInverse([first]: ForwardSolver): boolean {
  return first.iteration.needsResolvent;
}

/**
 * The linear solver that 'auto' stands for: Peaceman-Rachford if the forward solve has computed the inverse, because
 * it then costs one product an iteration; otherwise BiCGSTAB, and CGNR for the samples on which it fails.
 */
export function automaticLinearSolver(hasInverse: boolean): LinearSolverName {
  return hasInverse ? 'peaceman-rachford+bicgstab+cgnr' : 'bicgstab+cgnr';
}
