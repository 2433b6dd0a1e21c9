/**
 * One memory for all WebAssembly modules of gpu.js, which would give each its own: a training step has more than a hundred of
 * them, and Chrome sets aside so much room (10 GB of addresses) for each that it has none for the next. A module keeps nothing
 * in its memory from one call to another: its operands are copied in, its result is copied out.
 */

/** Of 64 KiB: 64 MiB, of which the system provides what is touched. Modules that need more get a memory of their own. */
const PAGES = 1024;

export class SharedMemory {
  private memory: WebAssembly.Memory | undefined;

  /** Runs what makes modules, and waits for nothing. It has no other way to be told which memory to take. */
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
