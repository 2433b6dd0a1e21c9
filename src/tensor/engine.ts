/** The engine: tensors on one backend, Programs traced once per shape, memory that is given back. */
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
import { isTurnOver } from '../backends/event-loop.ts';
import { HOST_BACKENDS, STATUS } from '../backends/kernels.ts';
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

/** Tolerances, margins, step sizes: few in any program; the bound keeps a sweep over them from growing without end. */
const MAXIMUM_SCALARS = 64;

/** Storage shared by the tensors that are aliases of one another. */
interface Shared {
  readonly storage: Storage;
  references: number;
  /** How often it was overwritten. */
  writes: number;
}

/** What may end the loops of a run early. */
type RunLimits = Pick<RunOptions, 'isCutShort'>;

/** Where tensors of one `tidy` call are made. */
export interface Scope {
  tensor(values: ArrayLike<number>, shape?: Shape): Tensor;
  /** The same tensor, such that what is computed from it, also after an `await`, is freed at the end of the scope. */
  use(tensor: Tensor): Tensor;
}

/** Opens an engine: see OpenOptions. Rejects with what is missing and what to do about it. */
export async function open(options?: OpenOptions): Promise<Engine> {
  const { backend, reason } = await openBackend(options);
  return new Engine(backend, reason);
}

/** Thrown where something that needs an engine of its own meets a Program being traced. */
export class NotTraceableError extends Error {
  override readonly name = 'NotTraceableError';
}

/** The engine of a tensor that implicit layers compute with. */
export function engineOf(name: string, tensor: Tensor): Engine {
  TENSOR(name, tensor);
  const { context } = tensor;
  if (context instanceof Engine) return context;
  throw new NotTraceableError(`${name}: it must be a tensor of an engine; a solve cannot be traced into a Program`);
}

export class Engine implements LoopContext {
  private readonly programs: ProgramCache;
  private readonly scalars = new Map<number, Tensor>();
  /** While a call runs that has awaited nothing yet: where tensors go that are made by it. */
  private ambient: Arena | undefined;
  private readonly readings = new Set<Promise<void>>();
  /** Of the loops that run kernel by kernel at the moment. */
  private loopDepth = 0;

  /**
   * Made by `open()`.
   * @param reason why this backend is used
   * @param programBytes above which Programs are forgotten; default: see program-cache.ts
   */
  constructor(
    private readonly device: Backend,
    readonly reason = 'it was asked for',
    programBytes?: number,
  ) {
    this.programs = new ProgramCache(device, programBytes);
  }

  /** How errors call it. */
  get [Symbol.toStringTag](): string {
    return 'Engine';
  }

  get backend(): BackendName {
    return this.device.name;
  }
  get adapter(): Backend['adapter'] {
    return this.device.adapter;
  }
  /** 2⁻⁵² on the CPU, 2⁻²³ on a GPU. */
  get epsilon(): number {
    return this.device.epsilon;
  }

  get widestIteration(): number {
    return this.device.widestIteration;
  }

  get largestPass(): number {
    return this.device.largestPass;
  }

  get runsOnHost(): boolean {
    return HOST_BACKENDS.includes(this.device.name);
  }

  /**
   * Copies numbers to the backend.
   * @param values row-major
   * @param shape default: one axis
   * @throws RangeError where the shape does not hold them or a number is not finite in the precision of the backend
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

  /** One number, [1], kept for the next time it is asked for: do not dispose it. */
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

  /** Of what is computed from tensors of this arena. */
  private homeOf(arena: Arena | undefined): Arena | undefined {
    const { ambient } = this;
    if (!ambient || arena?.isWithin(ambient)) return arena;
    ambient.receive(arena);
    return ambient;
  }

  /** What is made here belongs to the arena; to no call where that is undefined. */
  private within<Result>(arena: Arena | undefined, make: () => Result): Result {
    const { ambient } = this;
    this.ambient = arena;
    try {
      return make();
    } finally {
      this.ambient = ambient;
    }
  }

