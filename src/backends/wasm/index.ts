/** The WebAssembly backend: float32, four numbers at a time, every call carried out at once in the order in which it is enqueued. */
import type { Backend, MemoryFigures, Program, Storage } from '../backend.ts';
import { Executable } from './executable.ts';
import { type Block, bytesFor, Heap } from './heap.ts';
import { fusesMultiplyAdd, type Kernels, openKernels } from './module.ts';
import { canShare, openTeam, type Team, usualThreads } from './team.ts';

class BlockStorage implements Storage {
  constructor(
    readonly size: number,
    readonly block: Block,
  ) {}
}

export interface WasmOptions {
  /** At least 1. Default: as many as there are processors, at most 8; where memory cannot be shared there is one anyway. */
  threads?: number;
}

/** Opens the WebAssembly backend. Rejects where WebAssembly with SIMD is missing, and says so. */
export async function openWasm({ threads }: WasmOptions = {}): Promise<Backend> {
  const { heap, kernels, team } = await startThreads(threads);
  const held = new Set<BlockStorage>();
  const executables = new Map<Program, Executable>();
  /** For the temporaries of whichever Program runs: none outlives its run. */
  let workspace: Block = { address: 0, bytes: 0 };
  let heldBytes = 0;
  let programBytes = 0;
  let closed = false;

  const assertOpen = (): void => {
    if (closed) throw new Error('wasm: the engine is closed; open() a new one');
  };
  const keep = (size: number): BlockStorage => {
    const storage = new BlockStorage(size, heap.take(bytesFor(size)));
    held.add(storage);
    heldBytes += storage.block.bytes;
    return storage;
  };
  const letGo = (storage: BlockStorage): void => {
    if (!held.delete(storage)) return;
    heldBytes -= storage.block.bytes;
    heap.give(storage.block);
  };
  const blockOf = (storage: Storage): Block => {
    if (!(storage instanceof BlockStorage) || !held.has(storage)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage.block;
  };
  const numbersOf = (storage: Storage): Float32Array => {
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

  return {
    name: 'wasm',
    epsilon: 2 ** -23,
    widestIteration: Number.POSITIVE_INFINITY,
    largestPass: 0,
    get adapter() {
      const threads = 1 + (closed ? 0 : (team?.serving ?? 0));
      return {
        vendor: 'none',
        architecture: fusesMultiplyAdd() ? 'relaxed-simd' : 'simd128',
        description: `WebAssembly in float32, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
        software: true,
      };
    },
    upload(values) {
      assertOpen();
      const storage = keep(values.length);
      numbersOf(storage).set(values);
      return storage;
    },
    write(storage, values) {
      assertOpen();
      checkSize('write: values', values.length, storage.size);
      numbersOf(storage).set(values);
    },
    async download(storage) {
      assertOpen();
      return numbersOf(storage).slice();
    },
    release(storage) {
      if (storage instanceof BlockStorage) letGo(storage);
    },
    run(program, inputs) {
      assertOpen();
      const blocks = inputs.map((storage, index) => {
        checkSize(`program ${program.name}: input ${index}`, storage.size, program.sizes[program.inputs[index]]);
        return blockOf(storage);
      });
      const executable = executableOf(program);
      const outputs: BlockStorage[] = [];
      try {
        reserve(executable.workspaceBytes);
        for (const slot of program.outputs) outputs.push(keep(program.sizes[slot]));
        executable.run(
          kernels,
          heap,
          blocks,
          outputs.map(({ block }) => block),
          workspace.address,
        );
      } catch (error) {
        for (const output of outputs) letGo(output);
        throw error;
      }
      return outputs;
    },
    forget(program) {
      const executable = executables.get(program);
      if (!executable) return 0;
      executables.delete(program);
      programBytes -= executable.bytes;
      heap.give(executable.block);
      return executable.bytes;
    },
    async idle() {
      assertOpen();
    },
    memory(): MemoryFigures {
      const pooledBlocks = closed ? 0 : heap.freeBlocks + Number(workspace.bytes > 0);
      return {
        buffers: held.size,
        bytes: heldBytes,
        programBuffers: executables.size,
        programBytes,
        pooledBuffers: pooledBlocks,
        pooledBytes: closed ? 0 : heap.freeBytes + workspace.bytes,
      };
    },
    close() {
      closed = true;
      team?.close();
      held.clear();
      executables.clear();
      heldBytes = 0;
      programBytes = 0;
    },
  };
}

async function startThreads(threads: number | undefined): Promise<{ heap: Heap; kernels: Kernels; team?: Team }> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`open: threads is ${threads}; it must be a positive integer`);
  }
  const others = canShare() ? (threads ?? (await usualThreads())) - 1 : 0;
  const heap = heapFor(others > 0);
  const { module, kernels } = await openKernels(heap);
  return { heap, kernels, ...(heap.isShared && { team: await openTeam(others, heap, kernels, module) }) };
}

/** A memory that can be shared takes 4 GiB of addresses, which may not be there. */
function heapFor(isShared: boolean): Heap {
  try {
    return new Heap(isShared);
  } catch {
    return new Heap(false);
  }
}
