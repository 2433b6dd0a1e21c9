/** The engine: creates tensors on one backend, traces Programs once per shape, and frees memory. */
import { createArgumentCheck, FINITE, FUNCTION, NUMBERS } from '../arguments/check.ts';
import type { Backend, BackendName, Constant, MemoryFigures, RunOptions, Speculation } from '../backends/backend.ts';
import { HOST_BACKENDS } from '../backends/kernels.ts';
import { type OpenOptions, openBackend } from '../backends/open.ts';
import type { CallWithoutSlots } from '../program/trace.ts';
import { AmbientArena } from './ambient-arena.ts';
import { Arena } from './arena.ts';
import { createCheck, mergedChecks, NO_CHECKS, speculationOf } from './checks.ts';
import { EagerLoops } from './eager-loops.ts';
import { PendingReads } from './pending-reads.ts';
import { ProgramCache, type Traced } from './program-cache.ts';
import { ScalarCache } from './scalars.ts';
import type { Scope } from './scope.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';
import { SharedStorage, sharedStorageOf } from './shared-storage.ts';
import { type Check, type LoopContext, Tensor } from './tensor.ts';
import { type Build, callAsProgram, createContentKey, createShapeKey, traceProgram } from './trace-program.ts';
import { checkNumbers, resolveShape } from './values.ts';

/** What a caller may decide about one run; the engine adds the rest. */
type RunLimits = Pick<RunOptions, 'isCutShort'>;

/** So many numbers of a tensor that was read are kept for `console.log`. */
const MOST_SEEN = 1000;

/**
 * Opens an engine on the best available backend, or on the one that the options ask for; see `OpenOptions`. Rejects
 * with an error that says what is missing and how to get it.
 */
export async function open(options?: OpenOptions): Promise<Engine> {
  const { backend, reason } = await openBackend(options);
  return new Engine(backend, reason);
}

/**
 * Computes with tensors on one backend. `open` creates an engine; `close` frees everything that it holds.
 *
 * Calls enqueue their work and return at once. Reading numbers with `Tensor.data` waits for them. A tensor lives
 * until it is disposed, or until the `tidy` call or the differentiated function that created it ends.
 */
export class Engine implements LoopContext {
  private readonly programs: ProgramCache;
  private readonly scalars = new ScalarCache();
  /** @internal The arena that new tensors join. */
  readonly ambient = new AmbientArena();
  private readonly readings = new PendingReads();
  private readonly loops: EagerLoops;

  /**
   * @internal Use `open()` instead.
   * @param programBytes memory above which Programs are forgotten; program-cache.ts has the default
   */
  constructor(
    /** @internal The backend. */
    readonly device: Backend,
    /** Why this backend is used, in half a sentence. */
    readonly reason = 'it was asked for',
    programBytes?: number,
  ) {
    this.programs = new ProgramCache(device, programBytes);
    this.loops = new EagerLoops(device, (tensor) => sharedStorageOf(tensor, this).storage);
  }

  /** The name that error messages use. */
  get [Symbol.toStringTag](): string {
    return 'Engine';
  }
  /** The name of the backend that the engine runs on. */
  get backend(): BackendName {
    return this.device.name;
  }
  /** The graphics adapter as the browser or driver describes it; undefined on backends without one. */
  get adapter(): Backend['adapter'] {
    return this.device.adapter;
  }
  /** The distance from 1 to the next number: 2⁻⁵² for float64 (cpu), 2⁻²³ for float32 (the others). */
  get epsilon(): number {
    return this.device.epsilon;
  }
  /** @internal See `LoopContext`. */
  get widestIteration(): number {
    return this.device.widestIteration;
  }
  /** @internal See `LoopContext`. */
  get largestPass(): number {
    return this.device.largestPass;
  }
  /** @internal See `LoopContext`. */
  get runsOnHost(): boolean {
    return HOST_BACKENDS.includes(this.device.name);
  }

