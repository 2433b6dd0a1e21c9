/** What is copied at several points of the work, for the host to read, and arrives at once. */
import type { DeviceBuffer } from './pool.ts';
import type { Scheduler } from './scheduler.ts';

interface Target {
  readonly buffer: GPUBuffer;
  used: number;
  /** To be called when all copies into it have been submitted. */
  submitted(): void;
  readonly mapped: Promise<ArrayBuffer>;
}

export class Readings {
  private readonly targets: Target[] = [];

  /** @param room least bytes of a buffer: what does not fit goes into another one */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly room: number,
  ) {}

  /** Resolves with the content of the buffer at this point, after `arrive`. @param bytes a multiple of 4 */
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

  /** Submits what is recorded; resolves when everything taken is there. */
  async settle(): Promise<void> {
    this.scheduler.flush();
    for (const { submitted } of this.targets) submitted();
    const arrivals = await Promise.allSettled(this.targets.map(({ mapped }) => mapped)); // after all who take their share
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
