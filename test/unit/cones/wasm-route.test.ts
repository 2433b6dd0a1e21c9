/** Cone programs on wasm: what the kernels solve and differentiate, and what they leave to the host. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { certifyByPivots } from '../../../src/implicit/cones/clear-certificate.ts';
import { createConeDerivative } from '../../../src/implicit/cones/derivative.ts';
import { certifyConeProgram } from '../../../src/implicit/cones/hypothesis.ts';
import {
  type ConeProgramOptions,
  coneProgram,
  type Engine,
  open,
  type Tensor,
  valueAndGrad,
} from '../../../src/index.ts';
import type { Cone } from '../../../src/solvers/cones/cone.ts';
import { solveConeProgram } from '../../../src/solvers/cones/solve.ts';
import { type Family, regularBatches } from '../../support/cone-batches.ts';
import { distance } from '../../support/cone-solutions.ts';
import { type PlantedConeProgram, plantConeProgram } from '../../support/planted-cone-programs.ts';

// What the host is asked for.
vi.mock('../../../src/solvers/cones/solve.ts', { spy: true });
vi.mock('../../../src/implicit/cones/derivative.ts', { spy: true });
vi.mock('../../../src/implicit/cones/hypothesis.ts', { spy: true });
beforeEach(() => {
  vi.mocked(solveConeProgram).mockClear();
  vi.mocked(createConeDerivative).mockClear();
  vi.mocked(certifyConeProgram).mockClear();
});
const solvedByHost = (): number => vi.mocked(solveConeProgram).mock.calls.length;
const certifiedByHost = (): number => vi.mocked(certifyConeProgram).mock.calls.length;
const differentiatedByHost = (): number => vi.mocked(createConeDerivative).mock.calls.length;

let wasm: Engine;
let cpu: Engine;
beforeAll(async () => {
  wasm = await open({ backend: 'wasm', threads: 2 });
  cpu = await open({ backend: 'cpu' });
});
afterAll(() => {
  wasm.close();
  cpu.close();
});

const CONES: readonly Cone[] = [
  { type: 'zero', dim: 1 },
  { type: 'soc', dim: 4 },
  { type: 'psd', dim: 3 },
  { type: 'nonneg', dim: 3 },
];
const N = 14;

const rowsOf = (values: Float64Array, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, i) => [...values.slice(i * columns, (i + 1) * columns)]);

/** The data as arrays, one of each for each program. */
function arraysOf(programs: readonly PlantedConeProgram[]): Pick<ConeProgramOptions, 'P' | 'A' | 'b' | 'c' | 'cones'> {
  return {
    P: programs.map(({ P, n }) => rowsOf(P, n)),
    A: programs.map(({ A, n }) => rowsOf(A, n)),
    b: programs.map(({ b }) => [...b]),
    c: programs.map(({ c }) => [...c]),
    cones: programs[0].cones,
  };
}

/** P, A, b and c as tensors. */
function tensorsOn(engine: Engine, programs: readonly PlantedConeProgram[]): Tensor[] {
  const [{ n, m }] = programs;
  const batch = programs.length;
  const join = (name: 'P' | 'A' | 'b' | 'c'): number[] => programs.flatMap((program) => [...program[name]]);
  return [
    engine.tensor(join('P'), [batch, n, n]),
    engine.tensor(join('A'), [batch, m, n]),
    engine.tensor(join('b'), [batch, m]),
    engine.tensor(join('c'), [batch, n]),
  ];
}

/** The gradients of a loss in x, y and s. */
async function gradientsOn(
  engine: Engine,
  programs: readonly PlantedConeProgram[],
  options: Partial<ConeProgramOptions> = {},
): Promise<ArrayLike<number>[]> {
  const [, gradients] = await valueAndGrad(
    (P, A, b, c) => {
      const { x, y, s } = coneProgram({ P, A, b, c, cones: CONES, onFailedCertificate: 'ignore', ...options });
      return x.square().sum().add(y.sum()).add(s.square().sum());
    },
    tensorsOn(engine, programs),
  );
  return Promise.all(gradients.map((gradient) => gradient.data()));
}