  /**
   * Copies numbers to the backend.
   * @param values row-major
   * @param shape default: one axis, [values.length]
   * @throws RangeError if their number does not fit the shape, or a number is not finite in the precision of the
   *   backend
   */
  tensor(values: ArrayLike<number>, shape?: Shape): Tensor {
    return this.tensorIn(undefined, values, shape);
  }

  private tensorIn(arena: Arena | undefined, values: ArrayLike<number>, given?: Shape): Tensor {
    const shape = resolveShape(values, given);
    checkNumbers('tensor', values, this);
    return this.wrap(new SharedStorage(this.device.upload(values)), shape, NO_CHECKS, arena);
  }

  /** @internal A tensor [1] that holds this number and is shared by all callers: do not dispose it. */
  scalar(value: number): Tensor {
    FINITE('scalar: value', value);
    return this.scalars.get(value, () => this.ambient.runIn(undefined, () => this.tensor([value])));
  }

  /** @internal A tensor that uses the storage. */
  wrap(shared: SharedStorage, shape: Shape, checks: ReadonlySet<Check>, arena: Arena | undefined): Tensor {
    shared.references += 1;
    return new Tensor(this, shape, shared, checks, this.ambient.chooseArena(arena));
  }

  /** @internal Runs `make` and frees everything that it created if it throws. */
  runOrFree<Result>(make: () => Result): Result {
    return this.ambient.runOrFree(make);
  }

  /** @internal Like `runOrFree`, for tensors that outlive every call, such as parameters: they join no arena. */
  runLasting<Result>(make: () => Result): Result {
    return this.ambient.runLasting(make);
  }

  /** @internal The number that a tensor of `scalar` holds; undefined for other tensors, and once it was overwritten. */
  readScalar(tensor: Tensor): number | undefined {
    const value = this.scalars.find((scalar) => scalar.place === tensor.place);
    return value !== undefined && this.countWrites(tensor) === 0 ? value : undefined;
  }

  /**
   * @internal How often the storage of a tensor was overwritten. Facts derived from its numbers hold only while this
   *   stays the same.
   */
  countWrites(tensor: Tensor): number {
    return (tensor.place as SharedStorage).writes;
  }

  /**
   * Overwrites the numbers of a tensor and of its aliases, after all work enqueued so far. The library then checks
   * again what it knew about the old numbers, such as the margin of a matrix, and solutions computed from them can no
   * longer be differentiated.
   * @param values as many as the tensor holds, row-major
   * @throws RangeError if there are more or fewer, or if one is not finite
   */
  write(tensor: Tensor, values: ArrayLike<number>): void {
    const shared = sharedStorageOf(tensor, this);
    NUMBERS('write: values', values);
    if (values.length !== tensor.size) {
      throw new RangeError(
        `write: values holds ${values.length} numbers, the tensor ${formatShape(tensor.shape)} holds ${tensor.size}`,
      );
    }
    checkNumbers('write', values, this);
    this.device.write(shared.storage, values);
    shared.writes += 1;
    shared.seen = undefined;
  }

  /**
   * @internal Runs what `build` traces, and enqueues it at once. The Program is traced once for each key and shapes
   *   of the inputs.
   * @param key names everything that changes the Program, except the shapes of the inputs
   */
  run(key: string, inputs: readonly Tensor[], build: Build, options: RunLimits = {}): Tensor[] {
    const traced = this.programs.get(createShapeKey(key, inputs), () => traceProgram(key, this, inputs, build));
    return this.enqueue(traced, inputs, options);
  }

  /**
   * @internal Like `run`, but traces every time: `build` may call functions of the user, which may depend on
   *   anything. Equal Programs are still compiled only once.
   */
  traceAndRun(name: string, inputs: readonly Tensor[], build: Build, options: RunLimits = {}): Tensor[] {
    const traced = traceProgram(name, this, inputs, build);
    const kept = this.programs.get(createContentKey(traced, inputs), () => traced);
    return this.enqueue(kept, inputs, options);
  }

