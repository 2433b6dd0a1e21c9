/**
 * Runs a compiled Program: takes the buffers of a run, binds them, and enqueues the job that records the dispatches.
 */
import type { Program } from '../backend.ts';
import { collectObjects, estimateFootprint } from '../footprint.ts';
import { ABSENT } from '../kernels.ts';
import { compile } from './compile.ts';
import type { Compiled } from './compiled.ts';
import type { DeviceBuffer } from './pool.ts';
import { type Bindings, Recording, type RecordingOptions } from './recording.ts';
import type { Runtime } from './runtime.ts';
import type { Job } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

/**
 * Host memory of a small buffer and of a bind group besides their content: measured with Dawn over a software driver.
 */
const BUFFER_BYTES = 8192;
const GROUP_BYTES = 1152;
/** How many sets of bind groups are kept. Work that repeats itself uses few sets of buffers. */
const MAXIMUM_BIND_SETS = 16;

export class Executable {
  private readonly compiled: Compiled;
  private compiledBytes: number;
  /** Bind groups by the ids of the buffers; the set that was not used for longest comes first. */
  private readonly bindSets = new Map<string, readonly GPUBindGroup[]>();
  private isReady = false;
  /** Rejects if a pipeline cannot be compiled. */
  readonly ready: Promise<void>;

  constructor(
    private readonly program: Program,
    private readonly runtime: Runtime,
  ) {
    this.compiled = compile(program, runtime);
    this.compiledBytes = this.estimateBytes();
    this.ready = this.compiled.ready.then(() => {
      this.compiledBytes = this.estimateBytes();
      this.isReady = true;
    });
    this.ready.catch(() => {}); // reported by the runs that wait for it
  }

  private estimateBytes(): number {
    return estimateFootprint({ ...this.compiled, statements: undefined }, collectObjects(this.program));
  }

  /** Estimated bytes of host memory for the Program, including what the driver holds besides the content of buffers. */
  get bytes(): number {
    const { fixed, dispatches } = this.compiled;
    return this.compiledBytes + (fixed.size + 1) * BUFFER_BYTES + this.bindSets.size * dispatches.length * GROUP_BYTES;
  }

  /** Releases the buffers that live as long as the Program, after all work enqueued so far. */
  release(): void {
    const { fixed, roles } = this.compiled;
    const { pool } = this.runtime;
    const discardSizes = (): void => {
      if (this.compiled.sizesBuffer) pool.discard(this.compiled.sizesBuffer);
    };
    if (this.compiled.sizesBuffer) discardSizes();
    else this.ready.then(discardSizes, discardSizes); // it is still being made
    for (const [index, buffer] of fixed) {
      if (roles[index].kind === 'constant') pool.release(buffer);
      else pool.discard(buffer);
    }
  }

  /** Enqueues one run. The caller owns the outputs. */
  run(inputs: readonly DeviceBuffer[], speculation?: ObservedSpeculation, isCutShort?: () => boolean): DeviceBuffer[] {
    const { pool, scheduler } = this.runtime;
    const { roles, sizes, fixed } = this.compiled;
    const outputs: DeviceBuffer[] = [];
    const temporaries: DeviceBuffer[] = [];
    const take = (index: number): DeviceBuffer => {
      const role = roles[index];
      if (role.kind === 'input') return inputs[role.index];
      const own = fixed.get(index);
      if (own) return own;
      if (sizes[index] === 0) return this.runtime.absentOperand;
      const buffer = pool.acquire(sizes[index]);
      if (role.kind === 'output') outputs[role.index] = buffer;
      else temporaries.push(buffer);
      return buffer;
    };
    try {
      const buffers = roles.map((_, index) => take(index));
      const results = outputs.filter((buffer) => buffer !== undefined); // an output without numbers has no buffer
      const spoil = (error: Error | undefined): void => {
        for (const buffer of results) buffer.spoiled = error;
      };
      const job = this.runOn(inputs, { buffers, outputs: results }, spoil, speculation, isCutShort);
      scheduler.enqueue(`program ${this.program.name}`, job, spoil);
    } catch (error) {
      for (const buffer of outputs) if (buffer) pool.release(buffer);
      throw error;
    } finally {
      // The next owner of these buffers enqueues its work after this run.
      for (const buffer of temporaries) pool.release(buffer);
    }
    return outputs;
  }

  /** @param spoil marks the outputs as unusable, or as usable again if there is no error */
  private *runOn(
    inputs: readonly DeviceBuffer[],
    held: Pick<Bindings, 'buffers' | 'outputs'>,
    spoil: (error: Error | undefined) => void,
    callersSpeculation: ObservedSpeculation | undefined,
    isCutShort: (() => boolean) | undefined,
  ): Job {
    const spoiled = inputs.find((input) => input.spoiled)?.spoiled;
    spoil(spoiled);
    if (spoiled) return;
    if (!this.isReady) yield this.ready;
    const bindings = { ...held, groups: this.groupsFor(held.buffers) };
    const recording = (options: RecordingOptions): Recording =>
      new Recording(this.runtime, this.compiled, bindings, { isCutShort, ...options });
    const hasLoops = this.compiled.statements.some(({ kind }) => kind === 'loop');
    if (callersSpeculation || isCutShort || !hasLoops) {
      yield* recording({ speculation: callersSpeculation, scope: 'every' }).record();
      return;
    }
    const speculation = this.runtime.speculate();
    yield* recording({ speculation, scope: 'stable' }).record();
    if (!speculation?.isNeeded) return;
    yield speculation.decide();
    // The inputs are unchanged, so the whole run can be repeated, this time waiting for every loop.
    if (speculation.isVoid) yield* recording({}).record();
  }

  private groupsFor(buffers: readonly DeviceBuffer[]): readonly GPUBindGroup[] {
    const { recorder } = this.runtime.scheduler;
    const key = buffers.map(({ id }) => id).join();
    const known = this.bindSets.get(key);
    const groups = known ?? recorder.withErrorScopes(`program ${this.program.name}`, () => this.bind(buffers));
    this.bindSets.delete(key); // so that the key moves to the end
    this.bindSets.set(key, groups);
    if (this.bindSets.size > MAXIMUM_BIND_SETS) {
      const [oldest] = this.bindSets.keys();
      this.bindSets.delete(oldest);
    }
    return groups;
  }

  private bind(buffers: readonly DeviceBuffer[]): GPUBindGroup[] {
    const { device, absentOperand, openGuard } = this.runtime;
    const { dispatches, sizes, sizesBuffer } = this.compiled;
    const bindingOf = (index: number, absent: DeviceBuffer): GPUBufferBinding => {
      if (index === ABSENT) return { buffer: absent.handle };
      return { buffer: buffers[index].handle, size: sizes[index] * 4 };
    };
    return dispatches.map((dispatch) => {
      const resources: GPUBufferBinding[] = [];
      if (dispatch.sizes && sizesBuffer) {
        resources.push({ buffer: sizesBuffer.handle, offset: dispatch.sizes.offset, size: dispatch.sizes.bytes });
      }
      if (dispatch.guard !== undefined) resources.push(bindingOf(dispatch.guard, openGuard));
      for (const operand of dispatch.operands) resources.push(bindingOf(operand, absentOperand));
      resources.push(bindingOf(dispatch.result, absentOperand));
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      return device.createBindGroup({ layout: dispatch.pipeline.layout, entries });
    });
  }
}