const plant = (count: number, options: Partial<Parameters<typeof plantConeProgram>[0]> = {}): PlantedConeProgram[] =>
  Array.from({ length: count }, (_, seed) => plantConeProgram({ seed, n: N, cones: CONES, ...options }));

const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

describe('what the kernels solve', () => {
  test('is the solution of the host, and so are all that is derived from it', async () => {
    const programs = plant(8);
    const found = coneProgram({ engine: wasm, ...arraysOf(programs) });
    const own = await found.values();
    expect(solvedByHost()).toBe(0);
    const host = coneProgram({ engine: cpu, ...arraysOf(programs) });
    const other = await host.values();
    for (const name of ['x', 'y', 's', 'objective'] as const) {
      expect(distance(own[name], other[name])).toBeLessThan(1e-9 * Math.max(1, largest(other[name])));
    }
    const { samples } = await found.report;
    expect(samples.map(({ status }) => status)).toEqual(programs.map(() => 'converged'));
    const [certificates, otherCertificates] = [await found.certificate(), await host.certificate()];
    expect(certificates.samples.map(({ status }) => status)).toEqual(
      otherCertificates.samples.map(({ status }) => status),
    );
    const cotangent = { x: Float64Array.from({ length: N }, (_, j) => j + 1) };
    const [gradients, otherGradients] = [await found.gradients(cotangent), await host.gradients(cotangent)];
    for (const [index, { A, c }] of gradients.entries()) {
      expect(distance(A, otherGradients[index].A)).toBeLessThan(1e-8 * Math.max(1, largest(otherGradients[index].A)));
      expect(distance(c, otherGradients[index].c)).toBeLessThan(1e-8 * Math.max(1, largest(otherGradients[index].c)));
    }
  });

  test('has the gradients of the host', async () => {
    const programs = plant(12);
    const found = await gradientsOn(wasm, programs);
    expect([solvedByHost(), differentiatedByHost()]).toEqual([0, 0]);
    const host = await gradientsOn(cpu, programs);
    expect([solvedByHost(), differentiatedByHost()]).toEqual([12, 12]);
    for (const [index, gradient] of found.entries()) {
      expect(distance(gradient, host[index])).toBeLessThan(1e-5 * Math.max(1, largest(host[index])));
    }
  });

  test('starts where it is told to', async () => {
    const programs = plant(6);
    const data = arraysOf(programs);
    const { x, y, s } = await coneProgram({ engine: wasm, ...data }).values();
    const again = coneProgram({ engine: wasm, ...data, initial: { x, y, s } });
    // x, y and s go through float32.
    for (const { iterations } of (await again.report).samples) expect(iterations).toBeLessThanOrEqual(2);
    expect(distance((await again.values()).x, x)).toBeLessThan(1e-12 * Math.max(1, largest(x)));
  });

  test('is freed with the solution', async () => {
    const tensors = tensorsOn(wasm, plant(4));
    await wasm.idle();
    const { bytes: before } = wasm.memory();
    const [P, A, b, c] = tensors;
    const solution = coneProgram({ P, A, b, c, cones: CONES });
    await solution.x.data();
    solution.dispose();
    await wasm.idle();
    expect(wasm.memory().bytes).toBe(before);
    for (const tensor of tensors) tensor.dispose();
  });
});

