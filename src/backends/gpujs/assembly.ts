/** The WebAssembly mode of gpu.js. Data are arrays of the host, and every call has ended when it returns. */

import type { GPUInstance, Library, RunnableKernel } from './library.ts';
import {
  checkCount,
  type Data,
  type Extents,
  type Figures,
  KernelCache,
  Ledger,
  type Machine,
  settingsOf,
} from './machine.ts';
import { SharedMemory } from './shared-memory.ts';
import type { KernelVariant } from './variants.ts';

class HostData implements Data {
  references = 1;
  constructor(readonly values: Float32Array) {}
  get size(): number {
    return this.values.length;
  }
}

/** The number of modules that one kernel caches, each for a set of extents. */
const CACHED_MODULES = 64;

export class AssemblyMachine implements Machine {
  readonly adapter = {
    vendor: 'none',
    architecture: 'float32',
    description: 'gpu.js kernels in WebAssembly, on one thread',
    software: true,
  };
  readonly isImmediate = true;
  readonly live = new Ledger();
  readonly nothing: Data;
  private readonly instance: GPUInstance;
  private readonly memory = new SharedMemory();
  private readonly kernels = new KernelCache((variant) => this.make(variant));

  constructor(private readonly library: Library) {
    this.instance = new library({ mode: 'webasm' });
    this.nothing = new HostData(new Float32Array(1));
  }

  pooled(): Figures {
    return new Ledger();
  }

  upload(values: ArrayLike<number>): Data {
    checkCount(values.length);
    return this.keep(new Float32Array(values));
  }

  private keep(values: Float32Array): Data {
    this.live.add(values.length);
    return new HostData(values);
  }

  launch(
    variant: KernelVariant,
    operands: readonly Data[],
    parameters: readonly number[],
    [columns, rows]: Extents,
  ): Data {
    checkCount(columns * rows);
    const kernel = this.kernels.get(variant);
    kernel.setOutput([columns, rows]);
    const given = operands.map((data) => this.library.input((data as HostData).values, [data.size]));
    const result = this.memory.during(() => kernel(...given, ...parameters)) as readonly Float32Array[];
    // All rows are views of one array.
    return this.keep(new Float32Array(result[0].buffer as ArrayBuffer));
  }

  private make(variant: KernelVariant): RunnableKernel {
    const { source, settings } = settingsOf(variant, false, 'Input');
    const kernel = this.instance.createKernel(source, settings);
    kernel.moduleCacheLimit = CACHED_MODULES;
    return kernel;
  }

  read(data: Data): Float32Array {
    return (data as HostData).values;
  }

  async readLater(data: Data): Promise<Float32Array> {
    return (data as HostData).values.slice();
  }

  retain(data: Data): Data {
    data.references += 1;
    return data;
  }

  release(data: Data): void {
    data.references -= 1;
    if (data.references === 0) this.live.remove(data.size);
  }

  close(): void {
    void this.instance.destroy();
  }
}
