/** A Program that is ready for the GPU: its dispatches, with everything but the buffers of a run. */
import type { Program } from '../backend.ts';
import type { BufferRole } from '../plan.ts';
import type { ProductPart } from './dispatch.ts';
import type { LoopHistory } from './loop-history.ts';
import type { Pipeline } from './pipelines.ts';
import type { DeviceBuffer } from './pool.ts';

/** One dispatch. Buffers are numbered as in `Compiled.roles`. */
export interface CompiledDispatch {
  readonly kind: 'dispatch';
  /** The position among all dispatches of the Program. */
  readonly index: number;
  /**
   * The pipeline and the groups of a large product change once, when its variant has been chosen before the first run.
   */
  pipeline: Pipeline;
  groups: readonly [number, number];
  readonly sizes: { readonly offset: number; readonly bytes: number } | undefined;
  /** The buffer of the guard, or ABSENT outside of loops; undefined if the kernel has no guard. */
  readonly guard: number | undefined;
  readonly operands: readonly number[];
  readonly result: number;
  /** Estimated floating-point operations. */
  readonly work: number;
  /** See Dispatch. */
  readonly isContinued: boolean;
}

/** A dispatch of a product whose variant is chosen before the first run. */
export interface UndecidedProduct extends ProductPart {
  readonly dispatch: CompiledDispatch;
}

export interface CompiledLoop {
  readonly kind: 'loop';
  /** The buffer of its guard. */
  readonly guard: number;
  /** The dispatches before the first pass, which open the guard. */
  readonly opening: readonly CompiledDispatch[];
  readonly body: readonly CompiledStatement[];
  readonly limit: number;
  /** The number of dispatches in all passes up to the limit. */
  readonly length: number;
  /**
   * Whether it is short enough to record all passes up to the limit, without asking whether the guard is still open.
   */
  readonly isUnrolled: boolean;
  /** Whether its body holds a loop that is not unrolled. */
  readonly isOuter: boolean;
  readonly history: LoopHistory;
}

export type CompiledStatement = CompiledDispatch | CompiledLoop;

export interface Compiled {
  readonly program: Program;
  /** Complete once it is `ready`, as are the dispatches: some kernels are lowered by code that is loaded first. */
  readonly statements: readonly CompiledStatement[];
  /** The role of each buffer. The guards of the loops come last. */
  readonly roles: readonly (BufferRole | { readonly kind: 'guard' })[];
  /** How many numbers each buffer holds. */
  readonly sizes: readonly number[];
  readonly dispatches: readonly CompiledDispatch[];
  /** The buffers that are the same in every run, by number: constants and guards. */
  readonly fixed: ReadonlyMap<number, DeviceBuffer>;
  /** The sizes of all dispatches, which kernels get as uniforms. */
  sizesBuffer: DeviceBuffer | undefined;
  /** Resolves when all pipelines are compiled; rejects if one cannot be. */
  ready: Promise<unknown>;
}
