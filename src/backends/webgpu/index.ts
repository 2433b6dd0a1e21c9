/** The WebGPU backend: float32, in browsers and, through Dawn, in Node. */
import type {
  AdapterDescription,
  Backend,
  MemoryFigures,
  Program,
  RunOptions,
  Speculation,
  Storage,
} from '../backend.ts';
import { DeviceLostError } from '../lost.ts';
import { type DeviceOptions, type OpenedDevice, openDevice, USAGE } from './device.ts';
import { DeviceStorage } from './device-storage.ts';
import type { ProductVariants } from './dispatch.ts';
import { Executable } from './executable.ts';
import { widestIterationOn } from './lower-iterate.ts';
import { PipelineCache } from './pipelines.ts';
import { BufferPool, type DeviceBuffer } from './pool.ts';
import type { SubmitLimits } from './recorder.ts';
import type { Runtime } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

export interface WebGPUOptions extends DeviceOptions {
  /**
   * The variants of the kernels to use. Default: 'register' (no barriers) on a software adapter, otherwise 'tiled'.
   * 'wide' is 'tiled', with the variant for large products for each product that can use it.
   */
  kernelForms?: 'tiled' | 'register' | 'wide';
  /**
   * The number of operations 2·m·n·k from which the tiled variant of a matrix product is chosen by timing. The device
   * is timed once for each size class, before the first run of a Program with such a product. A timing takes at most 13
   * products of 4.3 billion operations, or about 0.2 s if these are faster. Default: 10⁹ on a GPU; Infinity, for no
   * timing, on a software adapter or if kernelForms is given.
   */
  tuneFrom?: number;
}

const TUNE_FROM = 1e9;

/** Limits of one submit, which then takes 50 to 100 ms. Its work is also the most that one dispatch may do. */
const SOFTWARE: SubmitLimits = { work: 2e8, dispatches: 1000 };
const HARDWARE: SubmitLimits = { work: 5e10, dispatches: 1000 };

/**
 * Opens WebGPU.
 * @param options.device a device that the page already has; it remains the caller's, and close() does not destroy it
 * @throws Error (rejects) if there is no WebGPU or no adapter, with advice how to get one
 */
export async function openWebGPU(options: WebGPUOptions = {}): Promise<Backend> {
  return new WebGPUBackend(await openDevice(options), options);
}

export class WebGPUBackend implements Backend {
  readonly name = 'webgpu';
  readonly epsilon = 2 ** -23;
  readonly widestIteration: number;
  readonly largestPass: number;
  readonly adapter: AdapterDescription;
  readonly device: GPUDevice;
  private readonly releaseDevice: () => void;
  readonly scheduler: Scheduler;
  readonly pool: BufferPool;
  private readonly runtime: Runtime;
  private loading: Promise<void> | undefined;
  private beginSpeculation: (() => ObservedSpeculation) | undefined;
  private readonly executables = new Map<Program, Executable>();

  constructor({ device, adapter, release }: OpenedDevice, options: WebGPUOptions) {
    const limits = adapter.software ? SOFTWARE : HARDWARE;
    const variants = variantsFor(options, adapter, limits);
    this.device = device;
    this.adapter = adapter;
    this.releaseDevice = release;
    const scheduler = new Scheduler(device, limits);
    const pool = new BufferPool(
      device,
      ({ handle }) => {
        scheduler.enqueueNow('freeing memory', () => {
          scheduler.recorder.submit();
          handle.destroy();
        });
      },
      (name, body, onError) => scheduler.recorder.withErrorScopes(name, body, onError),
    );
    this.scheduler = scheduler;
    this.pool = pool;
    this.runtime = {
      device,
      pool,
      scheduler,
      pipelines: new PipelineCache(device),
      variants,
      speculate: () => this.speculate(),
      absentOperand: pool.create(256, USAGE.storage),
      openGuard: pool.create(16, USAGE.uniform | USAGE.copyTarget),
    };
    device.queue.writeBuffer(this.runtime.openGuard.handle, 0, new Uint32Array([1, 0, 0, 0]));
    this.widestIteration = widestIterationOn(device.limits, variants);
    // A pass is one dispatch, so it may do the work of one. Above `tuneFrom` a product whose variant is chosen by
    // timing gains more than the additional dispatches cost. On a software adapter a dispatch costs little, and a pass
    // took up to 1.4 times as long as single kernels, with tanh and its proximal operator in the registers of the
    // product.
    this.largestPass = variants.tiled ? Math.min(limits.work, variants.tuneFrom ?? limits.work) : 0;
    device.lost.then(({ message }) => {
      this.end(
        new DeviceLostError(
          `webgpu: the device was lost (${message || 'no reason given'}); its tensors are gone: open() a new engine`,
        ),
      );
    });
    device.addEventListener('uncapturederror', ({ error }) => scheduler.failures.record('the device', error.message));
  }

  upload(values: ArrayLike<number>): Storage {
    return this.uploadLater(values.length, values);
  }

  uploadLater(size: number, values: ArrayLike<number> | Promise<ArrayLike<number>>): Storage {
    this.scheduler.assertOpen();
    const storage = new DeviceStorage(size, this.pool.acquire(size));
    this.writeBuffer(storage.buffer, values);
    return storage;
  }

