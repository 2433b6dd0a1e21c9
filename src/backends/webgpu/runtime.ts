/** What all Programs of one WebGPU backend share. */
import type { ProductVariants } from './dispatch.ts';
import type { PipelineCache } from './pipelines.ts';
import type { BufferPool, DeviceBuffer } from './pool.ts';
import type { Scheduler } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

export interface Runtime {
  readonly device: GPUDevice;
  readonly pool: BufferPool;
  readonly scheduler: Scheduler;
  readonly pipelines: PipelineCache;
  readonly variants: ProductVariants;
  /** Bound in place of an absent operand. */
  readonly absentOperand: DeviceBuffer;
  /** The guard outside of loops, which is always open. */
  readonly openGuard: DeviceBuffer;
  /** Begins a speculation of a run's own; undefined until the code for it is loaded. */
  speculate(): ObservedSpeculation | undefined;
}
