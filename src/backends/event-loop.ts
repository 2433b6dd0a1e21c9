/**
 * Work on the host in turns. JavaScript that only ever awaits settled promises keeps every timer, event, frame and
 * finalizer of its thread waiting; so whatever computes on the host asks `isTurnOver` now and then, and where it is
 * lets the event loop go round.
 */

/** Milliseconds of work after which other tasks have their turn: a timer of 10 ms is then late by less than 50. */
const TURN = 30;

/** When the work of this task began; undefined where none has. */
let begun: number | undefined;
/** Resolves when other tasks have had their turn; undefined where nobody waits for it. */
let next: Promise<void> | undefined;

/**
 * Whether the work of this task has taken so long that other tasks are to have their turn. The first call begins it.
 */
export function isTurnOver(): boolean {
  if (begun === undefined) {
    begun = performance.now();
    inNextTask(end); // where this task ends by itself
    return false;
  }
  return performance.now() - begun >= TURN;
}

function end(): void {
  begun = undefined;
}

/** Resolves once other tasks have had their turn. */
export function nextTurn(): Promise<void> {
  next ??= new Promise((resolve) => {
    // The first task that follows may come before a timer that has long been due, the one after it does not.
    inNextTask(() =>
      inNextTask(() => {
        end();
        next = undefined;
        resolve();
      }),
    );
  });
  return next;
}

/** Lets other tasks have their turn where it is time. */
export async function breathe(): Promise<void> {
  if (isTurnOver()) await nextTurn();
}

/** Some work that yields where it may be interrupted. */
export type Interruptible<Result> = Generator<unknown, Result, void>;

/** Carries it out in turns. @param signal aborted meanwhile, it ends the work: that rejects with its reason */
export async function inTurns<Result>(work: Interruptible<Result>, signal?: AbortSignal): Promise<Result> {
  signal?.throwIfAborted();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (isTurnOver()) {
      await nextTurn();
      signal?.throwIfAborted();
    }
  }
}

/** Carries it out without an interruption. */
export function atOnce<Result>(work: Interruptible<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** By a message where there is no setImmediate: a page lets timers that set one another wait 4 ms each time. */
function inNextTask(callback: () => void): void {
  if (setImmediate) {
    setImmediate(callback);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}
