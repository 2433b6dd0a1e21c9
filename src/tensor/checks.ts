/** What reading a tensor awaits, and passes on to whatever is computed from it. */
import type { Speculation } from '../backends/backend.ts';
import type { Check, Tensor } from './tensor.ts';

export const NO_CHECKS: ReadonlySet<Check> = new Set();

/** The checks of all inputs that are still open; the very same set where they agree, which is the common case. */
export function mergedChecks(inputs: readonly Tensor[]): ReadonlySet<Check> {
  let merged = NO_CHECKS;
  for (const { checks } of inputs) {
    if (checks.size === 0 || checks === merged) continue;
    if (merged.size === 0 && areOpen(checks)) merged = checks;
    else {
      const open = [...checks].filter((check) => !check.passed);
      if (open.length > 0) merged = new Set([...merged, ...open]);
    }
  }
  return merged;
}

function areOpen(checks: ReadonlySet<Check>): boolean {
  for (const { passed } of checks) if (passed) return false;
  return true;
}

/** The speculation under which what depends on the checks is to be enqueued. */
export function speculationOf(checks: ReadonlySet<Check>): Speculation | undefined {
  for (const { speculation } of checks) if (speculation?.isOpen) return speculation;
  return undefined;
}
