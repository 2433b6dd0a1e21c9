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
