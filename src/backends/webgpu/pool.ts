/**
 * Device memory. Buffers are handed out when work is enqueued and taken back when their owner lets go of them; since
 * work runs in the order in which it was enqueued, a buffer may serve anew at once.
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
  /** The command encoder that last wrote a result to it. */
  writtenBy: number;
  /** The device could not make it (out of memory): it must not serve again. */
  invalid: boolean;
  /** Why its content is of no use: the work that was to write it has failed. */
  spoiled: Error | undefined;
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

type Holder = 'tensors' | 'programs';

class Ledger {
  private readonly buffers = new Set<DeviceBuffer>();
  bytes = 0;

  get count(): number {
    return this.buffers.size;
  }
  has(buffer: DeviceBuffer): boolean {
    return this.buffers.has(buffer);
  }
  add(buffer: DeviceBuffer): void {
    this.buffers.add(buffer);
    this.bytes += buffer.bytes;
  }
  remove(buffer: DeviceBuffer): boolean {
    if (!this.buffers.delete(buffer)) return false;
    this.bytes -= buffer.bytes;
    return true;
  }
  takeAll(): DeviceBuffer[] {
    const all = [...this.buffers];
    this.buffers.clear();
    this.bytes = 0;
    return all;
  }
}

export class BufferPool {
  /**
   * By size; in each list the smallest id comes last and is handed out first, so that a workload that repeats itself
   * finds the same buffers in the same places, and their bind groups with them.
   */
  private readonly idle = new Map<number, DeviceBuffer[]>();
  /** Held by tensors and by runs under way; and by compiled Programs, which keep theirs. */
  private readonly held = { tensors: new Ledger(), programs: new Ledger() };
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
    private readonly scoped: <Result>(name: string, body: () => Result, onError: () => void) => Result,
  ) {}

  /** A storage buffer for `size` numbers; its content is whatever was there. */
  acquire(size: number, holder: Holder = 'tensors'): DeviceBuffer {
    const limit = this.device.limits.maxStorageBufferBindingSize;
    if (size * 4 > limit) {
      throw new RangeError(
        `webgpu: a tensor of ${size} numbers takes ${size * 4} bytes; this adapter allows at most ${limit}`,
      );
    }
    const bytes = Math.min(roundedBytes(size * 4), this.device.limits.maxBufferSize);
    const free = this.idle.get(bytes)?.pop();
    if (!free) return this.make(bytes, STORAGE_USAGE, holder);
    this.idleBytes -= bytes;
    this.idleCount -= 1;
    if (free.invalid) return this.acquire(size, holder);
    this.held[holder].add(free);
    return free;
  }

  /** A buffer of a Program that never enters the pool: sizes, guards. */
  create(bytes: number, usage: number): DeviceBuffer {
    return this.make(bytes, usage, 'programs');
  }

  private make(bytes: number, usage: number, holder: Holder): DeviceBuffer {
    const id = this.nextId++;
    const handle = this.scoped(
      `a buffer of ${bytes} bytes`,
      () => this.device.createBuffer({ size: bytes, usage }),
      () => {
        buffer.invalid = true;
      },
    );
    const buffer: DeviceBuffer = { id, handle, bytes, usedBy: -1, writtenBy: -1, invalid: false, spoiled: undefined };
    this.held[holder].add(buffer);
    return buffer;
  }

  private removeHeld(buffer: DeviceBuffer): boolean {
    return this.held.tensors.remove(buffer) || this.held.programs.remove(buffer);
  }

  isHeld(buffer: DeviceBuffer): boolean {
    return this.held.tensors.has(buffer);
  }

  /** Takes a buffer of `acquire` back. */
  release(buffer: DeviceBuffer): void {
    if (!this.removeHeld(buffer) || buffer.invalid) return;
    const list = this.idle.get(buffer.bytes) ?? [];
    this.idle.set(buffer.bytes, list);
    const place = list.findIndex(({ id }) => id < buffer.id);
    list.splice(place < 0 ? list.length : place, 0, buffer);
    this.idleBytes += buffer.bytes;
    this.idleCount += 1;
    if (this.idleBytes > IDLE_LIMIT) this.trim();
  }

  /** Takes a buffer of `create` back. */
  discard(buffer: DeviceBuffer): void {
    if (this.removeHeld(buffer)) this.destroy(buffer);
  }

  /** The first of each list is the one least likely to be needed; sizes are emptied in turn, down to half the limit. */
  private trim(): void {
    for (const [bytes, list] of this.idle) {
      while (list.length > 0 && this.idleBytes > IDLE_LIMIT / 2) {
        const [spare] = list.splice(0, 1);
        this.idleBytes -= bytes;
        this.idleCount -= 1;
        this.destroy(spare);
      }
      if (list.length === 0) this.idle.delete(bytes);
    }
  }

  memory(): MemoryFigures {
    const { tensors, programs } = this.held;
    return {
      buffers: tensors.count,
      bytes: tensors.bytes,
      programBuffers: programs.count,
      programBytes: programs.bytes,
      pooledBuffers: this.idleCount,
      pooledBytes: this.idleBytes,
    };
  }

  /** For close(): the figures become 0 at once, though the buffers live until the work in flight is done. */
  takeAll(): DeviceBuffer[] {
    const all = [...this.held.tensors.takeAll(), ...this.held.programs.takeAll(), ...[...this.idle.values()].flat()];
    this.idle.clear();
    this.idleBytes = 0;
    this.idleCount = 0;
    return all;
  }
}
