/** Records the dispatches of one run of a Program. */
import type { Compiled, CompiledDispatch, CompiledLoop, CompiledStatement } from './compiled.ts';
import { withReserve } from './loop-history.ts';
import { awaitWithNudges } from './nudge.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Runtime } from './runtime.ts';
import type { Job } from './scheduler.ts';
import type { ObservedSpeculation } from './speculation.ts';

/** Passes in the first chunk of a loop without a history. */
const FIRST_CHUNK = 8;
const CHUNK_GROWTH = 1.5;
const MAXIMUM_CHUNK = 256;

/** The buffers of one run, and the bind groups made of them. */
export interface Bindings {
  readonly buffers: readonly DeviceBuffer[];
  /** The buffers among them that hold results. */
  readonly outputs: readonly DeviceBuffer[];
  /** One bind group for each dispatch of the Program. */
  readonly groups: readonly GPUBindGroup[];
}

export interface RecordingOptions {
  /** Speculate about loops instead of waiting for their guards. */
  readonly speculation?: ObservedSpeculation;
  /**
   * Which loops the speculation covers. `every` loop, if the caller began it. A run that speculates by itself covers
   * only `stable` numbers of passes: those of outer loops, and those of loops that are not entered at all. Other loops
   * are iterations, whose number changes more often, and a wrong guess would repeat the whole run.
   */
  readonly scope?: 'every' | 'stable';
  /** See RunOptions. */
  readonly isCutShort?: () => boolean;
}

/** The content of a guard at one point of the recording. */
interface GuardReading {
  isOpen: boolean;
  passes: number;
  readonly arrival: Promise<void>;
}

export class Recording {
  constructor(
    private readonly runtime: Runtime,
    private readonly compiled: Compiled,
    private readonly bindings: Bindings,
    private readonly options: RecordingOptions,
  ) {}

  /** Records the whole Program. Yields promises to wait for before it can go on. */
  record(): Job {
    return this.recordStatements(this.compiled.statements, 0);
  }

  /** @param pass which pass of the surrounding loop this is, 0 outside of loops */
  private *recordStatements(statements: readonly CompiledStatement[], pass: number): Job {
    this.markBuffers();
    for (const statement of statements) {
      if (statement.kind === 'dispatch') {
        yield* this.recordDispatch(statement);
        continue;
      }
      yield* this.recordLoop(statement, pass);
      this.markBuffers(); // a submit may have happened in between
    }
  }

  /** Tells the recorder which buffers the next dispatches use. */
  private markBuffers(): void {
    const { buffers, outputs } = this.bindings;
    this.runtime.scheduler.recorder.markUsed(this.compiled.program.name, buffers, outputs);
  }

  private *recordDispatch(dispatch: CompiledDispatch): Job {
    const { isCutShort } = this.options;
    if (dispatch.isContinued && isCutShort) {
      // Wait for the device before each continuation, so that there is still a choice whether to enqueue it.
      yield* this.awaitDevice();
      if (isCutShort()) return;
    }
    this.dispatch(dispatch);
  }

  private *awaitDevice(): Job {
    const { device, scheduler } = this.runtime;
    scheduler.flush();
    yield awaitWithNudges(device, device.queue.onSubmittedWorkDone());
    this.markBuffers();
  }

  private dispatch({ pipeline, index, groups, work }: CompiledDispatch): void {
    const { recorder } = this.runtime.scheduler;
    if (!pipeline.handle) throw new Error('a pipeline is missing');
    recorder.dispatch(pipeline.handle, this.bindings.groups[index], groups, work);
    if (recorder.isFull) {
      recorder.submit();
      this.markBuffers();
    }
  }

  /** @param entry how many times this run has entered the loop before */
  private *recordLoop(loop: CompiledLoop, entry: number): Job {
    for (const dispatch of loop.opening) this.dispatch(dispatch);
    const speculation = this.speculationFor(loop, entry);
    if (loop.isUnrolled) yield* this.recordPasses(loop, 0, loop.limit);
    else if (speculation) yield* this.recordExpected(loop, entry, speculation);
    else yield* this.recordUntilClosed(loop, entry);
  }

