/** Dawn in Node, less busy. */

/** Turns of the event loop that Dawn may take at full speed. */
const EAGER = 16;
/** Of each turn after these, in milliseconds. */
const REST = 0.2;

const cell = new Int32Array(new SharedArrayBuffer(4));
let patched = false;

/**
 * While anything is under way on a device, Dawn asks after it in every turn of the event loop, from one
 * `setImmediate` to the next: a whole core, and a software adapter computes and compiles on these same cores. Here
 * such turns come to rest for a moment.
 */
export function restWhilePolling(): void {
  if (patched) return;
  patched = true;
  const plain = globalThis.setImmediate;
  let turns = 0;
  let inside = false;
  const resting = (callback: (...values: unknown[]) => void, ...values: unknown[]): NodeJS.Immediate => {
    turns = inside ? turns + 1 : 0;
    return plain(() => {
      if (turns > EAGER) Atomics.wait(cell, 0, 0, REST);
      inside = true;
      try {
        callback(...values);
      } finally {
        inside = false;
      }
    });
  };
  globalThis.setImmediate = Object.assign(resting, { __promisify__: plain.__promisify__ }) as typeof setImmediate;
}
