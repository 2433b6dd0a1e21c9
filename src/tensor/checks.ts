/** Checks: promises that reading a tensor awaits, and that tensors computed from it inherit. */
import type { Speculation } from '../backends/backend.ts';
import type { Check, Tensor } from './tensor.ts';

export const NO_CHECKS: ReadonlySet<Check> = new Set();

/** @param speculation the one that the promise is about: work that depends on the check is enqueued under it */
export function createCheck(promise: Promise<void>, speculation?: Speculation): Check {
  const check: Check = { promise, speculation, passed: false };
  promise.then(
    () => {
      check.passed = true;
    },
    () => {}, // whoever awaits the check reports the failure; until then it must not count as unhandled
  );
  return check;
}

/** The open checks of all inputs. If the inputs share one set, as is usual, that very set is returned. */
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

/** The open speculation under which work that depends on the checks is enqueued. */
export function speculationOf(checks: ReadonlySet<Check>): Speculation | undefined {
  for (const { speculation } of checks) if (speculation?.isOpen) return speculation;
  return undefined;
}
