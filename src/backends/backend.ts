/**
 * The contract of a backend, and the form in which work reaches it.
 *
 * - A Program is a list of pure kernel calls over numbered slots, and of loops, whose bodies are such lists. A call
 *   reads any number of slots and writes one. Each slot is assigned exactly once, except the entering slots of a loop,
 *   which the loop assigns before each pass.
 * - `run` enqueues a Program and returns the storage of its outputs at once. Work is carried out in the order in which
 *   it was enqueued, so storage may be released as soon as the last `run` or `download` that reads it has been
 *   enqueued.
 * - `download` waits for the work that computes the storage. It rejects if that work failed, or if the backend was
 *   closed or its device was lost.
 * - Numbers are real and have the backend's own precision (`epsilon`): float64 on the CPU, which is the oracle, and
 *   float32 elsewhere. kernels.ts defines the formula of each kernel. All backends compute these formulas, up to
 *   rounding.
 * - No result is read back in each iteration of a loop. A backend may run passes after the one that clears the loop's
 *   flag only if they change none of the carried values: kernels return at once when the flag is 0.
 * - A backend that computes on the caller's thread yields to other tasks of that thread (event-loop.ts). It interrupts
 *   a run between the passes of a loop and within long kernels, and resumes it in a later task.
 * - A backend that must wait for the flag of a loop may offer to speculate instead: see `Speculation`. A speculative
 *   run is enqueued as if each loop took as many passes as before. Its results are the usual ones, unless a loop needed
 *   more passes: then they are void.
 */
import type { KernelCall } from './kernels.ts';

/** Opaque handle to the memory of a device, which holds `size` numbers. */
export interface Storage {
  readonly size: number;
}

/**
 * The content of a slot that is known when the Program is traced.
 *
 * @inline
 */
export type Constant =
  | { readonly kind: 'fill'; readonly value: number }
  | { readonly kind: 'identity'; readonly order: number }
  | { readonly kind: 'values'; readonly values: readonly number[] };

/**
 * A value that a loop carries. `entering` holds `initial` in the first pass, and the `leaving` of the previous pass
 * after that.
 */
export interface Carried {
  readonly initial: number;
  readonly entering: number;
  readonly leaving: number;
}

/**
 * Repeats `body` while the first number of the flag is not 0, at most `limit` times. The flag is the first of the
 * `carried` values. After the loop the entering slots hold the final values. A loop may hold loops, but these hold no
 * further ones.
 */
export interface Loop {
  readonly kernel: 'loop';
  readonly carried: readonly Carried[];
  readonly body: readonly Statement[];
  readonly limit: number;
}

export type Statement = KernelCall | Loop;

export interface Program {
  /** Says in error messages what was traced. */
  readonly name: string;
  /** How many numbers each slot holds. */
  readonly sizes: readonly number[];
  readonly inputs: readonly number[];
  readonly constants: ReadonlyMap<number, Constant>;
  readonly statements: readonly Statement[];
  /** May include an input or a constant, which the backend then copies. No slot appears twice. */
  readonly outputs: readonly number[];
}

/**
 * The assumption that every loop of the runs under it takes about as many passes as last time. Nothing waits for the
 * flags of these loops. They are read back at the end, together with all downloads under the speculation.
 */
export interface Speculation {
  /** Whether more runs and downloads may be enqueued under it. */
  readonly isOpen: boolean;
  /** Call this when the last run or download has been enqueued. Idempotent. */
  end(): void;
  /** Resolves after `end`: to false if some loop needed more passes, and everything computed from there on is void. */
  readonly held: Promise<boolean>;
}

/** Options of a run. */
export interface RunOptions {
  readonly speculation?: Speculation;
  /**
   * Called between the passes of loops. Once it returns true, no further pass begins: every loop ends with the values
   * that it carries, as it does at its limit, and so does every kernel that is a whole loop. Passes that a backend has
   * already enqueued on a device may still be carried out.
   */
  readonly isCutShort?: () => boolean;
}

