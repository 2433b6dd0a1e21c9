/** The kernel of WebAssembly that solves batches of quadratic programs. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM_NUMBERS } from '../../../src/backends/program-kernels.ts';
import { openWasm } from '../../../src/backends/wasm/index.ts';
import { random } from '../../../src/data/random.ts';
import {
  type InteriorPointOptions,
  interiorPoint,
  type ProgramOperands,
  programDerivative,
} from '../../../src/solvers/programs/kernels.ts';
import { createWide, decodeWide, encodeWide, readWide, type WideTensor } from '../../../src/solvers/programs/wide.ts';
import { Engine, open } from '../../../src/tensor/engine.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import {
  distance,
  type Form,
  NAMES,
  operandsOn,
  optionsFor,
  plantMany,
  read,
  type Solved,
  solveOn,
  worstOf,
} from '../../support/kernel-batches.ts';
import { dot } from '../../support/numbers.ts';
import { multiply, type PlantedOptions, type PlantedProgram, plantProgram } from '../../support/planted-programs.ts';

let engine: Engine;
let team: Engine;
beforeAll(async () => {
  engine = new Engine(await openWasm({ threads: 1 }));
  team = new Engine(await openWasm({ threads: 2 }));
});
afterAll(() => {
  engine.close();
  team.close();
});

const operandsOf = (programs: readonly PlantedProgram[], form: Partial<Form> = {}): ProgramOperands =>
  operandsOn(programs, { on: engine, ...form });
const solve = (
  programs: readonly PlantedProgram[],
  form: Partial<Form> = {},
  options: Partial<InteriorPointOptions> = {},
): Promise<Solved[]> => solveOn(programs, { on: engine, ...form }, options);

describe('float64 numbers in float32 tensors', () => {
  test('come back with the same bits, and no word is NaN or infinite', async () => {
    const generator = random(4);
    const values = Float64Array.from({ length: 4000 }, (_, index) => {
      const bits = new Uint32Array([generator.integer(2 ** 32), generator.integer(2 ** 32)]);
      // Exponents from −500 to 500, and low words of which some would be NaN as float32 numbers.
      bits[1] = (bits[1] & 0x800fffff) | ((523 + generator.integer(1001)) << 20);
      if (index % 4 === 0) bits[0] |= 0x7f800000;
      return new Float64Array(bits.buffer)[0];
    });
    values.set([0, 1, -1, 0.1, 2 ** -510, -(2 ** 506)]);
    const words = encodeWide(values);
    expect(words.every(Number.isFinite)).toBe(true);
    // A copy through float64 numbers, number by number, changes nothing.
    expect(decodeWide(Float32Array.from(Array.from(words)))).toEqual(values);
    const tensor = createWide(engine, values, [40, 100]);
    expect(await readWide(tensor)).toEqual(values);
  });

  test('infinite ones become large, tiny ones 0, and NaN is refused', () => {
    const [infinite, negative, tiny] = decodeWide(encodeWide(Float64Array.of(Infinity, -Infinity, 1e-300)));
    expect([infinite, negative, tiny]).toEqual([2 ** 507, -(2 ** 507), 0]);
    expect(() => encodeWide(Float64Array.of(1, Number.NaN))).toThrow('values[1] is NaN');
    expect(() => createWide(engine, Float64Array.of(1, 2), [3])).toThrow('2 values; the shape [3] needs 3');
  });
});

describe('planted programs are solved', () => {
  const kinds: [string, (n: number) => Omit<PlantedOptions, 'seed'>][] = [
    ['inequalities', (n) => ({ n, inequalities: 2 * n + 1 })],
    ['few rows', (n) => ({ n, inequalities: Math.ceil(n / 2), rank: 3 * n })],
    ['equalities and free rows', (n) => ({ n, inequalities: n, equalities: Math.floor(n / 3), free: 2 })],
    ['equalities only', (n) => ({ n, inequalities: 0, equalities: Math.ceil(n / 2) })],
    ['bounds only', (n) => ({ n, inequalities: n, isBox: true })],
    ['a singular P', (n) => ({ n, inequalities: 2 * n, rank: n >> 1 })],
    ['P = 0', (n) => ({ n, inequalities: 3 * n, rank: 0 })],
    ['P = 0 and equalities', (n) => ({ n, inequalities: 3 * n, equalities: Math.floor(n / 3), rank: 0 })],
    ['no active row', (n) => ({ n, inequalities: n, active: 0, rank: 2 * n })],
  ];

  describe.each(kinds)('%s', (_, kind) => {
    test.each([1, 2, 3, 4, 5, 8, 11, 17, 40])('%i variables', async (n) => {
      const programs = plantMany(kind(n), 16, 10 * n);
      const solved = await solve(programs);
      for (const [index, program] of programs.entries()) {
        expect(solved[index].isSolved).toBe(true);
        expect(solved[index].iterations).toBeLessThanOrEqual(25);
        expect(worstOf(program, solved[index])).toBeLessThan(1e-9);
        expect(distance(solved[index].x, program.x)).toBeLessThan(1e-7);
        expect(distance(solved[index].y, program.y)).toBeLessThan(1e-7);
        const z = multiply(program.A, solved[index].x, program.m, n);
        expect(distance(solved[index].z, z)).toBeLessThan(1e-12 * (1 + Math.max(...z.map(Math.abs))));
        const { x } = program;
        const objective = dot(x, multiply(program.P, x, n, n)) / 2 + dot(program.q, x);
        expect(Math.abs(solved[index].objective - objective)).toBeLessThan(1e-5 * (1 + Math.abs(objective)));
      }
    });
  });

  test('most of them up to rounding, in few iterations', async () => {
    const programs = plantMany({ n: 20, inequalities: 30, equalities: 5 }, 60);
    const solved = await solve(programs);
    expect(solved.filter(({ isPolished }) => isPolished).length).toBeGreaterThan(55);
    for (const [index, each] of solved.entries())
      if (each.isPolished) expect(worstOf(programs[index], each)).toBeLessThan(1e-13);
    const iterations = solved.map((each) => each.iterations).sort((a, b) => a - b);
    expect(iterations[30]).toBeLessThanOrEqual(8);
  });

  test('data in float32', async () => {
    const rounded = plantMany({ n: 12, inequalities: 15, equalities: 3 }, 20).map((program) => ({
      ...program,
      ...Object.fromEntries(NAMES.map((name) => [name, Float64Array.from(Float32Array.from(program[name]))])),
    }));
    const solved = await solve(rounded, { isNarrow: true });
    for (const [index, program] of rounded.entries()) {
      expect(solved[index].isSolved).toBe(true);
      expect(worstOf(program, solved[index])).toBeLessThan(1e-9);
    }
  });

  test('the results in float32 are those in float64, rounded', async () => {
    const programs = plantMany({ n: 6, inequalities: 9 }, 5);
    const { x, y, z, wide } = interiorPoint(operandsOf(programs), optionsFor(programs));
    expect(await x.data()).toEqual(Float32Array.from(await readWide(wide.x)));
    expect(await y.data()).toEqual(Float32Array.from(await readWide(wide.y)));
    expect(await z.data()).toEqual(Float32Array.from(await readWide(wide.z)));
  });

  test('scales from 1e-8 to 1e8', async () => {
    const programs = Array.from({ length: 17 }, (_, index) => {
      const program = plantProgram({ seed: index + 1, n: 8, inequalities: 10, rank: 16 });
      const scale = 10 ** (index - 8);
      const scaled = (values: Float64Array): Float64Array => values.map((value) => value * scale);
      return {
        ...program,
        A: scaled(program.A),
        l: scaled(program.l),
        u: scaled(program.u),
        y: program.y.map((each) => each / scale),
      };
    });
    const solved = await solve(programs);
    for (const [index, program] of programs.entries()) {
      expect(solved[index].isSolved).toBe(true);
      expect(distance(solved[index].x, program.x)).toBeLessThan(1e-7);
    }
  });
});

describe('forms of a batch', () => {
  const batches: [string, Omit<PlantedOptions, 'seed'>][] = [
    ['more rows than variables', { n: 7, inequalities: 20, equalities: 1 }],
    ['fewer rows', { n: 15, inequalities: 8, equalities: 3, rank: 40 }],
  ];

  test.each(batches)('P and A that are shared give the same solutions: %s', async (_, options) => {
    const first = plantProgram({ ...options, seed: 1 });
    const programs = Array.from({ length: 40 }, (_each, index) =>
      plantProgram({ ...options, seed: index + 1, like: first }),
    );
    const own = await solve(programs);
    for (const [index, each] of (await solve(programs, { isShared: true })).entries()) {
      expect(each.isSolved).toBe(true);
      expect(distance(each.x, own[index].x)).toBeLessThan(1e-12);
      expect(distance(each.y, own[index].y)).toBeLessThan(1e-11);
    }
  });

  test.each(batches)('two threads give the same bits: %s', async (_, options) => {
    const programs = plantMany(options, 60);
    expect(await solve(programs, { on: team })).toEqual(await solve(programs));
  });

  test('one sample gives the bits that it has in a batch', async () => {
    const programs = plantMany({ n: 9, inequalities: 12 }, 10);
    const together = await solve(programs);
    for (const [index, program] of programs.entries()) expect(await solve([program])).toEqual([together[index]]);
  });

  test('a run that is interrupted gives the same bits, and other tasks get their turns', async () => {
    const cut = new Engine(await openWasm({ threads: 2, slice: 0 }));
    const programs = plantMany({ n: 60, inequalities: 60 }, 24);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    expect(await solve(programs, { on: cut })).toEqual(await solve(programs));
    clearInterval(timer);
    cut.close();
    expect(turns).toBeGreaterThan(0);
  });

  test('a run that is cut short solves nothing more', async () => {
    const programs = plantMany({ n: 5, inequalities: 5 }, 8);
    const operands = operandsOf(programs);
    const words = NAMES.map((name) => (operands[name] as WideTensor).words);
    const [numbers] = engine.run(
      'cut short',
      words,
      ([P, q, A, l, u]) => [
        interiorPoint(
          { P: { words: P }, q: { words: q }, A: { words: A }, l: { words: l }, u: { words: u } },
          optionsFor(programs),
        ).numbers,
      ],
      { isCutShort: () => true },
    );
    const facts = (await numbers.data()) as Float32Array;
    for (let sample = 0; sample < 8; sample++) expect(facts[PROGRAM_NUMBERS.length * sample]).toBe(1);
  });
});

describe('a start', () => {
  const programs = plantMany({ n: 10, inequalities: 14, equalities: 2 }, 12);
  const flat = (name: 'x' | 'y'): Float64Array => Float64Array.from(programs.flatMap((program) => [...program[name]]));

  test('at the solution takes no iteration', async () => {
    const initial = {
      x: createWide(engine, flat('x'), [12, 10]),
      y: createWide(engine, flat('y'), [12, 16]),
    };
    for (const { isSolved, iterations } of await solve(programs, {}, { initial })) {
      expect(isSolved).toBe(true);
      expect(iterations).toBe(0);
    }
  });

  test('elsewhere leads to the same solution', async () => {
    const generator = random(9);
    const initial = {
      x: engine.tensor(
        Float32Array.from({ length: 120 }, () => 3 * generator.normal()),
        [12, 10],
      ),
      y: engine.tensor(
        Float32Array.from({ length: 192 }, () => 3 * generator.normal()),
        [12, 16],
      ),
    };
    for (const [index, each] of (await solve(programs, {}, { initial })).entries()) {
      expect(each.isSolved).toBe(true);
      expect(distance(each.x, programs[index].x)).toBeLessThan(1e-7);
    }
  });

  test('with x only', async () => {
    const initial = { x: createWide(engine, flat('x'), [12, 10]) };
    for (const { isSolved } of await solve(programs, {}, { initial })) expect(isSolved).toBe(true);
  });
});

describe('programs without a solution', () => {
  const n = 6;
  const base = (seed: number, rank = n): PlantedProgram =>
    plantProgram({ seed, n, inequalities: 8, equalities: 2, rank });

  /** Two rows that contradict one another. */
  function makeInfeasible(program: PlantedProgram): PlantedProgram {
    program.A.copyWithin(9 * n, 8 * n, 9 * n);
    program.l.set([1, -Infinity], 8);
    program.u.set([Infinity, 0.5], 8);
    return program;
  }

  /** A variable that appears in no row and only linearly in the objective. */
  function makeUnbounded(program: PlantedProgram): PlantedProgram {
    for (let r = 0; r < program.m; r++) program.A[r * n] = 0;
    for (let j = 0; j < n; j++) {
      program.P[j] = 0;
      program.P[j * n] = 0;
    }
    program.q[0] = 1;
    return program;
  }

  const broken: [string, (seed: number) => PlantedProgram][] = [
    ['infeasible', (seed) => makeInfeasible(base(seed))],
    ['infeasible, P = 0', (seed) => makeInfeasible(base(seed, 0))],
    ['unbounded', (seed) => makeUnbounded(base(seed))],
    ['unbounded, P = 0', (seed) => makeUnbounded(base(seed, 0))],
    [
      'l > u',
      (seed) => {
        const program = base(seed);
        program.l[4] = seed % 3 === 0 ? Infinity : 1;
        program.u[4] = seed % 3 === 1 ? -Infinity : 0.5;
        return program;
      },
    ],
  ];

  test.each(broken)('%s: not solved, and given up early', async (_, make) => {
    const solved = await solve(Array.from({ length: 60 }, (_each, seed) => make(seed + 1)));
    for (const { isSolved, iterations } of solved) {
      expect(isSolved).toBe(false);
      expect(iterations).toBeLessThan(30);
    }
  });

  test('they disturb no other sample', async () => {
    const good = plantMany({ n, inequalities: 8, equalities: 2 }, 10, 50);
    const mixed = good.flatMap((program, index) => [program, broken[index % broken.length][1](index + 1)]);
    for (const form of [{}, { on: team }]) {
      const solved = await solve(mixed, form);
      expect(solved.filter((_, index) => index % 2 === 0)).toEqual(await solve(good));
      expect(solved.some(({ isSolved }, index) => index % 2 === 1 && isSolved)).toBe(false);
    }
  });

  test('equalities that depend on one another have a solution', async () => {
    const programs = Array.from({ length: 20 }, (_, seed) => {
      const program = plantProgram({ seed: seed + 1, n, inequalities: 5, equalities: 3 });
      program.A.copyWithin(2 * n, n, 2 * n);
      program.l[2] = program.l[1];
      program.u[2] = program.u[1];
      const Px = multiply(program.P, program.x, n, n);
      program.q.forEach((_each, j) => {
        program.q[j] = -Px[j] - program.y.reduce((sum, y, r) => sum + program.A[r * n + j] * y, 0);
      });
      return program;
    });
    for (const [index, each] of (await solve(programs)).entries()) {
      if (!each.isSolved) continue; // the host solves these
      expect(worstOf(programs[index], each)).toBeLessThan(1e-8);
    }
  });

  test('numbers that are not finite spoil only their own sample', async () => {
    const programs = plantMany({ n, inequalities: 8 }, 3);
    for (const name of ['P', 'q', 'A', 'u'] as const) {
      const operands = operandsOf(programs, { isNarrow: true });
      // An operation may overflow, although what is given to the engine is finite.
      const factors = Float32Array.from(
        programs.flatMap((program, index) => Array.from(program[name], () => (index === 1 ? 1e38 : 1))),
      );
      const given = operands[name] as Tensor;
      const spoilt = given.mul(engine.tensor(factors, given.shape)).mul(engine.tensor(factors, given.shape));
      const nothing = spoilt.sub(spoilt).add(given);
      const result = interiorPoint({ ...operands, [name]: nothing }, optionsFor(programs));
      const [first, second, third] = await read(result, 3);
      expect([first.isSolved, second.isSolved, third.isSolved]).toEqual([true, false, true]);
    }
  });

  test('a limit of 0 iterations is kept', async () => {
    for (const { isSolved, iterations } of await solve(plantMany({ n, inequalities: 12 }, 5), {}, { limit: 0 })) {
      expect(iterations).toBe(0);
      expect(isSolved).toBe(false);
    }
  });
});

