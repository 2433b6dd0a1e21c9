/** The kernel of WebAssembly that solves batches of cone programs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { openWasm } from '../../../src/backends/wasm/index.ts';
import { random } from '../../../src/data/random.ts';
import { type Cone, readCones, rowsOfCones } from '../../../src/solvers/cones/cone.ts';
import { coneDerivative, coneInteriorPoint, fitsKernel } from '../../../src/solvers/cones/kernels.ts';
import { solveConeProgram } from '../../../src/solvers/cones/solve.ts';
import { createWide, type WideTensor } from '../../../src/solvers/programs/wide.ts';
import { Engine, open } from '../../../src/tensor/engine.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { type Family, regularBatches } from '../../support/cone-batches.ts';
import {
  type ConeForm,
  coneOperandsOn,
  coneOptionsFor,
  readSolved,
  solveByKernelOn,
} from '../../support/cone-kernel-batches.ts';
import { distance, solutionError } from '../../support/cone-solutions.ts';
import {
  coneDataOf,
  type PlantedConeOptions,
  type PlantedConeProgram,
  plantConeProgram,
} from '../../support/planted-cone-programs.ts';

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

type Solving = Partial<ConeForm> & Parameters<typeof solveByKernelOn>[2];

const solve = (
  programs: readonly PlantedConeProgram[],
  { on = engine, isShared, isNarrow, ...options }: Solving = {},
) => solveByKernelOn(programs, { on, isShared, isNarrow }, options);

const plantMany = (options: Omit<PlantedConeOptions, 'seed'>, count: number): PlantedConeProgram[] =>
  Array.from({ length: count }, (_, seed) => plantConeProgram({ ...options, seed }));

/** With 16 variables, y is unique beside the 16 rows that are not free. */
const MIXTURE: readonly Cone[] = [
  { type: 'zero', dim: 2 },
  { type: 'psd', dim: 3 },
  { type: 'free', dim: 2 },
  { type: 'soc', dim: 4 },
  { type: 'nonneg', dim: 3 },
  { type: 'soc', dim: 1 },
];

/** Expects the planted solutions to rounding, of programs in which they are unique. */
function expectSolved(
  programs: readonly PlantedConeProgram[],
  solved: Awaited<ReturnType<typeof solve>>,
  tolerance = 1e-9,
  names: readonly ('x' | 'y' | 's')[] = ['x', 'y', 's'],
): void {
  for (const [index, program] of programs.entries()) {
    const found = solved[index];
    expect(found.isSolved).toBe(true);
    expect(found.isConvex).toBe(true);
    expect(found.merit).toBeLessThanOrEqual(1);
    expect(solutionError(coneDataOf(program), found)).toBeLessThan(1e-12);
    for (const name of names) expect(distance(found[name], program[name])).toBeLessThan(tolerance);
  }
}

