/** What keeps the own thread of a page busy, as the browser tells it. */
import type { CDPSession, Page } from 'puppeteer';

/** What a browser calls a long task, in milliseconds. */
export const LONG = 50;

export interface LongTask {
  /** Milliseconds after the scene began. */
  readonly at: number;
  readonly milliseconds: number;
  /** What the browser tells of the frame to which it belongs: its scripts, and what came after them. */
  readonly what: string;
}

export interface Busy {
  readonly seconds: number;
  /** Of them the page's own thread had a processor: other work on the machine makes tasks longer, but not these. */
  readonly processorSeconds: number;
  readonly longTasks: readonly LongTask[];
  /** The longest time between two moments at which the page could have answered, in milliseconds. */
  readonly longestGap: number;
}

/** Milliseconds from one moment to the next at which the page is seen to answer. */
const BEAT = 4;
/** Milliseconds after which the browser has told of what is over. */
const TOLD = 200;

/** Of https://w3c.github.io/long-animation-frames/, which the types of the DOM do not have yet. */
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
  /** Times between two beats since it was last set to 0. */
  longestGap: number;
}

type Recording = typeof globalThis & { recorder: Recorder };

/** Every document that `page` opens from now on is watched. */
export async function watch(page: Page): Promise<CDPSession> {
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

/** @param act what is done meanwhile; it may open another document */
export async function busyDuring(page: Page, session: CDPSession, act: () => Promise<unknown>): Promise<Busy> {
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
  await new Promise((resolve) => setTimeout(resolve, TOLD));
  const { origin, tasks, frames } = await page.evaluate(() => {
    const { recorder } = globalThis as Recording;
    // Field by field: entries of the browser have nothing of their own that could be posted.
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
      what: described(
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

/** A frame is its scripts, then style and layout, then painting and what is handed to the compositor. */
function described(frame: Frame | undefined): string {
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
