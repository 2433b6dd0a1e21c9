/** Runs a compiled Program: binds its buffers and records its dispatches, loops in chunks of passes. */
import type { Program } from '../backend.ts';
import { footprint, objectsOf } from '../footprint.ts';
import { ABSENT } from '../kernels.ts';
import { type Compiled, type CompiledLoop, type CompiledStep, compile, type Kernel, type Runtime } from './compile.ts';
import { nudged } from './nudge.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Job } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

/** The buffers of one run, with what was bound to the kernels. */
interface Bound {
  readonly buffers: readonly DeviceBuffer[];
  /** Those that hold the results. */
  readonly outputs: readonly DeviceBuffer[];
  readonly groups: readonly GPUBindGroup[];
  /** Under which it is recorded; the run's own takes for granted only what seldom changes. */
  readonly speculation?: ObservedSpeculation;
  readonly isOwn?: boolean;
  /** See RunOptions. */
  readonly isCutShort?: () => boolean;
}

/** What a small buffer and a bind group take besides their content: measured with Dawn over a software driver. */
const BUFFER_BYTES = 8192;
const GROUP_BYTES = 1152;
/** Sets of buffers for which bind groups are kept; a workload that repeats itself has few. */
const KEPT_BINDINGS = 16;
/** Up to this many dispatches a loop is recorded to its limit: waiting for the flag would cost more than idle dispatches. */
const WHOLE_LOOP = 48;
/** Passes of the first chunk when nothing is known about the loop. */
const FIRST_CHUNK = 8;
const CHUNK_GROWTH = 1.5;
const LARGEST_CHUNK = 256;
/** An expected count falls by this share of what was too much: a pass too many costs little, one too few a repetition. */
const FALL = 1 / 32;

export class Executable {
  private readonly compiled: Compiled;
  private readonly compiledBytes: number;
  private readonly bindings = new Map<string, readonly GPUBindGroup[]>();
  private isReady = false;
  /** Rejects where a pipeline cannot be made. */
  readonly ready: Promise<void>;

  constructor(
    private readonly program: Program,
    private readonly runtime: Runtime,
  ) {
    this.compiled = compile(program, runtime);
    this.compiledBytes = footprint({ ...this.compiled, steps: undefined }, objectsOf(program));
    this.ready = this.compiled.ready.then(() => {
      this.isReady = true;
    });
    this.ready.catch(() => {}); // reported by the runs that wait for it
  }

  /** Estimated bytes of what the host keeps for the Program, and the driver beside the content of the buffers. */
  get bytes(): number {
    const { fixed, kernels } = this.compiled;
    return this.compiledBytes + (fixed.size + 1) * BUFFER_BYTES + this.bindings.size * kernels.length * GROUP_BYTES;
  }

  /** Lets go of the buffers that live as long as the Program, after all work enqueued so far. */
  release(): void {
    const { fixed, roles, sizesBuffer } = this.compiled;
    const { pool } = this.runtime;
    pool.discard(sizesBuffer);
    for (const [index, buffer] of fixed) {
      if (roles[index].kind === 'constant') pool.release(buffer);
      else pool.discard(buffer);
    }
  }

