/**
 * The oracle: float64 and plain loops. Kernel calls are performed in the order in which they are enqueued. Clarity
 * comes before speed here; the other backends are compared with this one.
 */
import type { Backend, Loop, MemoryFigures, Program, RunOptions, Statement, Storage } from '../backend.ts';
import { type Job, Queue } from '../queue.ts';
import { batchedInvert } from './batched-invert.ts';
import { batchedProduct } from './batched-product.ts';
import { cholesky } from './cholesky.ts';
import { combine } from './combine.ts';
import { projectCones, projectConesDerivative } from './cones.ts';
import { coordinateDescent } from './coordinate-descent.ts';
import { elementwise } from './elementwise.ts';
import { homotopy } from './homotopy.ts';
import { invert } from './invert.ts';
import { iterate } from './iterate.ts';
import { move } from './move.ts';
import { pass } from './pass.ts';
import { isShort, product, productAtOnce } from './product.ts';
import { proximalGradient } from './proximal-gradient.ts';
import { reduce } from './reduce.ts';
import { rows } from './rows.ts';
import { scalar } from './scalar.ts';
import { solve } from './solve.ts';
import { complexProduct, fourier } from './spectra.ts';
import { splitting } from './splitting.ts';
import { triangularSolve } from './triangular-solve.ts';
import { type Layout, Workspace } from './workspace.ts';

class HostStorage implements Storage {
  /** Undefined until the run that computes them has ended. */
  values: Float64Array | undefined;
  /** The error with which that run failed. */
  failure: unknown;

  constructor(readonly size: number) {}
}