describe('what they leave to the host', () => {
  test('is named, and disturbs no other program', async () => {
    const [feasible, other] = plant(2);
    const programs = [feasible, plant(1, { kind: 'infeasible' })[0], other, plant(1, { kind: 'unbounded' })[0]];
    const solution = coneProgram({ engine: wasm, ...arraysOf(programs), onFailure: 'report' });
    const { samples } = await solution.report;
    expect(samples.map(({ status }) => status)).toEqual(['converged', 'infeasible', 'converged', 'unbounded']);
    expect(samples.map(({ certificate }) => certificate !== undefined)).toEqual([false, true, false, true]);
    expect(solvedByHost()).toBe(2);
    const { x } = await solution.values();
    expect(distance(x.slice(0, N), feasible.x)).toBeLessThan(1e-9);
    expect(distance(x.slice(2 * N, 3 * N), other.x)).toBeLessThan(1e-9);
  });

  test.each([0, 1])(
    'kinks have the gradients of the host beside those of the kernel, selection %i',
    async (selection) => {
      const programs = [...plant(3), ...plant(5, { kind: 'degenerate' })];
      const [{ m }] = programs;
      const options = { cones: CONES, selection, onFailure: 'report', onFailedCertificate: 'ignore' } as const;
      const tensors = tensorsOn(wasm, programs);
      const [P, A, b, c] = tensors;
      const solution = coneProgram({ P, A, b, c, ...options });
      // The host alone computes these, of the same data in float32.
      const host = await solution.gradients({ x: new Float64Array(N).fill(1), y: new Float64Array(m).fill(1) });
      vi.mocked(createConeDerivative).mockClear();
      const [, gradients] = await valueAndGrad((p, a, right, linear) => {
        const { x, y } = coneProgram({ P: p, A: a, b: right, c: linear, ...options });
        return x.sum().add(y.sum());
      }, tensors);
      const names = ['P', 'A', 'b', 'c'] as const;
      for (const [index, name] of names.entries()) {
        const found = await gradients[index].data();
        const width = found.length / programs.length;
        for (const [sample, each] of host.entries()) {
          const own = found.slice(sample * width, (sample + 1) * width);
          if (each.singular || !each.determined[name]) continue;
          expect(distance(own, each[name])).toBeLessThan(1e-5 * Math.max(1, largest(each[name])));
        }
      }
      expect(host.filter(({ singular }) => !singular).length).toBeGreaterThan(4);
      expect(differentiatedByHost()).toBeGreaterThan(0);
      expect(differentiatedByHost()).toBeLessThanOrEqual(5);
    },
  );

  test('other cones, and matrices given as entries', async () => {
    const exponential = plantConeProgram({
      seed: 3,
      n: 4,
      cones: [
        { type: 'exp', dim: 3 },
        { type: 'soc', dim: 2 },
      ],
    });
    const { x } = await coneProgram({ engine: wasm, ...arraysOf([exponential]) }).values();
    expect(distance(x, exponential.x)).toBeLessThan(1e-7);
    const [program] = plant(1);
    const entries = rowsOf(program.A, N).flatMap((row, i) => row.map((value, j) => [i, j, value] as const));
    const A = { rows: program.m, columns: N, entries };
    const sparse = coneProgram({ engine: wasm, ...arraysOf([program]), A });
    expect(distance((await sparse.values()).x, program.x)).toBeLessThan(1e-9);
  });

  test('what is wrong with data is told', async () => {
    const [program] = plant(1);
    const data = arraysOf([program]);
    const [P] = data.P as number[][][];
    const curved = P.map((row, i) => row.map((value, j) => (i === 0 && j === 0 ? -5 : value)));
    await expect(coneProgram({ engine: wasm, ...data, P: curved }).x.data()).rejects.toThrow('it is not convex');
    const lopsided = wasm.tensor(
      P.flatMap((row, i) => row.map((value, j) => (i > j ? value + 1e-3 : value))),
      [N, N],
    );
    const asymmetric = coneProgram({ ...data, P: lopsided });
    await expect(asymmetric.x.data()).rejects.toThrow('symmetric');
    lopsided.dispose();
    // The constraint alone decides x, so that Newton's method does not see the curvature.
    const fixed = { A: [[1]], b: [1], c: [0], cones: [{ type: 'zero', dim: 1 } as const] };
    await expect(coneProgram({ engine: wasm, ...fixed, P: [[-0.1]] }).x.data()).rejects.toThrow('it is not convex');
  });
});

