/** Batches of quadratic programs by operator splitting, and their derivatives, on every backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { STATUS } from '../../src/backends/kernels.ts';
import { type BackendName, type Engine, open, type Tensor } from '../../src/index.ts';
import { sparseFromRows } from '../../src/solvers/programs/sparse.ts';
import {
  type DerivativeSettings,
  differentiateBySplitting,
  tangentBySplitting,
} from '../../src/solvers/programs/splitting/derivative.ts';
import { prepareSplitting } from '../../src/solvers/programs/splitting/host-preparation.ts';
import { solveBySplitting } from '../../src/solvers/programs/splitting/solve.ts';
import { elementwise } from '../../src/tensor/kernels.ts';
import { loadSmallPrograms, type ProgramDerivatives, type SmallProgram } from '../fixtures/load-programs.ts';
import { relativeError } from '../support/numbers.ts';
import { type PlantedProgram, residualsOf } from '../support/planted-programs.ts';
import { type BatchOptions, type ProgramBatch, plantBatch } from '../support/program-batches.ts';

interface Solved {
  readonly x: number[];
  readonly y: number[];
  readonly z: number[];
  readonly status: number[];
  readonly iterations: number[];
}

interface Options {
  readonly tolerance?: number;
  readonly limit?: number;
  readonly start?: { readonly x?: number[]; readonly y?: number[] };
  /** [batch]; the q of a sample is divided by its number, so that a 0 makes it infinite. */
  readonly divisors?: number[];
}

async function read(tensors: readonly Tensor[]): Promise<number[][]> {
  const numbers = await Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
  for (const tensor of tensors) tensor.dispose();
  return numbers;
}

async function solve(engine: Engine, batch: ProgramBatch, options: Options = {}): Promise<Solved> {
  const { tolerance = 1e-6, limit = 4000, start = {}, divisors } = options;
  const samples = batch.programs.length;
  const inputs = batch.values.map(([values, shape]) => engine.tensor(values, shape));
  const names = Object.keys(start) as ('x' | 'y')[];
  for (const name of names) inputs.push(engine.tensor(start[name] ?? [], [samples, name === 'x' ? batch.n : batch.m]));
  if (divisors) inputs.push(engine.tensor(divisors, [samples, 1]));
  const key = `solve ${tolerance} ${limit} ${names} ${Boolean(divisors)}`;
  const outputs = engine.run(key, inputs, ([P, q, A, l, u, ...others], context) => {
    const from = Object.fromEntries(names.map((name, index) => [name, others[index]]));
    const divided = divisors ? elementwise('divide', [q, others[others.length - 1]]) : q;
    const settings = { absolute: tolerance, relative: tolerance, limit };
    const found = solveBySplitting(context, { P, q: divided, A, l, u }, settings, from);
    return [found.x, found.y, found.z, found.status, found.iterations];
  });
  const [x, y, z, status, iterations] = await read(outputs);
  for (const input of inputs) input.dispose();
  return { x, y, z, status, iterations };
}

/** The largest of the three residuals of a sample, in float64. */
function residualOf(batch: ProgramBatch, { x, y }: Solved, sample: number): number {
  const { n, m, programs } = batch;
  const found = residualsOf(
    programs[sample],
    x.slice(sample * n, (sample + 1) * n),
    y.slice(sample * m, (sample + 1) * m),
  );
  return Math.max(found.primal, found.dual, found.gap);
}

const isSolved = (status: number): boolean => status === STATUS.converged || status === STATUS.stalled;

const KINDS: Readonly<Record<string, Omit<BatchOptions, 'seed'>>> = {
  'two variables': { batch: 7, n: 2, inequalities: 3 },
  'equalities and free rows': { batch: 6, n: 8, inequalities: 10, equalities: 3, free: 2 },
  'P and A that all samples share': { batch: 9, n: 12, inequalities: 22, equalities: 2, isShared: true },
  'more rows than variables': { batch: 3, n: 5, inequalities: 40 },
  'thirty variables': { batch: 3, n: 30, inequalities: 30, equalities: 8 },
  'bounds of the variables only': { batch: 5, n: 9, inequalities: 9, isBox: true },
  'linear programs': { batch: 5, n: 5, inequalities: 12, rank: 0 },
  'linear programs that share A': { batch: 5, n: 4, inequalities: 9, equalities: 1, rank: 0, isShared: true },
  'P of low rank': { batch: 5, n: 8, inequalities: 12, equalities: 1, rank: 3 },
  'equalities only': { batch: 4, n: 6, inequalities: 0, equalities: 3 },
  'a single program': { batch: 1, n: 4, inequalities: 6 },
};