/** Opens the float64 backend. It has no requirements and is always available. */
export function openCPU(): Backend {
  const held = new Set<HostStorage>();
  const workspace = new Workspace();
  const queue = new Queue();
  let closed = false;

  const assertOpen = (): void => {
    if (closed) throw new Error('engine: it is closed; open() a new one');
  };
  const keep = (size: number): HostStorage => {
    assertOpen();
    const storage = new HostStorage(size);
    held.add(storage);
    return storage;
  };
  const assertHeld = (storage: Storage): HostStorage => {
    assertOpen();
    if (!(storage instanceof HostStorage) || !held.has(storage)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage;
  };
  function* runJob(
    program: Program,
    layout: Layout,
    inputs: readonly HostStorage[],
    outputs: readonly HostStorage[],
    options: RunOptions,
  ): Job {
    try {
      const slots = workspace.slotsFor(program, layout, inputs.map(valuesOf));
      yield* runStatements(program.statements, slots, { isCutShort: options.isCutShort ?? never, work: 0 });
      for (const [index, slot] of program.outputs.entries()) {
        // An output that is an input is copied, since the input belongs to its owner.
        outputs[index].values = program.inputs.includes(slot) ? slots[slot].slice() : slots[slot];
      }
    } catch (error) {
      for (const output of outputs) output.failure = error;
    }
  }

  return {
    name: 'cpu',
    epsilon: Number.EPSILON,
    widestIteration: 0, // the oracle runs every iteration kernel by kernel
    largestPass: 0,
    adapter: {
      vendor: 'none',
      architecture: 'float64',
      description: 'plain JavaScript loops in float64',
      software: true,
      threads: 1,
      threadsUsed: 1,
    },
    upload(values) {
      const storage = keep(values.length);
      storage.values = Float64Array.from(values);
      return storage;
    },
    uploadLater(size, values) {
      const storage = keep(size);
      const receive = values.then((arrived) => {
        storage.values = Float64Array.from(arrived);
      });
      queue.enqueue([receive].values());
      return storage;
    },
    write(storage, values) {
      const target = assertHeld(storage);
      const copied = Float64Array.from(values);
      queue.enqueueNow(() => {
        if (!target.failure) target.values = copied;
      });
    },
    async download(storage) {
      const source = assertHeld(storage);
      return queue.settle(() => valuesOf(source).slice());
    },
    readNow(storage) {
      const source = assertHeld(storage);
      return queue.finish() ? source.values : undefined;
    },
    release: (storage) => {
      held.delete(storage as HostStorage);
    },
    run(program, inputs, options = {}) {
      const given = inputs.map(assertHeld);
      const outputs = program.outputs.map((slot) => keep(program.sizes[slot]));
      queue.enqueue(runJob(program, workspace.layoutOf(program), given, outputs, options));
      return outputs;
    },
    forget: (program) => workspace.forget(program),
    async idle() {
      assertOpen();
      await queue.settle(() => {});
    },
    memory(): MemoryFigures {
      let bytes = 0;
      for (const { size } of held) bytes += size * Float64Array.BYTES_PER_ELEMENT;
      return {
        buffers: held.size,
        bytes,
        programBuffers: 0,
        programBytes: workspace.layoutBytes,
        pooledBuffers: Number(workspace.bytes > 0),
        pooledBytes: workspace.bytes,
      };
    },
    close() {
      closed = true;
      held.clear();
      queue.abort(new Error('engine: it was closed; open() a new one'));
      workspace.clear();
    },
  };
}

function valuesOf({ values, failure }: HostStorage): Float64Array {
  if (!values) throw failure;
  return values;
}

function never(): boolean {
  return false;
}

/** The work, in computed numbers, after which a run may be interrupted: some tens of microseconds. */
const UNINTERRUPTED = 2 ** 11;
/** The work of a statement that computes next to nothing, or that yields itself. */
const STATEMENT = 8;
/** The number of multiplications that take about as long as one number of another kernel. */
const PRODUCTS = 8;

interface Run {
  readonly isCutShort: () => boolean;
  /** The work since the run could last be interrupted. */
  work: number;
}

/** Performs the statements, and yields where the run may be interrupted. */
function* runStatements(statements: readonly Statement[], slots: Float64Array[], run: Run): Job {
  for (const statement of statements) {
    const done = runWithoutPause(statement, slots);
    if (done === undefined) yield* runWithPauses(statement, slots, run);
    run.work += done ?? STATEMENT;
    if (run.work < UNINTERRUPTED) continue;
    run.work = 0;
    yield;
  }
}

/**
 * Performs a statement that takes a short time.
 * @returns its work; undefined where the statement may take long, and was not begun
 */
function runWithoutPause(statement: Statement, slots: readonly Float64Array[]): number | undefined {
  switch (statement.kernel) {
    case 'product':
      if (!isShort(statement)) return undefined;
      productAtOnce(statement, slots);
      return STATEMENT + (statement.m * statement.n * statement.k) / PRODUCTS;
    case 'elementwise':
      elementwise(statement, slots);
      return STATEMENT + slots[statement.output].length;
    case 'combine':
      combine(statement, slots);
      return STATEMENT + slots[statement.output].length;
    case 'move':
      move(statement, slots);
      return STATEMENT + slots[statement.output].length;
    case 'reduce':
      reduce(statement, slots);
      return STATEMENT + statement.outer * statement.middle * statement.inner;
    case 'scalar':
      scalar(statement, slots);
      return STATEMENT + slots[statement.output].length;
    case 'rows':
      rows(statement, slots);
      return UNINTERRUPTED;
    case 'solve':
      solve(statement, slots);
      return UNINTERRUPTED;
    case 'iterate':
      iterate(statement, slots);
      return UNINTERRUPTED;
    case 'proximalGradient':
      proximalGradient(statement, slots);
      return UNINTERRUPTED;
    case 'splitting':
      splitting(statement, slots);
      return UNINTERRUPTED;
    case 'pass':
      pass(statement, slots);
      return UNINTERRUPTED;
    default:
      return undefined;
  }
}

/** Performs a statement that may take long, and yields where it may be interrupted. */
function* runWithPauses(statement: Statement, slots: Float64Array[], run: Run): Job {
  switch (statement.kernel) {
    case 'product':
      yield* product(statement, slots);
      break;
    case 'batchedProduct':
      yield* batchedProduct(statement, slots);
      break;
    case 'invert':
      yield* invert(statement, slots);
      break;
    case 'batchedInvert':
      yield* batchedInvert(statement, slots);
      break;
    case 'fourier':
      yield* fourier(statement, slots);
      break;
    case 'complexProduct':
      yield* complexProduct(statement, slots);
      break;
    case 'cholesky':
      yield* cholesky(statement, slots);
      break;
    case 'triangularSolve':
      yield* triangularSolve(statement, slots);
      break;
    case 'projectCones':
      yield* projectCones(statement, slots);
      break;
    case 'projectConesDerivative':
      yield* projectConesDerivative(statement, slots);
      break;
    case 'coordinateDescent':
      yield* coordinateDescent(statement, slots, run.isCutShort);
      break;
    case 'homotopy':
      yield* homotopy(statement, slots, run.isCutShort);
      break;
    case 'loop':
      yield* runLoop(statement, slots, run);
      break;
    case 'interiorPoint':
    case 'programDerivative':
    case 'coneInteriorPoint':
    case 'coneDerivative':
      throw new Error(
        `${statement.kernel}: only wasm has this kernel; src/solvers/programs/ solves programs on the host`,
      );
  }
}

function* runLoop(loop: Loop, slots: Float64Array[], run: Run): Job {
  for (const { initial, entering } of loop.carried) slots[entering].set(slots[initial]);
  const flag = loop.carried[0].entering;
  const places = new Set(loop.carried.map(({ entering }) => entering));
  // A value may leave in a slot in which another one enters (a swap). Such values are copied first.
  const isSwapped = loop.carried.map(({ leaving }) => places.has(leaving));
  for (let pass = 0; pass < loop.limit && slots[flag][0] !== 0 && !run.isCutShort(); pass++) {
    yield* runStatements(loop.body, slots, run);
    const leaving = loop.carried.map((carried, index) =>
      isSwapped[index] ? slots[carried.leaving].slice() : slots[carried.leaving],
    );
    for (let index = 0; index < leaving.length; index++) slots[loop.carried[index].entering].set(leaving[index]);
  }
}
