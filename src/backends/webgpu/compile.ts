/** A Program made ready for the GPU: its pipelines, sizes, guards and constants, and the list of its dispatches. */
import type { Constant, Program } from '../backend.ts';
import { ABSENT, type PassCall } from '../kernels.ts';
import { type BufferRole, type PlannedCall, type PlannedLoop, type PlannedStatement, planProgram } from '../plan.ts';
import { USAGE } from './device.ts';
import { type Dispatch, type ProductPart, type ProductVariants, SCRATCH, wordsToBytes } from './dispatch.ts';
import { lowerCall, lowerCopy } from './lower.ts';
import { scratchOfReduce } from './lower-reduce.ts';
import type { Pipeline, PipelineCache } from './pipelines.ts';
import { type BufferPool, type DeviceBuffer, roundedBytes } from './pool.ts';
import type { Scheduler } from './scheduler.ts';
import { SHADERS, type Shader } from './shaders.ts';
import type { ObservedSpeculation } from './speculation.ts';

/** What all Programs of one backend share. */
export interface Runtime {
  readonly device: GPUDevice;
  readonly pool: BufferPool;
  readonly scheduler: Scheduler;
  readonly pipelines: PipelineCache;
  readonly forms: ProductVariants;
  /** Bound where an operand is absent. */
  readonly nothing: DeviceBuffer;
  /** The guard outside loops: always open. */
  readonly open: DeviceBuffer;
  /** Undefined until the code for it has been loaded. */
  speculate(): ObservedSpeculation | undefined;
}

/** One dispatch. Buffers are numbered as in `Compiled.roles`. */
export interface Kernel {
  readonly kind: 'kernel';
  /** Counts the kernels of the Program. */
  readonly index: number;
  /** With the groups, what the choice of another form changes before the first run; undefined in an open pass. */
  pipeline: Pipeline;
  readonly sizes: { readonly offset: number; readonly bytes: number } | undefined;
  /** Buffer of the guard, or ABSENT outside loops; undefined where the kernel has none. */
  readonly guard: number | undefined;
  readonly operands: readonly number[];
  readonly result: number;
  groups: readonly [number, number];
  readonly work: number;
  /** See Dispatch. */
  readonly isContinued: boolean;
}

/** A dispatch of a product whose form is still to be chosen. */
export interface PendingProduct extends ProductPart {
  readonly kernel: Kernel;
}

/** The dispatches of a pass, of which lower-pass.ts is still to say the rest. */
export interface PendingPass {
  readonly kernels: readonly Kernel[];
  readonly call: PassCall;
  readonly step: PlannedCall;
}

export interface CompiledLoop {
  readonly kind: 'loop';
  readonly guard: number;
  readonly opening: readonly Kernel[];
  readonly body: readonly CompiledStep[];
  readonly limit: number;
  /** Dispatches in one pass. */
  readonly length: number;
  /** Passes that the loop is expected to take each time it is entered in a run; none before it was ever entered so often. */
  readonly expected: number[];
}

export type CompiledStep = Kernel | CompiledLoop;

export interface Compiled {
  readonly program: Program;
  readonly steps: readonly CompiledStep[];
  /** What each buffer is; the last ones are the executable's own. */
  readonly roles: readonly (BufferRole | { readonly kind: 'own' })[];
  /** Numbers in each buffer. */
  readonly sizes: readonly number[];
  readonly kernels: readonly Kernel[];
  /** By number, those that are the same in every run: constants and guards. */
  readonly fixed: ReadonlyMap<number, DeviceBuffer>;
  readonly sizesBuffer: DeviceBuffer;
  readonly ready: Promise<unknown>;
}

/** Alignment of uniform bindings that every device accepts. */
const ALIGNMENT = 256;
/** A guard is a vec4 of 32-bit words, of which two are used: flag and passes. */
const GUARD_BYTES = 16;

export function compile(program: Program, runtime: Runtime): Compiled {
  const compiler = new Compiler(program, runtime);
  try {
    return compiler.compile();
  } catch (error) {
    compiler.abandon();
    throw error;
  }
}

class Compiler {
  private readonly kernels: Kernel[] = [];
  private readonly openProducts: PendingProduct[] = [];
  private readonly openPasses: PendingPass[] = [];
  private readonly sizes: ArrayBuffer[] = [];
  private readonly fixed = new Map<number, DeviceBuffer>();
  private readonly plan;
  private readonly scratch: number;
  private scratchSize = 0;

  constructor(
    private readonly program: Program,
    private readonly runtime: Runtime,
  ) {
    this.plan = planProgram(program, (size) => roundedBytes(size * 4));
    this.scratch = this.plan.buffers.length;
  }

  compile(): Compiled {
    const { pool, device } = this.runtime;
    const steps = this.steps(this.plan.steps, ABSENT);
    for (const [index, { size, role }] of this.plan.buffers.entries()) {
      if (role.kind === 'constant') this.fixed.set(index, this.upload(role.constant, size));
    }
    for (let loop = 0; loop < this.plan.loops; loop++) {
      const usage = USAGE.uniform | USAGE.storage | USAGE.copySource;
      this.fixed.set(this.guardOf(loop), pool.create(GUARD_BYTES, usage));
    }
    const sizesBuffer = pool.create(Math.max(1, this.sizes.length) * ALIGNMENT, USAGE.uniform | USAGE.copyTarget);
    for (const [index, bytes] of this.sizes.entries()) {
      device.queue.writeBuffer(sizesBuffer.handle, index * ALIGNMENT, bytes);
    }
    const own = Array.from({ length: this.plan.loops }, () => GUARD_BYTES / 4);
    return {
      program: this.program,
      steps,
      roles: [
        ...this.plan.buffers.map(({ role }) => role),
        { kind: 'temporary' as const },
        ...own.map(() => ({ kind: 'own' as const })),
      ],
      sizes: [...this.plan.buffers.map(({ size }) => size), this.scratchSize, ...own],
      kernels: this.kernels,
      fixed: this.fixed,
      sizesBuffer,
      ready: this.ready(sizesBuffer),
    };
  }

