/** The engine: creates tensors on one backend, traces Programs once per shape, and frees memory. */
import { checkFor, FINITE, FUNCTION, NUMBERS, refusal } from '../arguments/check.ts';
import { shown } from '../arguments/shown.ts';
import type {
  Backend,
  BackendName,
  Constant,
  MemoryFigures,
  RunOptions,
  Speculation,
  Storage,
} from '../backends/backend.ts';
import { HOST_BACKENDS } from '../backends/kernels.ts';
import { type OpenOptions, openBackend } from '../backends/open.ts';
import type { CallWithoutSlots } from '../program/trace.ts';
import { Arena } from './arena.ts';
import { mergedChecks, NO_CHECKS, speculationOf } from './checks.ts';
import { isHeld } from './operations.ts';
import { ProgramCache, type Traced } from './program-cache.ts';
import { describe, type Shape } from './shape.ts';
import { type Check, isTensor, type LoopContext, TENSOR, Tensor } from './tensor.ts';
import { Tracing } from './tracing.ts';
import { shapeFor } from './values.ts';

/**
 * Typical programs use few tolerances, margins and step sizes; the bound stops a sweep over them from filling memory.
 */
const MAXIMUM_SCALARS = 64;

/** Storage that a tensor shares with its aliases. */
interface Shared {
  readonly storage: Storage;
  references: number;
  /** How often the storage was overwritten. */
  writes: number;
}

/** Lets a run end its loops early. */
type RunLimits = Pick<RunOptions, 'isCutShort'>;

/** The scope of one call of `Engine.tidy`: what it creates or follows is freed when the call ends. */
export interface Scope {
  /**
   * Creates a tensor that is freed at the end of the scope, also after an `await`; arguments as for `Engine.tensor`.
   */
  tensor(values: ArrayLike<number>, shape?: Shape): Tensor;
  /**
   * Returns an alias of the tensor. Everything computed from the alias, also after an `await`, is freed at the end of
   * the scope.
   */
  use(tensor: Tensor): Tensor;
}

/**
 * Opens an engine on the best available backend, or on the one that the options ask for; see `OpenOptions`. Rejects
 * with an error that says what is missing and how to get it.
 */
export async function open(options?: OpenOptions): Promise<Engine> {
  const { backend, reason } = await openBackend(options);
  return new Engine(backend, reason);
}

/** Thrown when a function that needs an engine, such as a solve, is called while a Program is traced. */
export class NotTraceableError extends Error {
  override readonly name = 'NotTraceableError';
}

/** The engine that a tensor belongs to. @throws NotTraceableError if the tensor belongs to a Program */
export function engineOf(name: string, tensor: Tensor): Engine {
  TENSOR(name, tensor);
  const { context } = tensor;
  if (context instanceof Engine) return context;
  throw new NotTraceableError(`${name}: it must be a tensor of an engine; a solve cannot be traced into a Program`);
}

/**
 * Computes with tensors on one backend. `open` creates an engine; `close` frees everything that it holds.
 *
 * Calls enqueue their work and return at once. Reading numbers with `Tensor.data` waits for them. A tensor lives
 * until it is disposed, or until the `tidy` call or the differentiated function that created it ends.
 */
export class Engine implements LoopContext {
  private readonly programs: ProgramCache;
  private readonly scalars = new Map<number, Tensor>();
  /** The arena that new tensors join, set while a call runs that has not awaited anything yet. */
  private ambient: Arena | undefined;
  private readonly readings = new Set<Promise<void>>();

  /**
   * @internal Use `open()` instead.
   * @param programBytes memory above which Programs are forgotten; program-cache.ts has the default
   */
  constructor(
    private readonly device: Backend,
    /** Why this backend is used, in half a sentence. */
    readonly reason = 'it was asked for',
    programBytes?: number,
  ) {
    this.programs = new ProgramCache(device, programBytes);
  }

  /** The name that error messages use. */
  get [Symbol.toStringTag](): string {
    return 'Engine';
  }

