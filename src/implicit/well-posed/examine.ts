/** Whether z = φ(Az + b) has exactly one solution for every b, on the host in float64. Loaded when a matrix is to be examined. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { computeCheckedMargin } from '../smallest-eigenvalue.ts';
import { amplificationOf, findPerronBound } from './perron.ts';
import { certifiedByContraction, notExamined, showBound, type WellPosed } from './verdict.ts';

/**
 * Tries the conditions that a host can check in turn: ‖A‖∞ < 1; λ_pf(|A|) < 1, by a vector; and a monotone I − A. None
 * of the last two implies the other.
 * @param A n × n numbers, row-major
 * @param isMonotone whether φ is nondecreasing as well as non-expansive, as the last condition needs
 */
export function* examineMatrix(A: ArrayLike<number>, n: number, isMonotone: boolean): Interruptible<WellPosed> {
  if (!Array.prototype.every.call(A, Number.isFinite)) {
    return unknown('A holds numbers that are not finite');
  }
  const perron = yield* findPerronBound(A, n);
  const byNorm = perron.vector.every((value) => value === 1);
  if (perron.bound < 1) return certifiedBy(perron.bound, amplificationOf(perron), byNorm);
  const below = `no vector was found that shows λ_pf(|A|) < 1 (the best bound is ${showBound(perron.bound)})`;
  if (!isMonotone) return unknown(`${below}; a monotone I − A does not help where the activation decreases`);
  try {
    const margin = yield* computeCheckedMargin(A, n);
    return {
      status: 'certified',
      argument: 'margin',
      reason: `I − (A + Aᵀ)/2 ⪰ m·I with m = ${margin.toPrecision(3)}, by the eigenvalues of that matrix, which is enough for every 0 ⪯ J ⪯ I`,
      // ‖I − A‖ is at most √n + ‖A‖_F.
      amplification: (1 + Math.sqrt(n) + Math.hypot(...Array.from(A))) / margin,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return unknown(`${below}, and I − (A + Aᵀ)/2 is not positive definite`);
  }
}

function certifiedBy(bound: number, amplification: number, byNorm: boolean): WellPosed {
  const shown = showBound(bound);
  const reason = byNorm
    ? `‖A‖∞ ≤ ${shown} < 1, and the activation is non-expansive component by component`
    : `|A|x ≤ ${shown}·x for a vector x > 0, so that λ_pf(|A|) < 1, and the activation is non-expansive component by component`;
  return certifiedByContraction(reason, amplification);
}

const unknown = (reason: string): WellPosed => notExamined(reason, 'matrix');
