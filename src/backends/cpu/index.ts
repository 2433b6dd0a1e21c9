/**
 * The oracle: float64, plain loops, every call carried out at once in the order in which it is enqueued.
 * Clarity comes before speed here; the other backends are checked against it.
 */
import type { Backend, Loop, MemoryFigures, Step, Storage } from '../backend.ts';
import { combine } from './combine.ts';
import { coordinateDescent } from './coordinate-descent.ts';
import { elementwise } from './elementwise.ts';
import { homotopy } from './homotopy.ts';
import { invert } from './invert.ts';
import { iterate } from './iterate.ts';
import { move } from './move.ts';
import { pass } from './pass.ts';
import { product } from './product.ts';
import { proximalGradient } from './proximal-gradient.ts';
import { reduce } from './reduce.ts';
import { rows } from './rows.ts';
import { scalar } from './scalar.ts';
import { solve } from './solve.ts';
import { Workspace } from './workspace.ts';

class HostStorage implements Storage {
  constructor(readonly values: Float64Array) {}
  get size(): number {
    return this.values.length;
  }
}

/** Opens the float64 backend. It needs nothing and is always there. */
export function openCPU(): Backend {
  const held = new Set<HostStorage>();
  const workspace = new Workspace();
  let closed = false;

  const keep = (values: Float64Array): Storage => {
    if (closed) throw new Error('engine: it is closed; open() a new one');
    const storage = new HostStorage(values);
    held.add(storage);
    return storage;
  };
  const valuesOf = (storage: Storage): Float64Array => {
    if (!(storage instanceof HostStorage) || !held.has(storage)) {
      throw new Error('storage: it was released, or belongs to another backend');
    }
    return storage.values;
  };

  return {
    name: 'cpu',
    epsilon: Number.EPSILON,
    widestIteration: 0, // the oracle makes every step by itself
    largestPass: 0,
    adapter: {
      vendor: 'none',
      architecture: 'float64',
      description: 'plain JavaScript loops in float64',
      software: true,
    },
    upload: (values) => keep(Float64Array.from(values)),
    write: (storage, values) => valuesOf(storage).set(values),
    download: async (storage) => valuesOf(storage).slice(),
    release: (storage) => {
      held.delete(storage as HostStorage);
    },
    run(program, inputs) {
      const slots = workspace.slotsFor(program, inputs.map(valuesOf));
      runSteps(program.steps, slots);
      // An input remains its owner's.
      return program.outputs.map((slot) => keep(program.inputs.includes(slot) ? slots[slot].slice() : slots[slot]));
    },
    forget: (program) => workspace.forget(program),
    idle: async () => {},
    memory(): MemoryFigures {
      let bytes = 0;
      for (const storage of held) bytes += storage.values.byteLength;
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
      workspace.clear();
    },
  };
}

function runSteps(steps: readonly Step[], slots: Float64Array[]): void {
  for (const step of steps) {
    switch (step.kernel) {
      case 'product':
        product(step, slots);
        break;
      case 'elementwise':
        elementwise(step, slots);
        break;
      case 'combine':
        combine(step, slots);
        break;
      case 'move':
        move(step, slots);
        break;
      case 'reduce':
        reduce(step, slots);
        break;
      case 'rows':
        rows(step, slots);
        break;
      case 'scalar':
        scalar(step, slots);
        break;
      case 'solve':
        solve(step, slots);
        break;
      case 'iterate':
        iterate(step, slots);
        break;
      case 'proximalGradient':
        proximalGradient(step, slots);
        break;
      case 'pass':
        pass(step, slots);
        break;
      case 'invert':
        invert(step, slots);
        break;
      case 'coordinateDescent':
        coordinateDescent(step, slots);
        break;
      case 'homotopy':
        homotopy(step, slots);
        break;
      case 'loop':
        runLoop(step, slots);
        break;
    }
  }
}

function runLoop(loop: Loop, slots: Float64Array[]): void {
  for (const { initial, entering } of loop.carried) slots[entering].set(slots[initial]);
  const flag = loop.carried[0].entering;
  const places = new Set(loop.carried.map(({ entering }) => entering));
  for (let pass = 0; pass < loop.limit && slots[flag][0] !== 0; pass++) {
    runSteps(loop.body, slots);
    // A value may leave in the place in which another one entered (a swap): such places are copied first.
    const leaving = loop.carried.map((carried) =>
      places.has(carried.leaving) ? slots[carried.leaving].slice() : slots[carried.leaving],
    );
    for (const [index, { entering }] of loop.carried.entries()) slots[entering].set(leaving[index]);
  }
}