/** Rows from 10⁻³ to 10³, and variables from 10⁻² to 10². */
function rescaled(one: PlantedProgram): PlantedProgram {
  const { n, m } = one;
  const row = (i: number): number => 10 ** ((i % 7) - 3);
  const column = (j: number): number => 10 ** ((j % 5) - 2);
  return {
    ...one,
    P: one.P.map((value, at) => value * column(Math.floor(at / n)) * column(at % n)),
    q: one.q.map((value, j) => value * column(j)),
    A: one.A.map((value, at) => value * row(Math.floor(at / n)) * column(at % n)),
    l: one.l.map((value, i) => value * row(i)),
    u: one.u.map((value, i) => value * row(i)),
    x: one.x.map((value, j) => value / column(j)),
    y: one.y.map((value, i) => value / row(i)),
    ...{ n, m },
  };
}

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'gpujs', 'webgpu'];

describe.each(BACKENDS)('on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  test.each(Object.entries(KINDS))('solves %s', async (_, kind) => {
    const batch = plantBatch({ ...kind, seed: 11 });
    const found = await solve(engine, batch);
    expect(found.status.every(isSolved), `statuses ${found.status}`).toBe(true);
    for (const [sample, { x, n }] of batch.programs.entries()) {
      expect(residualOf(batch, found, sample)).toBeLessThan(2e-5);
      expect(relativeError(found.x.slice(sample * n, (sample + 1) * n), x)).toBeLessThan(1e-4);
    }
  });

  test('solves programs whose rows and variables have very different units', async () => {
    const change = rescaled;
    const batch = plantBatch({ batch: 4, n: 10, inequalities: 14, equalities: 2, seed: 3, change });
    const found = await solve(engine, batch);
    expect(found.status.every(isSolved), `statuses ${found.status}`).toBe(true);
    for (const [sample, { x, n }] of batch.programs.entries()) {
      const scaled = (values: ArrayLike<number>) => Array.from(values, (value, j) => value * 10 ** ((j % 5) - 2));
      expect(relativeError(scaled(found.x.slice(sample * n, (sample + 1) * n)), scaled(x))).toBeLessThan(1e-4);
    }
  });

  test('an infeasible, an unbounded and a spoilt sample do not converge, and leave the others alone', async () => {
    const options = { batch: 6, n: 5, inequalities: 8, equalities: 1, seed: 21 };
    const change = (one: PlantedProgram, sample: number): PlantedProgram => {
      if (sample === 1) {
        // Rows 1 and 2 are equal, and ask for different values.
        const A = one.A.map((value, at) => (Math.floor(at / one.n) === 2 ? one.A[at - one.n] : value));
        const set = (values: Float64Array, low: number, high: number) =>
          values.map((value, i) => (i === 1 ? low : i === 2 ? high : value));
        return { ...one, A, l: set(one.l, Number.NEGATIVE_INFINITY, 1), u: set(one.u, 0, Number.POSITIVE_INFINITY) };
      }
      if (sample !== 3) return one;
      // No curvature and no bound along the last variable.
      const P = one.P.map((value, at) => (at % one.n === one.n - 1 || at >= one.n * (one.n - 1) ? 0 : value));
      const A = one.A.map((value, at) => (at % one.n === one.n - 1 ? 0 : value));
      return { ...one, P, A, q: one.q.map((value, j) => (j === one.n - 1 ? 1 : value)) };
    };
    const good = plantBatch(options);
    const mixed = plantBatch({ ...options, change });
    const expected = await solve(engine, good, { limit: 1500 });
    const found = await solve(engine, mixed, { limit: 1500, divisors: [1, 1, 1, 1, 0, 1] });
    for (const sample of [0, 2, 5]) {
      expect(found.status[sample]).toBe(expected.status[sample]);
      const row = ({ x }: Solved): number[] => x.slice(sample * good.n, (sample + 1) * good.n);
      expect(relativeError(row(found), row(expected))).toBeLessThan(1e-5);
    }
    for (const sample of [1, 3, 4]) expect(isSolved(found.status[sample])).toBe(false);
    expect(found.status[4]).toBe(STATUS.diverged);
  });

  test('a warm start takes fewer iterations, and none at the solution', async () => {
    const batch = plantBatch({ batch: 5, n: 10, inequalities: 16, equalities: 2, seed: 8 });
    const cold = await solve(engine, batch, { tolerance: 1e-4 });
    const solved = await solve(engine, batch, { tolerance: 1e-4, start: { x: cold.x, y: cold.y } });
    expect(solved.iterations).toEqual(batch.programs.map(() => 0));
    expect(solved.x).toEqual(cold.x);
    const near = {
      ...batch,
      values: batch.values.map(
        ([values, shape], at) => [at === 1 ? values.map((q) => 1.02 * q) : values, shape] as const,
      ),
    };
    const [afresh, warm] = [await solve(engine, near), await solve(engine, near, { start: { x: cold.x, y: cold.y } })];
    const total = ({ iterations }: Solved): number => iterations.reduce((sum, count) => sum + count);
    expect(warm.status.every(isSolved)).toBe(true);
    expect(total(warm)).toBeLessThan(total(afresh));
  });

  test('stops at the limit', async () => {
    const batch = plantBatch({ batch: 3, n: 10, inequalities: 16, seed: 8 });
    const { status, iterations } = await solve(engine, batch, { limit: 2 });
    for (const [sample, each] of status.entries()) {
      expect(isSolved(each) || each === STATUS.exhausted).toBe(true);
      expect(iterations[sample]).toBeLessThanOrEqual(2);
    }
  });
});

describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
  test.each([true, false])(
    'more samples than a round takes are all solved, with shared P and A: %s',
    async (isShared) => {
      const engine = await open({ backend });
      const count = backend === 'wasm' ? 23_000 : 1100;
      const base = plantBatch({ batch: 100, n: 2, inequalities: 3, isShared, seed: 2 });
      const repeat = (values: number[]): number[] => Array.from({ length: count / 100 }, () => values).flat();
      const values = base.values.map(([numbers, shape]) =>
        shape[0] === 100 ? ([repeat(numbers), [count, ...shape.slice(1)]] as const) : ([numbers, shape] as const),
      );
      const programs = Array.from({ length: count / 100 }, () => base.programs).flat();
      const found = await solve(engine, { ...base, values, programs });
      expect(found.status.filter((status) => !isSolved(status))).toEqual([]);
      const last = found.x.slice(-200);
      expect(
        relativeError(
          last,
          base.programs.flatMap(({ x }) => [...x]),
        ),
      ).toBeLessThan(1e-4);
      engine.close();
    },
  );
});

describe.each(BACKENDS)('what the host prepares, on %s', (backend) => {
  test('serves the samples that share P and A', async () => {
    const engine = await open({ backend });
    const batch = plantBatch({ batch: 30, n: 12, inequalities: 22, equalities: 2, free: 1, isShared: true, seed: 3 });
    const { n, m, programs } = batch;
    const data = programs.map(({ P, A, q, l, u }) => ({
      ...{ n, m, q, l, u },
      P: sparseFromRows(P, n, n),
      A: sparseFromRows(A, m, n),
    }));
    const { d, e, cost, weights, matrix } = runUninterrupted(prepareSplitting(data));
    const inputs = batch.values.map(([values, shape]) => engine.tensor(values, shape));
    const prepared = [
      engine.tensor(d),
      engine.tensor(e),
      engine.tensor([cost], [1, 1]),
      engine.tensor(weights),
      engine.tensor(matrix, [n + m, n + m]),
    ];
    const [x, status] = await read(
      engine.run('prepared', [...inputs, ...prepared], ([P, q, A, l, u, d, e, c, weights, matrix], context) => {
        const settings = { absolute: 1e-6, relative: 1e-6, limit: 4000 };
        const found = solveBySplitting(context, { P, q, A, l, u }, settings, {}, { d, e, c, weights, matrix });
        return [found.x, found.status];
      }),
    );
    engine.close();
    expect(status.every(isSolved)).toBe(true);
    expect(
      relativeError(
        x,
        programs.flatMap((one) => [...one.x]),
      ),
    ).toBeLessThan(1e-5);
  });
});

const cases = loadSmallPrograms();

const bound = (values: readonly (number | null)[], none: number): number[] => values.map((value) => value ?? none);
const SETTINGS: DerivativeSettings = { tolerance: 1e-6, limit: 60, selection: 0, kinkTolerance: 1e-4 };

/** Cases with derivatives, and the elements for the selections 0 and 1 at weakly active rows. */
const differentiated = cases.flatMap((one): [string, SmallProgram, number, ProgramDerivatives][] => {
  if (one.dx) return [[one.name, one, 0, one as ProgramDerivatives]];
  return (one.elements ?? [])
    .filter(({ active_weak }) => active_weak.every((each) => each === active_weak[0]))
    .map((element) => [`${one.name}, selection ${element.active_weak[0]}`, one, element.active_weak[0], element]);
});

