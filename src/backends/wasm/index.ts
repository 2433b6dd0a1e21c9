/**
 * The WebAssembly backend: float32, four numbers at a time, on the caller's thread and on helper threads where memory
 * is shared.
 */
import type { AdapterDescription, Backend, MemoryFigures, Program, RunOptions, Storage } from '../backend.ts';
import { DeviceLostError } from '../lost.ts';
import { type Job, Queue } from '../queue.ts';
import { fusesMultiplyAdd } from './builds.ts';
import { Executable } from './executable.ts';
import { type Block, bytesFor, Heap } from './heap.ts';
import type { LateModules } from './late-modules.ts';
import { type Kernels, openKernels } from './module.ts';
import { canShare, countUsualThreads, openTeam, type Team } from './team.ts';

class BlockStorage implements Storage {
  /** Undefined until the run that computes it has begun. */
  block: Block | undefined;
  /** The error with which that run failed. */
  failure: unknown;

  constructor(readonly size: number) {}
}

/** Options of the WebAssembly backend. */
export interface WasmOptions {
  /**
   * At least 1. Default: the number of processors, at most 8. Always 1 where memory cannot be shared between threads.
   */
  threads?: number;
  /**
   * Milliseconds after which the kernels return at the next opportunity, so that other tasks get their turn. Default 5.
   */
  slice?: number;
}

/**
 * Opens the WebAssembly backend.
 * @throws Error where WebAssembly with SIMD is missing
 * @throws RangeError where `threads` is not a positive integer
 */
export async function openWasm({ threads, slice = 5 }: WasmOptions = {}): Promise<Backend> {
  return new WasmBackend(await startThreads(threads), slice);
}