  /** Frees what `make` has made where it throws; otherwise all of it belongs where it would without this. */
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

  /** The same for what outlives every call, such as parameters: it belongs to no arena, whatever it is computed from. */
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

  /** The number that the tensor holds, where it was made by `scalar` and was not overwritten since. */
  scalarIn(tensor: Tensor): number | undefined {
    for (const [value, kept] of this.scalars) {
      if (kept.place === tensor.place && this.writesTo(kept) === 0) return value;
    }
    return undefined;
  }

  /** How often the numbers of a tensor, or of an alias of it, were overwritten: what was known of them is so no longer. */
  writesTo(tensor: Tensor): number {
    return (tensor.place as Shared).writes;
  }

  /**
   * Overwrites the numbers of a tensor (and of its aliases), after everything enqueued so far. What was known of them, such as that a
   * matrix has a margin by construction, is looked at anew; a solution made of them has no gradients any more.
   * @throws RangeError where they are more or fewer than the tensor holds, or one is not finite
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
   * Runs what `build` traces, enqueued at once. It is traced once per key and input shapes.
   * @param key everything that changes the Program besides the shapes of the inputs
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
   * Runs what `build` traces, which is traced every time: it may call functions of the user, of which nobody knows what else
   * they depend on. What comes out the same is compiled once.
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
   * Runs what `build` computes, kernel by kernel: for what cannot be traced into one Program. Everything on the way is freed;
   * the results belong where the inputs do.
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

  /** `tidy` for what awaits nothing. */
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

  /** Passes are enqueued until a look at the statuses finds no sample running, where the backend allows one; else all of them. */
  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values {
    let values = initial;
    this.loopDepth += 1;
    try {
      for (let pass = 0; pass < limit && (pass === 0 || this.mayRun(running(values))); pass++) values = body(values);
    } finally {
      this.loopDepth -= 1;
    }
    return values;
  }