describe('certificates', () => {
  test.each<Family>(['zero', 'nonneg', 'soc', 'psd'])('of programs with %s are those of the host', async (family) => {
    const batches = regularBatches(family, 90, 6).filter(({ name }) => !/exp|pow/.test(name));
    let [count, byHost] = [0, 0];
    for (const { programs } of batches) {
      vi.mocked(certifyConeProgram).mockClear();
      const found = await coneProgram({ engine: wasm, ...arraysOf(programs) }).certificate();
      byHost += certifiedByHost();
      const host = await coneProgram({ engine: cpu, ...arraysOf(programs) }).certificate();
      for (const [index, { status, kinks, nearlySingular }] of found.samples.entries()) {
        const other = host.samples[index];
        expect({ status, kinks, nearlySingular }).toEqual({
          status: other.status,
          kinks: other.kinks,
          nearlySingular: other.nearlySingular,
        });
        count += 1;
      }
    }
    expect(byHost).toBeLessThan(0.3 * count);
  });

  test('of degenerate programs are left to the host, and the same after a gradient', async () => {
    const programs = [...plant(4), ...plant(6, { kind: 'degenerate' })];
    const found = coneProgram({ engine: wasm, ...arraysOf(programs), onFailure: 'report' });
    const { samples } = await found.certificate();
    const before = certifiedByHost();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(6);
    const host = await coneProgram({ engine: cpu, ...arraysOf(programs), onFailure: 'report' }).certificate();
    expect(samples.map(({ status }) => status)).toEqual(host.samples.map(({ status }) => status));
    // By a tape, the gradient is what the kernel factorises for.
    const [P, A, b, c] = tensorsOn(wasm, plant(4));
    vi.mocked(certifyConeProgram).mockClear();
    let solution: ReturnType<typeof coneProgram> | undefined;
    await valueAndGrad(
      (right) => {
        solution = coneProgram({ P, A, b: right, c, cones: CONES });
        return solution.x.sum();
      },
      [b],
    );
    const certificate = await solution?.certificate();
    expect(certificate?.status).toBe('certified');
    expect(certifiedByHost()).toBe(0);
  });

  test('small pivots, and eigenvalues that are nearly 0 or 1, leave a doubt', () => {
    const clear = { rows: 0.1, primal: 0.1, fraction: 0.1, reach: 1e-5 };
    expect(certifyByPivots(clear, Number.EPSILON)).toMatchObject({
      status: 'certified',
      kinks: 0,
      kinkTolerance: 1e-5,
    });
    for (const doubt of [{ rows: 1e-4 }, { primal: 1e-4 }, { rows: Number.NaN }, { fraction: 1e-14 }]) {
      expect(certifyByPivots({ ...clear, ...doubt }, Number.EPSILON)).toBeUndefined();
    }
    expect(certifyByPivots({ ...clear, fraction: 1e-5 }, 2 ** -23)).toBeUndefined();
  });
});

describe('ending early', () => {
  const many = plant(400);

  test('a time limit leaves programs unsolved, and says so', async () => {
    const solution = coneProgram({ engine: wasm, ...arraysOf(many), timeLimit: 1e-3, onFailure: 'report' });
    const { samples } = await solution.report;
    expect(samples.some(({ status }) => status === 'limit')).toBe(true);
    expect(samples.every(({ status }) => status === 'limit' || status === 'converged')).toBe(true);
  });

  test('a signal rejects with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const solution = coneProgram({ engine: wasm, ...arraysOf(many), signal: controller.signal });
    controller.abort(reason);
    await expect(solution.x.data()).rejects.toBe(reason);
    // The engine goes on.
    const [program] = many;
    const { x } = await coneProgram({ engine: wasm, ...arraysOf([program]) }).values();
    expect(distance(x, program.x)).toBeLessThan(1e-9);
  });
});
