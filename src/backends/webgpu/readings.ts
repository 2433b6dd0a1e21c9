/** Copies buffers at several points of the work for the host to read. All copies arrive together. */
import type { DeviceBuffer } from './pool.ts';
import type { Scheduler } from './scheduler.ts';

interface Target {
  readonly buffer: GPUBuffer;
  used: number;
  /** Call this when all copies into the buffer have been submitted. */
  submitted(): void;
  readonly mapped: Promise<ArrayBuffer>;
}

export class Readings {
  private readonly targets: Target[] = [];

  /** @param room the bytes of a buffer for copies; copies that do not fit go into another buffer */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly room: number,
  ) {}

  /**
   * Copies the first `bytes` of the buffer, a multiple of 4. Resolves with their content at this point, once `settle`
   * was called.
   */
  copy(buffer: DeviceBuffer, bytes: number): Promise<ArrayBuffer> {
    let target = this.targets.at(-1);
    if (!target || target.used + bytes > target.buffer.size) {
      target = this.open(Math.max(bytes, this.room));
      this.targets.push(target);
    }
    const start = target.used;
    target.used += bytes;
    this.scheduler.recorder.copy(buffer, target.buffer, start, bytes);
    return target.mapped.then((range) => range.slice(start, start + bytes));
  }

  /** Submits the recorded work; resolves when all copies have arrived. */
  async settle(): Promise<void> {
    this.scheduler.flush();
    for (const { submitted } of this.targets) submitted();
    // This resolves after the promises of `copy`, which have taken their share by then.
    const arrivals = await Promise.allSettled(this.targets.map(({ mapped }) => mapped));
    for (const [index, { status }] of arrivals.entries()) {
      if (status === 'fulfilled') this.scheduler.unstage(this.targets[index].buffer);
    }
    for (const arrival of arrivals) if (arrival.status === 'rejected') throw arrival.reason;
  }

  private open(bytes: number): Target {
    const buffer = this.scheduler.staging.take(bytes);
    let submitted = (): void => {};
    const ready = new Promise<void>((resolve) => {
      submitted = resolve;
    });
    const target: Target = {
      buffer,
      used: 0,
      submitted,
      mapped: ready.then(() => this.scheduler.mapStaged(buffer, target.used)),
    };
    return target;
  }
}