  /** Lets go of the buffers made so far. */
  abandon(): void {
    const { pool } = this.runtime;
    for (const [index, buffer] of this.fixed) {
      if (this.plan.buffers[index]?.role.kind === 'constant') pool.release(buffer);
      else pool.discard(buffer);
    }
  }

  private async ready(sizesBuffer: DeviceBuffer): Promise<void> {
    if (this.openPasses.length > 0) {
      const { completePasses } = await import('./lower-pass.ts');
      completePasses(this.openPasses, sizesBuffer, this.runtime);
    }
    if (this.openProducts.length > 0) {
      // A page that cannot load it any more keeps the usual forms.
      const forms = await import('./product-variants.ts').catch(() => undefined);
      await forms?.chooseVariants(this.openProducts, this.runtime);
    }
    await Promise.all(this.kernels.map(({ pipeline }) => pipeline.ready));
  }

  private guardOf(loop: number): number {
    return this.scratch + 1 + loop;
  }

  private steps(steps: readonly PlannedStatement[], guard: number): CompiledStep[] {
    return steps.flatMap((step) => this.step(step, guard));
  }

  private step(step: PlannedStatement, guard: number): CompiledStep[] {
    if (step.kind === 'loop') return [this.loop(step, guard)];
    if (step.kind === 'copy') return [this.kernel(lowerCopy(step, this.runtime.forms), guard)];
    const { call } = step;
    const { forms } = this.runtime;
    if (call.kernel === 'reduce') this.scratchSize = Math.max(this.scratchSize, scratchOfReduce(call, forms));
    const kernels = lowerCall(step, forms).map((dispatch) => this.kernel(dispatch, guard));
    if (call.kernel === 'pass') this.openPasses.push({ kernels, call, step });
    return kernels;
  }

  private loop(step: PlannedLoop, outerGuard: number): CompiledLoop {
    const guard = this.guardOf(step.index);
    const single = { constants: {}, sizes: [], result: guard, groups: [1, 1], work: 1 } as const;
    const enter: Dispatch = { ...single, shader: 'loop-enter', operands: [step.initialFlag] };
    const advance: Dispatch = { ...single, shader: 'loop-advance', operands: [step.flag] };
    // The guard first: a copy may overwrite the storage of the initial flag.
    const opening = [enter, ...step.enter.map((copy) => lowerCopy(copy, this.runtime.forms))].map((dispatch) =>
      this.kernel(dispatch, outerGuard),
    );
    const body = this.steps([...step.body, ...step.leave], guard);
    body.push(this.kernel(advance, guard));
    const length = body.reduce((sum, inner) => sum + dispatchesOf(inner), 0);
    return { kind: 'loop', guard, opening, body, limit: step.limit, length, expected: [] };
  }

  private kernel(dispatch: Dispatch, guard: number): Kernel {
    const { shader, constants, operands, result, groups, work } = dispatch;
    const { hasSizes = true, hasGuard = true }: Partial<Shader> = shader ? SHADERS[shader] : {}; // a pass has both
    const resolve = (buffer: number): number => (buffer === SCRATCH ? this.scratch : buffer);
    let sizes: Kernel['sizes'];
    if (hasSizes) {
      const bytes = wordsToBytes(dispatch.sizes);
      // A uniform struct takes a multiple of 16 bytes.
      sizes = { offset: this.sizes.length * ALIGNMENT, bytes: Math.ceil(bytes.byteLength / 16) * 16 };
      this.sizes.push(bytes);
    }
    const kernel: Kernel = {
      kind: 'kernel',
      index: this.kernels.length,
      pipeline: (shader && this.runtime.pipelines.get(shader, constants)) as Pipeline,
      sizes,
      guard: hasGuard ? guard : undefined,
      operands: operands.map(resolve),
      result: resolve(result),
      groups,
      work,
      isContinued: dispatch.isContinued === true,
    };
    this.kernels.push(kernel);
    if (dispatch.part) this.openProducts.push({ ...dispatch.part, kernel });
    return kernel;
  }

  private upload(constant: Constant, size: number): DeviceBuffer {
    const { pool, scheduler } = this.runtime;
    const buffer = pool.acquire(size, 'programs');
    scheduler.enqueueNow(`program ${this.program.name}`, () => {
      scheduler.recorder.write(buffer, constantValues(constant, size));
    });
    return buffer;
  }
}

/** Dispatches of a step done once; of a loop inside, those of its whole course. */
function dispatchesOf(step: CompiledStep): number {
  return step.kind === 'kernel' ? 1 : step.opening.length + step.limit * step.length;
}

function constantValues(constant: Constant, size: number): Float32Array<ArrayBuffer> {
  if (constant.kind === 'values') return new Float32Array(constant.values);
  const values = new Float32Array(size);
  if (constant.kind === 'fill') return values.fill(constant.value);
  for (let index = 0; index < constant.order; index++) values[index * constant.order + index] = 1;
  return values;
}
