/** The kernel of WebAssembly for the derivatives of cone programs, beside the derivatives of the host. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONE_DERIVATIVE_NUMBERS } from '../../../src/backends/cone-program-kernels.ts';
import { runUninterrupted } from '../../../src/backends/event-loop.ts';
import { openWasm } from '../../../src/backends/wasm/index.ts';
import { random } from '../../../src/data/random.ts';
import { type ConeAdjoint, createConeDerivative } from '../../../src/implicit/cones/derivative.ts';
import { findActivities } from '../../../src/implicit/cones/find-activities.ts';
import { coneDerivative, coneInteriorPoint } from '../../../src/solvers/cones/kernels.ts';
import { createWide, readWide } from '../../../src/solvers/programs/wide.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import { type Family, regularBatches } from '../../support/cone-batches.ts';
import { coneOperandsOn, coneOptionsFor, readSolved, type SolvedByKernel } from '../../support/cone-kernel-batches.ts';
import { distance } from '../../support/cone-solutions.ts';
import { coneDataOf, type PlantedConeProgram, plantConeProgram } from '../../support/planted-cone-programs.ts';

let engine: Engine;
beforeAll(async () => {
  engine = new Engine(await openWasm({ threads: 2 }));
});
afterAll(() => engine.close());

interface Adjoint {
  readonly wu: Float64Array;
  readonly wv: Float64Array;
  readonly isSolved: boolean;
  readonly residual: number;
  /** The other CONE_DERIVATIVE_NUMBERS. */
  readonly place: readonly number[];
}

/** Random cotangents of x, y and s, [batch, n + 2m]. */
const cotangentsFor = ([{ n, m }, ...others]: readonly PlantedConeProgram[]): Float64Array => {
  const draws = random(7);
  return Float64Array.from({ length: (1 + others.length) * (n + 2 * m) }, () => Math.fround(draws.normal()));
};

async function differentiate(
  programs: readonly PlantedConeProgram[],
  { isShared = false, isNarrow = false, limit = 100 } = {},
): Promise<{ readonly solved: SolvedByKernel[]; readonly adjoints: Adjoint[] }> {
  const [{ n, m }] = programs;
  const operands = coneOperandsOn(programs, { on: engine, isShared, isNarrow });
  const options = { ...coneOptionsFor(programs), limit };
  const point = coneInteriorPoint(operands, options);
  const numbers = cotangentsFor(programs);
  const shape = [programs.length, n + 2 * m];
  const cotangent = isNarrow ? engine.tensor(numbers, shape) : createWide(engine, numbers, shape);
  const found = await readWide(coneDerivative(operands, { ...options, point, cotangent }));
  const length = n + m + CONE_DERIVATIVE_NUMBERS.length;
  const adjoints = programs.map((_, index) => {
    const own = found.slice(index * length, (index + 1) * length);
    const [status, residual, ...place] = own.slice(n + m);
    return { wu: own.slice(0, n), wv: own.slice(n, n + m), isSolved: status === 0, residual, place };
  });
  return { solved: await readSolved(point, programs), adjoints };
}

function byHost(program: PlantedConeProgram, point: SolvedByKernel, cotangent: Float64Array): ConeAdjoint {
  const { n, m } = program;
  const data = coneDataOf(program);
  const { likely } = runUninterrupted(findActivities(data, point, Number.EPSILON));
  const derivative = runUninterrupted(createConeDerivative(data, likely, { selection: 0, leastNorm: false }));
  const [x, y, s] = [cotangent.slice(0, n), cotangent.slice(n, n + m), cotangent.slice(n + m)];
  return runUninterrupted(derivative.adjoint({ x, y, s }));
}

