/** The solvers by name, and the rule by which 'auto' chooses one. */

import { type AdjointProblem, adjointIteration } from './adjoint.ts';
import { accelerated } from './anderson.ts';
import { bicgstab } from './bicgstab.ts';
import { cgnr } from './cgnr.ts';
import { conjugateGradients } from './conjugate-gradients.ts';
import { dense } from './direct.ts';
import type { ForwardMethod, ForwardSolver } from './forward.ts';
import { forwardBackward } from './forward-backward.ts';
import { gmres } from './gmres.ts';
import { type Convergence, type Iteration, plain } from './iteration.ts';
import { type KrylovProblem, krylov } from './krylov.ts';
import type { LinearMethod, LinearSolver } from './linear.ts';
import { peacemanRachford } from './peaceman-rachford.ts';
import { picard } from './picard.ts';

const splitting: ForwardMethod = { iteration: peacemanRachford, run: plain };
const gradual: ForwardMethod = { iteration: forwardBackward, run: plain };
const repetition: ForwardMethod = { iteration: picard, run: plain };
const acceleratedRepetition: ForwardMethod = { iteration: picard, run: accelerated };

/** A name with a + is several methods, of which each takes over the samples that the one before has not solved. */
export const FORWARD_SOLVERS = {
  /** Converges for every monotone layer, in few iterations; inverts an n × n matrix once. */
  'peaceman-rachford': [splitting],
  /** Converges for every monotone layer, in many iterations. */
  'forward-backward': [gradual],
  /** Converges only where W contracts. */
  picard: [repetition],
  /** Of forward-backward splitting: converges for every monotone layer, and needs no inverse. */
  anderson: [{ iteration: forwardBackward, run: accelerated }],
  'anderson-peaceman-rachford': [{ iteration: peacemanRachford, run: accelerated }],
  /** What the field calls Anderson: fast where it converges, which nothing guarantees. */
  'anderson-picard': [acceleratedRepetition],
  /** The inverse is computed only where a sample needs it. */
  'anderson-picard+peaceman-rachford': [acceleratedRepetition, splitting],
} as const satisfies Record<string, ForwardSolver>;
export type ForwardSolverName = keyof typeof FORWARD_SOLVERS;

export const LINEAR_SOLVERS = {
  /** Of the adjoint equation ũ = J(Wᵀũ + v), with the inverse of the forward solve where that has one. */
  'peaceman-rachford': [adjointIteration(splitting)],
  'forward-backward': [adjointIteration(gradual)],
  /** u⁺ = v + (JW)ᵀu: converges only where JW contracts. */
  neumann: [adjointIteration(repetition)],
  bicgstab: [krylov(bicgstab)],
  cgnr: [krylov(cgnr)],
  gmres: [krylov(gmres)],
  /** BiCGSTAB; CGNR, which cannot break down, where it does. */
  'bicgstab+cgnr': [krylov(bicgstab), krylov(cgnr)],
  'peaceman-rachford+bicgstab+cgnr': [adjointIteration(splitting), krylov(bicgstab), krylov(cgnr)],
} as const satisfies Record<string, LinearSolver<AdjointProblem>>;
export type LinearSolverName = keyof typeof LINEAR_SOLVERS;

/** What each of `methods` is, with an iteration of a user's own in the place of a name. */
export function forwardSolverOf(solver: ForwardSolverName | Iteration): ForwardSolver {
  return typeof solver === 'string' ? FORWARD_SOLVERS[solver] : [{ iteration: solver, run: plain }];
}

/** The same of the adjoint equation, which has the same form. */
export function linearSolverOf(solver: LinearSolverName | Iteration): LinearSolver<AdjointProblem> {
  return typeof solver === 'string' ? LINEAR_SOLVERS[solver] : [adjointIteration({ iteration: solver, run: plain })];
}

type Method = ForwardMethod | Pick<LinearMethod<never>, 'converges' | 'needsResolvent'>;
const traitsOf = (method: Method): Pick<Iteration, 'converges'> & { readonly needsResolvent?: boolean } =>
  'iteration' in method ? method.iteration : method;

/** As the last of the methods, which takes over what the others have not solved. */
export function convergenceOf(methods: readonly Method[]): Convergence {
  return traitsOf(methods[methods.length - 1]).converges;
}

/** Whether some of the methods needs a resolvent. */
export function needsResolvent(methods: readonly Method[]): boolean {
  return methods.some((method) => traitsOf(method).needsResolvent);
}

const namesOfOwn = new WeakMap<Iteration, string>();
let owned = 0;

/** Tells solvers apart in the keys of Programs: an iteration by what it is, whatever its name. */
export function solverKey(solver: string | Iteration): string {
  if (typeof solver === 'string') return solver;
  const known = namesOfOwn.get(solver) ?? `own ${owned++}`;
  namesOfOwn.set(solver, known);
  return known;
}

/** For a matrix that is known only by its products. */
export const GENERAL_SOLVERS = {
  gmres: [krylov(gmres)],
  bicgstab: [krylov(bicgstab)],
  /** Converges for every matrix that is not singular; the condition number is squared. */
  cgnr: [krylov(cgnr)],
  /** Elimination, for at most 16 unknowns. */
  dense: [dense],
  /** GMRES where BiCGSTAB breaks down. */
  'bicgstab+gmres': [krylov(bicgstab), krylov(gmres)],
} as const satisfies Record<string, LinearSolver<KrylovProblem>>;
export type GeneralSolverName = keyof typeof GENERAL_SOLVERS;

/** For symmetric positive definite matrices. */
export const DEFINITE_SOLVER: LinearSolver<KrylovProblem> = [krylov(conjugateGradients)];

/** The inverse costs about as much as WIDE·n products of W with one sample. */
const WIDE = 0.25;

/**
 * The forward solver that 'auto' stands for. Peaceman-Rachford takes the fewest iterations but inverts an n × n matrix, which
 * pays where enough samples share it: batch ≥ n/4, or where a step was chosen for it. For fewer samples Anderson acceleration
 * of z⁺ = σ(Wz + b), and Peaceman-Rachford for the samples on which that fails. Of a map without a resolvent: forward-backward,
 * which converges too.
 */
export function automaticForwardSolver({
  batch,
  n,
  hasStep,
  hasResolvent,
}: Readonly<Record<'batch' | 'n', number> & Record<'hasStep' | 'hasResolvent', boolean>>): ForwardSolverName {
  if (!hasResolvent) return 'forward-backward';
  return hasStep || batch >= WIDE * n ? 'peaceman-rachford' : 'anderson-picard+peaceman-rachford';
}

/** Whether the forward solve computes the inverse that Peaceman-Rachford needs, whatever the samples. */
export function leavesInverse([first]: ForwardSolver): boolean {
  return first.iteration.needsResolvent;
}

/**
 * The linear solver that 'auto' stands for: Peaceman-Rachford where the forward solve has left the inverse, which then
 * costs one product an iteration; BiCGSTAB otherwise, and where that fails CGNR.
 */
export function automaticLinearSolver(hasInverse: boolean): LinearSolverName {
  return hasInverse ? 'peaceman-rachford+bicgstab+cgnr' : 'bicgstab+cgnr';
}
