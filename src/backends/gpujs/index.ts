/**
 * The gpu.js backend: float32. gpu.js translates the kernels in kernels/ to WebGL2 or WebAssembly. Every call is
 * launched at once, unless it waits for numbers that the host computes; only reading back happens later.
 */
import type { Backend, MemoryFigures, Program, Storage } from '../backend.ts';
import { collectObjects, estimateFootprint } from '../footprint.ts';
import { Queue } from '../queue.ts';
import { writeConstant } from '../write-constant.ts';
import { AssemblyMachine } from './assembly.ts';
import { type Compiled, compile } from './compile.ts';
import { execute } from './execute.ts';
import { loadLibrary } from './library.ts';
import { type Data, Ledger, type Machine } from './machine.ts';
import { GPUJS_MODES, type GPUJSOptions } from './options.ts';
import { describeContext, openContext, TextureMachine } from './textures.ts';

class DataStorage implements Storage {
  released = false;
  /** Why there are no data, where what should have computed them failed after it had been enqueued. */
  failure: unknown;

  /** @param data undefined until what computes them has run */
  constructor(
    readonly size: number,
    public data?: Data,
  ) {}
}

/** @throws the error with which the work that computes the storage failed */
function dataOf({ data, failure }: DataStorage): Data {
  if (!data) throw failure;
  return data;
}

interface Executable {
  readonly compiled: Compiled;
  readonly constants: ReadonlyMap<number, Data>;
  /** An estimate of the bytes that the host keeps, without the constants. */
  readonly bytes: number;
}

/**
 * Opens the gpu.js backend.
 * @throws RangeError where `mode` is not one of GPUJS_MODES
 * @throws Error where gpu.js is missing (it says what to install), or where the mode is not available
 */
export async function openGPUJS({ mode, load }: GPUJSOptions = {}): Promise<Backend> {
  if (mode !== undefined && !GPUJS_MODES.includes(mode)) {
    throw new RangeError(`open: gpujs.mode is ${JSON.stringify(mode)}; it must be one of ${GPUJS_MODES.join(', ')}`);
  }
  const library = await loadLibrary(load);
  const chosen = mode ?? (hasHardwareWebGL2() ? 'webgl2' : 'webassembly');
  return createBackend(chosen === 'webgl2' ? new TextureMachine(library) : new AssemblyMachine(library));
}

/** Whether WebGL2 runs on a graphics card, rather than on the processor. */
function hasHardwareWebGL2(): boolean {
  try {
    const gl = openContext();
    const { software } = describeContext(gl);
    gl.getExtension('WEBGL_lose_context')?.loseContext();
    return !software;
  } catch {
    return false;
  }
}

