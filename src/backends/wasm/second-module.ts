/** The second module of kernels, which is fetched when a Program first needs it. */

import { binaryOf } from './builds.ts';
import type { Block, Heap } from './heap.ts';

/** The exports of the module. */
interface SecondKernels {
  perform(table: number, at: number, first: number, last: number): void;
  useWorkspace(address: number): void;
}

export class SecondModule {
  private kernels: SecondKernels | undefined;
  private loading: Promise<void> | undefined;

  /** @param workspace the workspace that the first module uses on the thread which runs Programs */
  constructor(
    private readonly heap: Heap,
    private readonly workspace: Block,
  ) {}

  get isReady(): boolean {
    return this.kernels !== undefined;
  }

  /** The imports of the first module. */
  readonly imports = {
    perform: (table: number, at: number, first: number, last: number): void => {
      if (!this.kernels) throw new Error('wasm: the second module is missing');
      this.kernels.perform(table, at, first, last);
    },
  };

  /**
   * Fetches the module. After a failure, the next call tries again.
   * @param share hands the binary to the other threads, which instantiate it themselves
   * @throws Error where it cannot be fetched
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
