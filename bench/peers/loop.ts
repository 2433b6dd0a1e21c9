/**
 * The solve that somebody writes with an array library. The library has no implicit layers, so they iterate until the residual
 * that they read back is small, forward, and backward on the adjoint equation.
 *
 * Repetition of z ← relu(Wz + b) does not converge on a monotone layer as it starts, so it is forward-backward splitting with
 * α = ½, the step of the monDEQ authors' example (Winston & Kolter 2020); on the layers measured here it needs 19 to 24
 * iterations each way, fewer than any other step:
 *   forward   z ← relu((1 − α)z + α(Wz + b)),        until ‖z − relu(Wz + b)‖ / ‖z‖ ≤ tolerance for every sample;
 *   backward  ũ ← J((1 − α)ũ + α(Wᵀũ + v)), ũ = Jᵀu, until ‖ũ − J(Wᵀũ + v)‖ / ‖ũ‖ ≤ tolerance for every sample.
 * The product of an iteration gives the residual too, so that checking costs a reduction and the reading of one number.
 */
import { TOLERANCE } from '../problems.ts';

export const STEP = 0.5;
/** Added to ‖z‖, which may be 0. */
export const SMALLEST = 1e-7;
const LIMIT = 500;

/** Some iterations; the residual, its largest over the samples, is that of the last but one z. */
export interface Stretch<Values> {
  readonly x: Values;
  readonly residual: Promise<number>;
}

/**
 * @param every iterations of one stretch
 * @returns the solution, and the iterations that it took
 */
export async function repeated<Values>(
  start: Values,
  every: number,
  stretch: (x: Values) => Stretch<Values>,
): Promise<{ x: Values; iterations: number }> {
  let x = start;
  for (let iterations = every; iterations <= LIMIT; iterations += every) {
    const after = stretch(x);
    x = after.x;
    if ((await after.residual) <= TOLERANCE) return { x, iterations };
  }
  throw new Error(`the loop did not converge within ${LIMIT} iterations`);
}

/** Adam as Kingma & Ba (2015) state it. */
export const ADAM = { first: 0.9, second: 0.999, epsilon: 1e-8 } as const;

/** Factors that take the bias out of the moments at a step, counted from 1. */
export function corrections(step: number): { first: number; second: number } {
  return { first: 1 / (1 - ADAM.first ** step), second: 1 / (1 - ADAM.second ** step) };
}
