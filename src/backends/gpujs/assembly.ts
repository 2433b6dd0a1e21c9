/** gpu.js's WebAssembly mode: data are arrays of the host, and every call is done when it returns. */
import { type Form, keyOf } from './forms.ts';
import type { GPUInstance, Library, RunnableKernel } from './library.ts';
import { type Data, type Extents, type Figures, Ledger, type Machine, settingsOf } from './machine.ts';

class HostData implements Data {
  references = 1;
  constructor(readonly values: Float32Array) {}
  get size(): number {
    return this.values.length;
  }
}

/** Modules that one kernel keeps, each for a set of extents; each has a memory of its own. */
const KEPT_MODULES = 64;

export class AssemblyMachine implements Machine {
  readonly adapter = {
    vendor: 'none',
    architecture: 'float32',
    description: 'gpu.js kernels in WebAssembly, on one thread',
    software: true,
  };
  readonly immediate = true;
  readonly live = new Ledger();
  readonly nothing: Data;
  private readonly instance: GPUInstance;
  private readonly kernels = new Map<string, RunnableKernel>();

  constructor(private readonly library: Library) {
    this.instance = new library({ mode: 'webasm' });
    this.nothing = new HostData(new Float32Array(1));
  }

  kept(): Figures {
    return new Ledger();
  }

  upload(values: ArrayLike<number>): Data {
    return this.keep(new Float32Array(values));
  }

  private keep(values: Float32Array): Data {
    this.live.add(values.length);
    return new HostData(values);
  }

  launch(form: Form, operands: readonly Data[], parameters: readonly number[], [columns, rows]: Extents): Data {
    const kernel = this.kernelOf(form);
    kernel.setOutput([columns, rows]);
    const given = operands.map((data) => this.library.input((data as HostData).values, [data.size]));
    const result = kernel(...given, ...parameters) as readonly Float32Array[];
    // The rows are views of one array.
    return this.keep(new Float32Array(result[0].buffer as ArrayBuffer));
  }

  private kernelOf(form: Form): RunnableKernel {
    const key = keyOf(form);
    let kernel = this.kernels.get(key);
    if (!kernel) {
      const { source, settings } = settingsOf(form, false, 'Input');
      const made = this.instance.createKernel(source, settings);
      made.moduleCacheLimit = KEPT_MODULES;
      kernel = made;
      this.kernels.set(key, kernel);
    }
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
    this.kernels.clear();
    void this.instance.destroy();
  }
}