describe('arguments', () => {
  test('shapes that do not fit are refused', () => {
    const programs = plantMany({ n: 4, inequalities: 5 }, 3);
    const operands = operandsOf(programs);
    const options = optionsFor(programs);
    expect(() => interiorPoint(operands, { ...options, n: 5 })).toThrow(
      'P: its shape is [3, 4, 4]; it must be [5, 5] or [3, 5, 5]',
    );
    expect(() => interiorPoint(operands, { ...options, initial: { x: operands.l } })).toThrow(
      'initial.x: its shape is [3, 5]',
    );
    const activity = engine.tensor(new Float32Array(15), [3, 5]);
    const derivative = { batch: 3, n: 4, m: 5, activity, right: operands.q, isTangent: true };
    expect(() => programDerivative(operands, derivative)).toThrow('right: its shape is [3, 4]; it must be [3, 9]');
  });

  test.each(['cpu', 'gpujs'] as const)('%s refuses', async (backend) => {
    const other = await open({ backend });
    const programs = plantMany({ n: 4, inequalities: 5 }, 2);
    const result = async (): Promise<unknown> =>
      interiorPoint(operandsOf(programs, { on: other }), optionsFor(programs)).numbers.data();
    await expect(result()).rejects.toThrow('interiorPoint');
    other.close();
  });
});
