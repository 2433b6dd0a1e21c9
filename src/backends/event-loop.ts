/**
 * Cooperative scheduling on the host. JavaScript that awaits only settled promises blocks all timers, events, frames
 * and finalizers of its thread. Code that computes on the host therefore calls `isTurnOver` from time to time and, if
 * its turn is over, waits for the next one while the event loop runs other tasks.
 */

/**
 * Milliseconds of work after which other tasks get a turn. With this value a timer of 10 ms is late by less than 50 ms.
 */
const TURN_MILLISECONDS = 20;

/** When the work of the current task began; undefined if it has not begun. */
let turnStart: number | undefined;
/** Resolves when other tasks have had a turn; undefined if nobody waits for that. */
let pendingTurn: Promise<void> | undefined;

/**
 * Whether the work of this task has taken long enough to give other tasks a turn. The first call in a task starts the
 * clock.
 */
export function isTurnOver(): boolean {
  if (turnStart === undefined) {
    turnStart = performance.now();
    scheduleTask(endTurn); // in case this task ends before its turn is over
    return false;
  }
  return performance.now() - turnStart >= TURN_MILLISECONDS;
}

function endTurn(): void {
  turnStart = undefined;
}

/** Resolves when other tasks have had a turn. */
export function waitForNextTurn(): Promise<void> {
  pendingTurn ??= new Promise((resolve) => {
    // The next task may run before a timer that is overdue, but the one after it does not.
    scheduleTask(() =>
      scheduleTask(() => {
        endTurn();
        pendingTurn = undefined;
        resolve();
      }),
    );
  });
  return pendingTurn;
}

/** Waits while other tasks have a turn, if the turn of this one is over. */
export async function yieldIfTurnIsOver(): Promise<void> {
  if (isTurnOver()) await waitForNextTurn();
}

/** Work that yields at the points where it may be interrupted. */
export type Interruptible<Result> = Generator<unknown, Result, void>;

/**
 * Carries out the work in turns.
 * @param signal if it is aborted, the work ends and the promise rejects with the reason of the signal
 */
export async function runInTurns<Result>(work: Interruptible<Result>, signal?: AbortSignal): Promise<Result> {
  signal?.throwIfAborted();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (isTurnOver()) {
      await waitForNextTurn();
      signal?.throwIfAborted();
    }
  }
}

/** Carries out the work without interruption. */
export function runUninterrupted<Result>(work: Interruptible<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/**
 * Runs the callback as a task. Without setImmediate it uses a message, because pages delay nested timers by 4 ms each.
 */
function scheduleTask(callback: () => void): void {
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
