/** Pools the buffers for reading back, by size. */
import { USAGE } from './device.ts';

/** Flags come back by the hundred, and downloads mostly have one size, so a few buffers of each size are enough. */
const MAXIMUM_OF_SIZE = 4;
/** The largest number of bytes in idle buffers. */
const MAXIMUM_IDLE_BYTES = 16 * 2 ** 20;

export class Staging {
  /** The size that has been unused for longest comes first. */
  private readonly idle = new Map<number, GPUBuffer[]>();
  private idleBytes = 0;
  /** Counts all buffers, including those in use, because the number in use differs from moment to moment. */
  count = 0;
  bytes = 0;

  constructor(private readonly device: GPUDevice) {}

  /** Hands out a buffer of at least `bytes` bytes. */
  take(bytes: number): GPUBuffer {
    const size = Math.ceil(bytes / 256) * 256;
    const kept = this.idle.get(size)?.pop();
    if (kept) {
      this.idleBytes -= size;
      return kept;
    }
    const made = this.device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
    this.count += 1;
    this.bytes += size;
    return made;
  }

  /** Takes back an unmapped buffer, and destroys buffers if there are too many. */
  giveBack(buffer: GPUBuffer): void {
    const { size } = buffer;
    const kept = this.idle.get(size) ?? [];
    if (kept.length === MAXIMUM_OF_SIZE || size > MAXIMUM_IDLE_BYTES) {
      this.destroy(buffer);
      return;
    }
    kept.push(buffer);
    this.idleBytes += size;
    this.idle.delete(size);
    this.idle.set(size, kept);
    for (const [other, list] of this.idle) {
      if (this.idleBytes <= MAXIMUM_IDLE_BYTES) return;
      for (const spare of list) this.destroy(spare);
      this.idleBytes -= other * list.length;
      this.idle.delete(other);
    }
  }

  /** Destroys a buffer that could not be read. */
  discard(buffer: GPUBuffer): void {
    if (this.count > 0) this.destroy(buffer);
  }

  private destroy(buffer: GPUBuffer): void {
    buffer.destroy();
    this.count -= 1;
    this.bytes -= buffer.size;
  }

  /** Removes and returns all idle buffers, for close(). The figures become 0 at once. */
  takeAll(): GPUBuffer[] {
    const all = [...this.idle.values()].flat();
    this.idle.clear();
    this.idleBytes = 0;
    this.count = 0;
    this.bytes = 0;
    return all;
  }
}