  write(storage: Storage, values: ArrayLike<number>): void {
    this.scheduler.assertOpen();
    checkSize('write: values', values.length, storage.size);
    this.writeBuffer(this.bufferOf(storage), values);
  }

  async download(storage: Storage, speculation?: Speculation): Promise<Float32Array> {
    this.scheduler.assertOpen();
    return this.scheduler.download(this.bufferOf(storage), storage.size, ifOpen(speculation)?.readings);
  }

  release(storage: Storage): void {
    if (!(storage instanceof DeviceStorage) || storage.isReleased) return;
    storage.isReleased = true;
    this.pool.release(storage.buffer);
  }

  run(program: Program, inputs: readonly Storage[], { speculation, isCutShort }: RunOptions = {}): Storage[] {
    this.scheduler.assertOpen();
    const buffers = inputs.map((storage, index) => {
      checkSize(`program ${program.name}: input ${index}`, storage.size, program.sizes[program.inputs[index]]);
      return this.bufferOf(storage);
    });
    const outputs = this.executableOf(program).run(buffers, ifOpen(speculation), isCutShort);
    return outputs.map((buffer, index) => new DeviceStorage(program.sizes[program.outputs[index]], buffer));
  }

  forget(program: Program): number {
    const executable = this.executables.get(program);
    if (!executable) return 0;
    this.executables.delete(program);
    const before = this.pool.memory().programBytes;
    executable.release();
    return executable.bytes + before - this.pool.memory().programBytes;
  }

  /**
   * Undefined until the code of speculations is loaded, which the first call begins. A page that has lost its network
   * does without.
   */
  speculate(): ObservedSpeculation | undefined {
    this.loading ??= import('./speculation.ts').then(
      ({ ObservedSpeculation: Loaded }) => {
        this.beginSpeculation = () => new Loaded(this.scheduler);
      },
      () => {},
    );
    return this.beginSpeculation?.();
  }

  async idle(): Promise<void> {
    await this.scheduler.idle();
  }

  memory(): MemoryFigures {
    const figures = this.pool.memory();
    const { staging } = this.scheduler;
    let { programBytes } = figures;
    for (const { bytes } of this.executables.values()) programBytes += bytes;
    return {
      ...figures,
      programBytes,
      pooledBuffers: figures.pooledBuffers + staging.count,
      pooledBytes: figures.pooledBytes + staging.bytes,
    };
  }

  close(): void {
    this.end(new Error('webgpu: the engine is closed; open() a new one'));
  }

  /** Rejects all work in flight with the error, and frees everything. */
  private end(error: Error): void {
    const { scheduler, device } = this;
    if (scheduler.failures.ended) return;
    scheduler.end(error);
    this.executables.clear();
    const buffers = this.pool.takeAll().map(({ handle }) => handle);
    buffers.push(...scheduler.staging.takeAll());
    // Work that was submitted may still use the buffers.
    device.queue
      .onSubmittedWorkDone()
      .catch(() => {})
      .then(() => {
        for (const buffer of buffers) buffer.destroy();
        this.releaseDevice();
      });
  }

  private executableOf(program: Program): Executable {
    const known = this.executables.get(program);
    if (known) return known;
    const executable = new Executable(program, this.runtime);
    this.executables.set(program, executable);
    executable.ready.catch(() => {
      // The failure may be temporary, so the next run tries again.
      if (this.executables.get(program) !== executable) return;
      this.executables.delete(program);
      executable.release();
    });
    return executable;
  }

  private bufferOf(storage: Storage): DeviceBuffer {
    if (!(storage instanceof DeviceStorage) || storage.isReleased || !this.pool.isHeld(storage.buffer)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage.buffer;
  }

  private writeBuffer(buffer: DeviceBuffer, values: ArrayLike<number> | Promise<ArrayLike<number>>): void {
    const { scheduler } = this;
    let copied = values instanceof Promise ? undefined : new Float32Array(values);
    scheduler.enqueue(
      'upload',
      (function* () {
        if (!copied)
          yield (values as Promise<ArrayLike<number>>).then((arrived) => (copied = new Float32Array(arrived)));
        buffer.spoiled = undefined;
        scheduler.recorder.write(buffer, copied as Float32Array<ArrayBuffer>);
      })(),
      (error) => {
        buffer.spoiled = error;
      },
    );
  }
}

function variantsFor(options: WebGPUOptions, adapter: AdapterDescription, limits: SubmitLimits): ProductVariants {
  const { kernelForms, tuneFrom } = options;
  return {
    tiled: kernelForms ? kernelForms !== 'register' : !adapter.software,
    dispatchWork: limits.work,
    wide: kernelForms === 'wide',
    tuneFrom: tuneFrom ?? (kernelForms || adapter.software ? Number.POSITIVE_INFINITY : TUNE_FROM),
  };
}

function checkSize(place: string, size: number, expected: number): void {
  if (size !== expected) throw new RangeError(`${place}: it holds ${size} numbers; it must hold ${expected}`);
}

/** The speculation, unless it has ended: then work under it is carried out as usual. */
function ifOpen(speculation?: Speculation): ObservedSpeculation | undefined {
  return speculation?.isOpen ? (speculation as ObservedSpeculation) : undefined;
}
