/** The advice on a user's equation that was not solved, with a look at the point where its solver stopped. */
import { type SolveReport, worstOf } from '../solvers/report.ts';
import { MAXIMUM_NEWTON_STEPS } from './root-forward.ts';
import type { ImplicitSettings } from './root-options.ts';
import { estimateSingularValues } from './singular-value-estimate.ts';
import type { Solved } from './system.ts';

/** The largest number of unknowns, of all samples together, for which that look is taken. */
const MAXIMUM_UNKNOWNS = 4096;

/** A matrix with σ_min below this many ε·σ_max counts as singular: Newton steps lead nowhere there. */
const SINGULAR_UNITS = 1000;

/**
 * @param at the point where the solver stopped, if it is still there
 * @returns undefined where there is no advice of its own
 */
export async function forwardAdvice(
  report: SolveReport,
  settings: ImplicitSettings,
  at: Solved | undefined,
): Promise<string | undefined> {
  const { solver } = settings;
  if (solver === 'given') {
    return 'The unknown is taken as it was given, and does not solve the equation to the tolerance: solve it more closely, or let another solver go on from there';
  }
  if (typeof solver === 'function') {
    return 'The function that was given as solver returned this: it must solve the equation to the tolerance';
  }
  const { cause, iterations, index } = worstOf(report);
  if (cause === 'start') {
    return 'The unknown is where the function is not finite, or beyond 1e30 times the unknown: start elsewhere, at moderate numbers; a higher limit or a looser tolerance does not help';
  }
  if (typeof solver !== 'string' || !solver.includes('newton-krylov')) {
    if (cause === 'limit') {
      return 'Raise the limit where the function is a contraction; where it is none, repetition does not come to the solution, and newton-krylov may. Or loosen the tolerance, or ask for the report';
    }
    return undefined;
  }
  if (at && (await isSingular(at, settings, index))) {
    return '∂F/∂z is singular where the solver stopped, so that Newton steps lead nowhere: start elsewhere, or change the equation there; a higher limit or a looser tolerance does not help';
  }
  if (cause === 'limit' && iterations < MAXIMUM_NEWTON_STEPS) return undefined;
  return `Newton steps (at most ${MAXIMUM_NEWTON_STEPS}, whatever the limit) have found no solution: there may be none, or none near; start elsewhere, or ask for the report`;
}

/** Whether ∂F/∂z is singular there; false where this cannot be found out. */
async function isSingular(at: Solved, settings: ImplicitSettings, sample: number): Promise<boolean> {
  if (at.z.size > MAXIMUM_UNKNOWNS) return false;
  try {
    const estimates = await estimateSingularValues(at, settings, {});
    const { smallest, largest } = estimates[sample];
    return !(smallest > SINGULAR_UNITS * at.engine.epsilon * largest);
  } catch {
    return false; // the tensors may have been freed in the meantime
  }
}
