/** Makes Dawn in Node less busy. */

/** Turns of the event loop that Dawn may take at full speed. */
const EAGER = 16;
/** Milliseconds of rest in each turn after these. */
const REST = 0.2;

const cell = new Int32Array(new SharedArrayBuffer(4));
let isPatched = false;

/**
 * While anything is under way on a device, Dawn polls in every turn of the event loop, from one `setImmediate` to the
 * next. This takes a whole core, on which a software adapter could compute and compile. Here such turns pause for a
 * moment.
 */
export function restWhilePolling(): void {
  if (isPatched) return;
  isPatched = true;
  const plain = globalThis.setImmediate;
  let turns = 0;
  let inside = false;
  const rest = (callback: (...values: unknown[]) => void, ...values: unknown[]): NodeJS.Immediate => {
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
  globalThis.setImmediate = Object.assign(rest, { __promisify__: plain.__promisify__ }) as typeof setImmediate;
}
