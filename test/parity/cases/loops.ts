import fc from 'fast-check';
import type { Program } from '../../../src/backends/backend.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';
import { createRandomProgram } from './random-program.ts';

const NEAR = { absolute: 16, relative: 16 };

function elementwise(
  trace: Trace,
  operation: string,
  inputs: readonly number[],
  count: number,
  parameters: readonly number[] = [],
): number {
  const layouts = inputs.map(() => ({ offset: 0, strides: [0, 0, 0, 1] }));
  const call = { kernel: 'elementwise', operation, shape: [1, 1, 1, count], layouts, parameters };
  return trace.call(call as unknown as CallWithoutSlots, inputs, count);
}

/** Adds 1 to `total` while `counter` counts down to 0. */
function counting(limit: number): Program {
  const trace = new Trace(`counting to ${limit}`);
  const counter = trace.input(1);
  const total = trace.input(3);
  const [left, sum] = trace.loop([counter, total], limit, ([remaining, running]) => [
    elementwise(trace, 'scale', [remaining], 1, [1, -1]),
    elementwise(trace, 'scale', [running], 3, [1, 1]),
  ]);
  return trace.finish([left, sum]);
}

const countingCase: ParityCase = {
  name: 'loop: counts, stops at the limit, and does nothing when it is finished at entry',
  async run(...backends) {
    for (const limit of [1, 5, 1000]) {
      const program = counting(limit);
      for (const passes of [0, 1, 4, 5, 6, 37, 200, 3]) {
        await expectAgreement(...backends, program, [Float32Array.of(passes), Float32Array.of(0.5, 1, 2)], {
          absolute: 0,
          relative: 0,
        });
      }
    }
  },
};

const swap: ParityCase = {
  name: 'loop: carried values that change places, in pairs and in rings',
  async run(...backends) {
    const trace = new Trace('ring');
    const counter = trace.input(1);
    const [a, b, c, d, e] = [1, 2, 3, 4, 5].map(() => trace.input(2));
    const results = trace.loop([counter, a, b, c, d, e], 100, ([remaining, p, q, r, s, t]) => [
      elementwise(trace, 'scale', [remaining], 1, [1, -1]),
      q,
      p,
      s,
      t,
      r,
    ]);
    const program = trace.finish(results);
    const random = randomNumbers(1);
    const values = [1, 2, 3, 4, 5].map(() => randomValues(2, random));
    for (const passes of [0, 1, 2, 5, 60])
      await expectAgreement(...backends, program, [Float32Array.of(passes), ...values], { absolute: 0, relative: 0 });
  },
};

const invariant: ParityCase = {
  name: 'loop: results that are an input, a constant or the carried value itself, and a flag that is another carried value',
  async run(...backends) {
    const trace = new Trace('invariant');
    const flag = trace.input(1);
    const next = trace.input(1);
    const x = trace.input(2);
    const one = trace.constant({ kind: 'fill', value: 1 }, 2);
    const zero = trace.constant({ kind: 'fill', value: 0 }, 1);
    // The flag is 1, then `next`, then 0.
    const results = trace.loop([flag, next, x, x, x, x], 50, ([, following, p, q, r, s]) => [
      following,
      zero,
      p,
      x,
      one,
      elementwise(trace, 'add', [q, elementwise(trace, 'add', [r, s], 2)], 2),
    ]);
    const program = trace.finish([...results, x, one]);
    for (const [first, second] of [
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      await expectAgreement(
        ...backends,
        program,
        [Float32Array.of(first), Float32Array.of(second), Float32Array.of(3, 4)],
        NEAR,
      );
    }
  },
};

/** z ← ½z + x row by row, each sample until its own counter is 0: the structure of every solver. */
const masks: ParityCase = {
  name: 'loop: per-sample masks',
  async run(...backends) {
    const batch = 7;
    const n = 5;
    const trace = new Trace('masks');
    const counters = trace.input(batch);
    const x = trace.input(batch * n);
    const start = trace.constant({ kind: 'fill', value: 0 }, batch * n);
    const some = (values: number): number => {
      const call = {
        kernel: 'reduce',
        operation: 'maximum',
        outer: 1,
        middle: batch,
        inner: 1,
        activation: 'identity',
        parameters: [],
      };
      return trace.call(call as unknown as CallWithoutSlots, [values], 1);
    };
    const results = trace.loop([some(counters), counters, start], 100, ([, remaining, z]) => {
      const next = elementwise(trace, 'relu', [elementwise(trace, 'scale', [remaining], batch, [1, -1])], batch);
      const moved = { kernel: 'combine', rows: batch, columns: n, factors: [0.5, 1, 0] };
      const candidate = trace.call(moved as unknown as CallWithoutSlots, [z, x, -1, -1, -1, -1], batch * n);
      const whole = { offset: 0, strides: [0, 0, n, 1] };
      const choice = {
        kernel: 'elementwise',
        operation: 'select',
        shape: [1, 1, batch, n],
        layouts: [{ offset: 0, strides: [0, 0, 1, 0] }, whole, whole],
        parameters: [],
      };
      return [
        some(next),
        next,
        trace.call(choice as unknown as CallWithoutSlots, [remaining, candidate, z], batch * n),
      ];
    });
    const program = trace.finish(results);
    const values = randomValues(batch * n, randomNumbers(2));
    for (const counts of [
      [0, 0, 0, 0, 0, 0, 0],
      [1, 0, 3, 2, 0, 30, 4],
      [12, 1, 1, 1, 1, 1, 1],
    ]) {
      await expectAgreement(...backends, program, [Float32Array.from(counts), values], NEAR);
    }
  },
};

const nested: ParityCase = {
  name: 'loop: an inner loop that starts again in each pass, short and long, closed and open',
  async run(...backends) {
    for (const [outerLimit, innerLimit] of [
      [3, 4],
      [60, 4],
      [5, 300],
      [60, 300],
    ]) {
      const trace = new Trace(`nested ${outerLimit} ${innerLimit}`);
      const outerCounter = trace.input(1);
      const innerCounter = trace.input(1);
      const x = trace.input(3);
      const results = trace.loop([outerCounter, x], outerLimit, ([remaining, value]) => {
        const [, inner] = trace.loop([innerCounter, value], innerLimit, ([innerRemaining, y]) => [
          elementwise(trace, 'scale', [innerRemaining], 1, [1, -1]),
          elementwise(trace, 'scale', [y], 3, [0.75, 1]),
        ]);
        return [elementwise(trace, 'scale', [remaining], 1, [1, -1]), elementwise(trace, 'add', [inner, x], 3)];
      });
      const program = trace.finish(results);
      for (const [outer, inner] of [
        [0, 5],
        [2, 0],
        [1, 1],
        [4, 6],
        [2, 40],
      ]) {
        await expectAgreement(
          ...backends,
          program,
          [Float32Array.of(outer), Float32Array.of(inner), Float32Array.of(1, -2, 0.5)],
          NEAR,
        );
      }
    }
  },
};

const random: ParityCase = {
  name: 'loop: random Programs',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { program, inputs } = createRandomProgram(seed);
        await expectAgreement(...backends, program, inputs, { absolute: 64, relative: 64 });
      }),
      { numRuns: 60, seed: 6 },
    ),
};

export const loopCases: readonly ParityCase[] = [countingCase, swap, invariant, masks, nested, random];
