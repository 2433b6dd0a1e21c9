/** Programs with random calls, loops and nested loops over 2 × 2 matrices: they exercise how storage is shared. */
import type { Program } from '../../../src/backends/backend.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { randomNumbers } from './parity.ts';

const SIZE = 4;
const LINEAR = { offset: 0, strides: [0, 0, 2, 1] };
const TRANSPOSED = { offset: 0, strides: [0, 0, 1, 2] };
const PRODUCT = {
  kernel: 'product',
  m: 2,
  n: 2,
  k: 2,
  transposeA: false,
  transposeB: true,
  bias: 'none',
  activation: 'tanh',
  activationParameters: [0, 0],
  proximal: false,
  residual: false,
};

interface RandomProgram {
  readonly program: Program;
  readonly inputs: readonly Float32Array[];
}

/** The inputs are two matrices and a number of passes; every value stays near [−1, 1]. */
export function createRandomProgram(seed: number): RandomProgram {
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(((random() + 1) / 2) * limit);
  const trace = new Trace(`random ${seed}`);
  const pick = (slots: readonly number[]): number => slots[below(slots.length)];

  const call = (slots: readonly number[]): number => {
    const x = pick(slots);
    const y = pick(slots);
    switch (below(4)) {
      case 0:
        return trace.call(PRODUCT as unknown as CallWithoutSlots, [x, y, -1, -1, -1, -1], SIZE);
      case 1: {
        const layouts = [below(3) === 0 ? TRANSPOSED : LINEAR, LINEAR];
        const elementwise = {
          kernel: 'elementwise',
          operation: 'subtract',
          shape: [1, 1, 2, 2],
          layouts,
          parameters: [],
        };
        return halved(trace.call(elementwise as unknown as CallWithoutSlots, [x, y], SIZE));
      }
      case 2: {
        const copy = {
          kernel: 'elementwise',
          operation: 'copy',
          shape: [1, 1, 2, 2],
          layouts: [TRANSPOSED],
          parameters: [],
        };
        return trace.call(copy as unknown as CallWithoutSlots, [x], SIZE);
      }
      default: {
        const combine = { kernel: 'combine', rows: 2, columns: 2, factors: [0.5, -0.25, 0.25] };
        return trace.call(combine as unknown as CallWithoutSlots, [x, y, pick(slots), -1, -1, -1], SIZE);
      }
    }
  };
  const halved = (slot: number): number => {
    const scale = {
      kernel: 'elementwise',
      operation: 'scale',
      shape: [1, 1, 1, SIZE],
      layouts: [{ offset: 0, strides: [0, 0, 0, 1] }],
      parameters: [0.5, 0.01],
    };
    return trace.call(scale as unknown as CallWithoutSlots, [slot], SIZE);
  };
  const minusOne = (counter: number): number => {
    const scale = {
      kernel: 'elementwise',
      operation: 'scale',
      shape: [1, 1, 1, 1],
      layouts: [{ offset: 0, strides: [0, 0, 0, 1] }],
      parameters: [1, -1],
    };
    return trace.call(scale as unknown as CallWithoutSlots, [counter], 1);
  };

  /** Traces a few calls. Returns the slots that later calls may read. */
  const steps = (slots: readonly number[], counter: number, depth: number): number[] => {
    let known = [...slots];
    const length = 1 + below(4);
    for (let step = 0; step < length; step++) {
      if (depth < 2 && below(3) === 0) known = [...known, ...loop(known, counter, depth)];
      else known.push(call(known));
    }
    return known;
  };
  const loop = (slots: readonly number[], counter: number, depth: number): number[] => {
    const carried = Array.from({ length: 1 + below(3) }, () => pick(slots));
    const [, ...results] = trace.loop([counter, ...carried], 1 + below(7), ([remaining, ...entering]) => {
      const known = steps([...slots, ...entering], counter, depth + 1);
      // The end of the list is new in this pass; its beginning may be any slot: swaps, constants and slots from outside
      // the loop occur.
      const leaving = entering.map(() =>
        below(3) === 0 ? pick([...entering, ...known]) : known[known.length - 1 - below(Math.min(known.length, 3))],
      );
      return [minusOne(remaining), ...leaving];
    });
    return results;
  };

  const inputs = [trace.input(SIZE), trace.input(SIZE)];
  const counter = trace.input(1);
  const constant = trace.constant({ kind: 'identity', order: 2 }, SIZE);
  const known = steps([...inputs, constant], counter, 0);
  const last = loop(known, counter, 0);
  const outputs = new Set([...last, pick(known), pick(known), known[known.length - 1]]);
  const matrices = inputs.map(() => Float32Array.from({ length: SIZE }, () => random()));
  return { program: trace.finish([...outputs]), inputs: [...matrices, Float32Array.of(below(6))] };
}