  /**
   * @internal Runs what `build` computes kernel by kernel, when it cannot be traced into one Program. Intermediate
   *   tensors are freed; the results join the arenas of the inputs.
   */
  runEagerly(
    inputs: readonly Tensor[],
    build: (inputs: Tensor[], context: LoopContext) => readonly Tensor[],
  ): Tensor[] {
    return this.tidyNow((arena) => {
      const aliases = inputs.map((input) => this.aliasIn(arena, input));
      return [...build(aliases, this)];
    });
  }

  /** @internal `tidy` for functions that await nothing. */
  tidyNow<Result>(body: (arena: Arena) => Result): Result {
    return this.ambient.runAndFree(body);
  }

  /**
   * Enqueues passes until no sample is running, or up to the limit where the backend does not let the engine look at
   * the samples.
   */
  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values {
    return this.loops.run(initial, running, limit, body);
  }

  private enqueue(traced: Traced, inputs: readonly Tensor[], { isCutShort }: RunLimits): Tensor[] {
    const storages = inputs.map((input) => sharedStorageOf(input, this).storage);
    const checks = mergedChecks(inputs);
    const results = this.device.run(traced.program, storages, { speculation: speculationOf(checks), isCutShort });
    this.programs.trim();
    const arena = Arena.of(inputs);
    const { shapes } = traced;
    return results.map((storage, index) => this.wrap(new SharedStorage(storage), shapes[index], checks, arena));
  }

  /** @internal See `Context`. */
  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor {
    const { key, build } = callAsProgram(call, inputs, shape);
    const given = inputs.filter((input) => input !== undefined);
    return this.run(key, given, build)[0];
  }

  /** A tensor of constants: one number repeated, an identity matrix, or a list of numbers. */
  constant(constant: Constant, shape: Shape): Tensor {
    return this.run(JSON.stringify(constant) + formatShape(shape), [], (_, tracing) => [
      tracing.constant(constant, shape),
    ])[0];
  }

  /** @internal See `Context`. */
  upload(values: ArrayLike<number>, shape: Shape, beside: Tensor): Tensor {
    return this.tensorIn(beside.arena, values, shape);
  }

  /**
   * @internal A tensor of numbers that the host has yet to compute; see `Backend.uploadLater`.
   * @param beside the tensor belongs to the arena of this one
   */
  tensorLater(values: Promise<ArrayLike<number>>, shape: Shape, beside?: Tensor): Tensor {
    const storage = this.device.uploadLater(sizeOf(shape), values);
    return this.wrap(new SharedStorage(storage), shape, NO_CHECKS, beside?.arena);
  }

  /** @internal See `Context`. */
  alias(tensor: Tensor, shape: Shape): Tensor {
    return this.wrap(sharedStorageOf(tensor, this), shape, tensor.checks, tensor.arena);
  }

  /** @internal An alias whose readers also await `promise`, as do the readers of everything computed from it. */
  attachPromise(tensor: Tensor, promise: Promise<void>): Tensor {
    return this.attachCheck(tensor, this.createCheck(promise));
  }

  /**
   * @internal Creates a check for `attachCheck`.
   * @param speculation the one that the promise is about: work that depends on the check is enqueued under it
   */
  createCheck(promise: Promise<void>, speculation?: Speculation): Check {
    return createCheck(promise, speculation);
  }

  /** @internal An alias that depends on the check, as does everything computed from it. */
  attachCheck(tensor: Tensor, check: Check): Tensor {
    return this.wrap(sharedStorageOf(tensor, this), tensor.shape, new Set([...tensor.checks, check]), tensor.arena);
  }

  /** @internal Starts a speculation about the lengths of loops; undefined if the backend gains nothing from one. */
  speculate(): Speculation | undefined {
    return this.device.speculate?.();
  }

  /** @internal See `Context`. */
  async download(tensor: Tensor): Promise<Float32Array | Float64Array> {
    const shared = sharedStorageOf(tensor, this);
    const { storage, writes } = shared;
    const numbers = await this.device.download(storage, speculationOf(tensor.checks));
    if (shared.writes === writes) shared.seen = numbers.slice(0, MOST_SEEN);
    return numbers;
  }
  /** @internal The numbers as they are then, although a speculation on which they depend may turn out not to hold. */
  downloadNow(tensor: Tensor): Promise<Float32Array | Float64Array> {
    return this.device.download(sharedStorageOf(tensor, this).storage);
  }