function createBackend(machine: Machine): Backend {
  const executables = new Map<Program, Executable>();
  const constantsHeld = new Ledger();
  let compiledBytes = 0;
  /** Work runs at once, unless work before it waits for numbers of the host. */
  const queue = new Queue();
  let closed = false;

  /** Carries out the work in order. @param targets fail if it throws when its caller has returned */
  const inOrder = (targets: readonly DataStorage[], work: () => void): void => {
    let isLate = false;
    queue.enqueueNow(() => {
      try {
        work();
      } catch (error) {
        if (!isLate) throw error;
        for (const target of targets) target.failure = error;
      }
    });
    isLate = true;
  };
  const assertOpen = (): void => {
    if (closed) throw new Error('gpujs: the engine is closed; open() a new one');
  };
  const executableOf = (program: Program): Executable => {
    const known = executables.get(program);
    if (known) return known;
    const constants = new Map<number, Data>();
    for (const [slot, constant] of program.constants) {
      const values = new Float32Array(program.sizes[slot]);
      writeConstant(values, constant);
      const data = machine.upload(values);
      constants.set(slot, data);
      constantsHeld.add(data.size);
    }
    const compiled = compile(program);
    const executable = { compiled, constants, bytes: estimateFootprint(compiled, collectObjects(program)) };
    executables.set(program, executable);
    compiledBytes += executable.bytes;
    return executable;
  };
  const storageOf = (storage: Storage): DataStorage => {
    if (!(storage instanceof DataStorage) || storage.released) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage;
  };
  const checkSize = (what: string, size: number, expected: number): void => {
    if (size !== expected) throw new RangeError(`${what}: it holds ${size} numbers; it must hold ${expected}`);
  };

  return {
    name: 'gpujs',
    epsilon: 2 ** -23,
    widestIteration: 0, // kernels of gpu.js cannot carry state from one iteration to the next
    largestPass: 0,
    adapter: machine.adapter,
    upload(values) {
      assertOpen();
      return new DataStorage(values.length, machine.upload(values));
    },
    uploadLater(size, values) {
      assertOpen();
      const storage = new DataStorage(size);
      let numbers: ArrayLike<number> = [];
      queue.enqueue([values.then((arrived) => (numbers = arrived))].values());
      inOrder([storage], () => {
        storage.data = machine.upload(numbers);
      });
      return storage;
    },
    write(storage, values) {
      assertOpen();
      checkSize('write: values', values.length, storage.size);
      const held = storageOf(storage);
      const copied = Float32Array.from(values);
      inOrder([held], () => {
        const before = dataOf(held);
        held.data = machine.upload(copied);
        machine.release(before);
      });
    },
    async download(storage) {
      assertOpen();
      const held = storageOf(storage);
      const values = await queue.settle(() => machine.readLater(dataOf(held)));
      return values.length === storage.size ? values : values.slice(0, storage.size);
    },
    release(storage) {
      if (!(storage instanceof DataStorage) || storage.released) return;
      storage.released = true;
      queue.enqueueNow(() => {
        if (!closed && storage.data) machine.release(storage.data);
      });
    },
    run(program, inputs, { isCutShort } = {}) {
      assertOpen();
      const { compiled, constants } = executableOf(program);
      const operands = program.inputs.map((slot, index) => {
        checkSize(`program ${program.name}: input ${index}`, inputs[index].size, program.sizes[slot]);
        return storageOf(inputs[index]);
      });
      const outputs = program.outputs.map((slot) => new DataStorage(program.sizes[slot]));
      inOrder(outputs, () => {
        const given = new Map(constants);
        for (const [index, slot] of program.inputs.entries()) given.set(slot, dataOf(operands[index]));
        const results = execute(compiled, machine, given, isCutShort);
        for (const [index, data] of results.entries()) outputs[index].data = data;
      });
      return outputs;
    },
    forget(program) {
      const executable = executables.get(program);
      if (!executable) return 0;
      executables.delete(program);
      const { bytes } = constantsHeld;
      for (const data of executable.constants.values()) {
        constantsHeld.remove(data.size);
        queue.enqueueNow(() => machine.release(data));
      }
      compiledBytes -= executable.bytes;
      return executable.bytes + bytes - constantsHeld.bytes;
    },
    async idle() {
      assertOpen();
      await queue.settle(() => machine.readLater(machine.nothing));
    },
    memory(): MemoryFigures {
      if (closed) {
        return { buffers: 0, bytes: 0, programBuffers: 0, programBytes: 0, pooledBuffers: 0, pooledBytes: 0 };
      }
      const pooled = machine.pooled();
      return {
        buffers: machine.live.count - constantsHeld.count,
        bytes: machine.live.bytes - constantsHeld.bytes,
        programBuffers: constantsHeld.count,
        programBytes: constantsHeld.bytes + compiledBytes,
        pooledBuffers: pooled.count,
        pooledBytes: pooled.bytes,
      };
    },
    close() {
      if (closed) return;
      closed = true;
      queue.abort(new Error('gpujs: the engine was closed; open() a new one'));
      executables.clear();
      machine.close();
    },
  };
}
