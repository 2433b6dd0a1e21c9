/** Chains of WebAssembly: calls on large arrays that are performed together, row by row. */
import { afterAll, expect, test } from 'vitest';
import type { Backend, Program } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { planProgram } from '../../src/backends/plan.ts';
import { findStretches } from '../../src/backends/wasm/chains.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { type Random, random } from '../../src/data/random.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { runOn } from '../parity/cases/parity.ts';
import { normals, relativeError } from '../support/numbers.ts';

/** Neither is a multiple of four. */
const ROWS = 37;
const COLUMNS = 2053;
const SIZE = ROWS * COLUMNS;
const PROGRAMS = 40;

const opened: Backend[] = [];
afterAll(() => {
  for (const backend of opened) backend.close();
});

async function open(options: Parameters<typeof openWasm>[0]): Promise<Backend> {
  const backend = await openWasm(options);
  opened.push(backend);
  return backend;
}

/** Calls in a random order that use each other's results: whole arrays, a number for each row, a row for all rows. */
function createProgram(seed: number): { program: Program; inputs: Float32Array[] } {
  const generator: Random = random(seed);
  const below = (count: number): number => Math.floor(generator.uniform() * count);
  const trace = new Trace('chain');
  const sizes = [SIZE, SIZE, ROWS, COLUMNS];
  const slots = sizes.map((size) => trace.input(size));
  const arrays = slots.slice(0, 2);
  const ofRows = [slots[2]];
  const any = (list: readonly number[]): number => list[below(list.length)];
  const whole = { offset: 0, strides: [0, 0, COLUMNS, 1] };
  const operand = () => {
    const kind = below(5);
    if (kind === 4) return { slot: any(arrays), layout: { offset: 5 * COLUMNS, strides: [0, 0, 0, 1] } };
    if (kind === 0) return { slot: any(ofRows), layout: { offset: 0, strides: [0, 0, 1, 0] } };
    if (kind === 1) return { slot: slots[3], layout: { offset: 0, strides: [0, 0, 0, 1] } };
    return { slot: any(arrays), layout: whole };
  };
  const shape = [1, 1, ROWS, COLUMNS];
  for (let call = 0; call < 14; call++) {
    const kind = below(5);
    if (kind < 2) {
      const [x, y] = [{ slot: any(arrays), layout: whole }, operand()];
      const operation = kind === 0 ? 'minimum' : 'subtract';
      const settings = { kernel: 'elementwise', operation, shape, layouts: [x.layout, y.layout], parameters: [] };
      arrays.push(trace.call(settings as unknown as CallWithoutSlots, [x.slot, y.slot], SIZE));
    } else if (kind === 2) {
      const settings = { kernel: 'combine', rows: ROWS, columns: COLUMNS, factors: [0.5, -0.25, 0] };
      const operands = [any(arrays), any(arrays), -1, below(2) ? any(ofRows) : -1, any(ofRows), -1];
      arrays.push(trace.call(settings as unknown as CallWithoutSlots, operands, SIZE));
    } else if (kind === 3) {
      const given = [operand(), { slot: any(arrays), layout: whole }, operand()];
      const layouts = given.map(({ layout }) => layout);
      const settings = { kernel: 'elementwise', operation: 'select', shape, layouts, parameters: [] };
      const slotsOf = given.map(({ slot }) => slot);
      arrays.push(trace.call(settings as unknown as CallWithoutSlots, slotsOf, SIZE));
    } else {
      const sides = { outer: ROWS, middle: COLUMNS, inner: 1 };
      const settings = { kernel: 'reduce', operation: 'maximumAbsolute', ...sides, activation: 'identity' };
      const call = { ...settings, parameters: [] } as unknown as CallWithoutSlots;
      ofRows.push(trace.call(call, [any(arrays)], ROWS));
    }
    // Only the last ones are used again, so that others give up their places.
    while (arrays.length > 3) arrays.shift();
    while (ofRows.length > 2) ofRows.shift();
  }
  return {
    program: trace.finish([...arrays, ...ofRows]),
    inputs: sizes.map((size, index) => Float32Array.from(normals(size, 10 * seed + index))),
  };
}

const bitsOf = (values: Float32Array | Float64Array): string => Buffer.from(values.buffer).toString('base64');

test('random calls on large arrays give the numbers of the oracle, on several threads and in slices the same bits', async () => {
  const [plain, divided] = await Promise.all([open({ threads: 1 }), open({ threads: 3, slice: 0 })]);
  let chained = 0;
  let longest = 0;
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const { program, inputs } = createProgram(seed);
    for (const { chain, count } of findStretches(planProgram(program).statements, () => true)) {
      if (chain) chained += count;
      longest = Math.max(longest, count);
    }
    const expected = await runOn(openCPU(), program, inputs);
    const found = await runOn(plain, program, inputs);
    const again = await runOn(divided, program, inputs);
    for (const [index, values] of found.entries()) {
      expect(relativeError(values, expected[index]), `seed ${seed}, output ${index}`).toBeLessThan(1e-6);
      expect(bitsOf(again[index]), `seed ${seed}, output ${index}`).toBe(bitsOf(values));
    }
  }
  expect(chained).toBeGreaterThan(PROGRAMS * 5);
  expect(longest).toBeGreaterThan(4);
});

test('small arrays, and columns, are performed call by call', () => {
  const stretchesOf = (shape: readonly [number, number]): number => {
    const trace = new Trace('small');
    const size = shape[0] * shape[1];
    const settings = { kernel: 'combine', rows: shape[0], columns: shape[1], factors: [2, 0, 0] };
    let slot = trace.input(size);
    for (let call = 0; call < 3; call++) {
      slot = trace.call(settings as unknown as CallWithoutSlots, [slot, -1, -1, -1, -1, -1], size);
    }
    return findStretches(planProgram(trace.finish([slot])).statements, () => true).length;
  };
  expect([stretchesOf([64, 2048]), stretchesOf([4, 2048]), stretchesOf([8192, 16])]).toEqual([1, 3, 3]);
});