/** Memory in use, as buffers and bytes of the device (or of the host, where a backend computes there). */
export interface MemoryFigures {
  /** Buffers held by tensors. A training step leaves this number unchanged. */
  readonly buffers: number;
  /** Bytes of the buffers held by tensors. */
  readonly bytes: number;
  /** Buffers held by Programs that are ready to run, for constants and sizes. */
  readonly programBuffers: number;
  /**
   * Bytes of `programBuffers`, plus an estimate of the host memory that Programs occupy: objects, instructions, bind
   * groups. The figures of an engine also include the traces and the keys of its cache. The number grows with each new
   * shape, up to the bound of the engine's cache.
   */
  readonly programBytes: number;
  /** Buffers that are free for reuse, the workspace in which Programs run, and the buffers for reading back. */
  readonly pooledBuffers: number;
  /** Bytes of `pooledBuffers`. */
  readonly pooledBytes: number;
}

/** The processor on which a backend computes. */
export interface AdapterDescription {
  /** The maker, as reported by WebGPU; may be empty. */
  readonly vendor: string;
  /** The family of the processor, as reported by WebGPU; may be empty. */
  readonly architecture: string;
  /** A description for people; never empty. */
  readonly description: string;
  /** True if the adapter is a program on the CPU, such as SwiftShader, WARP or lavapipe. */
  readonly software: boolean;
  /** The number of threads that share the work; absent if it is not known. */
  readonly threads?: number;
  /** The number of threads that have done some of the work so far; absent if it is not known. */
  readonly threadsUsed?: number;
}

export interface Backend {
  readonly name: BackendName;
  /** Distance from 1 to the next number: 2⁻⁵² or 2⁻²³. */
  readonly epsilon: number;
  /**
   * The largest n for which solvers use the kernels `iterate` and `proximalGradient` instead of a loop; 0 for never.
   */
  readonly widestIteration: number;
  /** The largest 2·batch·n² for which the kernel `pass` carries out a pass of a wider solve; 0 for never. */
  readonly largestPass: number;
  readonly adapter: AdapterDescription;
  /** Copies the values, so that the caller may change them afterwards. */
  upload(values: ArrayLike<number>): Storage;
  /**
   * Storage for values that the host has yet to compute. All work that is enqueued from now on waits for the promise,
   * which must not reject. It may depend on what was enqueued before, such as a download, and on nothing after.
   */
  uploadLater(size: number, values: Promise<ArrayLike<number>>): Storage;
  /** Overwrites the storage with as many values as it holds, after all work enqueued so far. */
  write(storage: Storage, values: ArrayLike<number>): void;
  /** @param speculation the speculation under which the storage was computed; the numbers arrive when it has ended */
  download(storage: Storage, speculation?: Speculation): Promise<Float32Array | Float64Array>;
  /**
   * Carries out all work enqueued so far on the caller's thread, and returns the numbers of the storage, which later
   * work may change. Undefined if the work has to wait for something, or has failed. Absent on backends that cannot
   * read at once.
   */
  readNow?(storage: Storage): ArrayLike<number> | undefined;
  release(storage: Storage): void;
  /**
   * Enqueues a Program. The inputs have the order of `program.inputs` and are not changed. The caller owns the outputs.
   */
  run(program: Program, inputs: readonly Storage[], options?: RunOptions): Storage[];
  /**
   * Frees the memory that the backend holds for a Program, once all work enqueued so far is done; `memory` leaves it
   * out at once. Nothing else but `close` frees it. The Program may be run again, and is then prepared again.
   * @returns the bytes by which `programBytes` falls; 0 if the backend holds nothing for the Program
   */
  forget(program: Program): number;
  /**
   * Begins a speculation, or returns undefined if that is not possible yet. Absent on backends that wait for no loop.
   */
  speculate?(): Speculation | undefined;
  /** Resolves when all enqueued work is done, and rejects if any of it failed. */
  idle(): Promise<void>;
  memory(): MemoryFigures;
  /** Frees everything and rejects the work in flight. Idempotent. */
  close(): void;
}

/** The names by which `open` chooses a backend. */
export type BackendName = 'webgpu' | 'wasm' | 'gpujs' | 'cpu';
