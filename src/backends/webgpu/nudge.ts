/**
 * Firefox notices that work is done, or that a buffer is mapped, only when something is submitted, and otherwise every
 * 100 ms. Code that waits there therefore submits an empty list from time to time. Other browsers do not need this.
 */

const NEEDS_NUDGES = /\bFirefox\//.test(globalThis.navigator?.userAgent ?? '');

/** Milliseconds between empty submits; browsers raise this to 4. */
const INTERVAL = 1;

/** Returns the promise, and submits empty lists to the device until it settles, if the browser needs that. */
export function awaitWithNudges<Result>(
  device: GPUDevice,
  awaited: Promise<Result>,
  isNeeded = NEEDS_NUDGES,
): Promise<Result> {
  if (!isNeeded) return awaited;
  const timer = setInterval(() => device.queue.submit([]), INTERVAL);
  return awaited.finally(() => clearInterval(timer));
}
