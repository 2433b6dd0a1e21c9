/** While a thread computes, timers fire and signals end the work. */
import { afterAll, describe, expect, test } from 'vitest';
import { engineOn } from '../support/engines.ts';
import { measureAbortDelay, measureLongestGap } from '../support/event-loop.ts';
import { LONG_CONE_WORK, LONG_WORK } from '../support/long-work.ts';

/** Milliseconds. */
const LONGEST_GAP = 60;
const LONGEST_ABORT = 100;
const ABORTED_AFTER = 50;

describe('on the host', () => {
  test.each(LONG_CONE_WORK)('a timer of 10 ms keeps firing during $name, and a signal ends it', async ({ run }) => {
    expect(await measureLongestGap(() => run(), LONGEST_GAP)).toBeLessThanOrEqual(LONGEST_GAP);
    expect(await measureAbortDelay(run, ABORTED_AFTER, LONGEST_ABORT)).toBeLessThanOrEqual(LONGEST_ABORT);
  });
});

describe.each(['cpu', 'wasm'] as const)('%s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test.each(LONG_WORK)('a timer of 10 ms keeps firing during $name, and a signal ends it', async ({ run }) => {
    const own = await engine();
    expect(await measureLongestGap(() => run(own), LONGEST_GAP)).toBeLessThanOrEqual(LONGEST_GAP);
    await own.idle();
    const before = own.memory().buffers;
    const delay = await measureAbortDelay((signal) => run(own, signal), ABORTED_AFTER, LONGEST_ABORT);
    expect(delay).toBeLessThanOrEqual(LONGEST_ABORT);
    // An interrupted computation on the host frees its memory one turn of the event loop later.
    await expect.poll(() => own.memory().buffers).toBe(before);
  });
});