describe.each(BACKENDS)('the reference problems on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  const dataOf = ({ P, q, A, l, u, n, m }: SmallProgram): Tensor[] => [
    engine.tensor(P.flat(), [n, n]),
    engine.tensor(q, [n]),
    engine.tensor(A.flat(), [m, n]),
    engine.tensor(bound(l, -1e20), [m]),
    engine.tensor(bound(u, 1e20), [m]),
  ];
  const solved = (data: Tensor[]): Tensor[] =>
    engine.run('reference', data, ([P, q, A, l, u], context) => {
      const settings = { absolute: 1e-6, relative: 1e-6, limit: 4000 };
      const found = solveBySplitting(context, { P, q, A, l, u }, settings);
      return [found.x, found.y, found.z, found.status];
    });

  test.each(cases.map((one) => [one.name, one] as const))('%s: values', async (name, one) => {
    const [x, y, z, [status]] = await read(solved(dataOf(one)));
    expect(isSolved(status)).toBe(true);
    if (name === 'generic-badly-scaled') {
      const { row_scale = [], variable_scale = [] } = one;
      const [generic] = cases;
      expect(
        relativeError(
          x.map((value, j) => value * variable_scale[j]),
          generic.x ?? [],
        ),
      ).toBeLessThan(1e-4);
      expect(
        relativeError(
          y.map((value, i) => value * row_scale[i]),
          generic.y,
        ),
      ).toBeLessThan(1e-4);
      return;
    }
    // x, y or both are not unique in these.
    const free = { x: ['weak-needed', 'not-unique'], y: ['weak-licq-fails', 'duplicate-row'] };
    if (!free.x.includes(name)) expect(relativeError(x, one.x ?? [])).toBeLessThan(1e-4);
    if (!free.x.includes(name)) expect(relativeError(z, one.z)).toBeLessThan(1e-4);
    if (!free.y.includes(name)) expect(relativeError(y, one.y)).toBeLessThan(1e-4);
  });

  test.each(differentiated)('%s: derivatives', async (_, one, selection, expected) => {
    const { n, m, cotangent, direction } = one;
    if (!cotangent || !direction) throw new Error(`${one.name} has no directions`);
    const data = dataOf(one);
    const [x, y] = solved(data);
    const settings = { ...SETTINGS, selection };
    const cotangents = [
      engine.tensor(cotangent.gx, [1, n]),
      engine.tensor(cotangent.gy, [m]),
      engine.tensor(cotangent.gz, [m]),
    ];
    const backwards = await read(
      engine.run(`adjoint ${selection}`, [...data, x, y, ...cotangents], (inputs, context) => {
        const [P, q, A, l, u, x, y, gx, gy, gz] = inputs;
        const given = { P, q, A, l, u };
        const found = differentiateBySplitting(context, given, { x, y }, { x: gx, y: gy, z: gz }, settings);
        return [found.P, found.q, found.A, found.l, found.u, found.residual, found.kinks];
      }),
    );
    const gradients = [
      expected.grad_P.flat(),
      expected.grad_q,
      expected.grad_A.flat(),
      expected.grad_l,
      expected.grad_u,
    ];
    for (const [index, gradient] of gradients.entries()) {
      expect(relativeError(backwards[index], gradient)).toBeLessThan(1e-3);
    }
    expect(backwards[5][0]).toBeLessThan(1e-5);
    expect(backwards[6][0]).toBe(one.weakly_active.length);
    const directions = [
      engine.tensor(direction.dP.flat(), [n, n]),
      engine.tensor(direction.dq, [n]),
      engine.tensor(direction.dA.flat(), [m, n]),
      engine.tensor(bound(direction.dl, 0), [m]),
      engine.tensor(bound(direction.du, 0), [m]),
    ];
    const forwards = await read(
      engine.run(`tangent ${selection}`, [...data, x, y, ...directions], (inputs, context) => {
        const [P, q, A, l, u, x, y, ...moved] = inputs;
        const [dP, dq, dA, dl, du] = moved;
        const along = { P: dP, q: dq, A: dA, l: dl, u: du };
        const found = tangentBySplitting(context, { P, q, A, l, u }, { x, y }, along, settings);
        return [found.x, found.y, found.z];
      }),
    );
    for (const [index, tangent] of [expected.dx, expected.dy, expected.dz].entries()) {
      expect(relativeError(forwards[index], tangent)).toBeLessThan(1e-3);
    }
  });

  test('a cotangent along which the solution is not unique is not answered', async () => {
    const one = cases.find(({ name }) => name === 'not-unique') as SmallProgram;
    const data = dataOf(one);
    const [x, y] = solved(data);
    const [[status], [residual]] = await read(
      engine.run('flat', [...data, x, y, engine.tensor([0, 0, 1], [1, 3])], ([P, q, A, l, u, x, y, gx], context) => {
        const found = differentiateBySplitting(context, { P, q, A, l, u }, { x, y }, { x: gx }, SETTINGS);
        return [found.status, found.residual];
      }),
    );
    expect(isSolved(status)).toBe(false);
    expect(residual).toBeGreaterThan(0.1);
  });
});
