/**
 * Firefox tells that work is done, or a buffer mapped, when something is submitted, and otherwise only every 100 ms:
 * whoever waits there submits nothing from time to time. Other implementations tell by themselves, and are left alone.
 */

const NEEDS_NUDGES = /\bFirefox\//.test(globalThis.navigator?.userAgent ?? '');

/** Milliseconds between nudges; a browser makes them 4. */
const INTERVAL = 1;

/** What is awaited, which the device is to tell. */
export function awaitWithNudges<Result>(
  device: GPUDevice,
  awaited: Promise<Result>,
  isNeeded = NEEDS_NUDGES,
): Promise<Result> {
  if (!isNeeded) return awaited;
  const timer = setInterval(() => device.queue.submit([]), INTERVAL);
  return awaited.finally(() => clearInterval(timer));
}