/** @returns how many the kernel differentiated, all as the host does */
async function compare(programs: readonly PlantedConeProgram[], form = {}, tolerance = 1e-7): Promise<number> {
  const { solved, adjoints } = await differentiate(programs, form);
  const all = cotangentsFor(programs);
  const width = all.length / programs.length;
  let count = 0;
  for (const [index, program] of programs.entries()) {
    const { wu, wv, isSolved, residual } = adjoints[index];
    if (!isSolved) continue;
    count += 1;
    const host = byHost(program, solved[index], all.slice(index * width, (index + 1) * width));
    expect(host.singular).toBe(false);
    const size = Math.max(1, ...host.wu.map(Math.abs), ...host.wv.map(Math.abs));
    expect(residual).toBeLessThan(1e-9);
    expect(distance(wu, host.wu)).toBeLessThan(tolerance * size);
    expect(distance(wv, host.wv)).toBeLessThan(tolerance * size);
  }
  return count;
}

describe('gradients are those of the host', () => {
  test.each<Family>(['zero', 'nonneg', 'soc', 'psd', 'mixture'])('%s', async (family) => {
    const batches = regularBatches(family, 240, 6).filter(({ name }) => !/exp|pow/.test(name));
    let [count, total] = [0, 0];
    for (const { programs, isShared } of batches) {
      count += await compare(programs, { isShared });
      total += programs.length;
    }
    expect(count).toBeGreaterThan(0.95 * total);
  });

  test('of all cones together, in float32', async () => {
    const cones = [
      { type: 'free', dim: 2 } as const,
      { type: 'psd', dim: 3 } as const,
      { type: 'zero', dim: 2 } as const,
      { type: 'soc', dim: 4 } as const,
      { type: 'nonneg', dim: 3 } as const,
    ];
    const rounded = Array.from({ length: 20 }, (_, seed) => {
      const program = plantConeProgram({ seed, n: 14, cones });
      const numbers = (['P', 'A', 'b', 'c'] as const).map((name) => [name, program[name].map(Math.fround)]);
      return { ...program, ...Object.fromEntries(numbers) } as PlantedConeProgram;
    });
    expect(await compare(rounded, { isNarrow: true }, 1e-9)).toBe(20);
  });
});

