/**
 * Manages device memory. The pool hands out buffers when work is enqueued, and takes them back when their owner
 * releases them. Work runs in the order in which it was enqueued, so a released buffer may be handed out again at once.
 */
import type { MemoryFigures } from '../backend.ts';
import { USAGE } from './device.ts';

export interface DeviceBuffer {
  /** Unique, so that bind groups can be found by it. */
  readonly id: number;
  readonly handle: GPUBuffer;
  readonly bytes: number;
  /** The number of the command encoder that last used it. */
  usedBy: number;
  /** The number of the command encoder that last wrote a result to it. */
  writtenBy: number;
  /** Whether the device failed to create it (out of memory), so that it must not be handed out again. */
  invalid: boolean;
  /** The error of the work that should have written it, if that failed: then its content is unusable. */
  spoiled: Error | undefined;
  /** Only for a buffer of the caller: called when it is released. */
  readonly onRelease?: () => void;
}

const STORAGE_USAGE = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
/** If more bytes than this are idle, buffers that are unlikely to be needed are destroyed. */
const IDLE_LIMIT = 256 * 2 ** 20;

/** The bytes to allocate for a size: at most an eighth more than needed, so that similar sizes can share buffers. */
export function roundedBytes(bytes: number): number {
  const needed = Math.max(bytes, 4);
  const granule = Math.max(256, 2 ** (Math.ceil(Math.log2(needed)) - 3));
  return Math.ceil(needed / granule) * granule;
}

type Holder = 'tensors' | 'programs';

/** A set of buffers, with the sum of their bytes. */
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
   * Free buffers by size. In each list the smallest id comes last and is handed out first, so that work that repeats
   * itself gets the same buffers in the same places, and can reuse their bind groups.
   */
  private readonly idle = new Map<number, DeviceBuffer[]>();
  /** Buffers held by tensors and by runs in progress, and buffers held by compiled Programs. */
  readonly held = { tensors: new Ledger(), programs: new Ledger() };
  private idleBytes = 0;
  private idleCount = 0;
  nextId = 0;

  /**
   * @param destroy destroys a buffer after all work enqueued so far
   * @param scoped calls a function, and reports the GPU errors that it causes
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly destroy: (buffer: DeviceBuffer) => void,
    private readonly scoped: <Result>(name: string, body: () => Result, onError: () => void) => Result,
  ) {}

  /** Hands out a storage buffer for `size` numbers, with undefined content. */
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

  /** Creates a buffer for a Program that never becomes idle in the pool, such as those for sizes and guards. */
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

  /** Takes back a buffer of `acquire`. */
  release(buffer: DeviceBuffer): void {
    if (!this.removeHeld(buffer) || buffer.invalid) return;
    if (buffer.onRelease) {
      buffer.onRelease();
      return;
    }
    const list = this.idle.get(buffer.bytes) ?? [];
    this.idle.set(buffer.bytes, list);
    const place = list.findIndex(({ id }) => id < buffer.id);
    list.splice(place < 0 ? list.length : place, 0, buffer);
    this.idleBytes += buffer.bytes;
    this.idleCount += 1;
    if (this.idleBytes > IDLE_LIMIT) this.trim();
  }

  /** Takes back and destroys a buffer of `create`. */
  discard(buffer: DeviceBuffer): void {
    if (this.removeHeld(buffer)) this.destroy(buffer);
  }

  /**
   * Destroys idle buffers, one size after the other, down to half the limit. The first buffer of a list is the least
   * likely to be needed.
   */
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

  /**
   * Removes and returns all buffers, for close(). The figures become 0 at once; the caller destroys the buffers when
   * the work in flight is done.
   */
  takeAll(): DeviceBuffer[] {
    const own = this.held.tensors.takeAll().filter(({ onRelease }) => !onRelease);
    const all = [...own, ...this.held.programs.takeAll(), ...[...this.idle.values()].flat()];
    this.idle.clear();
    this.idleBytes = 0;
    this.idleCount = 0;
    return all;
  }
}