describe('programs with a unique solution are solved to rounding', () => {
  const symmetric = /exp|pow/;

  test.each<Family>(['zero', 'nonneg', 'soc', 'psd', 'mixture'])('%s', async (family) => {
    const batches = regularBatches(family, 300, 6).filter(({ name }) => !symmetric.test(name));
    expect(batches.length).toBeGreaterThan(family === 'mixture' ? 4 : 20);
    let unsolved = 0;
    for (const { programs, isShared } of batches) {
      const solved = await solve(programs, { isShared });
      const isSolved = (_: unknown, index: number): boolean => solved[index].isSolved;
      unsolved += programs.length - programs.filter(isSolved).length;
      expectSolved(programs.filter(isSolved), solved.filter(isSolved), 1e-8);
    }
    expect(unsolved).toBeLessThanOrEqual(2); // those all but singular
  });

  test('all cones together', async () => {
    const programs = plantMany({ n: 16, cones: MIXTURE }, 40);
    expectSolved(programs, await solve(programs));
  });

  test.each(Array.from({ length: 12 }, (_, index) => index + 1))('matrices of order %i', async (dim) => {
    const programs = plantMany({ n: 2 + (dim * (dim + 1)) / 2, cones: [{ type: 'psd', dim }] }, 4);
    const solved = await solve(programs);
    expectSolved(programs, solved);
    for (const { iterations } of solved) expect(iterations).toBeLessThanOrEqual(16);
  });

  test.each<[number, readonly Cone[]]>([
    [1, [{ type: 'nonneg', dim: 1 }]],
    [1, [{ type: 'nonneg', dim: 9 }]],
    [1, [{ type: 'soc', dim: 1 }]],
    [1, [{ type: 'soc', dim: 2 }]],
    [1, [{ type: 'psd', dim: 1 }]],
    [1, [{ type: 'zero', dim: 1 }]],
    [1, [{ type: 'free', dim: 1 }]],
    [6, [{ type: 'soc', dim: 1 }]],
    [5, [{ type: 'zero', dim: 4 }]],
    [7, [{ type: 'soc', dim: 21 }]],
  ])('%i variables and %j', async (n, cones) => {
    const programs = plantMany({ n, cones }, 12);
    // One variable has not room for two active rows.
    expectSolved(programs, await solve(programs), 1e-8, ['x', 's']);
  });

  test.each([1e-6, 1e6])('all numbers times %d, and b and c', async (factor) => {
    const times = (values: Float64Array): Float64Array => values.map((value) => value * factor);
    const programs = plantMany({ n: 16, cones: MIXTURE }, 12).flatMap((program) => {
      const { P, A, b, c, x, y, s } = program;
      return [
        { ...program, P: times(P), A: times(A), b: times(b), c: times(c), s: times(s) },
        { ...program, b: times(b), c: times(c), x: times(x), y: times(y), s: times(s) },
      ];
    });
    const solved = await solve(programs);
    for (const [index, program] of programs.entries()) {
      expect(solved[index].isSolved).toBe(true);
      for (const name of ['x', 'y', 's'] as const) {
        const size = Math.max(...program[name].map(Math.abs));
        expect(distance(solved[index][name], program[name])).toBeLessThan(1e-9 * size);
      }
    }
  });

  test('rows, cones and variables in units of their own', async () => {
    const programs = plantMany({ n: 16, cones: MIXTURE }, 20).map((program, seed) => {
      const { n, m, blocks, P, A, b, c, x, y, s } = program;
      const draws = random(seed).fork('units');
      const unit = (): number => 10 ** (6 * draws.uniform() - 3);
      const columns = Float64Array.from({ length: n }, unit);
      const rows = Float64Array.from({ length: m }, unit);
      for (const { type, start, rows: count } of blocks) {
        if (type === 'soc' || type === 'psd') rows.fill(rows[start], start, start + count);
      }
      return {
        ...program,
        P: P.map((value, at) => value * columns[Math.floor(at / n)] * columns[at % n]),
        A: A.map((value, at) => value * rows[Math.floor(at / n)] * columns[at % n]),
        b: b.map((value, row) => value * rows[row]),
        c: c.map((value, column) => value * columns[column]),
        x: x.map((value, column) => value / columns[column]),
        y: y.map((value, row) => value / rows[row]),
        s: s.map((value, row) => value * rows[row]),
      };
    });
    const solved = await solve(programs);
    for (const [index, program] of programs.entries()) {
      expect(solved[index].isSolved).toBe(true);
      for (const name of ['x', 'y', 's'] as const) {
        const size = Math.max(...program[name].map(Math.abs));
        expect(distance(solved[index][name], program[name])).toBeLessThan(1e-9 * size);
      }
    }
  });

  test('degenerate programs, as the host solves them', async () => {
    const programs = Array.from({ length: 60 }, (_, seed) => {
      const cones = MIXTURE.filter((__, index) => random(seed).fork(`${index}`).integer(2) === 0);
      const own = cones.length > 0 ? cones : MIXTURE;
      return plantConeProgram({ seed, n: 12, cones: own, kind: 'degenerate' });
    });
    let count = 0;
    for (const program of programs) {
      const [found] = await solve([program]);
      if (!found.isSolved) continue; // the host solves these
      count += 1;
      const data = coneDataOf(program);
      const host = runUninterrupted(solveConeProgram(data, { absolute: 1e-9, relative: 1e-9, limit: 1000 }));
      expect(solutionError(data, found)).toBeLessThan(1e-11);
      expect(distance(found.x, host.x)).toBeLessThan(1e-7);
      expect(Math.abs(found.objective - host.objective)).toBeLessThan(1e-9 * (1 + Math.abs(host.objective)));
    }
    expect(count).toBeGreaterThan(50);
  });
});

