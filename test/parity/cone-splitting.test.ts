/** Batches of cone programs by operator splitting, and their derivatives, on every backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STATUS } from '../../src/backends/kernels.ts';
import { type BackendName, type Engine, open, type Tensor } from '../../src/index.ts';
import { type Cone, readCones } from '../../src/solvers/cones/cone.ts';
import {
  differentiateConesBySplitting,
  tangentOfConesBySplitting,
} from '../../src/solvers/programs/splitting/cone-derivative.ts';
import { solveConesBySplitting } from '../../src/solvers/programs/splitting/cones.ts';
import { loadUnsolvableCones } from '../fixtures/load-cones.ts';
import { type DifferentiatedConeProgram, loadDifferentiatedCones } from '../fixtures/load-differentiated-cones.ts';
import { relativeError } from '../support/numbers.ts';
import { type PlantedConeProgram, plantConeProgram } from '../support/planted-cone-programs.ts';

const isSolved = (status: number): boolean => status === STATUS.converged || status === STATUS.stalled;

async function read(tensors: readonly Tensor[]): Promise<number[][]> {
  const numbers = await Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
  for (const tensor of tensors) tensor.dispose();
  return numbers;
}

const cases = loadDifferentiatedCones().map((one) => [one.name, one] as const);

interface Options {
  readonly tolerance?: number;
  readonly limit?: number;
}

interface Solved {
  readonly x: number[];
  readonly y: number[];
  readonly s: number[];
  readonly status: number[];
  readonly iterations: number[];
}

/** Data of a batch: tensors with an axis `batch`, or without it. */
type Data = Readonly<Record<'P' | 'A' | 'b' | 'c', readonly [values: readonly number[], shape: readonly number[]]>>;

async function solve(
  engine: Engine,
  data: Data,
  cones: readonly Cone[],
  { tolerance = 1e-6, limit = 10_000 }: Options = {},
  start: Partial<Readonly<Record<'x' | 'y' | 's', readonly [readonly number[], readonly number[]]>>> = {},
): Promise<Solved> {
  const names = Object.keys(start) as ('x' | 'y' | 's')[];
  const tensors = [data.P, data.A, data.b, data.c, ...names.map((name) => start[name] ?? data.b)].map(
    ([values, shape]) => engine.tensor(values, shape),
  );
  const outputs = engine.run(
    JSON.stringify([cones, tolerance, limit, names]),
    tensors,
    ([P, A, b, c, ...others], context) => {
      const settings = { absolute: tolerance, relative: tolerance, limit };
      const from = Object.fromEntries(names.map((name, index) => [name, others[index]]));
      const found = solveConesBySplitting(context, { P, A, b, c }, readCones('cones', cones), settings, from);
      return [found.x, found.y, found.s, found.status, found.iterations];
    },
  );
  for (const tensor of tensors) tensor.dispose();
  const [x, y, s, status, iterations] = await read(outputs);
  return { x, y, s, status, iterations };
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

function dataOf({ P, A, b, c }: Pick<DifferentiatedConeProgram, 'P' | 'A' | 'b' | 'c'>): Data {
  const [n, m] = [c.length, b.length];
  return { P: [P?.flat() ?? zeros(n * n), [n, n]], A: [A.flat(), [m, n]], b: [b, [m]], c: [c, [n]] };
}

const SETTINGS = { tolerance: 1e-6, limit: 60, selection: 0, kinkTolerance: 1e-5 };

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu'];

describe.each(BACKENDS)('the reference problems on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  test.each(cases)('%s: values', async (_, one) => {
    const { x, y, s, status } = await solve(engine, dataOf(one), one.cone);
    expect(isSolved(status[0])).toBe(true);
    expect(relativeError(x, one.x)).toBeLessThan(1e-5);
    expect(relativeError(y, one.y)).toBeLessThan(1e-5);
    expect(relativeError(s, one.s)).toBeLessThan(1e-5);
  });

  test.each(cases)('%s: derivatives', async (_, one) => {
    const { cotangent } = one;
    const [n, m] = [one.c.length, one.b.length];
    const blocks = readCones('cones', one.cone);
    const found = await solve(engine, dataOf(one), one.cone);
    const { P, A, b, c } = dataOf(one);
    const data = [P, A, b, c].map(([values, shape]) => engine.tensor(values, shape));
    const solution = [engine.tensor(found.x, [1, n]), engine.tensor(found.y, [1, m]), engine.tensor(found.s, [1, m])];
    const cotangents = [
      engine.tensor(cotangent.gx, [1, n]),
      engine.tensor(cotangent.gy, [m]),
      engine.tensor(cotangent.gs, [m]),
    ];
    const backwards = await read(
      engine.run(`adjoint ${one.name}`, [...data, ...solution, ...cotangents], (inputs, context) => {
        const [P, A, b, c, x, y, s, gx, gy, gs] = inputs;
        const along = { x: gx, y: gy, s: gs };
        const found = differentiateConesBySplitting(context, { P, A, b, c }, blocks, { x, y, s }, along, SETTINGS);
        return [found.A, found.b, found.c, found.P, found.residual, found.status];
      }),
    );
    const gradients = [one.grad_A.flat(), one.grad_b, one.grad_c, ...(one.grad_P ? [one.grad_P.flat()] : [])];
    for (const [index, gradient] of gradients.entries()) {
      expect(relativeError(backwards[index], gradient)).toBeLessThan(1e-3);
    }
    expect(backwards[4][0]).toBeLessThan(1e-5);
    expect(isSolved(backwards[5][0])).toBe(true);
    const directions = [
      engine.tensor(one.dP?.flat() ?? zeros(n * n), [n, n]),
      engine.tensor(one.dA.flat(), [m, n]),
      engine.tensor(one.db, [m]),
      engine.tensor(one.dc, [n]),
    ];
    const forwards = await read(
      engine.run(`tangent ${one.name}`, [...data, ...solution, ...directions], (inputs, context) => {
        const [P, A, b, c, x, y, s, dP, dA, db, dc] = inputs;
        const along = { P: dP, A: dA, b: db, c: dc };
        const found = tangentOfConesBySplitting(context, { P, A, b, c }, blocks, { x, y, s }, along, SETTINGS);
        return [found.x, found.y, found.s];
      }),
    );
    for (const [index, tangent] of [one.dx, one.dy, one.ds].entries()) {
      expect(relativeError(forwards[index], tangent)).toBeLessThan(1e-3);
    }
    for (const tensor of [...data, ...solution, ...cotangents, ...directions]) tensor.dispose();
  });
});

describe.each(['cpu', 'wasm'] as const)('programs without a solution on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  const hopeless = loadUnsolvableCones().filter(({ status }) => ['infeasible', 'unbounded', 'both'].includes(status));

  test.each(hopeless.map((one) => [one.name, one] as const))('%s is not solved', async (_, one) => {
    const { status } = await solve(engine, dataOf(one), one.cone, { limit: 2000 });
    if (process.env.SHOW) console.log(one.name, status);
    expect(isSolved(status[0])).toBe(false);
  });
});
void (plantConeProgram as unknown as PlantedConeProgram);
