/**
 * One memory for all WebAssembly modules of gpu.js, which would otherwise create one for each. A training step has more
 * than a hundred modules, and Chrome reserves 10 GB of addresses for each memory, so that it soon runs out of them.
 * Sharing is safe, since a module keeps nothing in its memory between calls: operands are copied in, and the result is
 * copied out.
 */

/**
 * Pages of 64 KiB, 64 MiB together. The system provides only those that are used. Modules that need more get their own
 * memory.
 */
const PAGES = 1024;

export class SharedMemory {
  private memory: WebAssembly.Memory | undefined;

  /**
   * Runs `body`, and replaces WebAssembly.Memory meanwhile: gpu.js has no option for the memory of its modules.
   * @param body creates modules; it must be synchronous
   */
  during<Result>(body: () => Result): Result {
    const { Memory } = WebAssembly;
    const memoryFor = (wanted: WebAssembly.MemoryDescriptor): WebAssembly.Memory => {
      const { initial, maximum = 0, shared = false } = wanted;
      if (shared || initial > PAGES || maximum < PAGES) return new Memory(wanted);
      this.memory ??= new Memory({ initial: PAGES, maximum: PAGES });
      return this.memory;
    };
    WebAssembly.Memory = new Proxy(Memory, { construct: (_, [wanted]) => memoryFor(wanted) });
    try {
      return body();
    } finally {
      WebAssembly.Memory = Memory;
    }
  }
}
