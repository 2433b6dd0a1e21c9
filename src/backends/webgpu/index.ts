/** The WebGPU backend: float32, in browsers and, through Dawn, in Node. */
import type { Backend, Program, Speculation, Storage } from '../backend.ts';
import { DeviceLostError } from '../lost.ts';
import type { Runtime } from './compile.ts';
import { type DeviceOptions, openDevice, USAGE } from './device.ts';
import type { ProductVariants } from './dispatch.ts';
import { Executable } from './executable.ts';
import { widestIterationOn } from './lower-iterate.ts';
import { PipelineCache } from './pipelines.ts';
import { BufferPool, type DeviceBuffer } from './pool.ts';
import type { SubmitLimits } from './recorder.ts';
import { Scheduler } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

export interface WebGPUOptions extends DeviceOptions {
  /**
   * Which forms of the kernels are used. Default: 'register' (no barriers) on a software adapter, else 'tiled'. 'wide' is
   * 'tiled' with the form for large products wherever a product can have it.
   */
  kernelForms?: 'tiled' | 'register' | 'wide';
  /**
   * Operations 2·m·n·k of a matrix product from which its tiled form is chosen by timing, once for each size class of the
   * device, before the Program that holds it first runs: at most 13 products of 4.3 billion operations, or about 0.2 s where
   * these take less. Default: 10⁹ on a GPU; Infinity, which is never, on a software adapter or with kernelForms.
   */
  tuneFrom?: number;
}

const TUNE_FROM = 1e9;

/** Estimated operations in one submit, 50 to 100 ms, and in one dispatch. */
const SOFTWARE: SubmitLimits = { work: 2e8, dispatches: 1000 };
const HARDWARE: SubmitLimits = { work: 5e10, dispatches: 1000 };

class DeviceStorage implements Storage {
  released = false;
  constructor(
    readonly size: number,
    readonly buffer: DeviceBuffer,
  ) {}
}

/**
 * Opens WebGPU. Rejects with what is missing and what to do about it.
 * @param options.device a device that the page already has; it stays the caller's and is not destroyed by close()
 */
