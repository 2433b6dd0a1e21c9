/**
 * Newton's method on N(z) = 0 with elements of the generalised Jacobian (Qi, Sun, "A nonsmooth version of Newton's
 * method", 1993): quadratically convergent near a solution at which all of them are invertible. Each linear system is
 * regularised by ε in proportion to ‖N‖, which keeps that speed and lets the method converge to solutions that are
 * not unique, where M(J) is singular; steps are shortened until ‖N‖ falls, and where no length will do ε is raised.
 */
import type { Interruptible } from '../../../backends/event-loop.ts';
import { factorise, solve } from '../../matrices.ts';
import type { ResidualMap, ResidualValue } from './residual-map.ts';

/** ε relative to ‖N‖, and its bounds. */
const REGULARISATION = 1e-2;
const LEAST = 1e-14;
const LARGEST = 1;
/** What ε is multiplied by after a step of no use, and divided by after a full one. */
const RAISE = 100;
const LOWER = 10;
/** A step of length t is accepted if ‖N‖ falls to 1 − this · t of what it was. */
const DECREASE = 1e-3;
const SHORTEST = 1 / 16;
/** ‖N‖ relative to its terms, below which it is rounding; and below which it is, unless a full step halves it. */
const ROUNDING = 2 ** -53;
const NEARLY_ROUNDING = 1e-13;
/** Linear systems over which ‖N‖ must at least halve. */
const PATIENCE = 6;
/** A step after which ‖N‖ is this share of what it was shows that a solution is near. */
const QUADRATIC = 0.1;

export interface NewtonSettings {
  /** The largest number of steps. */
  readonly limit: number;
  /** After so many it ends as well, unless the last one shows that a solution is near. */
  readonly trial?: number;
  readonly isCutShort?: () => boolean;
}

export interface NewtonResult {
  /** Where it ended; ‖N‖ is not larger there than at the start. */
  readonly value: ResidualValue;
  /** ‖N‖ before the first step and after each of them. */
  readonly sizes: readonly number[];
  /** Whether ‖N‖ is rounding. */
  readonly isConverged: boolean;
}

export function* semismoothNewton(
  map: ResidualMap,
  x: Float64Array,
  v: Float64Array,
  { limit, trial = limit, isCutShort }: NewtonSettings,
): Interruptible<NewtonResult> {
  let value = map.evaluate(x, v);
  const sizes = [value.size];
  const end = (isConverged: boolean): NewtonResult => ({ value, sizes, isConverged });
  let raised = 1;
  let halved = { step: 0, size: value.size };
  for (let step = 0; ; step++) {
    if (!Number.isFinite(value.size)) return end(false);
    if (value.size <= ROUNDING * value.terms) return end(true);
    const isNear = value.size < QUADRATIC * sizes[sizes.length - 2];
    const isEnded = step >= limit || (step >= trial && !isNear) || isCutShort?.();
    if (isEnded) return end(value.size <= NEARLY_ROUNDING * value.terms);
    if (value.size <= 0.5 * halved.size) halved = { step, size: value.size };
    if (step - halved.step > PATIENCE) return end(value.size <= NEARLY_ROUNDING * value.terms);
    const wanted = (raised * REGULARISATION * value.size) / value.terms;
    const epsilon = Math.min(LARGEST, Math.max(LEAST, wanted));
    const factorisation = yield* factorise(yield* map.matrixAt(value, epsilon), value.residual.length);
    yield;
    const full = solve(factorisation, value.residual);
    const isNearlyRounding = value.size <= NEARLY_ROUNDING * value.terms;
    const shortest = isNearlyRounding ? 1 : SHORTEST;
    // Of a singular matrix it is not finite.
    const tried = full.every(Number.isFinite) ? yield* search(map, value, full, shortest) : undefined;
    yield;
    if (isNearlyRounding && !(tried && tried.value.size <= 0.5 * value.size)) return end(true);
    if (tried) {
      value = tried.value;
      sizes.push(value.size);
      if (tried.length === 1) raised = Math.max(1, raised / LOWER);
    } else {
      if (epsilon >= LARGEST) return end(false);
      raised = (RAISE * epsilon * value.terms) / (REGULARISATION * value.size);
    }
  }
}

/** z − t · step for the largest t = 1, ½, ¼, … at which ‖N‖ is less. */
function* search(
  map: ResidualMap,
  from: ResidualValue,
  step: Float64Array,
  shortest: number,
): Interruptible<{ readonly value: ResidualValue; readonly length: number } | undefined> {
  const m = from.v.length;
  for (let length = 1; length >= shortest; length /= 2) {
    const value = map.evaluate(
      from.x.map((entry, j) => entry - length * step[m + j]),
      from.v.map((entry, i) => entry - length * step[i]),
    );
    if (value.size <= (1 - DECREASE * length) * from.size) return { value, length };
    yield;
  }
  return undefined;
}
