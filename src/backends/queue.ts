/**
 * The queue of a backend that computes on the caller's thread. Jobs are carried out in the order in which they were
 * enqueued: at once until the turn is over (see event-loop.ts), and in later tasks after that.
 */
import { type Interruptible, isTurnOver, waitForNextTurn } from './event-loop.ts';

/** Work that yields at the points where it may be interrupted, or yields a promise to wait for. Neither may fail. */
export type Job = Interruptible<void>;

export class Queue {
  private readonly jobs: Pick<Job, 'next'>[] = [];
  private isPumping = false;
  private awaited: Promise<unknown> | undefined;
  private readonly waiting = new Set<(error: Error) => void>();

  enqueue(job: Pick<Job, 'next'>): void {
    this.jobs.push(job);
    if (this.jobs.length > 1 || isTurnOver() || !this.advance()) void this.pump();
  }

  /** Enqueues work that takes little time and does not throw. */
  enqueueNow(work: () => void): void {
    if (this.jobs.length === 0) work();
    else this.jobs.push({ next: () => ({ done: true, value: work() }) });
  }

  /** Carries out `work` in order and resolves with its result, in a later task if the turn is over. */
  async settle<Result>(work: () => Result): Promise<Result> {
    const result = this.jobs.length === 0 ? work() : await this.inOrder(work);
    if (isTurnOver()) await waitForNextTurn();
    return result;
  }

  /**
   * Carries out everything that was enqueued before it returns: no other task has its turn meanwhile.
   * @returns false where the work has to wait for something
   */
  finish(): boolean {
    while (this.jobs.length > 0) {
      if (this.awaited) return false;
      const [job] = this.jobs;
      const { done, value } = job.next();
      if (done) {
        if (this.jobs[0] === job) this.jobs.shift();
      } else if (value instanceof Promise) {
        this.awaited = value;
        void this.pump();
      }
    }
    return true;
  }

  private inOrder<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      this.enqueueNow(() => {
        this.waiting.delete(reject);
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Drops all jobs that are left, and rejects the promises of `settle` with the error. */
  abort(error: Error): void {
    this.jobs.length = 0;
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }

  /**
   * Continues the first job.
   * @returns false if it is not done, because the turn is over or it waits
   */
  private advance(): boolean {
    const [job] = this.jobs;
    for (let result = job.next(); !result.done; result = job.next()) {
      if (result.value instanceof Promise) {
        this.awaited = result.value;
        return false;
      }
      if (this.jobs[0] !== job) return true; // it was dropped
      if (isTurnOver()) return false;
    }
    if (this.jobs[0] === job) this.jobs.shift();
    return true;
  }

  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.jobs.length > 0) {
      await (this.awaited ?? waitForNextTurn());
      this.awaited = undefined;
      // Make progress in each turn, even if other work has used it up.
      while (this.jobs.length > 0 && this.advance() && !isTurnOver());
    }
    this.isPumping = false;
  }
}
