/** The kernel of WebAssembly that differentiates batches of quadratic programs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWasm } from '../../../src/backends/wasm/index.ts';
import { random } from '../../../src/data/random.ts';
import {
  type InteriorPointOptions,
  type ProgramOperands,
  programDerivative,
} from '../../../src/solvers/programs/kernels.ts';
import { createWide, readWide } from '../../../src/solvers/programs/wide.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import {
  distance,
  type Form,
  NAMES,
  type Name,
  operandsOn,
  plantMany,
  type Solved,
  solveOn,
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

describe('derivatives', () => {
  interface Cotangent {
    readonly gx: Float64Array;
    readonly gy: Float64Array;
    readonly gz: Float64Array;
  }

  function cotangentFor({ n, m }: PlantedProgram, seed: number): Cotangent {
    const generator = random(seed);
    const normals = (count: number): Float64Array => Float64Array.from({ length: count }, () => generator.normal());
    return { gx: normals(n), gy: normals(m), gz: normals(m) };
  }

  const activityOf = ({ sides }: PlantedProgram): number[] => sides.map((side) => Number(side !== 0));

  async function differentiate(
    programs: readonly PlantedProgram[],
    rights: readonly Float64Array[],
    isTangent: boolean,
    form: Partial<Form> = {},
  ) {
    const { n, m } = programs[0];
    const on = form.on ?? engine;
    const batch = programs.length;
    const activity = on.tensor(programs.flatMap(activityOf), [batch, m]);
    const values = Float64Array.from(rights.flatMap((right) => [...right]));
    const shape = [batch, isTangent ? n + m : n + 2 * m];
    const right = form.isNarrow ? on.tensor(Float32Array.from(values), shape) : createWide(on, values, shape);
    const { wide, solution, numbers } = programDerivative(operandsOf(programs, form), {
      batch,
      n,
      m,
      activity,
      right,
      isTangent,
    });
    const facts = (await numbers.data()) as Float32Array;
    const all = await readWide(wide);
    expect(await solution.data()).toEqual(Float32Array.from(all));
    return programs.map((_, index) => {
      const [status, residual, rowPivot, primalPivot] = facts.slice(4 * index);
      const both = all.slice(index * (n + m), (index + 1) * (n + m));
      return { first: both.slice(0, n), second: both.slice(n), status, residual, rowPivot, primalPivot };
    });
  }

  const joined = ({ gx, gy, gz }: Cotangent): Float64Array => Float64Array.from([...gx, ...gy, ...gz]);

  const kinds: [string, Omit<PlantedOptions, 'seed'>][] = [
    ['n = 1', { n: 1, inequalities: 2 }],
    ['inequalities', { n: 5, inequalities: 8 }],
    ['equalities, free rows', { n: 6, inequalities: 5, equalities: 2, free: 1 }],
    ['bounds', { n: 5, inequalities: 5, isBox: true }],
    ['a singular P', { n: 6, inequalities: 10, rank: 3, active: 4 }],
    ['P = 0', { n: 4, inequalities: 9, rank: 0 }],
  ];

  test.each(kinds)('agree with central differences: %s', async (_, options) => {
    const step = 1e-6;
    for (const program of plantMany(options, 3, 20)) {
      const { n, m, x, y } = program;
      const cotangent = cotangentFor(program, 7);
      const [{ first: wu, second: wv, status, residual }] = await differentiate([program], [joined(cotangent)], false);
      expect(status).toBe(0);
      expect(residual).toBeLessThan(1e-12);
      const gradient: Record<Name, (index: number) => number> = {
        P: (index) => (wu[Math.floor(index / n)] * x[index % n] + x[Math.floor(index / n)] * wu[index % n]) / 2,
        q: (index) => wu[index],
        A: (index) => {
          const [r, j] = [Math.floor(index / n), index % n];
          return y[r] * wu[j] - wv[r] * x[j] + cotangent.gz[r] * x[j];
        },
        l: (index) => (program.sides[index] === -1 ? wv[index] : 0),
        u: (index) => (program.sides[index] === 1 ? wv[index] : 0),
      };
      // Every entry is moved both ways, all at once in a batch. Equalities move l and u together.
      const moves: { name: Name; index: number; expected: number }[] = NAMES.flatMap((name) =>
        Array.from(program[name], (_each, index) => ({ name, index, expected: gradient[name](index) })).filter(
          ({ index }) =>
            !(name === 'l' || name === 'u') || (program.sides[index] !== 2 && Number.isFinite(program[name][index])),
        ),
      );
      for (const [r, side] of program.sides.entries())
        if (side === 2) moves.push({ name: 'l', index: r, expected: wv[r] });
      const moved = moves.flatMap(({ name, index }) =>
        [1, -1].map((sign) => moveEntry(program, name, index, sign * step)),
      );
      const solved = await solve(moved, {}, { absolute: 1e-13, relative: 1e-13 });
      const losses = solved.map(
        ({ x: at, y: dual, z }) => dot(cotangent.gx, at) + dot(cotangent.gy, dual) + dot(cotangent.gz, z),
      );
      for (const [at, { expected }] of moves.entries()) {
        const difference = (losses[2 * at] - losses[2 * at + 1]) / (2 * step);
        expect(Math.abs(difference - expected)).toBeLessThan(
          2e-6 * (1 + Math.abs(expected)) * (1 + Math.max(...wu.map(Math.abs), ...wv.map(Math.abs))),
        );
      }
      expect(m).toBe(program.sides.length);
    }
  });

  function moveEntry(program: PlantedProgram, name: Name, index: number, by: number): PlantedProgram {
    const copies = Object.fromEntries(NAMES.map((each) => [each, program[each].slice()])) as Record<Name, Float64Array>;
    const { n } = program;
    if (name === 'P') {
      // A symmetric move: the gradient belongs to symmetric ones.
      copies.P[index] += by / 2;
      copies.P[(index % n) * n + Math.floor(index / n)] += by / 2;
    } else copies[name][index] += by;
    if (program.sides[index] === 2 && name === 'l') copies.u[index] += by;
    return { ...program, ...copies };
  }

  test.each(kinds)('tangents are the transposed of cotangents: %s', async (_, options) => {
    const programs = plantMany(options, 10, 70);
    const { n, m } = programs[0];
    const generator = random(3);
    const rights = programs.map((program) => {
      const active = activityOf(program);
      return Float64Array.from({ length: n + m }, (_each, index) =>
        index < n || active[index - n] ? generator.normal() : 0,
      );
    });
    const tangents = await differentiate(programs, rights, true);
    const cotangents = programs.map((program, index) => cotangentFor(program, index + 1));
    const adjoints = await differentiate(programs, cotangents.map(joined), false);
    for (const [index, { A }] of programs.entries()) {
      const { first: dx, second: dy, status } = tangents[index];
      expect(status).toBe(0);
      const { gx, gy, gz } = cotangents[index];
      const { first: wu, second: wv } = adjoints[index];
      const forward = dot(gx, dx) + dot(gy, dy) + dot(gz, multiply(A, dx, m, n));
      const f = rights[index].slice(0, n);
      const backward = -dot(wu, f) + dot(wv, rights[index].slice(n));
      expect(Math.abs(forward - backward)).toBeLessThan(1e-8 * (1 + Math.abs(forward)));
    }
  });

  test('shared, narrow and divided ones', async () => {
    const first = plantProgram({ seed: 1, n: 8, inequalities: 10, equalities: 2 });
    const programs = Array.from({ length: 30 }, (_, index) =>
      plantProgram({ seed: index + 1, n: 8, inequalities: 10, equalities: 2, like: first }),
    );
    const rights = programs.map((program, index) => joined(cotangentFor(program, index + 1)));
    const own = await differentiate(programs, rights, false);
    const shared = await differentiate(programs, rights, false, { isShared: true });
    const narrow = await differentiate(programs, rights, false, { isNarrow: true });
    expect(await differentiate(programs, rights, false, { on: team })).toEqual(own);
    for (const [index, { first: wu, second: wv }] of own.entries()) {
      expect(distance(shared[index].first, wu)).toBeLessThan(1e-9);
      expect(distance(shared[index].second, wv)).toBeLessThan(1e-9);
      expect(distance(narrow[index].first, wu)).toBeLessThan(1e-3 * (1 + Math.max(...wu.map(Math.abs))));
    }
  });

  test('dependent rows and curvature that is missing are visible in the pivots', async () => {
    const regular = plantProgram({ seed: 5, n: 6, inequalities: 8, active: 3, rank: 12 });
    const rows = regular.sides.flatMap((side, r) => (side === 0 ? [] : [r]));
    const dependent = { ...regular, A: regular.A.slice() };
    for (let j = 0; j < 6; j++)
      dependent.A[rows[2] * 6 + j] = 2 * regular.A[rows[0] * 6 + j] - regular.A[rows[1] * 6 + j];
    const flat = { ...regular, P: plantProgram({ seed: 6, n: 6, inequalities: 8, rank: 2 }).P };
    const enough = { ...regular, P: plantProgram({ seed: 6, n: 6, inequalities: 8, rank: 3 }).P };
    const programs = [regular, dependent, flat, enough];
    const rights = programs.map((program) => joined(cotangentFor(program, 1)));
    const [first, second, third, fourth] = await differentiate(programs, rights, false);
    expect(first.rowPivot).toBeGreaterThan(1e-4);
    expect(first.primalPivot).toBeGreaterThan(1e-4);
    expect(second.rowPivot).toBeLessThan(1e-12);
    expect(third.primalPivot).toBeLessThan(1e-11);
    expect(third.rowPivot).toBeGreaterThan(1e-4);
    expect(fourth.primalPivot).toBeGreaterThan(1e-6);
    expect(fourth.status).toBe(0);
  });

  test('an activity between 0 and 1 is left to the host', async () => {
    const program = plantProgram({ seed: 5, n: 6, inequalities: 8 });
    const activity = engine.tensor([1, 0, 0.5, 0, 0, 0, 0, 0], [1, 8]);
    const right = createWide(engine, joined(cotangentFor(program, 1)), [1, 22]);
    const sizes = { batch: 1, n: 6, m: 8 };
    const { numbers } = programDerivative(operandsOf([program]), { ...sizes, activity, right, isTangent: false });
    expect(((await numbers.data()) as Float32Array)[0]).toBe(1);
  });
});
