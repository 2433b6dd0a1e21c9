/** The second module of kernels, which is loaded when a Program first needs it. */

import { binaryOf } from './builds.ts';
import type { Block, Heap } from './heap.ts';

/** What the module exports. */
interface SecondKernels {
  perform(table: number, at: number, first: number, last: number): void;
  useWorkspace(address: number): void;
}

export class SecondModule {
  private kernels: SecondKernels | undefined;
  private loading: Promise<void> | undefined;

  /** @param workspace that of the first module, of the thread which runs Programs */
  constructor(
    private readonly heap: Heap,
    private readonly workspace: Block,
  ) {}

  get isReady(): boolean {
    return this.kernels !== undefined;
  }

  /** What the first module imports. */
  readonly imports = {
    perform: (table: number, at: number, first: number, last: number): void => {
      if (!this.kernels) throw new Error('wasm: the second module is missing');
      this.kernels.perform(table, at, first, last);
    },
  };

  /**
   * Rejects where it cannot be fetched; asked again, it is tried again.
   * @param share hands the module to the other threads, which bring it to life themselves
   */
  load(share: (binary: Uint8Array) => void): Promise<void> {
    this.loading ??= this.fetch(share).catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  private async fetch(share: (binary: Uint8Array) => void): Promise<void> {
    const binary = await binaryOf('second', this.heap);
    const { instance } = await WebAssembly.instantiate(binary, { env: { memory: this.heap.memory } });
    const kernels = instance.exports as unknown as SecondKernels;
    kernels.useWorkspace(this.workspace.address);
    share(binary);
    this.kernels = kernels;
  }
}
