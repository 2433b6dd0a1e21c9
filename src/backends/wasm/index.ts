/** The WebAssembly backend: float32, four numbers at a time, on the thread of its caller and those that serve it. */
import type { Backend, MemoryFigures, Program, RunOptions, Storage } from '../backend.ts';
import { DeviceLostError } from '../lost.ts';
import { type Job, Queue } from '../queue.ts';
import { fusesMultiplyAdd } from './builds.ts';
import { Executable } from './executable.ts';
import { type Block, bytesFor, Heap } from './heap.ts';
import { type Kernels, openKernels } from './module.ts';
import type { SecondModule } from './second-module.ts';
import { canShare, openTeam, type Team, usualThreads } from './team.ts';

class BlockStorage implements Storage {
  /** Undefined before the run that computes it has its turn. */
  block: Block | undefined;
  /** Of that run. */
  failure: unknown;

  constructor(readonly size: number) {}
}

export interface WasmOptions {
  /** At least 1. Default: as many as there are processors, at most 8; where memory cannot be shared there is one anyway. */
  threads?: number;
  /** Milliseconds after which the kernels return at the next opportunity, so that other tasks may have their turn. Default 5. */
  slice?: number;
}

/** Opens the WebAssembly backend. Rejects where WebAssembly with SIMD is missing, and says so. */
export async function openWasm({ threads, slice = 5 }: WasmOptions = {}): Promise<Backend> {
  const { heap, kernels, second, team } = await startThreads(threads);
  const queue = new Queue();
  const held = new Set<BlockStorage>();
  const executables = new Map<Program, Executable>();
  /** For the temporaries of whichever Program runs: none outlives its run. */
  let workspace: Block = { address: 0, bytes: 0 };
  let heldBytes = 0;
  let programBytes = 0;
  let ended: Error | undefined;

  const assertOpen = (): void => {
    if (ended) throw ended;
  };
  const end = (error: Error): void => {
    if (ended) return;
    ended = error;
    team?.close();
    held.clear();
    executables.clear();
    heldBytes = 0;
    programBytes = 0;
    queue.end(error);
  };
  const keep = (size: number): BlockStorage => {
    const storage = new BlockStorage(size);
    held.add(storage);
    heldBytes += bytesFor(size);
    return storage;
  };
  const letGo = (storage: BlockStorage): void => {
    if (!held.delete(storage)) return;
    heldBytes -= bytesFor(storage.size);
    queue.enqueueNow(() => {
      if (storage.block) heap.give(storage.block);
    });
  };
  const assertHeld = (storage: Storage): BlockStorage => {
    assertOpen();
    if (!(storage instanceof BlockStorage) || !held.has(storage)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage;
  };
  const numbersOf = (storage: BlockStorage): Float32Array => {
    const start = blockOf(storage).address / 4;
    return heap.floats.subarray(start, start + storage.size);
  };
  const checkSize = (what: string, size: number, expected: number): void => {
    if (size !== expected) throw new RangeError(`${what}: it holds ${size} numbers; it must hold ${expected}`);
  };

  const executableOf = (program: Program): Executable => {
    const known = executables.get(program);
    if (known) return known;
    const executable = new Executable(program, heap);
    executables.set(program, executable);
    programBytes += executable.bytes;
    return executable;
  };
  const reserve = (bytes: number): void => {
    if (bytes <= workspace.bytes) return;
    if (workspace.bytes > 0) heap.give(workspace);
    workspace = { address: 0, bytes: 0 };
    workspace = heap.take(bytes);
  };

  function* runJob(
    executable: Executable,
    inputs: readonly BlockStorage[],
    outputs: readonly BlockStorage[],
    { isCutShort = () => false }: RunOptions,
  ): Job {
    try {
      if (executable.needsSecond && !second.isReady) yield* loaded(second, team);
      const blocks = inputs.map(blockOf);
      reserve(executable.workspaceBytes);
      const results = outputs.map((output) => {
        output.block = heap.take(bytesFor(output.size));
        return output.block;
      });
      yield* executable.run(kernels, heap, blocks, results, workspace.address, { slice, isCutShort });
    } catch (error) {
      for (const output of outputs) output.failure = error;
      if (error instanceof DeviceLostError) end(error);
    }
  }

  return {
    name: 'wasm',
    epsilon: 2 ** -23,
    widestIteration: Number.POSITIVE_INFINITY,
    largestPass: 0,
    get adapter() {
      const threads = 1 + (ended ? 0 : (team?.serving ?? 0));
      return {
        vendor: 'none',
        architecture: fusesMultiplyAdd() ? 'relaxed-simd' : 'simd128',
        description: `WebAssembly in float32, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
        software: true,
        threads,
        threadsUsed: 1 + (ended ? 0 : (team?.used ?? 0)),
      };
    },
    upload(values) {
      assertOpen();
      const block = heap.take(bytesFor(values.length));
      const storage = keep(values.length);
      storage.block = block;
      numbersOf(storage).set(values);
      return storage;
    },
    write(storage, values) {
      const target = assertHeld(storage);
      checkSize('write: values', values.length, storage.size);
      const copied = Float32Array.from(values);
      queue.enqueueNow(() => {
        if (!target.failure) numbersOf(target).set(copied);
      });
    },
    async download(storage) {
      const source = assertHeld(storage);
      return queue.settle(() => numbersOf(source).slice());
    },
    readNow(storage) {
      const source = assertHeld(storage);
      return queue.finish() && source.block ? numbersOf(source) : undefined;
    },
    release(storage) {
      if (storage instanceof BlockStorage) letGo(storage);
    },
    run(program, inputs, options = {}) {
      assertOpen();
      const given = inputs.map((storage, index) => {
        const expected = program.sizes[program.inputs[index]];
        if (storage.size !== expected) checkSize(`program ${program.name}: input ${index}`, storage.size, expected);
        return assertHeld(storage);
      });
      const executable = executableOf(program);
      const outputs = program.outputs.map((slot) => keep(program.sizes[slot]));
      queue.enqueue(runJob(executable, given, outputs, options));
      return outputs;
    },
    forget(program) {
      const executable = executables.get(program);
      if (!executable) return 0;
      executables.delete(program);
      programBytes -= executable.bytes;
      queue.enqueueNow(() => heap.give(executable.block));
      return executable.bytes;
    },
    async idle() {
      assertOpen();
      await queue.settle(() => {});
    },
    memory(): MemoryFigures {
      const pooledBlocks = ended ? 0 : heap.freeBlocks + Number(workspace.bytes > 0);
      return {
        buffers: held.size,
        bytes: heldBytes,
        programBuffers: executables.size,
        programBytes,
        pooledBuffers: pooledBlocks,
        pooledBytes: ended ? 0 : heap.freeBytes + workspace.bytes,
      };
    },
    close() {
      end(new Error('wasm: the engine is closed; open() a new one'));
    },
  };
}

function blockOf({ block, failure }: BlockStorage): Block {
  if (failure || !block) throw failure;
  return block;
}

/** @throws what has kept it from being loaded */
function* loaded(second: SecondModule, team: Team | undefined): Job {
  let failure: unknown;
  yield second
    .load((binary) => team?.give(binary))
    .catch((error: unknown) => {
      failure = new Error('wasm: kernels that this needs could not be loaded', { cause: error });
    });
  if (failure) throw failure;
}

interface Threads {
  readonly heap: Heap;
  readonly kernels: Kernels;
  readonly second: SecondModule;
  readonly team?: Team;
}

async function startThreads(threads: number | undefined): Promise<Threads> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`open: threads is ${threads}; it must be a positive integer`);
  }
  const others = canShare() ? (threads ?? (await usualThreads())) - 1 : 0;
  const heap = heapFor(others > 0);
  const { module, kernels, second } = await openKernels(heap);
  return { heap, kernels, second, ...(heap.isShared && { team: await openTeam(others, heap, kernels, module) }) };
}

/** A memory that can be shared takes 4 GiB of addresses, which may not be there. */
function heapFor(isShared: boolean): Heap {
  try {
    return new Heap(isShared);
  } catch {
    return new Heap(false);
  }
}
