/** What ends a solve early: a signal of the caller's, or the time. Written once for all solves. */
import { numberFor } from '../arguments/check.ts';

export const MILLISECONDS = /* @__PURE__ */ numberFor('a finite number of milliseconds > 0', (value) => value > 0);

export interface LimitOptions {
  /**
   * Aborted, it ends the solve, and with it its gradients and certificates: whatever waits for one of them rejects with the signal's
   * reason at once, and what is under way stops after the kernel, or the chunk of passes, that is being computed. A signal that is
   * aborted already is thrown.
   */
  signal?: AbortSignal;
  /**
   * Milliseconds, a finite number > 0. Of the forward solve from when it begins to run, and of each linear solve for a gradient or a
   * tangent from when that begins: then the loops end with what they have, as at their limit of iterations. The report says so by
   * `timedOut`. It may be exceeded by one kernel, or by the passes that a device has been given. Default: no limit.
   */
  timeLimit?: number;
}

/** Of one solve that is about to be enqueued: what the engine asks between passes. */
export class LimitedRun {
  /** Whether the time, and not the limit of iterations, ended it. */
  isOutOfTime = false;
  /** Absent where nothing can end it early. */
  readonly isCutShort: (() => boolean) | undefined;

  /** @param deadline when it ends, by performance.now(); default: `timeLimit` after it was asked for the first time */
  constructor(
    readonly signal: AbortSignal | undefined,
    readonly timeLimit: number | undefined,
    private deadline?: number,
  ) {
    if (signal || timeLimit !== undefined) this.isCutShort = () => signal?.aborted === true || this.endsInTime();
  }

  private endsInTime(): boolean {
    if (this.timeLimit === undefined) return false;
    const now = performance.now();
    this.deadline ??= now + this.timeLimit;
    this.isOutOfTime ||= now >= this.deadline;
    return this.isOutOfTime;
  }
}

/** By performance.now(): what several solves have in common. Of what is not given, each solve has its own time. */
export interface Deadlines {
  readonly forward?: number;
  readonly linear?: number;
}

export class RunLimits {
  readonly signal: AbortSignal | undefined;
  private readonly timeLimit: number | undefined;

  /** @throws RangeError where the time limit is no finite number above 0 */
  constructor(
    { signal, timeLimit }: LimitOptions,
    private readonly deadlines: Deadlines = {},
  ) {
    if (timeLimit !== undefined) MILLISECONDS('timeLimit: it', timeLimit);
    this.signal = signal;
    this.timeLimit = timeLimit;
  }

  /** The same time limit, under another signal. */
  under(signal: AbortSignal | undefined): RunLimits {
    return new RunLimits({ signal, timeLimit: this.timeLimit }, this.deadlines);
  }

  /** For a forward solve. @throws the signal's reason where it is aborted */
  forward(): LimitedRun {
    this.signal?.throwIfAborted();
    return new LimitedRun(this.signal, this.timeLimit, this.deadlines.forward);
  }

  /** For a linear solve. @throws the signal's reason where it is aborted */
  linear(): LimitedRun {
    this.signal?.throwIfAborted();
    return new LimitedRun(this.signal, this.timeLimit, this.deadlines.linear);
  }
}

/** Who waits for a signal, with one listener: of more than ten Node warns, as of a leak. */
class Waiting {
  private static readonly ofSignal = new WeakMap<AbortSignal, Waiting>();
  private readonly told = new Set<() => void>();

  static for(signal: AbortSignal): Waiting {
    let waiting = Waiting.ofSignal.get(signal);
    if (!waiting) {
      waiting = new Waiting();
      Waiting.ofSignal.set(signal, waiting);
    }
    return waiting;
  }

  handleEvent(): void {
    for (const tell of this.told) tell();
  }

  add(signal: AbortSignal, tell: () => void): void {
    this.told.add(tell);
    signal.addEventListener('abort', this); // the same object again is no second listener
  }

  remove(signal: AbortSignal, tell: () => void): void {
    this.told.delete(tell);
    if (this.told.size === 0) signal.removeEventListener('abort', this);
  }
}

/** What the promise gives; rejects with the signal's reason as soon as that is aborted, whatever becomes of the promise. */
export function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    const waiting = Waiting.for(signal);
    waiting.add(signal, abort);
    promise.then(resolve, reject).finally(() => waiting.remove(signal, abort));
  });
}