describe('forms of a batch', () => {
  test('P and A that are shared give the same solutions', async () => {
    const first = plantConeProgram({ n: 16, cones: MIXTURE, seed: 1 });
    const programs = Array.from({ length: 30 }, (_, seed) =>
      plantConeProgram({ n: 16, cones: MIXTURE, seed, like: first }),
    );
    const own = await solve(programs);
    expectSolved(programs, own);
    expect(await solve(programs, { isShared: true })).toEqual(own);
  });

  test('data in float32', async () => {
    const rounded = plantMany({ n: 16, cones: MIXTURE }, 12).map((program) => ({
      ...program,
      ...Object.fromEntries(
        (['P', 'A', 'b', 'c'] as const).map((name) => [name, Float64Array.from(Float32Array.from(program[name]))]),
      ),
    }));
    const solved = await solve(rounded, { isNarrow: true });
    for (const [index, found] of solved.entries()) {
      expect(found.isSolved).toBe(true);
      expect(solutionError(coneDataOf(rounded[index]), found)).toBeLessThan(1e-12);
    }
  });

  test('two threads give the same bits, and one sample those that it has in a batch', async () => {
    const programs = plantMany({ n: 16, cones: MIXTURE }, 60);
    const together = await solve(programs);
    expect(await solve(programs, { on: team })).toEqual(together);
    for (const index of [0, 17, 59]) expect(await solve([programs[index]])).toEqual([together[index]]);
  });

  test('a run that is interrupted gives the same bits, and other tasks get their turns', async () => {
    const cut = new Engine(await openWasm({ threads: 2, slice: 0 }));
    const programs = plantMany({ n: 60, cones: [{ type: 'psd', dim: 10 }, ...MIXTURE] }, 24);
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
    const programs = plantMany({ n: 16, cones: MIXTURE }, 8);
    const { P, A, b, c } = coneOperandsOn(programs, { on: engine }) as Record<string, WideTensor>;
    const [words] = engine.run(
      'cut short',
      [P, A, b, c].map((operand) => operand.words),
      (tensors) => {
        const [p, a, right, linear] = tensors.map((each) => ({ words: each }));
        return [coneInteriorPoint({ P: p, A: a, b: right, c: linear }, coneOptionsFor(programs)).words];
      },
      { isCutShort: () => true },
    );
    for (const { isSolved } of await readSolved({ words }, programs)) expect(isSolved).toBe(false);
  });
});

describe('a start', () => {
  const programs = plantMany({ n: 16, cones: MIXTURE }, 12);
  const [{ n, m }] = programs;
  const wide = (name: 'x' | 'y' | 's', change = 0): WideTensor => {
    const generator = random(3);
    const numbers = programs
      .flatMap((program) => [...program[name]])
      .map((value) => value + change * generator.normal());
    return createWide(engine, Float64Array.from(numbers), [programs.length, name === 'x' ? n : m]);
  };

  test('at the solution takes no step', async () => {
    const solved = await solve(programs, { initial: { x: wide('x'), y: wide('y'), s: wide('s') } });
    expectSolved(programs, solved);
    for (const { iterations } of solved) expect(iterations).toBe(0);
    // s is b − Ax where it is absent.
    for (const { iterations } of await solve(programs, { initial: { x: wide('x'), y: wide('y') } })) {
      expect(iterations).toBe(0);
    }
  });

  test('near the solution takes few steps', async () => {
    const initial = { x: wide('x', 1e-3), y: wide('y', 1e-3), s: wide('s', 1e-3) };
    const solved = await solve(programs, { initial });
    expectSolved(programs, solved);
    expect(solved.filter(({ iterations }) => iterations <= 4).length).toBeGreaterThan(8);
  });

  test('elsewhere, or with a part of it, leads to the same solution', async () => {
    expectSolved(programs, await solve(programs, { initial: { x: wide('x', 9), y: wide('y', 9), s: wide('s', 9) } }));
    for (const name of ['x', 'y', 's'] as const) {
      expectSolved(programs, await solve(programs, { initial: { [name]: wide(name) } }));
    }
  });
});

