/** Verdicts on an equation z = φ(Az + b), whatever b is. */
import type { Known } from '../certificate.ts';

/** What an examination of A shows. */
export interface WellPosed extends Known {
  /** The error ‖z − z*‖₂ is at most this times ‖z − φ(Az + b)‖₂. Infinite where nothing is known. */
  readonly amplification: number;
}

/** A is certified by a contraction. @param amplification as in WellPosed */
export function certifiedByContraction(reason: string, amplification: number): WellPosed {
  return { status: 'certified', argument: 'contraction', reason, amplification };
}

/** @param subject what `certify` would examine at the solution */
export function notExamined(reason: string, subject: 'matrix' | 'network'): WellPosed {
  return {
    status: 'unknown',
    argument: 'not examined',
    reason: `${reason}; certify() examines the ${subject} at the solution`,
    amplification: Number.POSITIVE_INFINITY,
  };
}

/** What the rounding of sums adds to a bound is not shown. */
const ROUNDING = 1e-12;

/** An upper bound as text: rounded upwards, with as many digits as keep one that is below 1 below it. */
export function showBound(bound: number): string {
  for (let digits = 3; digits < 17; digits++) {
    const nearest = bound.toPrecision(digits);
    const step = 10 ** (Math.floor(Math.log10(bound)) + 1 - digits);
    const isBelow = Number(nearest) < bound * (1 - ROUNDING);
    const text = isBelow ? (Number(nearest) + step).toPrecision(digits) : nearest;
    if (bound >= 1 || Number(text) < 1) return text;
  }
  return String(bound);
}