  /** @internal See `Context`. */
  release(tensor: Tensor): void {
    const shared = tensor.place as SharedStorage;
    shared.references -= 1;
    if (shared.references === 0) this.device.release(shared.storage);
  }

  /**
   * Runs `body` and frees every tensor that it creates, except the result: a tensor, or tensors in an array or a
   * plain object. If `body` throws, all of them are freed. Tensors held by a model or an optimiser stay.
   *
   * `body` may be asynchronous. Up to its first `await`, every tensor that it creates is found, as in TensorFlow.js.
   * After an `await`, only those that come from the scope are: tensors of `scope.tensor`, and all that is computed
   * from them, from tensors created before, or from `scope.use(tensor)`. A nested `tidy` finds the others: `await
   * engine.tidy(() => a.sub(g.mul(0.1)))`.
   */
  async tidy<Result>(body: (scope: Scope) => Result | Promise<Result>): Promise<Result> {
    FUNCTION('tidy: body', body);
    return this.runInArena((arena) =>
      body({
        tensor: (values, shape = [values.length]) => this.ambient.runIn(arena, () => this.tensor(values, shape)),
        use: (tensor) => this.followIn(arena, tensor),
      }),
    );
  }

  /** @internal An alias whose descendants join the arena; no tape follows it. */
  aliasIn(arena: Arena, tensor: Tensor): Tensor {
    const shared = sharedStorageOf(tensor, this);
    arena.receive(tensor.arena);
    return this.ambient.runIn(undefined, () => this.wrap(shared, tensor.shape, tensor.checks, arena));
  }

  /** @internal The same, followed by the tape that follows the tensor. */
  followIn(arena: Arena, tensor: Tensor): Tensor {
    const used = this.aliasIn(arena, tensor);
    used.node = tensor.node;
    return used;
  }

  /** @internal An alias that belongs to no arena and so outlives the current call. */
  keepAlias(tensor: Tensor): Tensor {
    return this.ambient.runIn(undefined, () =>
      this.wrap(sharedStorageOf(tensor, this), tensor.shape, tensor.checks, undefined),
    );
  }

  /** @internal `tidy` for the library's own code: `body` receives the arena itself. */
  runInArena<Result>(body: (arena: Arena) => Result | Promise<Result>): Promise<Result> {
    return this.ambient.runAndFreeLater(body);
  }

  /**
   * Memory in use: live buffers, the share of compiled Programs, and buffers kept for reuse; see `MemoryFigures`.
   *
   * Programs are kept, one for each shape. Above 64 MiB, those unused for longest are forgotten, and compiled again
   * when needed. If forgotten Programs are needed again, the bound rises, up to 512 MiB, so that repetitive work
   * keeps all its Programs; beyond that it still runs, but slower.
   */
  memory(): MemoryFigures {
    const figures = this.device.memory();
    return { ...figures, programBytes: figures.programBytes + this.programs.bytes };
  }

  /** @internal Registers a read that holds tensors until it ends, so that `idle` waits for it; returns the promise. */
  trackRead<Result>(promise: Promise<Result>): Promise<Result> {
    return this.readings.track(promise);
  }

  /**
   * Resolves when all work enqueued so far is done and its reports have been read, so that `memory()` no longer
   * counts anything held for them. Rejects if the device failed.
   */
  async idle(): Promise<void> {
    await this.device.idle();
    await this.readings.settle();
  }

  /** Frees everything: tensors, Programs and the device. Calling it again does nothing. */
  close(): void {
    this.device.close();
    this.programs.clear();
    this.scalars.clear();
  }
  /** Closes the engine, as `close` does: for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** An engine, whether open or closed. */
export const ENGINE = /* @__PURE__ */ createArgumentCheck('an engine', (value) => value instanceof Engine);