  /** Enqueues one run. The outputs are the caller's. */
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
      if (sizes[index] === 0) return this.runtime.nothing;
      const buffer = pool.acquire(sizes[index]);
      if (role.kind === 'output') outputs[role.index] = buffer;
      else temporaries.push(buffer);
      return buffer;
    };
    try {
      const buffers = roles.map((_, index) => take(index));
      const results = outputs.filter((buffer) => buffer !== undefined); // one that holds no numbers has no buffer
      const spoil = (error: Error): void => {
        for (const buffer of results) buffer.spoiled = error;
      };
      const isSpoiled = (): boolean => {
        const spoiled = inputs.find((input) => input.spoiled)?.spoiled;
        for (const buffer of results) buffer.spoiled = spoiled;
        return spoiled !== undefined;
      };
      const job = this.job({ buffers, outputs: results }, isSpoiled, speculation, isCutShort);
      scheduler.enqueue(`program ${this.program.name}`, job, spoil);
    } catch (error) {
      for (const buffer of outputs) if (buffer) pool.release(buffer);
      throw error;
    } finally {
      // Whoever gets these next enqueues after this run.
      for (const buffer of temporaries) pool.release(buffer);
    }
    return outputs;
  }

  /** @param isSpoiled whether the inputs are of no use, as the outputs are then: nothing is run */
  private *job(
    held: Pick<Bound, 'buffers' | 'outputs'>,
    isSpoiled: () => boolean,
    given?: ObservedSpeculation,
    isCutShort?: () => boolean,
  ): Job {
    if (isSpoiled()) return;
    if (!this.isReady) yield this.ready;
    const { steps } = this.compiled;
    const bound = { ...held, groups: this.groupsFor(held.buffers), isCutShort };
    const hasLoops = steps.some(({ kind }) => kind === 'loop');
    const speculation = given ?? (hasLoops && !isCutShort ? this.runtime.speculate() : undefined);
    yield* this.record(steps, { ...bound, speculation, isOwn: !given });
    if (given || !speculation?.isNeeded) return;
    yield speculation.verdict();
    // The inputs are as they were: all of it again, with a look at every loop.
    if (speculation.isVoid) yield* this.record(steps, bound);
  }

  private groupsFor(buffers: readonly DeviceBuffer[]): readonly GPUBindGroup[] {
    const key = buffers.map(({ id }) => id).join();
    const known = this.bindings.get(key);
    const groups =
      known ?? this.runtime.scheduler.recorder.scoped(`program ${this.program.name}`, () => this.bind(buffers));
    this.bindings.delete(key); // and in again: the first key is the one that was not used for longest
    this.bindings.set(key, groups);
    if (this.bindings.size > KEPT_BINDINGS) {
      for (const oldest of this.bindings.keys()) {
        this.bindings.delete(oldest);
        break;
      }
    }
    return groups;
  }

  private bind(buffers: readonly DeviceBuffer[]): GPUBindGroup[] {
    const { device, nothing, open } = this.runtime;
    const { kernels, sizes, sizesBuffer } = this.compiled;
    const whole = (index: number, absent: DeviceBuffer): GPUBufferBinding => {
      if (index === ABSENT) return { buffer: absent.handle };
      return { buffer: buffers[index].handle, size: sizes[index] * 4 };
    };
    return kernels.map((kernel) => {
      const resources: GPUBufferBinding[] = [];
      if (kernel.sizes) {
        resources.push({ buffer: sizesBuffer.handle, offset: kernel.sizes.offset, size: kernel.sizes.bytes });
      }
      if (kernel.guard !== undefined) resources.push(whole(kernel.guard, open));
      for (const operand of kernel.operands) resources.push(whole(operand, nothing));
      resources.push(whole(kernel.result, nothing));
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      return device.createBindGroup({ layout: kernel.pipeline.layout, entries });
    });
  }

  /** @param entry how often these steps have been recorded before in the loop that holds them */
  private *record(steps: readonly CompiledStep[], bound: Bound, entry = 0): Job {
    const { recorder } = this.runtime.scheduler;
    recorder.use(this.program.name, bound.buffers, bound.outputs);
    for (const step of steps) {
      if (step.kind === 'kernel') {
        // What may be cut short is not enqueued before its time has come.
        if (step.isContinued && bound.isCutShort) yield* this.caughtUp(bound);
        if (!step.isContinued || !bound.isCutShort?.()) this.dispatch(step, bound);
        continue;
      }
      yield* this.loop(step, bound, entry);
      recorder.use(this.program.name, bound.buffers, bound.outputs); // what comes next may be of another submit
    }
  }

  /** Waits until the device has done what is recorded. */
  private *caughtUp({ buffers, outputs }: Bound): Job {
    const { device, scheduler } = this.runtime;
    scheduler.flush();
    yield nudged(device, device.queue.onSubmittedWorkDone());
    scheduler.recorder.use(this.program.name, buffers, outputs);
  }

  private dispatch(kernel: Kernel, bound: Bound): void {
    const { recorder } = this.runtime.scheduler;
    const { handle } = kernel.pipeline;
    if (!handle) throw new Error('a pipeline is missing');
    recorder.dispatch(handle, bound.groups[kernel.index], kernel.groups, kernel.work);
    if (recorder.isFull) {
      recorder.submit();
      recorder.use(this.program.name, bound.buffers, bound.outputs);
    }
  }

  private *loop(loop: CompiledLoop, bound: Bound, entry: number): Job {
    for (const kernel of loop.opening) this.dispatch(kernel, bound);
    if (loop.limit * loop.length <= WHOLE_LOOP) {
      for (let pass = 0; pass < loop.limit; pass++) yield* this.record(loop.body, bound, pass);
      return;
    }
    // A pass that waits itself, for an inner loop, is not repeated without need.
    const waits = loop.body.some((step) => step.kind === 'loop' && step.limit * step.length > WHOLE_LOOP);
    const expected = loop.expected[entry];
    const { speculation, isOwn } = bound;
    // Of its own accord a run takes for granted how many rounds there are, and which loops are not needed: to be wrong about
    // the iterations of a round costs least where these are waited for.
    if (!speculation || expected === undefined || (isOwn && !waits && expected > 0)) {
      yield* this.passes(loop, bound, waits, entry);
      return;
    }
    const passes = Math.min(waits ? Math.ceil(expected) : passesFor(expected), loop.limit);
    for (let pass = 0; pass < passes; pass++) yield* this.record(loop.body, bound, pass);
    speculation.note(loop.limit, bound.buffers[loop.guard], (taken) => remember(loop, entry, taken));
  }

  /**
   * Records chunks of passes until the guard is closed. On hardware the next chunk is recorded while the guard of the
   * last one travels back; a software adapter would spend the processor's own time on it.
   */
  private *passes(loop: CompiledLoop, bound: Bound, waits: boolean, entry: number): Job {
    const ahead = this.runtime.forms.tiled && !waits;
    const expected = loop.expected[entry];
    let chunk = waits ? 1 : expected === undefined ? FIRST_CHUNK : Math.max(1, passesFor(expected));
    let done = 0;
    let earlier: Reading | undefined;
    while (done < loop.limit && !bound.isCutShort?.()) {
      const passes = Math.min(Math.ceil(chunk), loop.limit - done);
      for (let pass = 0; pass < passes; pass++) yield* this.record(loop.body, bound, done + pass);
      done += passes;
      const reading = this.readGuard(bound.buffers[loop.guard]);
      // The last one tells how many were needed.
      const awaited = ahead && done < loop.limit ? earlier : reading;
      earlier = reading;
      if (awaited) {
        yield awaited.arrived;
        if (!awaited.open) {
          remember(loop, entry, awaited.passes);
          return;
        }
      }
      if (waits) continue;
      // After a chunk that was to be enough only a little is missing.
      const next = done === passes && expected ? Math.max(2, expected / 4) : chunk * CHUNK_GROWTH;
      chunk = Math.min(next, LARGEST_CHUNK);
    }
    remember(loop, entry, done);
  }

  private readGuard(guard: DeviceBuffer): Reading {
    const reading: Reading = { open: true, passes: 0, arrived: Promise.resolve() };
    reading.arrived = this.runtime.scheduler.readBack(guard, 8).then((content) => {
      const [flag, passes] = new Uint32Array(content);
      reading.open = flag !== 0;
      reading.passes = passes;
    });
    reading.arrived.catch(() => {}); // the last one of a finished loop is not awaited
    return reading;
  }
}

/** Notes how many passes the loop has taken. @param entry how often it had been entered before in this run */
function remember({ expected }: CompiledLoop, entry: number, passes: number): void {
  const before = expected[entry] ?? 0;
  expected[entry] = Math.max(passes, before - FALL * Math.max(1, before - passes));
}

/** A little more than what was enough before; no more where that was at most one. */
function passesFor(expected: number): number {
  return Math.ceil(expected > 1 ? expected * 1.125 : expected);
}

/** What a loop's guard held at some point of its course. */
interface Reading {
  open: boolean;
  passes: number;
  arrived: Promise<void>;
}
