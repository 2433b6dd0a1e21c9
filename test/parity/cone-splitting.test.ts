/** Batches of cone programs by operator splitting, and their derivatives, on every backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STATUS } from '../../src/backends/kernels.ts';
import { type BackendName, type Engine, open, type Tensor } from '../../src/index.ts';
import { readCones } from '../../src/solvers/cones/cone.ts';
import {
  differentiateConesBySplitting,
  tangentOfConesBySplitting,
} from '../../src/solvers/programs/splitting/cone-derivative.ts';
import { solveConesBySplitting } from '../../src/solvers/programs/splitting/cones.ts';
import { type DifferentiatedConeProgram, loadDifferentiatedCones } from '../fixtures/load-differentiated-cones.ts';
import { relativeError } from '../support/numbers.ts';

const isSolved = (status: number): boolean => status === STATUS.converged || status === STATUS.stalled;

async function read(tensors: readonly Tensor[]): Promise<number[][]> {
  const numbers = await Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data())));
  for (const tensor of tensors) tensor.dispose();
  return numbers;
}

const cases = loadDifferentiatedCones();
const SETTINGS = { tolerance: 1e-6, limit: 60, selection: 0, kinkTolerance: 1e-5 };

const BACKENDS: readonly BackendName[] = (process.env.ONLY?.split(',') as BackendName[]) ?? ['cpu', 'wasm', 'webgpu'];

describe.each(BACKENDS)('the reference problems on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open({ backend });
  });
  afterAll(() => engine.close());

  const dataOf = ({ P, A, b, c, n, m }: DifferentiatedConeProgram): Tensor[] => [
    engine.tensor(P?.flat() ?? new Float64Array(n * n), [n, n]),
    engine.tensor(A.flat(), [m, n]),
    engine.tensor(b, [m]),
    engine.tensor(c, [n]),
  ];
  const solved = (data: Tensor[], { cone, name }: DifferentiatedConeProgram): Tensor[] =>
    engine.run(`reference ${name}`, data, ([P, A, b, c], context) => {
      const settings = { absolute: 1e-6, relative: 1e-6, limit: 10000 };
      const found = solveConesBySplitting(context, { P, A, b, c }, readCones('cone', cone), settings);
      return [found.x, found.y, found.s, found.status, found.iterations, found.ratio];
    });

  test.each(cases.map((one) => [one.name, one] as const))('%s: values', async (_, one) => {
    const [x, y, s, [status], [iterations], [ratio]] = await read(solved(dataOf(one), one));
    if (process.env.ONLY)
      console.log(
        one.name,
        status,
        iterations,
        ratio,
        relativeError(x, one.x),
        relativeError(y, one.y),
        relativeError(s, one.s),
      );
    expect(isSolved(status)).toBe(true);
    expect(relativeError(x, one.x)).toBeLessThan(1e-4);
    expect(relativeError(y, one.y)).toBeLessThan(1e-4);
    expect(relativeError(s, one.s)).toBeLessThan(1e-4);
  });

  test.each(cases.map((one) => [one.name, one] as const))('%s: derivatives', async (_, one) => {
    const { n, m, cotangent } = one;
    const blocks = readCones('cone', one.cone);
    const data = dataOf(one);
    const solution = solved(data, one).slice(0, 3);
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
    if (process.env.ONLY) console.log(one.name, backwards[4], backwards[5]);
    const gradients = [one.grad_A.flat(), one.grad_b, one.grad_c, ...(one.grad_P ? [one.grad_P.flat()] : [])];
    for (const [index, gradient] of gradients.entries()) {
      expect(relativeError(backwards[index], gradient)).toBeLessThan(1e-3);
    }
    expect(backwards[4][0]).toBeLessThan(1e-5);
    expect(isSolved(backwards[5][0])).toBe(true);
    const directions = [
      engine.tensor(one.dP?.flat() ?? new Float64Array(n * n), [n, n]),
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
  });
});
