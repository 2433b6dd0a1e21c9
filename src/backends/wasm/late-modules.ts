/** The modules of kernels that are fetched when a Program first needs them. */

import { binaryOf, LATE_MODULES } from './builds.ts';
import { Extra, OPERATIONS } from './extra-instructions.ts';
import type { Block, Heap } from './heap.ts';

/** The exports of each module. */
interface LateKernels {
  perform(table: number, at: number, first: number, last: number): void;
  useWorkspace(address: number): void;
}

/** A late module is known by its number, its place in LATE_MODULES. */
export class LateModules {
  private readonly kernels: LateKernels[] = [];
  private readonly loading: (Promise<void> | undefined)[] = [];

  /** @param workspace the workspace that the first module uses on the thread which runs Programs */
  constructor(
    private readonly heap: Heap,
    private readonly workspace: Block,
  ) {}

  isReady(module: number): boolean {
    return this.kernels[module] !== undefined;
  }

  /** The imports of the first module. */
  readonly imports = {
    perform: (table: number, at: number, first: number, last: number): void => {
      // Addresses above 2 GiB come from WebAssembly as negative numbers.
      const kernels = this.kernels[Math.floor(this.heap.words[(at >>> 0) / 4 + Extra.operation] / OPERATIONS)];
      if (!kernels) throw new Error('wasm: a module is missing');
      kernels.perform(table, at, first, last);
    },
  };

  /**
   * Fetches a module. After a failure, the next call tries again.
   * @param share hands the binary to the other threads, which instantiate it themselves
   * @throws Error where it cannot be fetched
   */
  load(module: number, share: (binary: Uint8Array) => void): Promise<void> {
    this.loading[module] ??= this.fetch(module, share).catch((error: unknown) => {
      this.loading[module] = undefined;
      throw error;
    });
    return this.loading[module];
  }

  private async fetch(module: number, share: (binary: Uint8Array) => void): Promise<void> {
    const binary = await binaryOf(LATE_MODULES[module], this.heap);
    const { instance } = await WebAssembly.instantiate(binary, { env: { memory: this.heap.memory } });
    const kernels = instance.exports as unknown as LateKernels;
    kernels.useWorkspace(this.workspace.address);
    share(binary);
    this.kernels[module] = kernels;
  }
}