export async function openWebGPU(options: WebGPUOptions = {}): Promise<Backend> {
  const { device, adapter, release: releaseDevice } = await openDevice(options);
  const limits = adapter.software ? SOFTWARE : HARDWARE;
  const scheduler = new Scheduler(device, limits);
  const pool = new BufferPool(
    device,
    ({ handle }) => {
      scheduler.enqueueNow('freeing memory', () => {
        scheduler.recorder.submit();
        handle.destroy();
      });
    },
    (name, body, onError) => scheduler.recorder.scoped(name, body, onError),
  );
  const tuneFrom = options.tuneFrom ?? (options.kernelForms || adapter.software ? Number.POSITIVE_INFINITY : TUNE_FROM);
  const forms: ProductVariants = {
    tiled: options.kernelForms ? options.kernelForms !== 'register' : !adapter.software,
    dispatchWork: limits.work,
    wide: options.kernelForms === 'wide',
    tuneFrom,
  };
  /** The code for speculations; empty while it is being loaded, and where a page cannot load it any more. */
  let loaded: Partial<typeof import('./speculation.ts')> | undefined;
  const runtime: Runtime = {
    device,
    pool,
    scheduler,
    pipelines: new PipelineCache(device),
    forms,
    nothing: pool.create(256, USAGE.storage),
    open: pool.create(16, USAGE.uniform | USAGE.copyTarget),
    speculate() {
      if (loaded) return loaded.ObservedSpeculation && new loaded.ObservedSpeculation(scheduler);
      loaded = {};
      import('./speculation.ts').then(
        (module) => {
          loaded = module;
        },
        () => {},
      );
      return undefined;
    },
  };
  device.queue.writeBuffer(runtime.open.handle, 0, new Uint32Array([1, 0, 0, 0]));

  const executables = new Map<Program, Executable>();
  const executableOf = (program: Program): Executable => {
    const known = executables.get(program);
    if (known) return known;
    const executable = new Executable(program, runtime);
    executables.set(program, executable);
    executable.ready.catch(() => {
      // It may be another time: the next run makes it ready anew.
      if (executables.get(program) !== executable) return;
      executables.delete(program);
      executable.release();
    });
    return executable;
  };
  const bufferOf = (storage: Storage): DeviceBuffer => {
    if (!(storage instanceof DeviceStorage) || storage.released || !pool.isHeld(storage.buffer)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage.buffer;
  };
  const checkSize = (what: string, size: number, expected: number): void => {
    if (size !== expected) throw new RangeError(`${what}: it holds ${size} numbers; it must hold ${expected}`);
  };
  const write = (buffer: DeviceBuffer, values: ArrayLike<number>): void => {
    const copied = new Float32Array(values);
    scheduler.enqueueNow(
      'upload',
      () => {
        buffer.spoiled = undefined;
        scheduler.recorder.write(buffer, copied);
      },
      (error) => {
        buffer.spoiled = error;
      },
    );
  };

  const opened = (speculation?: Speculation): ObservedSpeculation | undefined =>
    speculation?.isOpen ? (speculation as ObservedSpeculation) : undefined;

  const end = (error: Error): void => {
    if (scheduler.failures.ended) return;
    scheduler.end(error);
    executables.clear();
    const buffers = pool.takeAll().map(({ handle }) => handle);
    buffers.push(...scheduler.staging.takeAll());
    // Work that was submitted may still use the buffers.
    device.queue
      .onSubmittedWorkDone()
      .catch(() => {})
      .then(() => {
        for (const buffer of buffers) buffer.destroy();
        releaseDevice();
      });
  };
  device.lost.then(({ message }) => {
    end(
      new DeviceLostError(
        `webgpu: the device was lost (${message || 'no reason given'}); its tensors are gone: open() a new engine`,
      ),
    );
  });
  device.addEventListener('uncapturederror', ({ error }) => scheduler.failures.record('the device', error.message));

  return {
    name: 'webgpu',
    epsilon: 2 ** -23,
    widestIteration: widestIterationOn(device.limits, forms),
    // What one dispatch may do; a product whose form is chosen by timing gains more than the dispatches around it cost. On a
    // software adapter a dispatch costs little, and with tanh and its proximal operator in the product's registers a pass took up
    // to 1.4 times as long.
    largestPass: forms.tiled ? Math.min(limits.work, tuneFrom) : 0,
    adapter,
    upload(values) {
      scheduler.assertOpen();
      const storage = new DeviceStorage(values.length, pool.acquire(values.length));
      write(storage.buffer, values);
      return storage;
    },
    write(storage, values) {
      scheduler.assertOpen();
      checkSize('write: values', values.length, storage.size);
      write(bufferOf(storage), values);
    },
    async download(storage, speculation) {
      scheduler.assertOpen();
      return scheduler.download(bufferOf(storage), storage.size, opened(speculation)?.readings);
    },
    release(storage) {
      if (!(storage instanceof DeviceStorage) || storage.released) return;
      storage.released = true;
      pool.release(storage.buffer);
    },
    run(program, inputs, { speculation, isCutShort } = {}) {
      scheduler.assertOpen();
      const buffers = inputs.map((storage, index) => {
        checkSize(`program ${program.name}: input ${index}`, storage.size, program.sizes[program.inputs[index]]);
        return bufferOf(storage);
      });
      const outputs = executableOf(program).run(buffers, opened(speculation), isCutShort);
      return outputs.map((buffer, index) => new DeviceStorage(program.sizes[program.outputs[index]], buffer));
    },
    forget(program) {
      const executable = executables.get(program);
      if (!executable) return 0;
      executables.delete(program);
      const before = pool.memory().programBytes;
      executable.release();
      return executable.bytes + before - pool.memory().programBytes;
    },
    speculate: runtime.speculate,
    async idle() {
      await scheduler.idle();
    },
    memory() {
      const figures = pool.memory();
      let { programBytes } = figures;
      for (const { bytes } of executables.values()) programBytes += bytes;
      return {
        ...figures,
        programBytes,
        pooledBuffers: figures.pooledBuffers + scheduler.staging.count,
        pooledBytes: figures.pooledBytes + scheduler.staging.bytes,
      };
    },
    close() {
      end(new Error('webgpu: the engine is closed; open() a new one'));
    },
  };
}