class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly epsilon = 2 ** -23;
  readonly widestIteration = Number.POSITIVE_INFINITY;
  readonly largestPass = 0;

  private readonly heap: Heap;
  private readonly kernels: Kernels;
  private readonly late: LateModules;
  private readonly team: Team | undefined;
  private readonly queue = new Queue();
  /** Storage that was not released. */
  private readonly live = new Set<BlockStorage>();
  private readonly executables = new Map<Program, Executable>();
  /** Holds the temporaries of the Program that runs; none of them outlives its run. */
  private workspace: Block = { address: 0, bytes: 0 };
  private liveBytes = 0;
  private programBytes = 0;
  /** Why the backend can no longer be used: it was closed, or a thread was lost. */
  private ended: Error | undefined;

  constructor(
    { heap, kernels, late, team }: Threads,
    private readonly slice: number,
  ) {
    this.heap = heap;
    this.kernels = kernels;
    this.late = late;
    this.team = team;
  }

  get adapter(): AdapterDescription {
    const threads = 1 + (this.ended ? 0 : (this.team?.serving ?? 0));
    return {
      vendor: 'none',
      architecture: fusesMultiplyAdd() ? 'relaxed-simd' : 'simd128',
      description: `WebAssembly in float32, ${threads === 1 ? 'one thread' : `${threads} threads`}`,
      software: true,
      threads,
      threadsUsed: 1 + (this.ended ? 0 : (this.team?.used ?? 0)),
    };
  }

  upload(values: ArrayLike<number>): Storage {
    this.assertOpen();
    const block = this.heap.take(bytesFor(values.length));
    const storage = this.createStorage(values.length);
    storage.block = block;
    this.numbersOf(storage).set(values);
    return storage;
  }

  uploadLater(size: number, values: Promise<ArrayLike<number>>): Storage {
    this.assertOpen();
    const storage = this.createStorage(size);
    this.queue.enqueue(this.receive(storage, values));
    return storage;
  }

  write(storage: Storage, values: ArrayLike<number>): void {
    const target = this.assertLive(storage);
    assertSize('write: values', values.length, storage.size);
    const copied = Float32Array.from(values);
    this.queue.enqueueNow(() => {
      if (!target.failure) this.numbersOf(target).set(copied);
    });
  }

  async download(storage: Storage): Promise<Float32Array> {
    const source = this.assertLive(storage);
    return this.queue.settle(() => this.numbersOf(source).slice());
  }

  readNow(storage: Storage): Float32Array | undefined {
    const source = this.assertLive(storage);
    return this.queue.finish() && source.block ? this.numbersOf(source) : undefined;
  }

  release(storage: Storage): void {
    if (!(storage instanceof BlockStorage) || !this.live.delete(storage)) return;
    this.liveBytes -= bytesFor(storage.size);
    this.queue.enqueueNow(() => {
      if (storage.block) this.heap.giveBack(storage.block);
    });
  }

  run(program: Program, inputs: readonly Storage[], options: RunOptions = {}): Storage[] {
    this.assertOpen();
    const operands = inputs.map((storage, index) => {
      const expected = program.sizes[program.inputs[index]];
      if (storage.size !== expected) assertSize(`program ${program.name}: input ${index}`, storage.size, expected);
      return this.assertLive(storage);
    });
    const executable = this.executableOf(program);
    const outputs = program.outputs.map((slot) => this.createStorage(program.sizes[slot]));
    this.queue.enqueue(this.execute(executable, operands, outputs, options));
    return outputs;
  }

  forget(program: Program): number {
    const executable = this.executables.get(program);
    if (!executable) return 0;
    this.executables.delete(program);
    this.programBytes -= executable.bytes;
    this.queue.enqueueNow(() => this.heap.giveBack(executable.block));
    return executable.bytes;
  }

  async idle(): Promise<void> {
    this.assertOpen();
    await this.queue.settle(() => {});
  }

  memory(): MemoryFigures {
    const pooledBlocks = this.ended ? 0 : this.heap.freeBlocks + Number(this.workspace.bytes > 0);
    return {
      buffers: this.live.size,
      bytes: this.liveBytes,
      programBuffers: this.executables.size,
      programBytes: this.programBytes,
      pooledBuffers: pooledBlocks,
      pooledBytes: this.ended ? 0 : this.heap.freeBytes + this.workspace.bytes,
    };
  }

  close(): void {
    this.end(new Error('wasm: the engine is closed; open() a new one'));
  }

  private *receive(storage: BlockStorage, values: Promise<ArrayLike<number>>): Job {
    let numbers: ArrayLike<number> = [];
    yield values.then((arrived) => {
      numbers = arrived;
    });
    try {
      storage.block = this.heap.take(bytesFor(storage.size));
      this.numbersOf(storage).set(numbers);
    } catch (error) {
      storage.failure = error;
    }
  }

  private *execute(
    executable: Executable,
    inputs: readonly BlockStorage[],
    outputs: readonly BlockStorage[],
    { isCutShort = () => false }: RunOptions,
  ): Job {
    const { heap, kernels, slice } = this;
    try {
      for (const module of executable.lateModules) {
        if (!this.late.isReady(module)) yield* loadModule(this.late, module, this.team);
      }
      const blocks = inputs.map(blockOf);
      this.reserveWorkspace(executable.workspaceBytes);
      const results = outputs.map((output) => {
        output.block = heap.take(bytesFor(output.size));
        return output.block;
      });
      yield* executable.run(kernels, heap, blocks, results, this.workspace.address, { slice, isCutShort });
    } catch (error) {
      for (const output of outputs) output.failure = error;
      if (error instanceof DeviceLostError) this.end(error);
    }
  }

  private executableOf(program: Program): Executable {
    const known = this.executables.get(program);
    if (known) return known;
    const executable = new Executable(program, this.heap);
    this.executables.set(program, executable);
    this.programBytes += executable.bytes;
    return executable;
  }

  private reserveWorkspace(bytes: number): void {
    if (bytes <= this.workspace.bytes) return;
    if (this.workspace.bytes > 0) this.heap.giveBack(this.workspace);
    this.workspace = { address: 0, bytes: 0 }; // the next line may throw
    this.workspace = this.heap.take(bytes);
  }

  private createStorage(size: number): BlockStorage {
    const storage = new BlockStorage(size);
    this.live.add(storage);
    this.liveBytes += bytesFor(size);
    return storage;
  }

  private numbersOf(storage: BlockStorage): Float32Array {
    const start = blockOf(storage).address / 4;
    return this.heap.floats.subarray(start, start + storage.size);
  }

  private assertOpen(): void {
    if (this.ended) throw this.ended;
  }

  private assertLive(storage: Storage): BlockStorage {
    this.assertOpen();
    if (!(storage instanceof BlockStorage) || !this.live.has(storage)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage;
  }

  /** Work that is still enqueued is rejected with the error. */
  private end(error: Error): void {
    if (this.ended) return;
    this.ended = error;
    this.team?.close();
    this.live.clear();
    this.executables.clear();
    this.liveBytes = 0;
    this.programBytes = 0;
    this.queue.abort(error);
  }
}

function assertSize(what: string, size: number, expected: number): void {
  if (size !== expected) throw new RangeError(`${what}: it holds ${size} numbers; it must hold ${expected}`);
}

/** @throws the error with which the run that computes the storage failed */
function blockOf({ block, failure }: BlockStorage): Block {
  if (failure || !block) throw failure;
  return block;
}

/** @throws Error where the module cannot be fetched */
function* loadModule(late: LateModules, module: number, team: Team | undefined): Job {
  let failure: unknown;
  yield late
    .load(module, (binary) => team?.shareLateModule(module, binary))
    .catch((error: unknown) => {
      failure = new Error('wasm: kernels that this needs could not be loaded', { cause: error });
    });
  if (failure) throw failure;
}

interface Threads {
  readonly heap: Heap;
  readonly kernels: Kernels;
  readonly late: LateModules;
  /** Undefined where memory is not shared. */
  readonly team: Team | undefined;
}

async function startThreads(threads: number | undefined): Promise<Threads> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`open: threads is ${threads}; it must be a positive integer`);
  }
  const others = canShare() ? (threads ?? (await countUsualThreads())) - 1 : 0;
  const heap = createHeap(others > 0);
  const { module, kernels, late } = await openKernels(heap);
  const team = heap.isShared ? await openTeam(others, heap, kernels, module) : undefined;
  return { heap, kernels, late, team };
}

/** A shared memory reserves 4 GiB of addresses; where these are not available, a memory of one thread is created. */
function createHeap(isShared: boolean): Heap {
  try {
    return new Heap(isShared);
  } catch {
    return new Heap(false);
  }
}
