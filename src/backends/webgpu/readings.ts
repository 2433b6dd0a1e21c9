/** What is copied at several points of the work, for the host to read, and arrives at once. */
import { MAP_READ, USAGE } from './device.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Scheduler } from './scheduler.ts';

interface Target {
  readonly buffer: GPUBuffer;
  readonly size: number;
  used: number;
  /** To be called when all copies into it have been submitted. */
  submitted(): void;
  readonly mapped: Promise<ArrayBuffer>;
}

export class Readings {
  private readonly targets: Target[] = [];

  /**
   * @param staging buffers for reading back that are free, by size
   * @param room least bytes of a buffer
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly scheduler: Pick<Scheduler, 'recorder' | 'flush'>,
    private readonly staging: Map<number, GPUBuffer[]>,
    private readonly room: number,
  ) {}

  /** Resolves with the content of the buffer at this point, after `arrive`. @param bytes a multiple of 4 */
  take(buffer: DeviceBuffer, bytes: number): Promise<ArrayBuffer> {
    let target = this.targets.at(-1);
    if (!target || target.used + bytes > target.size) {
      target = this.open(Math.ceil(Math.max(bytes, this.room) / 256) * 256);
      this.targets.push(target);
    }
    const start = target.used;
    target.used += bytes;
    this.scheduler.recorder.copy(buffer, target.buffer, start, bytes);
    return target.mapped.then((range) => range.slice(start, start + bytes));
  }

  private open(size: number): Target {
    const buffer =
      this.staging.get(size)?.pop() ?? this.device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
    let submitted = (): void => {};
    const ready = new Promise<void>((resolve) => {
      submitted = resolve;
    });
    const mapped = ready
      .then(() => buffer.mapAsync(MAP_READ, 0, target.used))
      .then(() => buffer.getMappedRange(0, target.used));
    const target: Target = { buffer, size, used: 0, submitted, mapped };
    return target;
  }

  /** Submits what is recorded; resolves when everything taken is there. */
  async arrive(): Promise<void> {
    this.scheduler.flush();
    for (const { submitted } of this.targets) submitted();
    for (const { buffer, size, mapped } of this.targets) {
      await mapped; // after all that wait for it to take their share
      buffer.unmap();
      const kept = this.staging.get(size);
      // Flags come back by the hundred and downloads mostly in one size: a few buffers of each serve all.
      if (!kept) this.staging.set(size, [buffer]);
      else if (kept.length < 4) kept.push(buffer);
      else buffer.destroy();
    }
  }
}
