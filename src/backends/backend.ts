/**
 * What every backend offers, and the form in which work reaches it.
 *
 * Contract
 * - A Program is a flat list of pure kernel calls over numbered slots: any number of input slots, one output slot.
 *   A slot is assigned exactly once, except the entering slots of a loop, which the loop assigns before each pass.
 * - `run` enqueues a Program and returns the storage of its outputs at once. Work is carried out in the order in which
 *   it was enqueued, so storage may be released as soon as the last `run` or `download` that reads it has been enqueued.
 * - `download` waits for the work that produces the storage. It rejects if that work failed, or if the backend was closed or lost.
 * - Numbers are real, in the backend's own precision (`epsilon`): float64 on the CPU, the oracle; float32 on a GPU.
 *   The formulas of the kernels are given in kernels.ts; every backend computes these, up to rounding.
 * - Inside a loop no result is read back per iteration. A backend may run passes beyond the one that clears the loop's
 *   flag only if they change nothing that is carried (kernels return at once when the flag is 0).
 * - A backend that computes on the thread of its caller lets other tasks of that thread have their turn (event-loop.ts): a run is cut
 *   between the passes of its loops, and within long kernels, and gone on with in a later task.
 * - A backend that must wait for a loop's flag before it can go on may offer not to: see `Assumption`. Runs that are given one
 *   are enqueued as if each loop took as many passes as before, and give what they would give without it, or, where a loop
 *   needed more, nothing of use.
 */
import type { KernelCall } from './kernels.ts';

/** Opaque handle on device memory that holds `size` numbers. */
export interface Storage {
  readonly size: number;
}

/** A slot whose content is known when the Program is built. */
export type Constant =
  | { readonly kind: 'fill'; readonly value: number }
  | { readonly kind: 'identity'; readonly order: number }
  | { readonly kind: 'values'; readonly values: readonly number[] };

/** One value that a loop carries: `entering` holds `initial` in the first pass and the previous pass's `leaving` later. */
export interface Carried {
  readonly initial: number;
  readonly entering: number;
  readonly leaving: number;
}

/**
 * Repeats `body` while `entering[0]` of the flag (the first of `carried`) is not 0, at most `limit` times.
 * After the loop the entering slots hold the final values. Loops nest one deep.
 */
export interface Loop {
  readonly kernel: 'loop';
  readonly carried: readonly Carried[];
  readonly body: readonly Statement[];
  readonly limit: number;
}

export type Statement = KernelCall | Loop;

export interface Program {
  /** Shown in error messages: what was traced. */
  readonly name: string;
  /** Number of numbers in each slot. */
  readonly sizes: readonly number[];
  readonly inputs: readonly number[];
  readonly constants: ReadonlyMap<number, Constant>;
  readonly statements: readonly Statement[];
  /** May name an input or a constant; the backend then copies. No slot appears twice. */
  readonly outputs: readonly number[];
}

/**
 * That each loop of the runs which are given it takes about as many passes as it did before. Nothing waits for their flags;
 * whether they were all cleared is read back at the end, together with whatever was downloaded under it.
 */
export interface Speculation {
  /** Whether runs and downloads may still be given it. */
  readonly isOpen: boolean;
  /** To be called when the last of them has been enqueued. Idempotent. */
  end(): void;
  /** Resolves after `end`. False: some loop was cut short, and what was computed from then on is void. */
  readonly held: Promise<boolean>;
}

/** How a run is to be carried out. */
export interface RunOptions {
  readonly speculation?: Speculation;
  /**
   * Asked between the passes of loops. Once it gives true no pass begins any more: every loop ends with what it carries then, as at
   * its limit, and so do the kernels that are loops of their own. A backend may be late by what it has enqueued on a device.
   */
  readonly isCutShort?: () => boolean;
}

export interface MemoryFigures {
  /** Live storage: what tensors hold. A training step leaves it as it was. */
  readonly buffers: number;
  readonly bytes: number;
  /** Buffers that compiled Programs keep: constants and sizes. */
  readonly programBuffers: number;
  /**
   * Those buffers, and an estimate of what the host keeps for the Programs: objects, instructions, bind groups; in the figures of
   * an engine also the traces themselves and the keys by which they are found again. It grows with each new shape, up to a bound
   * of the engine's.
   */
  readonly programBytes: number;
  /** Buffers kept for reuse, not held by anything; the workspace in which Programs run; and the buffers for reading back. */
  readonly pooledBuffers: number;
  readonly pooledBytes: number;
}

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True when the "GPU" is a program on the CPU (SwiftShader, WARP, lavapipe). */
  readonly software: boolean;
  /** Threads of the processor that share the work, and those that have taken part of it so far; absent where that is not known. */
  readonly threads?: number;
  readonly threadsUsed?: number;
}

export interface Backend {
  readonly name: BackendName;
  /** Distance from 1 to the next number: 2⁻⁵² or 2⁻²³. */
  readonly epsilon: number;
  /** Largest n for which a solver is to use the kernels `iterate` and `proximalGradient` instead of a loop; 0: never. */
  readonly widestIteration: number;
  /** Largest 2·batch·n² for which the kernel `pass` is to make a pass of a wider solve; 0: never. */
  readonly largestPass: number;
  readonly adapter: AdapterDescription;
  /** Copies the values; they may be changed by the caller afterwards. */
  upload(values: ArrayLike<number>): Storage;
  /** Overwrites storage (same size), after all work enqueued so far. */
  write(storage: Storage, values: ArrayLike<number>): void;
  /** @param speculation under which the storage was computed: the numbers come when it has ended */
  download(storage: Storage, speculation?: Speculation): Promise<Float32Array | Float64Array>;
  /**
   * The numbers of a storage at once: all work enqueued so far is carried out on the thread of the caller first. They may be changed
   * by later work. Undefined where the work has to wait for something, or has failed; absent where it is done elsewhere.
   */
  readNow?(storage: Storage): ArrayLike<number> | undefined;
  release(storage: Storage): void;
  /** Inputs are given in the order of `program.inputs` and are not changed. The caller owns the outputs. */
  run(program: Program, inputs: readonly Storage[], options?: RunOptions): Storage[];
  /**
   * Frees what is kept for a Program that was run, once all work enqueued so far is done; `memory` leaves it out at once.
   * Nothing else frees it but `close`. The Program may be run again, and is made ready anew for that.
   * @returns the bytes by which `programBytes` falls; 0 for a Program of which nothing is kept
   */
  forget(program: Program): number;
  /** Absent where no loop is waited for: everything always holds. Undefined where nothing can be speculative as yet. */
  speculate?(): Speculation | undefined;
  /** Resolves when all enqueued work is done; rejects if any of it failed. */
  idle(): Promise<void>;
  memory(): MemoryFigures;
  /** Frees everything. Idempotent. Work in flight is rejected. */
  close(): void;
}

export type BackendName = 'webgpu' | 'wasm' | 'gpujs' | 'cpu';
