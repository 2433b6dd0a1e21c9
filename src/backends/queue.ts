/**
 * The work of a backend that computes on the thread of its caller, in the order in which it was enqueued. Work is
 * carried out at once while the turn lasts (see event-loop.ts); what is left then is gone on with in later tasks.
 */
import { type Interruptible, isTurnOver, nextTurn } from './event-loop.ts';

/**
 * Some work; yields where it may be interrupted, or a promise for what it waits for. It must not throw, nor the promise
 * reject.
 */
export type Job = Interruptible<void>;

export class Queue {
  private readonly jobs: Pick<Job, 'next'>[] = [];
  private isPumping = false;
  private awaited: Promise<unknown> | undefined;
  private readonly waiting = new Set<(error: Error) => void>();

  enqueue(job: Job): void {
    this.jobs.push(job);
    if (this.jobs.length > 1 || isTurnOver() || !this.advance()) void this.pump();
  }

  /** For work that takes no time and does not throw. */
  enqueueNow(work: () => void): void {
    if (this.jobs.length === 0) work();
    else this.jobs.push({ next: () => ({ done: true, value: work() }) });
  }

  /**
   * A promise for what `work`, carried out when its turn comes, gives. It arrives in a later task where the turn is
   * over.
   */
  async settle<Result>(work: () => Result): Promise<Result> {
    const result = this.jobs.length === 0 ? work() : await this.inOrder(work);
    if (isTurnOver()) await nextTurn();
    return result;
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

  /** Drops what is left; whoever waits for it is told the error. */
  end(error: Error): void {
    this.jobs.length = 0;
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }

  /** Goes on with the first job. @returns false where it is not done, because the turn is over or it waits */
  private advance(): boolean {
    const [job] = this.jobs;
    for (let step = job.next(); !step.done; step = job.next()) {
      if (step.value instanceof Promise) {
        this.awaited = step.value;
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
      const { awaited } = this;
      this.awaited = undefined;
      await (awaited ?? nextTurn());
      // A step at least, whoever else has had all of this turn.
      while (this.jobs.length > 0 && this.advance() && !isTurnOver());
    }
    this.isPumping = false;
  }
}