  /** The name of the backend: webgpu, wasm, gpujs or cpu. */
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
    const shape = shapeFor(values, given);
    this.checkNumbers('tensor', values);
    return this.wrap({ storage: this.device.upload(values), references: 0, writes: 0 }, shape, NO_CHECKS, arena);
  }

  private checkNumbers(name: string, values: ArrayLike<number>): void {
    for (let index = 0; index < values.length; index++) {
      if (isHeld(this, values[index])) continue;
      const held =
        this.epsilon > Number.EPSILON ? `, and of at most 3.4028235e38 in float32, as ${this.backend} has it` : '';
      throw new RangeError(`${name}: values[${index}] is ${shown(values[index])}; every number must be finite${held}`);
    }
  }

  /** @internal A tensor [1] that holds this number and is shared by all callers: do not dispose it. */
  scalar(value: number): Tensor {
    let kept = this.scalars.get(value);
    if (!kept) {
      FINITE('scalar: value', value);
      if (this.scalars.size === MAXIMUM_SCALARS) this.forgetOldestScalar();
      kept = this.within(undefined, () => this.tensor([value]));
      this.scalars.set(value, kept);
    }
    return kept;
  }

  private forgetOldestScalar(): void {
    const [[value, oldest]] = this.scalars;
    this.scalars.delete(value);
    oldest.dispose();
  }

  private wrap(shared: Shared, shape: Shape, checks: ReadonlySet<Check>, arena: Arena | undefined): Tensor {
    shared.references += 1;
    return new Tensor(this, shape, shared, checks, this.homeOf(arena));
  }

  /** The arena of a tensor that is computed from members of `arena`. */
  private homeOf(arena: Arena | undefined): Arena | undefined {
    const { ambient } = this;
    if (!ambient || arena?.isWithin(ambient)) return arena;
    ambient.receive(arena);
    return ambient;
  }

  /** Runs `make` so that the tensors it creates join the arena, or none if it is undefined. */
  private within<Result>(arena: Arena | undefined, make: () => Result): Result {
    const { ambient } = this;
    this.ambient = arena;
    try {
      return make();
    } finally {
      this.ambient = ambient;
    }
  }

  /** @internal Runs `make` and frees everything that it created if it throws. */
  wholly<Result>(make: () => Result): Result {
    const arena = new Arena(this.ambient);
    try {
      const result = this.within(arena, make);
      arena.keepAll();
      return result;
    } finally {
      arena.empty();
    }
  }

  /** @internal Like `wholly`, for tensors that outlive every call, such as parameters: they join no arena. */
  lasting<Result>(make: () => Result): Result {
    const arena = new Arena();
    try {
      const result = this.within(arena, make);
      arena.letGo();
      return result;
    } finally {
      arena.empty();
    }
  }

  private sharedOf(tensor: Tensor): Shared {
    if (!isTensor(tensor)) throw refusal('tensor', tensor, 'a tensor');
    if (tensor.context !== this)
      throw new Error(`tensor ${describe(tensor.shape)}: it belongs to another engine or to a Program`);
    if (tensor.isDisposed) throw new Error(`tensor ${describe(tensor.shape)}: it was disposed`);
    return tensor.place as Shared;
  }

  /** @internal The number that a tensor of `scalar` holds; undefined for other tensors, and once it was overwritten. */
  scalarIn(tensor: Tensor): number | undefined {
    for (const [value, kept] of this.scalars) {
      if (kept.place === tensor.place && this.writesTo(kept) === 0) return value;
    }
    return undefined;
  }

  /**
   * @internal How often the storage of a tensor was overwritten. Facts derived from its numbers hold only while this
   *   stays the same.
   */
  writesTo(tensor: Tensor): number {
    return (tensor.place as Shared).writes;
  }

  /**
   * Overwrites the numbers of a tensor and of its aliases, after all work enqueued so far. The library then checks
   * anew what it knew about the old numbers, such as the margin of a matrix, and solutions computed from them can no
   * longer be differentiated.
   * @param values as many as the tensor holds, row-major
   * @throws RangeError if there are more or fewer, or if one is not finite
   */
  write(tensor: Tensor, values: ArrayLike<number>): void {
    const shared = this.sharedOf(tensor);
    NUMBERS('write: values', values);
    if (values.length !== tensor.size) {
      throw new RangeError(
        `write: values holds ${values.length} numbers, the tensor ${describe(tensor.shape)} holds ${tensor.size}`,
      );
    }
    this.checkNumbers('write', values);
    this.device.write(shared.storage, values);
    shared.writes += 1;
  }

  /**
   * @internal Runs what `build` traces, and enqueues it at once. The Program is traced once for each key and shapes
   *   of the inputs.
   * @param key names everything that changes the Program, except the shapes of the inputs
   */
  run(
    key: string,
    inputs: readonly Tensor[],
    build: (inputs: Tensor[], tracing: Tracing) => readonly Tensor[],
    options: RunLimits = {},
  ): Tensor[] {
    let fullKey = `${key} `;
    for (const { shape } of inputs) fullKey += keyOf(shape);
    return this.enqueue(
      this.programs.get(fullKey, () => this.trace(key, inputs, build)),
      inputs,
      options,
    );
  }

  /**
   * @internal Like `run`, but traces every time: `build` may call functions of the user, which may depend on
   *   anything. Equal Programs are still compiled only once.
   */
  runAnew(
    name: string,
    inputs: readonly Tensor[],
    build: (inputs: Tensor[], tracing: Tracing) => readonly Tensor[],
    options: RunLimits = {},
  ): Tensor[] {
    const traced = this.trace(name, inputs, build);
    const { constants, ...program } = traced.program;
    const shapes = [...inputs, ...traced.shapes.map((shape) => ({ shape }))].map(({ shape }) => describe(shape));
    const key = JSON.stringify([program, [...constants], shapes]);
    return this.enqueue(
      this.programs.get(key, () => traced),
      inputs,
      options,
    );
  }

  /**
   * @internal Runs what `build` computes kernel by kernel, when it cannot be traced into one Program. Intermediate
   *   tensors are freed; the results join the arenas of the inputs.
   */
  runEagerly(
    inputs: readonly Tensor[],
    build: (inputs: Tensor[], context: LoopContext) => readonly Tensor[],
  ): Tensor[] {
    return this.tidied((arena) => [
      ...build(
        inputs.map((input) => this.useIn(arena, input)),
        this,
      ),
    ]);
  }

  /** @internal `tidy` for functions that await nothing. */
  tidied<Result>(body: (arena: Arena) => Result): Result {
    const arena = new Arena(this.ambient);
    try {
      const result = this.within(arena, () => body(arena));
      for (const tensor of tensorsIn(result)) arena.keep(tensor);
      return result;
    } finally {
      arena.empty();
    }
  }

  /** Enqueues every pass, since nobody waits to see which samples have stopped. */
  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    _running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values {
    let values = initial;
    for (let pass = 0; pass < limit; pass++) values = body(values);
    return values;
  }

  private enqueue(traced: Traced, inputs: readonly Tensor[], { isCutShort }: RunLimits): Tensor[] {
    const storages = inputs.map((input) => this.sharedOf(input).storage);
    const checks = mergedChecks(inputs);
    const results = this.device.run(traced.program, storages, { speculation: speculationOf(checks), isCutShort });
    this.programs.trim();
    const arena = Arena.of(inputs);
    const { shapes } = traced;
    return results.map((storage, index) =>
      this.wrap({ storage, references: 0, writes: 0 }, shapes[index], checks, arena),
    );
  }

  private trace(key: string, inputs: readonly Tensor[], build: Parameters<Engine['run']>[2]): Traced {
    const tracing = new Tracing(key, this);
    const outputs = build(
      inputs.map((input) => tracing.input(input.shape)),
      tracing,
    );
    return { program: tracing.finish(outputs), shapes: outputs.map((output) => output.shape) };
  }

  /** @internal See `Context`. */
  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor {
    const present = inputs.filter((input) => input !== undefined);
    // The shape belongs to the key: with extents of 1, the same call makes both [1, 2] and [2, 1].
    const key = `${JSON.stringify(call)} ${inputs.map((input) => (input ? '1' : '0')).join('')} ${describe(shape)}`;
    const [output] = this.run(key, present, (traced, tracing) => {
      let next = 0;
      return [
        tracing.call(
          call,
          inputs.map((input) => (input ? traced[next++] : undefined)),
          shape,
        ),
      ];
    });
    return output;
  }

  /** A tensor of constants: one number repeated, an identity matrix, or a list of numbers. */
  constant(constant: Constant, shape: Shape): Tensor {
    return this.run(JSON.stringify(constant) + describe(shape), [], (_, tracing) => [
      tracing.constant(constant, shape),
    ])[0];
  }

  /** @internal See `Context`. */
  upload(values: ArrayLike<number>, shape: Shape, beside: Tensor): Tensor {
    return this.tensorIn(beside.arena, values, shape);
  }

  /** @internal See `Context`. */
  alias(tensor: Tensor, shape: Shape): Tensor {
    return this.wrap(this.sharedOf(tensor), shape, tensor.checks, tensor.arena);
  }

  /** @internal An alias whose readers also await `promise`, as do the readers of everything computed from it. */
  withCheck(tensor: Tensor, promise: Promise<void>): Tensor {
    return this.dependent(tensor, this.check(promise));
  }

  /**
   * @internal Creates a check for `dependent`.
   * @param speculation the one that the promise is about: work that depends on the check is enqueued under it
   */
  check(promise: Promise<void>, speculation?: Speculation): Check {
    const check: Check = { promise, speculation, passed: false };
    promise.then(
      () => {
        check.passed = true;
      },
      () => {}, // whoever awaits the check reports the failure; until then it must not count as unhandled
    );
    return check;
  }

  /** @internal An alias that depends on the check, as does everything computed from it. */
  dependent(tensor: Tensor, check: Check): Tensor {
    return this.wrap(this.sharedOf(tensor), tensor.shape, new Set([...tensor.checks, check]), tensor.arena);
  }

  /** @internal Starts a speculation about the lengths of loops; undefined if the backend gains nothing from one. */
  speculate(): Speculation | undefined {
    return this.device.speculate?.();
  }

  /** @internal See `Context`. */
  download(tensor: Tensor): Promise<Float32Array | Float64Array> {
    return this.device.download(this.sharedOf(tensor).storage, speculationOf(tensor.checks));
  }

  /** @internal See `Context`. */
  release(tensor: Tensor): void {
    const shared = tensor.place as Shared;
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
    return this.inArena((arena) =>
      body({
        tensor: (values, shape = [values.length]) => this.within(arena, () => this.tensor(values, shape)),
        use: (tensor) => this.followedIn(arena, tensor),
      }),
    );
  }

  /** @internal An alias whose descendants join the arena; no tape follows it. */
  useIn(arena: Arena, tensor: Tensor): Tensor {
    const shared = this.sharedOf(tensor);
    arena.receive(tensor.arena);
    return this.within(undefined, () => this.wrap(shared, tensor.shape, tensor.checks, arena));
  }

  /** @internal The same, followed by the tape that follows the tensor. */
  followedIn(arena: Arena, tensor: Tensor): Tensor {
    const used = this.useIn(arena, tensor);
    used.node = tensor.node;
    return used;
  }

  /** @internal An alias that belongs to no arena and so outlives the current call. */
  kept(tensor: Tensor): Tensor {
    return this.within(undefined, () => this.wrap(this.sharedOf(tensor), tensor.shape, tensor.checks, undefined));
  }

  /** @internal `tidy` for the library's own code: `body` receives the arena itself. */
  async inArena<Result>(body: (arena: Arena) => Result | Promise<Result>): Promise<Result> {
    const arena = new Arena(this.ambient);
    try {
      const result = await this.within(arena, () => body(arena));
      for (const tensor of tensorsIn(result)) arena.keep(tensor);
      return result;
    } finally {
      arena.empty();
    }
  }

  /**
   * Memory in use: live buffers and their bytes, the share of compiled Programs, and buffers kept for reuse; see
   * `MemoryFigures`.
   *
   * Programs are kept, one for each shape. Above 64 MiB, those unused for longest are forgotten, and compiled again
   * when needed, with the same results. If forgotten Programs are needed again, the bound rises, up to 512 MiB, so
   * that repetitive work keeps all its Programs; beyond that it still runs, but slower.
   */
  memory(): MemoryFigures {
    const figures = this.device.memory();
    return { ...figures, programBytes: figures.programBytes + this.programs.bytes };
  }

  /**
   * @internal Registers a pending read that holds tensors until it ends, so that `idle` waits for it; returns the
   *   same promise.
   */
  reading<Result>(promise: Promise<Result>): Promise<Result> {
    const settled = promise.then(
      () => {},
      () => {}, // whoever awaits the promise itself reports the failure
    );
    this.readings.add(settled);
    void settled.then(() => this.readings.delete(settled));
    return promise;
  }

  /**
   * Resolves when all work enqueued so far is done and its reports have been read, so that `memory()` no longer
   * counts anything held for them. Rejects if the device failed.
   */
  async idle(): Promise<void> {
    await this.device.idle();
    await Promise.all(this.readings);
  }

  /** Frees everything: tensors, Programs and the device. Calling it again does nothing. */
  close(): void {
    this.device.close();
    this.programs.clear();
    this.scalars.clear();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/** An engine, whether open or closed. */
export const ENGINE = /* @__PURE__ */ checkFor('an engine', (value) => value instanceof Engine);

/** A text that differs for different shapes. */
function keyOf(shape: Shape): string {
  let key = '[';
  for (const extent of shape) key += `${extent},`;
  return key;
}

/** The tensors in a tensor, an array or a plain object. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value === null || typeof value !== 'object') return [];
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const items: readonly unknown[] = Array.isArray(value) ? value : isPlain ? Object.values(value) : [];
  // Arrays may hold very many numbers, which are left out before the recursion.
  return items.filter((item) => typeof item === 'object').flatMap(tensorsIn);
}
