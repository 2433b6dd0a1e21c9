/** Prepares a Program for the GPU: its pipelines, sizes, guards and constants, and the list of its dispatches. */
import type { Constant, Program } from '../backend.ts';
import { ABSENT } from '../kernels.ts';
import { forEachStatement } from '../liveness.ts';
import { type PlannedLoop, type PlannedStatement, planProgram } from '../plan.ts';
import type { Compiled, CompiledDispatch, CompiledLoop, CompiledStatement, UndecidedProduct } from './compiled.ts';
import { USAGE } from './device.ts';
import { type Dispatch, SCRATCH, wordsToBytes } from './dispatch.ts';
import { LoopHistory } from './loop-history.ts';
import { isLate, loadLate, lowerCall, lowerCopy } from './lower.ts';
import { scratchSizeOfReduce } from './lower-reduce.ts';
import { type DeviceBuffer, roundedBytes } from './pool.ts';
import type { Runtime } from './runtime.ts';
import { SHADERS, type Shader, type ShaderName } from './shaders.ts';

/** An alignment of uniform bindings that every device accepts, in bytes. */
const ALIGNMENT = 256;
/**
 * A guard is a vec4 of 32-bit words. The first is the flag, the second the number of passes; the others are not used.
 */
const GUARD_BYTES = 16;
/**
 * Up to this many dispatches a loop is recorded up to its limit. Waiting for the flag would take longer than the
 * dispatches that may turn out not to be needed.
 */
const MAXIMUM_UNROLLED = 48;

export function compile(program: Program, runtime: Runtime): Compiled {
  const compiler = new Compiler(program, runtime);
  try {
    return compiler.compile();
  } catch (error) {
    compiler.releaseBuffers();
    throw error;
  }
}

class Compiler {
  private readonly dispatches: CompiledDispatch[] = [];
  private readonly undecided: UndecidedProduct[] = [];
  private readonly sizes: ArrayBuffer[] = [];
  private readonly fixed = new Map<number, DeviceBuffer>();
  private readonly plan;
  private readonly scratch: number;
  private scratchSize = 0;
  private hasLate = false;

  constructor(
    private readonly program: Program,
    private readonly runtime: Runtime,
  ) {
    this.plan = planProgram(program, (size) => roundedBytes(size * 4));
    this.scratch = this.plan.buffers.length;
    forEachStatement(program.statements, (statement) => {
      if (statement.kernel === 'reduce')
        this.scratchSize = Math.max(this.scratchSize, scratchSizeOfReduce(statement, runtime.variants));
      this.hasLate ||= isLate(statement);
    });
  }

  compile(): Compiled {
    const { pool } = this.runtime;
    const statements: CompiledStatement[] = [];
    for (const [index, { size, role }] of this.plan.buffers.entries()) {
      if (role.kind === 'constant') this.fixed.set(index, this.upload(role.constant, size));
    }
    for (let loop = 0; loop < this.plan.loops; loop++) {
      const usage = USAGE.uniform | USAGE.storage | USAGE.copySource;
      this.fixed.set(this.guardOf(loop), pool.create(GUARD_BYTES, usage));
    }
    const guards = Array.from({ length: this.plan.loops }, () => GUARD_BYTES / 4);
    const compiled: Compiled = {
      program: this.program,
      statements,
      roles: [
        ...this.plan.buffers.map(({ role }) => role),
        { kind: 'temporary' as const },
        ...guards.map(() => ({ kind: 'guard' as const })),
      ],
      sizes: [...this.plan.buffers.map(({ size }) => size), this.scratchSize, ...guards],
      dispatches: this.dispatches,
      fixed: this.fixed,
      sizesBuffer: undefined,
      ready: Promise.resolve(),
    };
    const lowerAll = (): Promise<void> => {
      statements.push(...this.compileStatements(this.plan.statements, ABSENT));
      compiled.sizesBuffer = this.createSizes();
      return this.preparePipelines();
    };
    compiled.ready = this.hasLate ? loadLate().then(lowerAll) : lowerAll();
    return compiled;
  }

  private createSizes(): DeviceBuffer {
    const { pool, device } = this.runtime;
    const sizesBuffer = pool.create(Math.max(1, this.sizes.length) * ALIGNMENT, USAGE.uniform | USAGE.copyTarget);
    for (const [index, bytes] of this.sizes.entries()) {
      device.queue.writeBuffer(sizesBuffer.handle, index * ALIGNMENT, bytes);
    }
    return sizesBuffer;
  }