  private *recordPasses(loop: CompiledLoop, first: number, count: number): Job {
    for (let pass = first; pass < first + count; pass++) yield* this.recordStatements(loop.body, pass);
  }

  private speculationFor(loop: CompiledLoop, entry: number): ObservedSpeculation | undefined {
    const { speculation, scope } = this.options;
    const expected = loop.history.expected(entry);
    if (expected === undefined) return undefined;
    return scope === 'every' || loop.isOuter || expected === 0 ? speculation : undefined;
  }

  /** Records as many passes as are expected, and leaves it to the speculation to check that they were enough. */
  private *recordExpected(loop: CompiledLoop, entry: number, speculation: ObservedSpeculation): Job {
    const expected = loop.history.expected(entry) ?? 0;
    // A pass of an outer loop is expensive, since it waits for the inner loop: no reserve.
    const passes = loop.isOuter ? Math.ceil(expected) : withReserve(expected);
    yield* this.recordPasses(loop, 0, Math.min(passes, loop.limit));
    speculation.watchLoop(loop.limit, this.bindings.buffers[loop.guard], (taken) =>
      loop.history.remember(entry, taken),
    );
  }

  /**
   * Records chunks of passes until the guard is closed. On a GPU the next chunk is recorded while the guard of the
   * previous one is on its way back. A software adapter would spend the processor's own time on passes that are not
   * needed, and an outer loop would begin one, so these wait for the guard after each chunk.
   */
  private *recordUntilClosed(loop: CompiledLoop, entry: number): Job {
    const overlaps = this.runtime.variants.tiled && !loop.isOuter;
    const expected = loop.history.expected(entry);
    let chunk = firstChunk(loop, expected);
    let done = 0;
    let previous: GuardReading | undefined;
    while (done < loop.limit && !this.options.isCutShort?.()) {
      const passes = Math.min(Math.ceil(chunk), loop.limit - done);
      yield* this.recordPasses(loop, done, passes);
      done += passes;
      const reading = this.readGuard(loop);
      // At the limit there is no next chunk, and the last reading says how many passes were needed.
      const awaited = overlaps && done < loop.limit ? previous : reading;
      previous = reading;
      if (awaited) {
        yield awaited.arrival;
        if (!awaited.isOpen) {
          loop.history.remember(entry, awaited.passes);
          return;
        }
      }
      chunk = nextChunk(loop, expected, chunk, done === passes);
    }
    loop.history.remember(entry, done);
  }

  private readGuard(loop: CompiledLoop): GuardReading {
    const content = this.runtime.scheduler.readBack(this.bindings.buffers[loop.guard], 8);
    const arrival = content.then((bytes) => {
      const [flag, passes] = new Uint32Array(bytes);
      reading.isOpen = flag !== 0;
      reading.passes = passes;
    });
    const reading: GuardReading = { isOpen: true, passes: 0, arrival };
    arrival.catch(() => {}); // nobody awaits the last reading of a loop that has ended
    return reading;
  }
}

/** How many passes to record before the first look at the guard. */
function firstChunk(loop: CompiledLoop, expected: number | undefined): number {
  if (loop.isOuter) return 1;
  return expected === undefined ? FIRST_CHUNK : Math.max(1, withReserve(expected));
}

/** How many passes to record after a chunk that was not enough. */
function nextChunk(loop: CompiledLoop, expected: number | undefined, chunk: number, wasFirst: boolean): number {
  if (loop.isOuter) return 1;
  // If the expected number of passes was not enough, only a few are likely to be missing.
  const next = wasFirst && expected ? Math.max(2, expected / 4) : chunk * CHUNK_GROWTH;
  return Math.min(next, MAXIMUM_CHUNK);
}
