/** What ends a solve early: a signal of the caller's, or a time limit. All solves share this. */
import { createNumberCheck } from '../arguments/check.ts';

/** Checks a time limit. */
export const MILLISECONDS = /* @__PURE__ */ createNumberCheck(
  'a finite number of milliseconds > 0',
  (value) => value > 0,
);

/** The options that end a solve early. */
export interface LimitOptions {
  /**
   * Ends the solve when it is aborted, with its gradients and certificates. Everything that waits for one of them
   * rejects at once with the signal's reason, and the device stops after the kernel, or the chunk of passes, that it is
   * computing. A signal that is aborted already makes the call throw its reason. Default: none.
   */
  signal?: AbortSignal | undefined;
  /**
   * The time that a solve may take, in milliseconds: a finite number > 0. It counts for the forward solve from its
   * beginning, and again for each linear solve for a gradient or a tangent. When it is over, the loops end with what
   * they have, as at their limit of iterations, and the report has `timedOut`. It may be exceeded by one kernel, or by
   * the passes that the device has already been given. Default: no limit.
   */
  timeLimit?: number;
}

/** The limits of one solve that is about to be enqueued. The engine calls `isCutShort` between passes. */
export class LimitedRun {
  /** Whether the time limit, and not the limit of iterations, ended the solve. */
  isOutOfTime = false;
  /** Whether the solve must end now. Absent where nothing can end it early. */
  readonly isCutShort: (() => boolean) | undefined;

  /** @param deadline its end, by performance.now(). Default: `timeLimit` after the first call of `isCutShort` */
  constructor(
    readonly signal: AbortSignal | undefined,
    readonly timeLimit: number | undefined,
    private deadline?: number,
  ) {
    if (signal || timeLimit !== undefined) this.isCutShort = () => signal?.aborted === true || this.checkTime();
  }

  private checkTime(): boolean {
    if (this.timeLimit === undefined) return false;
    const now = performance.now();
    this.deadline ??= now + this.timeLimit;
    this.isOutOfTime ||= now >= this.deadline;
    return this.isOutOfTime;
  }
}

/**
 * Deadlines that several solves share, by performance.now(). Where one is absent, each solve has its own time limit.
 */
export interface Deadlines {
  readonly forward?: number;
  readonly linear?: number;
}

/** The signal and the time limit of a solution, for its forward solve and its linear solves. */
export class RunLimits {
  readonly signal: AbortSignal | undefined;
  private readonly timeLimit: number | undefined;

  /** @throws RangeError where the time limit is no finite number > 0 */
  constructor(
    { signal, timeLimit }: LimitOptions,
    private readonly deadlines: Deadlines = {},
  ) {
    if (timeLimit !== undefined) MILLISECONDS('timeLimit: it', timeLimit);
    this.signal = signal;
    this.timeLimit = timeLimit;
  }

  /** The same time limit, under another signal. */
  withSignal(signal: AbortSignal | undefined): RunLimits {
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

/** All that waits for a signal, behind a single listener: Node takes more than ten listeners for a leak and warns. */
class SharedListener {
  private static readonly ofSignal = new WeakMap<AbortSignal, SharedListener>();
  private readonly callbacks = new Set<() => void>();

  static for(signal: AbortSignal): SharedListener {
    let listener = SharedListener.ofSignal.get(signal);
    if (!listener) {
      listener = new SharedListener();
      SharedListener.ofSignal.set(signal, listener);
    }
    return listener;
  }

  handleEvent(): void {
    for (const callback of this.callbacks) callback();
  }

  add(signal: AbortSignal, callback: () => void): void {
    this.callbacks.add(callback);
    signal.addEventListener('abort', this); // adding the same object again does nothing
  }

  remove(signal: AbortSignal, callback: () => void): void {
    this.callbacks.delete(callback);
    if (this.callbacks.size === 0) signal.removeEventListener('abort', this);
  }
}

/**
 * The result of the promise; rejects with the signal's reason as soon as the signal is aborted, whatever becomes of the
 * promise.
 */
export function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    const listener = SharedListener.for(signal);
    listener.add(signal, abort);
    promise.then(resolve, reject).finally(() => listener.remove(signal, abort));
  });
}