describe('programs without a solution', () => {
  test.each(['infeasible', 'unbounded'] as const)('%s ones are not solved, and given up early', async (kind) => {
    const cones = MIXTURE.filter(({ type }) => type !== 'free');
    await solve(plantMany({ n: 16, cones }, 60)); // leaves numbers in the memory that is used again
    const solved = await solve(plantMany({ n: 16, cones, kind }, 60));
    for (const { isSolved, x } of solved) {
      expect(isSolved).toBe(false);
      expect(x.every((value) => value === 0)).toBe(true);
    }
  });

  test('they, and numbers that are not finite, disturb no other sample', async () => {
    const good = plantMany({ n: 16, cones: MIXTURE }, 8);
    const bad = plantMany({ n: 16, cones: MIXTURE, kind: 'unbounded' }, 8);
    const mixed = good.flatMap((program, index) => [program, bad[index]]);
    const alone = await solve(good);
    for (const on of [engine, team]) {
      const solved = await solve(mixed, { on });
      expect(solved.filter((_, index) => index % 2 === 0)).toEqual(alone);
    }
    for (const name of ['P', 'A', 'b', 'c'] as const) {
      const operands = coneOperandsOn(good.slice(0, 3), { on: engine, isNarrow: true });
      const given = operands[name] as Tensor;
      // An operation may overflow, although what is given to the engine is finite.
      const factors = Float32Array.from({ length: given.size }, (_, at) =>
        Math.floor((3 * at) / given.size) === 1 ? 1e38 : 1,
      );
      const large = engine.tensor(factors, given.shape);
      const spoilt = given.add(1).mul(large).mul(large);
      const result = coneInteriorPoint(
        { ...operands, [name]: spoilt.sub(spoilt).add(given) },
        coneOptionsFor(good.slice(0, 3)),
      );
      const solved = await readSolved(result, good.slice(0, 3));
      expect(solved.map(({ isSolved }) => isSolved)).toEqual([true, false, true]);
    }
  });

  test('P that is not convex is told', async () => {
    const programs = plantMany({ n: 16, cones: MIXTURE }, 4);
    for (const program of programs) program.P[0] -= 100;
    for (const { isSolved, isConvex } of await solve(programs)) expect(isSolved && isConvex).toBe(false);
    // The constraints alone decide x, so that Newton's method does not see the curvature.
    const fixed = plantMany({ n: 2, cones: [{ type: 'zero', dim: 2 }] }, 3);
    for (const program of fixed) program.P.set([-1e-3, 0, 0, -1e-3]);
    for (const { isSolved, isConvex } of await solve(fixed)) expect([isSolved, isConvex]).toEqual([true, false]);
  });

  test('a limit of iterations is kept', async () => {
    const programs = plantMany({ n: 16, cones: MIXTURE }, 5);
    const free = await solve(programs);
    for (const limit of [0, 1, 4]) {
      for (const [index, { isSolved }] of (await solve(programs, { limit })).entries()) {
        expect(isSolved).toBe(free[index].iterations <= limit);
      }
    }
  });
});

describe('arguments', () => {
  test('programs that are large, or have other cones, are not for the kernel', () => {
    const fits = (n: number, cones: readonly Cone[]): boolean => {
      const blocks = readCones('cones', cones);
      return fitsKernel({ n, m: rowsOfCones(blocks), blocks });
    };
    expect(fits(16, MIXTURE)).toBe(true);
    expect(fits(16, [...MIXTURE, { type: 'exp', dim: 3 }])).toBe(false);
    expect(fits(200, [{ type: 'nonneg', dim: 300 }])).toBe(true);
    expect(fits(200, [{ type: 'nonneg', dim: 1000 }])).toBe(false);
    expect(fits(10, [{ type: 'psd', dim: 32 }])).toBe(true);
    expect(
      fits(
        10,
        Array.from({ length: 100 }, () => ({ type: 'psd', dim: 32 }) as const),
      ),
    ).toBe(false);
  });

  test('shapes that do not fit are refused', () => {
    const programs = plantMany({ n: 4, cones: [{ type: 'soc', dim: 5 }] }, 3);
    const operands = coneOperandsOn(programs, { on: engine });
    const options = coneOptionsFor(programs);
    expect(() => coneInteriorPoint(operands, { ...options, n: 5 })).toThrow(
      'P: its shape is [3, 4, 4]; it must be [5, 5] or [3, 5, 5]',
    );
    expect(() => coneInteriorPoint(operands, { ...options, initial: { s: operands.c } })).toThrow(
      'initial.s: its shape is [3, 4]',
    );
    const point = coneInteriorPoint(operands, options);
    const derivative = { ...options, point, cotangent: operands.b };
    expect(() => coneDerivative(operands, derivative)).toThrow('cotangent: its shape is [3, 5]; it must be [3, 14]');
  });

  test.each(['cpu', 'gpujs'] as const)('%s refuses', async (backend) => {
    const other = await open({ backend });
    const programs = plantMany({ n: 4, cones: [{ type: 'soc', dim: 5 }] }, 2);
    const result = async (): Promise<unknown> => solve(programs, { on: other });
    await expect(result()).rejects.toThrow('coneInteriorPoint');
    other.close();
  });
});
