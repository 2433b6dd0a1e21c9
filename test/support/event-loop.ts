/** Measures how long other tasks of a thread wait while something is computed on it. */

const PERIOD = 10;
/** The best of this many attempts counts: the others may have met garbage collection, or a busy machine. */
const ATTEMPTS = 8;

/**
 * Milliseconds since the call, and the part of them in which this process has worked: others may take the processor
 * away.
 */
function startStopwatch(): () => number {
  const since = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - since, (user + system) / 1000);
  };
}

/** The longest time between two firings of a timer of 10 ms while the work is under way, in milliseconds. */
export async function measureLongestGap(work: () => Promise<unknown>, bound: number): Promise<number> {
  return leastOf(bound, async () => {
    let elapsed = startStopwatch();
    let longest = 0;
    const fired = (): void => {
      longest = Math.max(longest, elapsed());
      elapsed = startStopwatch();
    };
    const timer = setInterval(fired, PERIOD);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
    fired();
    return longest;
  });
}

/**
 * Milliseconds from the abort of a signal to the rejection of the work, which must be with the signal's reason.
 * @param after milliseconds before the abort; fewer where the work would be over by then
 */
export async function measureAbortDelay(
  work: (signal: AbortSignal) => Promise<unknown>,
  after: number,
  bound: number,
): Promise<number> {
  let wait = after;
  return leastOf(bound, async () => {
    for (; wait >= 1; wait /= 2) {
      const delay = await delayOf(work, wait);
      if (delay !== undefined) return delay;
    }
    throw new Error('the work was over before it was aborted');
  });
}

/** Undefined where the work ended before the abort. */
async function delayOf(work: (signal: AbortSignal) => Promise<unknown>, after: number): Promise<number | undefined> {
  const controller = new AbortController();
  const reason = new Error('enough');
  let elapsed: (() => number) | undefined;
  const timer = setTimeout(() => {
    elapsed = startStopwatch();
    controller.abort(reason);
  }, after);
  try {
    await work(controller.signal);
  } catch (error) {
    if (error !== reason || !elapsed) throw error;
    return elapsed();
  } finally {
    clearTimeout(timer);
  }
  return undefined;
}

async function leastOf(bound: number, measured: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && least > bound; attempt++) least = Math.min(least, await measured());
  return least;
}