  /**
   * Whether a sample may still be running. A look carries out everything that is enqueued, while other tasks wait: a loop that stands
   * alone looks only while the turn lasts. One inside another always looks, since the passes of the two multiply.
   */
  private mayRun(statuses: Tensor): boolean {
    if (!this.device.readNow || (this.loopDepth === 1 && isTurnOver())) return true;
    const numbers = this.device.readNow(this.sharedOf(statuses).storage);
    return !numbers || Array.prototype.includes.call(numbers, STATUS.running);
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

  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor {
    const present = inputs.filter((input) => input !== undefined);
    // Of extents of 1 the same call makes [1, 2] and [2, 1].
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

  constant(constant: Constant, shape: Shape): Tensor {
    return this.run(JSON.stringify(constant) + describe(shape), [], (_, tracing) => [
      tracing.constant(constant, shape),
    ])[0];
  }

  upload(values: ArrayLike<number>, shape: Shape, beside: Tensor): Tensor {
    return this.tensorIn(beside.arena, values, shape);
  }

  alias(tensor: Tensor, shape: Shape): Tensor {
    return this.wrap(this.sharedOf(tensor), shape, tensor.checks, tensor.arena);
  }

  /** The same numbers; reading them, or anything computed from them, also awaits `promise`. */
  withCheck(tensor: Tensor, promise: Promise<void>): Tensor {
    return this.dependent(tensor, this.check(promise));
  }

  /** @param speculation that the promise is about: what is computed from tensors with this check is enqueued under it */
  check(promise: Promise<void>, speculation?: Speculation): Check {
    const check: Check = { promise, speculation, passed: false };
    promise.then(
      () => {
        check.passed = true;
      },
      () => {}, // reported where something awaits it; until then it must not count as unhandled
    );
    return check;
  }

  /** The same numbers; they, and anything computed from them, depend on the check. */
  dependent(tensor: Tensor, check: Check): Tensor {
    return this.wrap(this.sharedOf(tensor), tensor.shape, new Set([...tensor.checks, check]), tensor.arena);
  }

  /** A speculation about how long loops are, for a check; undefined where nothing needs to be speculative. */
  speculate(): Speculation | undefined {
    return this.device.speculate?.();
  }

  download(tensor: Tensor): Promise<Float32Array | Float64Array> {
    return this.device.download(this.sharedOf(tensor).storage, speculationOf(tensor.checks));
  }

  release(tensor: Tensor): void {
    const shared = tensor.place as Shared;
    shared.references -= 1;
    if (shared.references === 0) this.device.release(shared.storage);
  }

  /**
   * Runs `body` and frees every tensor that it makes, except those it returns (a tensor, or tensors in an array or a plain
   * object); frees all of them when it throws. What a model, an optimiser or `kept` holds stays.
   *
   * `body` may be asynchronous. Up to its first `await` everything that it makes is found, as in TensorFlow.js. After one, only
   * what comes of the scope is: what it makes itself, `scope.tensor`, and what is computed from that, from tensors made before, or
   * from `scope.use(tensor)` for one from outside; or a `tidy` of its own: `await engine.tidy(() => a.sub(g.mul(0.1)))`.
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

  /** An alias of the tensor whose descendants belong to the arena; no tape follows it. */
  useIn(arena: Arena, tensor: Tensor): Tensor {
    const shared = this.sharedOf(tensor);
    arena.receive(tensor.arena);
    return this.within(undefined, () => this.wrap(shared, tensor.shape, tensor.checks, arena));
  }

  /** The same, followed by the tape that follows the tensor. */
  followedIn(arena: Arena, tensor: Tensor): Tensor {
    const used = this.useIn(arena, tensor);
    used.node = tensor.node;
    return used;
  }

  /** An alias that belongs to no arena: it outlives the call that made it. */
  kept(tensor: Tensor): Tensor {
    return this.within(undefined, () => this.wrap(this.sharedOf(tensor), tensor.shape, tensor.checks, undefined));
  }

  /** `tidy` for code of the library: the arena itself is handed to `body`. */
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
   * Live buffers and bytes; those that Programs take, with their traces (see MemoryFigures); and those kept for reuse.
   *
   * Programs are kept for the next time, one for each shape. Where they take more than 64 MiB, those that were not used for longest are
   * forgotten, and traced and compiled anew when they are needed again, with the same results. Where they are needed
   * again the bound rises, to 512 MiB at most, so that work that repeats itself finds all its Programs; beyond
   * that it goes on, slower.
   */
  memory(): MemoryFigures {
    const figures = this.device.memory();
    return { ...figures, programBytes: figures.programBytes + this.programs.bytes };
  }

  /** The same promise, of what holds tensors until it has read them. */
  reading<Result>(promise: Promise<Result>): Promise<Result> {
    const settled = promise.then(
      () => {},
      () => {}, // it is told where the promise itself is awaited
    );
    this.readings.add(settled);
    void settled.then(() => this.readings.delete(settled));
    return promise;
  }

  /**
   * Resolves when all work enqueued so far is done, and the reports of it are read, so that memory() counts nothing that is held for
   * these; rejects if the device failed.
   */
  async idle(): Promise<void> {
    await this.device.idle();
    await Promise.all(this.readings);
  }

  /** Frees everything. Idempotent. */
  close(): void {
    this.device.close();
    this.programs.clear();
    this.scalars.clear();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/** That is open or closed. */
export const ENGINE = /* @__PURE__ */ checkFor('an engine', (value) => value instanceof Engine);

/** In which shapes differ. */
function keyOf(shape: Shape): string {
  let key = '[';
  for (const extent of shape) key += `${extent},`;
  return key;
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value === null || typeof value !== 'object') return [];
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const items: readonly unknown[] = Array.isArray(value) ? value : isPlain ? Object.values(value) : [];
  // There may be very many numbers.
  return items.filter((item) => typeof item === 'object').flatMap(tensorsIn);
}
