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
import { elementwise } from '../../src/tensor/kernels.ts';
import {
  type DifferentiatedConeProgram,
  loadDifferentiatedCones,
  loadUnsolvableCones,
} from '../fixtures/load-cones.ts';
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
  /** [batch]; the c of a sample is divided by its number, so that a 0 makes it infinite. */
  readonly divisors?: readonly number[];
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
  { tolerance = 1e-6, limit = 10_000, divisors }: Options = {},
  start: Partial<Readonly<Record<'x' | 'y' | 's', readonly [readonly number[], readonly number[]]>>> = {},
): Promise<Solved> {
  const names = Object.keys(start) as ('x' | 'y' | 's')[];
  const tensors = [data.P, data.A, data.b, data.c, ...names.map((name) => start[name] ?? data.b)].map(
    ([values, shape]) => engine.tensor(values, shape),
  );
  if (divisors) tensors.push(engine.tensor(divisors, [divisors.length, 1]));
  const outputs = engine.run(
    JSON.stringify([cones, tolerance, limit, names, divisors !== undefined]),
    tensors,
    ([P, A, b, c, ...others], context) => {
      const settings = { absolute: tolerance, relative: tolerance, limit };
      const from = Object.fromEntries(names.map((name, index) => [name, others[index]]));
      const data = { P, A, b, c: divisors ? elementwise('divide', [c, others[names.length]]) : c };
      const found = solveConesBySplitting(context, data, readCones('cones', cones), settings, from);
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

const SETTINGS = { tolerance: 1e-6, limit: 60, selection: 0, kinkTolerance: 1e-5, acceptable: 1e-5 };

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
    const bound = engine.epsilon > Number.EPSILON ? 1e-4 : 1e-5;
    expect(relativeError(x, one.x)).toBeLessThan(bound);
    expect(relativeError(y, one.y)).toBeLessThan(bound);
    expect(relativeError(s, one.s)).toBeLessThan(bound);
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

/** Planted programs with a unique solution, as a batch. */
interface PlantedBatch {
  readonly programs: readonly PlantedConeProgram[];
  readonly cones: readonly Cone[];
  readonly n: number;
  readonly m: number;
  readonly isShared: boolean;
}

function plantBatch(batch: number, n: number, cones: readonly Cone[], isShared: boolean): PlantedBatch {
  const first = plantConeProgram({ seed: 1, n, cones });
  const programs = Array.from({ length: batch }, (_, index) =>
    plantConeProgram({ seed: index + 1, n, cones, ...(isShared && { like: first }) }),
  );
  return { programs, cones, n, m: first.m, isShared };
}

function dataOfBatch({ programs, n, m, isShared }: PlantedBatch): Data {
  const all = (read: (one: PlantedConeProgram) => Float64Array): number[] => programs.flatMap((one) => [...read(one)]);
  const batch = programs.length;
  return {
    P: isShared ? [[...programs[0].P], [n, n]] : [all(({ P }) => P), [batch, n, n]],
    A: isShared ? [[...programs[0].A], [m, n]] : [all(({ A }) => A), [batch, m, n]],
    b: [all(({ b }) => b), [batch, m]],
    c: [all(({ c }) => c), [batch, n]],
  };
}

const CONES: readonly Cone[] = [
  { type: 'zero', dim: 1 },
  { type: 'soc', dim: 3 },
  { type: 'psd', dim: 2 },
  { type: 'nonneg', dim: 2 },
  { type: 'exp', dim: 3 },
];

const rowOf = (values: readonly number[], index: number, width: number): number[] =>
  values.slice(index * width, (index + 1) * width);

describe.each(BACKENDS)('batches on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  test.each([true, false])('every sample has its own number of iterations; shared P and A: %s', async (isShared) => {
    const batch = plantBatch(40, 6, CONES, isShared);
    const found = await solve(engine, dataOfBatch(batch), CONES, { tolerance: 1e-5 });
    expect(found.status.every(isSolved), `statuses ${found.status}`).toBe(true);
    expect(new Set(found.iterations).size).toBeGreaterThan(1);
    for (const [index, { n, m, x, s }] of batch.programs.entries()) {
      // y is not unique where rows depend on one another.
      expect(relativeError(rowOf(found.x, index, n), x)).toBeLessThan(2e-3);
      expect(relativeError(rowOf(found.s, index, m), s)).toBeLessThan(2e-3);
    }
  });

  test('an infeasible, an unbounded and a spoilt sample do not converge, and leave the others alone', async () => {
    const kinds = [undefined, 'infeasible', 'unbounded', undefined, undefined] as const;
    const programs = kinds.map((kind, index) =>
      plantConeProgram({ seed: index + 5, n: 6, cones: CONES, ...(kind && { kind }) }),
    );
    const batch: PlantedBatch = { programs, cones: CONES, n: 6, m: programs[0].m, isShared: false };
    const options = { tolerance: 1e-5, limit: 1500, divisors: [1, 1, 1, 0, 1] };
    const { status, x } = await solve(engine, dataOfBatch(batch), CONES, options);
    expect(status.map(isSolved)).toEqual([true, false, false, false, true]);
    expect(status[3]).toBe(STATUS.diverged);
    for (const index of [0, 4]) expect(relativeError(rowOf(x, index, 6), programs[index].x)).toBeLessThan(2e-3);
  });

  test('a warm start takes no iterations at the solution', async () => {
    const batch = plantBatch(6, 6, CONES, false);
    const data = dataOfBatch(batch);
    const cold = await solve(engine, data, CONES, { tolerance: 1e-4 });
    const start = { x: [cold.x, [6, 6]], y: [cold.y, [6, batch.m]], s: [cold.s, [6, batch.m]] } as const;
    const again = await solve(engine, data, CONES, { tolerance: 1e-4 }, start);
    expect(again.iterations).toEqual(batch.programs.map(() => 0));
    expect(again.x).toEqual(cold.x);
    expect(again.s).toEqual(cold.s);
  });

  test('stops at the limit', async () => {
    const batch = plantBatch(4, 6, CONES, true);
    const { status, iterations } = await solve(engine, dataOfBatch(batch), CONES, { limit: 3, tolerance: 1e-6 });
    expect(status).toEqual(status.map(() => STATUS.exhausted));
    expect(iterations).toEqual(status.map(() => 3));
  });

  test('gradients of what samples share are sums of their own, and samples that are not asked for have none', async () => {
    const cones: readonly Cone[] = [
      { type: 'soc', dim: 3 },
      { type: 'psd', dim: 2 },
    ];
    const batch = plantBatch(3, 4, cones, true);
    const { programs, n, m } = batch;
    const point = (read: (one: PlantedConeProgram) => Float64Array): number[] =>
      programs.flatMap((one) => [...read(one)]);
    const x = point((one) => one.x);
    const gx = Array.from({ length: 3 * n }, (_, at) => (at < 2 * n ? Math.cos(at) : 0));
    const gradients = async (isShared: boolean): Promise<number[][]> => {
      const { P, A, b, c } = dataOfBatch({ ...batch, isShared });
      const vectors = [
        ...[x, gx].map((values) => [values, [3, n]] as const),
        ...[point((one) => one.y), point((one) => one.s)].map((values) => [values, [3, m]] as const),
      ];
      const tensors = [P, A, b, c, ...vectors].map(([values, shape]) => engine.tensor(values, shape));
      tensors.push(engine.tensor([1, 1, 0], [3, 1]));
      const outputs = engine.run(`shared ${isShared}`, tensors, ([P, A, b, c, x, gx, y, s, divisors], context) => {
        const blocks = readCones('cones', cones);
        // The last solution is no number, and not asked for.
        const [point, slack] = [x, s].map((values) => elementwise('divide', [values, divisors]));
        const solution = { x: point, y, s: slack };
        const found = differentiateConesBySplitting(context, { P, A, b, c }, blocks, solution, { x: gx }, SETTINGS);
        return [found.P, found.A, found.c, found.b];
      });
      for (const tensor of tensors) tensor.dispose();
      return read(outputs);
    };
    const [together, apart] = [await gradients(true), await gradients(false)];
    for (const [index, size] of [n * n, m * n].entries()) {
      const sum = Array.from({ length: size }, (_, at) =>
        [0, 1, 2].reduce((t, k) => t + apart[index][k * size + at], 0),
      );
      expect(relativeError(together[index], sum)).toBeLessThan(1e-4);
    }
    expect(apart[2].slice(2 * n)).toEqual(zeros(n));
    expect(Math.max(...apart[2].map(Math.abs))).toBeGreaterThan(0.01);
  });

  test('a cotangent along which the solution is not unique is answered by NaN, and by the status', async () => {
    // x₂ is in no row.
    const numbers = [[0, 0, 0, 0], [1, 0], [1], [-1, 0], [1, 0], [0], [1]] as const;
    const shapes = [[2, 2], [1, 2], [1], [2], [1, 2], [1, 1], [1, 1]];
    const blocks = readCones('cones', [{ type: 'nonneg', dim: 1 }]);
    for (const [gx, isRight] of [
      [[1, 0], true],
      [[0, 1], false],
    ] as const) {
      const tensors = [...numbers, gx].map((values, index) => engine.tensor(values, shapes[index] ?? [1, 2]));
      const outputs = engine.run('not unique', tensors, ([P, A, b, c, x, s, y, gx], context) => {
        const found = differentiateConesBySplitting(context, { P, A, b, c }, blocks, { x, y, s }, { x: gx }, SETTINGS);
        return [found.b, found.status, found.residual];
      });
      const [[b], [status], [residual]] = await read(outputs);
      expect(isSolved(status)).toBe(isRight);
      expect(residual < 1e-5).toBe(isRight);
      if (isRight) expect(b).toBeCloseTo(1, 5);
      else expect(b).toBeNaN();
    }
  });
});

const MIXTURE: readonly Cone[] = [
  { type: 'zero', dim: 1 },
  { type: 'nonneg', dim: 3 },
  { type: 'soc', dim: 4 },
  { type: 'psd', dim: 3 },
  { type: 'exp', dim: 3 },
  { type: 'pow', dim: 3, alpha: 0.4 },
];

// In some of these, multipliers move for long along a direction in which they are free.
test.each([true, false])('mixtures are all solved on wasm, most of them soon; shared P and A: %s', async (isShared) => {
  const engine = await open({ backend: 'wasm' });
  const batch = plantBatch(130, 8, MIXTURE, isShared);
  const { status, iterations } = await solve(engine, dataOfBatch(batch), MIXTURE, { tolerance: 1e-5 });
  engine.close();
  expect(status.every(isSolved), `statuses ${status}`).toBe(true);
  expect(iterations.sort((one, other) => one - other)[65]).toBeLessThanOrEqual(150);
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
    expect(isSolved(status[0])).toBe(false);
  });
});