describe('what is not clear is left to the host', () => {
  const cones = [
    { type: 'soc', dim: 4 } as const,
    { type: 'psd', dim: 3 } as const,
    { type: 'nonneg', dim: 2 } as const,
  ];
  /** y − s at the solution: far from kinks. */
  const v = [0.5, 2, -1, 1, -1, 0.3, 0.2, 2, 0.4, 1, 0.5, -0.5];
  const at = (changes: Readonly<Record<number, number>>): PlantedConeProgram => {
    const moved = Float64Array.from(v, (value, row) => changes[row] ?? value);
    return plantConeProgram({ seed: 4, n: 14, cones, v: moved });
  };

  test('solutions at kinks, and within 1e-6 of one', async () => {
    const root = Math.sqrt(6);
    const programs = [
      at({}),
      at({ 10: 0 }),
      at({ 10: 1e-7 }),
      at({ 0: root }), // on the boundary of the dual cone
      at({ 0: -root * (1 + 1e-7) }), // near that of the polar one
      at({ 4: 0, 5: 0, 6: 0, 7: 1, 8: 0, 9: -1 }), // a simple eigenvalue 0
      at({ 10: 1e-3 }),
    ];
    const { solved, adjoints } = await differentiate(programs);
    expect(solved.map(({ isSolved }) => isSolved)).toEqual(programs.map(() => true));
    expect(adjoints.map(({ isSolved }) => isSolved)).toEqual([true, false, false, false, false, false, true]);
  });

  test('programs that were not solved, and singular systems', async () => {
    const [unbounded] = (await differentiate([plantConeProgram({ seed: 1, n: 5, cones, kind: 'unbounded' })])).adjoints;
    expect(unbounded.isSolved).toBe(false);
    // Equalities alone have no kinks, near which a point that was not found would be.
    const flat = plantConeProgram({ seed: 1, n: 5, cones: [{ type: 'zero', dim: 2 }] });
    expect((await differentiate([flat])).adjoints[0].isSolved).toBe(true);
    expect((await differentiate([flat], { limit: 0 })).adjoints[0].isSolved).toBe(false);
    // Two rows that are the same, and active: y is not unique.
    const twice = plantConeProgram({ seed: 2, n: 4, cones: [{ type: 'nonneg', dim: 2 }], v: Float64Array.of(1, 1) });
    twice.A.copyWithin(4, 0, 4);
    twice.b[1] = twice.b[0];
    const { solved, adjoints } = await differentiate([twice]);
    expect([solved[0].isConvex, adjoints[0].isSolved]).toEqual([true, false]);
  });

  test('what the factorisations show', async () => {
    // At y − s, J has the eigenvalues 1 (zero), 0.75 and 0.25 (soc), and 0; at y − ρs it has 1/(1 + 3ρ) for the third.
    const cones = [
      { type: 'zero', dim: 1 } as const,
      { type: 'soc', dim: 3 } as const,
      { type: 'soc', dim: 3 } as const,
    ];
    const program = plantConeProgram({ seed: 5, n: 8, cones, v: Float64Array.of(1, 1, 2, 0, -1, 0, 2) });
    const [primal, rows, fraction, reach] = (await differentiate([program])).adjoints[0].place;
    const ratio = Math.log2((1 / fraction - 1) / 3);
    expect(ratio).toBeCloseTo(Math.round(ratio), 12);
    expect(Math.min(primal, rows)).toBeGreaterThan(1e-6);
    expect(Math.max(primal, rows)).toBeLessThanOrEqual(1);
    expect(reach).toBeGreaterThan(0);
    const steep = plantConeProgram({ seed: 5, n: 8, cones: [{ type: 'soc', dim: 3 }], v: Float64Array.of(1.9, 2, 0) });
    expect((await differentiate([steep])).adjoints[0].place[2]).toBeLessThan(0.1);
    // Two rows that are all but the same.
    const near = plantConeProgram({ seed: 2, n: 4, cones: [{ type: 'zero', dim: 2 }] });
    near.A.copyWithin(4, 0, 4);
    near.A[4] += 1e-3;
    near.b[1] = near.b[0];
    const [, fromRows] = (await differentiate([near])).adjoints[0].place;
    expect(fromRows).toBeLessThan(1e-4);
    // A direction without curvature, but for a little.
    const flat = plantConeProgram({ seed: 3, n: 3, cones: [{ type: 'nonneg', dim: 1 }], rank: 2 });
    for (let j = 0; j < 3; j++) flat.P[4 * j] += 1e-6;
    const [fromVariables] = (await differentiate([flat])).adjoints[0].place;
    expect(fromVariables).toBeLessThan(1e-4);
  });

  test('a variable that nothing holds, and a row of zeros', async () => {
    const free = plantConeProgram({ seed: 3, n: 3, cones: [{ type: 'nonneg', dim: 2 }], v: Float64Array.of(1, -1) });
    for (let j = 0; j < 3; j++) for (const at of [j, 3 * j]) free.P[at] = 0;
    free.A[0] = 0;
    free.c[0] = 0; // the second row is not active
    const still = plantConeProgram({ seed: 4, n: 3, cones: [{ type: 'zero', dim: 2 }] });
    still.A.fill(0, 3, 6);
    still.b[1] = 0;
    for (const program of [free, still]) {
      const { solved, adjoints } = await differentiate([program]);
      if (solved[0].isSolved) expect(Math.min(...adjoints[0].place.slice(0, 2))).toBeLessThan(1e-9);
      expect(adjoints[0].isSolved).toBe(false);
    }
    expect((await differentiate([free])).solved[0].isSolved).toBe(true);
  });

  test('a cotangent of 0 gives 0', async () => {
    const programs = [at({})];
    const [{ n, m }] = programs;
    const operands = coneOperandsOn(programs, { on: engine });
    const options = coneOptionsFor(programs);
    const point = coneInteriorPoint(operands, options);
    const cotangent = engine.tensor(new Float32Array(n + 2 * m), [1, n + 2 * m]);
    const found = await readWide(coneDerivative(operands, { ...options, point, cotangent }));
    expect(found.slice(0, n + m + 2).map(Math.abs)).toEqual(new Float64Array(n + m + 2));
  });
});
