/**
 * The memory of the WebAssembly backend. Blocks are handed out and given back; a free block is joined with its free
 * neighbours.
 */

/** A block of memory, in bytes. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** Bytes beyond the last number of a block that kernels may read, and that a kernel which ends there may write. */
const SLACK = 32;
const ALIGNMENT = 64;
const PAGE = 65536;
const MAXIMUM_PAGES = 65536;

/** Bytes of a block for `size` numbers. */
export function bytesFor(size: number): number {
  return Math.ceil((size * 4 + SLACK) / ALIGNMENT) * ALIGNMENT;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  /** In the order of their addresses; no two of them are adjacent. */
  private readonly free: { address: number; bytes: number }[] = [];
  private buffer: ArrayBufferLike;
  private views: { floats: Float32Array; words: Uint32Array };

  /**
   * @param isShared whether threads share the memory
   * @throws where a shared memory cannot be created
   */
  constructor(readonly isShared: boolean) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: isShared });
    this.buffer = this.memory.buffer;
    this.views = viewsOf(this.buffer);
    // Address 0 stands for an absent operand.
    this.free.push({ address: ALIGNMENT, bytes: PAGE - ALIGNMENT });
  }

  get floats(): Float32Array {
    return this.current().floats;
  }

  get words(): Uint32Array {
    return this.current().words;
  }

  get freeBlocks(): number {
    return this.free.length;
  }

  get freeBytes(): number {
    return this.free.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Takes `bytes` from the smallest free block that is large enough.
   * @throws RangeError where there is none and the memory cannot grow
   */
  take(bytes: number): Block {
    let best = -1;
    for (const [index, block] of this.free.entries()) {
      if (block.bytes >= bytes && (best < 0 || block.bytes < this.free[best].bytes)) best = index;
    }
    if (best < 0) {
      this.grow(bytes);
      return this.take(bytes);
    }
    const found = this.free[best];
    const { address } = found;
    if (found.bytes === bytes) this.free.splice(best, 1);
    else {
      found.address += bytes;
      found.bytes -= bytes;
    }
    return { address, bytes };
  }

  giveBack({ address, bytes }: Block): void {
    let index = this.free.findIndex((block) => block.address > address);
    if (index < 0) index = this.free.length;
    const before = this.free[index - 1];
    const after = this.free[index];
    const joinsBefore = before !== undefined && before.address + before.bytes === address;
    const joinsAfter = after !== undefined && address + bytes === after.address;
    if (joinsBefore) {
      before.bytes += bytes + (joinsAfter ? after.bytes : 0);
      if (joinsAfter) this.free.splice(index, 1);
    } else if (joinsAfter) {
      after.address = address;
      after.bytes += bytes;
    } else this.free.splice(index, 0, { address, bytes });
  }

  private grow(bytes: number): void {
    const held = this.memory.buffer.byteLength;
    const needed = Math.ceil(bytes / PAGE);
    // Grow by an eighth where that is possible, since each growth takes time.
    const wished = Math.max(needed, Math.min(Math.ceil(held / PAGE / 8), MAXIMUM_PAGES - held / PAGE));
    const added = [wished, needed].find((pages) => this.tryToGrow(pages));
    if (added === undefined) {
      throw new RangeError(
        `wasm: ${bytes} bytes more are needed beside the ${held} of the memory, which cannot grow that far (WebAssembly ` +
          'allows 4 GiB): dispose() tensors, or use a smaller batch',
      );
    }
    this.giveBack({ address: held, bytes: added * PAGE });
  }

  private tryToGrow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  /** The views of the present buffer: a memory that has grown has another one. */
  private current(): { floats: Float32Array; words: Uint32Array } {
    if (this.buffer !== this.memory.buffer) {
      this.buffer = this.memory.buffer;
      this.views = viewsOf(this.buffer);
    }
    return this.views;
  }
}

function viewsOf(buffer: ArrayBufferLike): { floats: Float32Array; words: Uint32Array } {
  return { floats: new Float32Array(buffer), words: new Uint32Array(buffer) };
}
