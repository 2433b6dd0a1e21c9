/** Measures what keeps the main thread of a page busy, as the browser reports it. */
import type { CDPSession, Page } from 'puppeteer';

/** A browser calls a task long from this many milliseconds on. */
export const LONG_TASK = 50;

interface LongTask {
  /** Milliseconds since the scene began. */
  readonly at: number;
  readonly milliseconds: number;
  /** The frame to which the task belongs, as the browser describes it: its scripts, and the work after them. */
  readonly what: string;
}

export interface Busy {
  readonly seconds: number;
  /**
   * Seconds of the scene during which the page's main thread had a processor. Other work on the machine lengthens
   * tasks, but not this number.
   */
  readonly processorSeconds: number;
  readonly longTasks: readonly LongTask[];
  /** The longest time during which the page could not have answered, in milliseconds. */
  readonly longestGap: number;
}

/** The page proves that it is responsive once in this many milliseconds. */
const BEAT = 4;
/** The browser reports a long task at most this many milliseconds after its end. */
const REPORTING_DELAY = 200;

/** An entry of https://w3c.github.io/long-animation-frames/, which the DOM types do not have yet. */
interface Frame {
  readonly startTime: number;
  readonly duration: number;
  readonly styleAndLayoutStart: number;
  readonly scripts: readonly {
    readonly invoker: string;
    readonly sourceFunctionName: string;
    readonly duration: number;
    readonly forcedStyleAndLayoutDuration: number;
  }[];
}

interface Recorder {
  readonly tasks: { readonly startTime: number; readonly duration: number }[];
  readonly frames: Frame[];
  /** The longest time between two beats since it was last reset to 0. */
  longestGap: number;
}

type Recording = typeof globalThis & { recorder: Recorder };

/** Watches every document that `page` opens from now on. */
export async function watchPage(page: Page): Promise<CDPSession> {
  await page.evaluateOnNewDocument((beat) => {
    const recorder: Recorder = { tasks: [], frames: [], longestGap: 0 };
    Object.assign(globalThis, { recorder });
    const note = (type: string, entries: unknown[]): void =>
      new PerformanceObserver((list) => entries.push(...list.getEntries())).observe({ type });
    note('longtask', recorder.tasks);
    note('long-animation-frame', recorder.frames);
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      recorder.longestGap = Math.max(recorder.longestGap, now - last);
      last = now;
    }, beat);
  }, BEAT);
  await page.goto('about:blank');
  const session = await page.createCDPSession();
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return session;
}

/** @param act runs while the page is watched; it may open another document */
export async function measureBusy(page: Page, session: CDPSession, act: () => Promise<unknown>): Promise<Busy> {
  const before = await processorTime(session);
  const from = await page.evaluate(() => {
    (globalThis as Recording).recorder.longestGap = 0;
    return performance.timeOrigin + performance.now();
  });
  await act();
  const { until, longestGap } = await page.evaluate(() => ({
    until: performance.timeOrigin + performance.now(),
    longestGap: (globalThis as Recording).recorder.longestGap,
  }));
  const after = await processorTime(session);
  await new Promise((resolve) => setTimeout(resolve, REPORTING_DELAY));
  const { origin, tasks, frames } = await page.evaluate(() => {
    const { recorder } = globalThis as Recording;
    // The fields are copied one by one, because the browser's entries have no own properties that could be serialised.
    const frames = recorder.frames.map(
      ({ startTime, duration, styleAndLayoutStart, scripts }): Frame => ({
        startTime,
        duration,
        styleAndLayoutStart,
        scripts: scripts.map(({ invoker, sourceFunctionName, duration, forcedStyleAndLayoutDuration }) => ({
          invoker,
          sourceFunctionName,
          duration,
          forcedStyleAndLayoutDuration,
        })),
      }),
    );
    const tasks = recorder.tasks.map(({ startTime, duration }) => ({ startTime, duration }));
    return { origin: performance.timeOrigin, tasks, frames };
  });
  const longTasks = tasks
    .map(({ startTime, duration }) => ({
      at: Math.round(origin + startTime - from),
      milliseconds: Math.round(duration),
      what: describeFrame(
        frames.find((frame) => frame.startTime < startTime + duration && startTime < frame.startTime + frame.duration),
      ),
    }))
    .filter(({ at }) => at >= 0 && at < until - from);
  return { seconds: (until - from) / 1000, processorSeconds: after - before, longTasks, longestGap };
}

async function processorTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'ThreadTime')?.value ?? Number.NaN;
}

/** A frame consists of its scripts, then style and layout, then painting and the hand-over to the compositor. */
function describeFrame(frame: Frame | undefined): string {
  if (!frame) return 'no frame that the browser tells of';
  const { startTime, duration, styleAndLayoutStart, scripts } = frame;
  const told = scripts.map(
    ({ invoker, sourceFunctionName, duration: own, forcedStyleAndLayoutDuration: forced }) =>
      `${sourceFunctionName || 'a script'} by ${invoker.replace(/^https?:.*\//, '')} ${own.toFixed(0)} ms${forced >= 1 ? ` (layout ${forced.toFixed(0)} ms)` : ''}`,
  );
  const rendering =
    styleAndLayoutStart > 0 ? [`rendering ${(startTime + duration - styleAndLayoutStart).toFixed(0)} ms`] : [];
  return `frame of ${duration.toFixed(0)} ms: ${[...told, ...rendering].join(', ') || 'no script'}`;
}
