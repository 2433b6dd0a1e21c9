/**
 * Device memory. Buffers are handed out when work is enqueued and taken back when their owner lets go of them; since work
 * runs in the order in which it was enqueued, a buffer may serve anew at once.
 */
import type { MemoryFigures } from '../backend.ts';
import { USAGE } from './device.ts';

export interface DeviceBuffer {
  /** Never used twice, unlike the handle's memory: bind groups are found again by it. */
  readonly id: number;
  readonly handle: GPUBuffer;
  readonly bytes: number;
  /** The command encoder that last used it. */
  usedBy: number;
}

const STORAGE_USAGE = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
/** Idle bytes above which the buffers that were idle longest are destroyed. */
const IDLE_LIMIT = 256 * 2 ** 20;

/** Bytes set aside for a size: at most an eighth more than needed, so that sizes that differ little can share. */
export function roundedBytes(bytes: number): number {
  const needed = Math.max(bytes, 4);
  const granule = Math.max(256, 2 ** (Math.ceil(Math.log2(needed)) - 3));
  return Math.ceil(needed / granule) * granule;
}

export class BufferPool {
  private readonly idle = new Map<number, DeviceBuffer[]>();
  private readonly held = new Set<DeviceBuffer>();
  private heldBytes = 0;
  private idleBytes = 0;
  private idleCount = 0;
  private nextId = 0;

  /**
   * @param destroy destroys a buffer after all work enqueued so far
   * @param scoped reports errors of what it calls
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly destroy: (buffer: DeviceBuffer) => void,
    private readonly scoped: <Result>(name: string, body: () => Result) => Result,
  ) {}

  /** A storage buffer for `size` numbers; its content is whatever was there. */
  acquire(size: number): DeviceBuffer {
    const limit = this.device.limits.maxStorageBufferBindingSize;
    if (size * 4 > limit) {
      throw new RangeError(`webgpu: a tensor of ${size} numbers takes ${size * 4} bytes; this adapter allows at most ${limit}`);
    }
    const bytes = Math.min(roundedBytes(size * 4), this.device.limits.maxBufferSize);
    const free = this.idle.get(bytes)?.pop();
    if (!free) return this.create(bytes, STORAGE_USAGE);
    this.idleBytes -= bytes;
    this.idleCount -= 1;
    return this.hold(free);
  }

  /** A buffer that never enters the pool: sizes, guards. */
  create(bytes: number, usage: number): DeviceBuffer {
    const handle = this.scoped(`a buffer of ${bytes} bytes`, () => this.device.createBuffer({ size: bytes, usage }));
    return this.hold({ id: this.nextId++, handle, bytes, usedBy: -1 });
  }

  private hold(buffer: DeviceBuffer): DeviceBuffer {
    this.held.add(buffer);
    this.heldBytes += buffer.bytes;
    return buffer;
  }

  private letGo(buffer: DeviceBuffer): boolean {
    if (!this.held.delete(buffer)) return false;
    this.heldBytes -= buffer.bytes;
    return true;
  }

  isHeld(buffer: DeviceBuffer): boolean {
    return this.held.has(buffer);
  }

  /** Takes a buffer of `acquire` back. */
  release(buffer: DeviceBuffer): void {
    if (!this.letGo(buffer)) return;
    const list = this.idle.get(buffer.bytes);
    if (list) list.push(buffer);
    else this.idle.set(buffer.bytes, [buffer]);
    this.idleBytes += buffer.bytes;
    this.idleCount += 1;
    if (this.idleBytes > IDLE_LIMIT) this.trim();
  }

  /** Takes a buffer of `create` back. */
  discard(buffer: DeviceBuffer): void {
    if (this.letGo(buffer)) this.destroy(buffer);
  }

  /** The first of each list has been idle longest; sizes are emptied in turn, down to half the limit. */
  private trim(): void {
    for (const [bytes, list] of this.idle) {
      while (list.length > 0 && this.idleBytes > IDLE_LIMIT / 2) {
        const [oldest] = list.splice(0, 1);
        this.idleBytes -= bytes;
        this.idleCount -= 1;
        this.destroy(oldest);
      }
      if (list.length === 0) this.idle.delete(bytes);
    }
  }

  memory(): MemoryFigures {
    return { buffers: this.held.size, bytes: this.heldBytes, pooledBuffers: this.idleCount, pooledBytes: this.idleBytes };
  }

  /** For close(): the figures become 0 at once, though the buffers live until the work in flight is done. */
  takeAll(): DeviceBuffer[] {
    const all = [...this.held, ...[...this.idle.values()].flat()];
    this.idle.clear();
    this.held.clear();
    this.heldBytes = 0;
    this.idleBytes = 0;
    this.idleCount = 0;
    return all;
  }
}