  /** Releases the buffers that were taken so far, if compiling fails. */
  releaseBuffers(): void {
    const { pool } = this.runtime;
    for (const [index, buffer] of this.fixed) {
      if (this.plan.buffers[index]?.role.kind === 'constant') pool.release(buffer);
      else pool.discard(buffer);
    }
  }

  private async preparePipelines(): Promise<void> {
    if (this.undecided.length > 0) {
      // If the network is gone and the chunk cannot be loaded, the default variants stay.
      const module = await import('./product-variants.ts').catch(() => undefined);
      await module?.chooseVariants(this.undecided, this.runtime);
    }
    await Promise.all(this.dispatches.map(({ pipeline }) => pipeline.ready));
  }

  private guardOf(loop: number): number {
    return this.scratch + 1 + loop;
  }

  private compileStatements(statements: readonly PlannedStatement[], guard: number): CompiledStatement[] {
    return statements.flatMap((statement): CompiledStatement[] => {
      if (statement.kind === 'loop') return [this.compileLoop(statement, guard)];
      return this.lower(statement).map((dispatch) => this.compileDispatch(dispatch, guard));
    });
  }

  private lower(statement: Exclude<PlannedStatement, PlannedLoop>): Dispatch[] {
    const { variants } = this.runtime;
    if (statement.kind === 'copy') return [lowerCopy(statement, variants)];
    return lowerCall(statement, variants);
  }

  private compileLoop(loop: PlannedLoop, outerGuard: number): CompiledLoop {
    const guard = this.guardOf(loop.index);
    const single = { constants: {}, sizes: [], result: guard, groups: [1, 1], work: 1 } as const;
    const enter: Dispatch = { ...single, shader: 'loop-enter', operands: [loop.initialFlag] };
    const advance: Dispatch = { ...single, shader: 'loop-advance', operands: [loop.flag] };
    // The guard first: a copy may overwrite the storage of the initial flag.
    const opening = [enter, ...loop.enter.flatMap((copy) => this.lower(copy))].map((dispatch) =>
      this.compileDispatch(dispatch, outerGuard),
    );
    const body = this.compileStatements([...loop.body, ...loop.leave], guard);
    body.push(this.compileDispatch(advance, guard));
    const length = loop.limit * body.reduce((sum, inner) => sum + dispatchesOf(inner), 0);
    return {
      kind: 'loop',
      guard,
      opening,
      body,
      limit: loop.limit,
      length,
      isUnrolled: length <= MAXIMUM_UNROLLED,
      isOuter: body.some((inner) => inner.kind === 'loop' && !inner.isUnrolled),
      history: new LoopHistory(),
    };
  }

  private compileDispatch(dispatch: Dispatch, guard: number): CompiledDispatch {
    const { shader, constants, operands, result, groups, work } = dispatch;
    const source: Shader = dispatch.source ?? SHADERS[shader as ShaderName];
    const { hasSizes, hasGuard } = source;
    const bufferOf = (buffer: number): number => (buffer === SCRATCH ? this.scratch : buffer);
    const compiled: CompiledDispatch = {
      kind: 'dispatch',
      index: this.dispatches.length,
      pipeline: this.runtime.pipelines.get(shader, constants, dispatch.source),
      sizes: hasSizes ? this.addSizes(wordsToBytes(dispatch.sizes)) : undefined,
      guard: hasGuard ? guard : undefined,
      operands: operands.map(bufferOf),
      result: bufferOf(result),
      groups,
      work,
      isContinued: dispatch.isContinued === true,
    };
    this.dispatches.push(compiled);
    if (dispatch.part) this.undecided.push({ ...dispatch.part, dispatch: compiled });
    return compiled;
  }

  private addSizes(bytes: ArrayBuffer): CompiledDispatch['sizes'] {
    const offset = this.sizes.length * ALIGNMENT;
    this.sizes.push(bytes);
    // The size of a uniform struct is a multiple of 16 bytes.
    return { offset, bytes: Math.ceil(bytes.byteLength / 16) * 16 };
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

/** The number of dispatches of a statement; of a loop, those of all passes up to its limit. */
function dispatchesOf(statement: CompiledStatement): number {
  return statement.kind === 'dispatch' ? 1 : statement.opening.length + statement.length;
}

function constantValues(constant: Constant, size: number): Float32Array<ArrayBuffer> {
  if (constant.kind === 'values') return new Float32Array(constant.values);
  const values = new Float32Array(size);
  if (constant.kind === 'fill') return values.fill(constant.value);
  for (let index = 0; index < constant.order; index++) values[index * constant.order + index] = 1;
  return values;
}
