/**
 * Carries out jobs in the order in which they were enqueued. A job is carried out at once, unless an earlier job waits
 * for its pipelines or for the flag of a loop.
 */
import { MAP_READ } from './device.ts';
import { Failures } from './failures.ts';
import { awaitWithNudges } from './nudge.ts';
import type { DeviceBuffer } from './pool.ts';
import { Recorder, type SubmitLimits } from './recorder.ts';
import { Staging } from './staging.ts';

/** Work that records commands. It yields promises to wait for before it can go on. */
export type Job = Generator<Promise<unknown>, void, void>;

interface Entry {
  readonly name: string;
  /**
   * Records as much as possible. Returns a promise to wait for before the next call, or undefined when everything is
   * recorded.
   */
  readonly advance: () => Promise<unknown> | undefined;
  /** Called with the error if the job fails. */
  readonly onFailure: ((error: Error) => void) | undefined;
}

/** Copies of buffers that arrive together. */
interface Copies {
  copy(buffer: DeviceBuffer, bytes: number): Promise<ArrayBuffer>;
}

export class Scheduler {
  readonly failures = new Failures();
  readonly recorder: Recorder;
  private readonly queue: Entry[] = [];
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly staging: Staging;
  private readonly waiting = new Set<(error: Error) => void>();

  constructor(
    private readonly device: GPUDevice,
    limits: SubmitLimits,
  ) {
    this.recorder = new Recorder(device, limits, this.failures);
    this.staging = new Staging(device);
  }

  /** Throws if the device is lost or closed. */
  assertOpen(): void {
    if (this.failures.ended) throw this.failures.ended;
  }

  enqueue(name: string, job: Job, onFailure?: Entry['onFailure']): void {
    this.push(name, () => job.next().value ?? undefined, onFailure);
  }

  /** Like `enqueue`, for a job that does not wait. */
  enqueueNow(name: string, record: () => void, onFailure?: Entry['onFailure']): void {
    this.push(
      name,
      () => {
        record();
        return undefined;
      },
      onFailure,
    );
  }

  private push(name: string, advance: Entry['advance'], onFailure: Entry['onFailure']): void {
    this.assertOpen();
    this.queue.push({ name, advance, onFailure });
    this.advance();
  }

  private advance(): void {
    if (this.busy) return;
    this.busy = true;
    while (this.queue.length > 0) {
      const [entry] = this.queue;
      try {
        const awaited = entry.advance();
        if (awaited) {
          awaited.then(
            () => this.resume(),
            (error: unknown) => this.abandon(entry, error),
          );
          return;
        }
      } catch (error) {
        this.fail(entry, error);
      }
      this.queue.shift();
    }
    this.busy = false;
    // Submit the work soon, even if nobody waits for it.
    if (!this.recorder.isEmpty) this.timer ??= setTimeout(() => this.flush(), 0);
  }

  private resume(): void {
    this.busy = false;
    this.advance();
  }

  private abandon(entry: Entry, error: unknown): void {
    this.fail(entry, error);
    this.queue.shift();
    this.resume();
  }

  private fail({ name, onFailure }: Entry, cause: unknown): void {
    const error = this.failures.record(name, cause);
    onFailure?.(error);
  }

  /** Submits the recorded work. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.failures.ended) this.recorder.submit();
  }

  /** Maps the first bytes of a buffer of `staging`, once all submitted work is done. */
  async mapStaged(staged: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      await awaitWithNudges(this.device, staged.mapAsync(MAP_READ, 0, bytes));
      return staged.getMappedRange(0, bytes);
    } catch (error) {
      this.staging.discard(staged);
      throw error;
    }
  }

  /** Takes the buffer back when it has been read. */
  unstage(buffer: GPUBuffer): void {
    buffer.unmap();
    this.staging.giveBack(buffer);
  }

  /** Submits the recorded work and resolves with the content of the buffer at this point. */
  async readBack(buffer: DeviceBuffer, bytes: number): Promise<ArrayBuffer> {
    const target = this.staging.take(bytes);
    this.recorder.copy(buffer, target, 0, bytes);
    this.flush();
    const content = (await this.mapStaged(target, bytes)).slice(0);
    this.unstage(target);
    return content;
  }

  /** @param readings the copies with which the numbers arrive; without them they arrive as soon as possible */
  download(buffer: DeviceBuffer, size: number, readings?: Copies): Promise<Float32Array> {
    let spoiled: Error | undefined;
    const read = () => {
      spoiled = buffer.spoiled;
      return readings ? readings.copy(buffer, size * 4) : this.readBack(buffer, size * 4);
    };
    const checked = (numbers: Float32Array): Float32Array => {
      if (spoiled) throw spoiled;
      return numbers;
    };
    return this.settle('download', async () => new Float32Array(await read())).then(checked);
  }

  idle(): Promise<void> {
    return this.settle('idle', async () => {
      this.flush();
      await awaitWithNudges(this.device, this.device.queue.onSubmittedWorkDone());
    });
  }

  /** Calls `begin` in order and resolves with its result. Rejects if earlier work failed. */
  settle<Result>(name: string, begin: () => Promise<Result>): Promise<Result> {
    const ticket = this.failures.ticket();
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.waiting.delete(fail);
        reject(error);
      };
      this.waiting.add(fail);
      const finish = async (result: Promise<Result>): Promise<void> => {
        try {
          const value = await result.catch((error: unknown) => {
            this.failures.record(name, error);
          });
          await this.recorder.checked;
          this.failures.check(ticket);
          this.waiting.delete(fail);
          resolve(value as Result);
        } catch (error) {
          fail(error);
        }
      };
      try {
        this.enqueueNow(name, () => void finish(begin()));
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Ends all work: nothing more is recorded, and all promises of `settle` are rejected. */
  end(error: Error): void {
    if (this.failures.ended) return;
    this.failures.end(error);
    clearTimeout(this.timer);
    this.queue.length = 0;
    for (const reject of [...this.waiting]) reject(error);
  }
}
