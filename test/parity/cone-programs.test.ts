/** Cone programs on every backend: solutions, derivatives and certificates of problems that were solved elsewhere. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  type ConeProgramOptions,
  coneProgram,
  type Engine,
  NoSolutionError,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import {
  type DifferentiatedConeProgram,
  loadDegenerateCones,
  loadDifferentiatedCones,
  loadUnsolvableCones,
} from '../fixtures/load-cones.ts';
import { engineOn } from '../support/engines.ts';

const PROGRAMS = loadDifferentiatedCones();
const DEGENERATE = loadDegenerateCones();
const UNSOLVABLE = loadUnsolvableCones();

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  const scale = Math.max(1, ...Array.from(wanted, Math.abs));
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs(actual[i] - wanted[i])).toBeLessThan(tolerance * scale);
  }
}

const NAMES = ['P', 'A', 'b', 'c'] as const;

/** The data as tensors, of which P is left out where it is 0. */
function tensorsOf(engine: Engine, { P, A, b, c, n, m }: DifferentiatedConeProgram): Record<string, Tensor> {
  return {
    ...(P && { P: engine.tensor(P.flat(), [n, n]) }),
    A: engine.tensor(A.flat(), [m, n]),
    b: engine.tensor(b, [m]),
    c: engine.tensor(c, [n]),
  };
}

/** gxᵀx + gyᵀy + gsᵀs and its gradients in the data. */
async function differentiate(
  engine: Engine,
  program: DifferentiatedConeProgram,
  options: Partial<ConeProgramOptions>,
): Promise<Record<string, ArrayLike<number>>> {
  const data = tensorsOf(engine, program);
  const names = Object.keys(data);
  const { gx, gy, gs } = program.cotangent;
  const [, gradients] = await valueAndGrad(
    (...tensors: Tensor[]) => {
      const given = Object.fromEntries(names.map((name, index) => [name, tensors[index]])) as unknown as Pick<
        ConeProgramOptions,
        'A' | 'b' | 'c'
      >;
      const { x, y, s } = coneProgram({ ...given, cones: program.cone, ...options });
      const dot = (part: Tensor, with_: readonly number[]): Tensor =>
        part.mul(engine.tensor(with_, [with_.length])).sum();
      return dot(x, gx).add(dot(y, gy)).add(dot(s, gs));
    },
    names.map((name) => data[name]),
  );
  const read = await Promise.all(gradients.map((gradient) => gradient.data()));
  return Object.fromEntries(names.map((name, index) => [name, read[index]]));
}

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);

  test.each(PROGRAMS)('$name, given as arrays, in float64', async (program) => {
    const engine = await engineOf();
    const { P, A, b, c, cone: cones, cotangent } = program;
    const solution = coneProgram({ engine, ...(P && { P }), A, b, c, cones });
    const { x, y, s } = await solution.values();
    expectClose(x, program.x, 1e-7);
    expectClose(y, program.y, 1e-7);
    expectClose(s, program.s, 1e-7);
    expectClose(await solution.x.data(), program.x, 1e-6);
    expect((await solution.certificate()).status).toBe('certified');
    const { gx, gy, gs } = cotangent;
    const [gradients] = await solution.gradients({ x: gx, y: gy, s: gs });
    const [tangent] = await solution.tangents({
      A: program.dA,
      b: program.db,
      c: program.dc,
      ...(program.dP && { P: program.dP }),
    });
    expectClose(gradients.A, program.grad_A.flat(), 1e-6);
    expectClose(gradients.b, program.grad_b, 1e-6);
    expectClose(gradients.c, program.grad_c, 1e-6);
    if (program.grad_P) expectClose(gradients.P, program.grad_P.flat(), 1e-6);
    expectClose(tangent.x, program.dx, 1e-6);
    expectClose(tangent.y, program.dy, 1e-6);
    expectClose(tangent.s, program.ds, 1e-6);
    solution.dispose();
  });

  test.each(PROGRAMS)('$name, given as tensors', async (program) => {
    const engine = await engineOf();
    const gradients = await differentiate(engine, program, {});
    for (const name of NAMES) {
      const wanted = program[`grad_${name}`]?.flat();
      if (wanted) expectClose(gradients[name], wanted, 1e-3);
    }
  });

  test.each(DEGENERATE)('$name: the certificate, and no number that is not determined', async (program) => {
    const engine = await engineOf();
    const { P, A, b, c, cone: cones, expected, m } = program;
    const solution = coneProgram({ engine, ...(P && { P }), A, b, c, cones, onFailedCertificate: 'ignore' });
    const { status } = await solution.certificate();
    expect([expected, 'unknown']).toContain(status);
    const [gradients] = await solution.gradients({ x: c, y: new Float64Array(m).fill(1) });
    if (Object.values(gradients.determined).includes(false)) expect(status).not.toBe('certified');
    for (const name of ['A', 'b', 'c'] as const) {
      expect(gradients[name].every(Number.isFinite)).toBe(gradients.determined[name]);
    }
    solution.dispose();
  });

  test.each(UNSOLVABLE.filter(({ status }) => status === 'infeasible' || status === 'unbounded'))(
    '$name is $status',
    async ({ P, A, b, c, cone: cones, status }) => {
      const engine = await engineOf();
      const solution = coneProgram({ engine, ...(P && { P }), A, b, c, cones });
      const error = await solution.x.data().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(NoSolutionError);
      expect((error as NoSolutionError).status).toBe(status);
      expect((error as NoSolutionError).certificate).toBeDefined();
    },
  );
});

describe.each<BackendName>(['cpu', 'wasm', 'webgpu'])('by splitting on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);

  test.each(PROGRAMS)('$name', async (program) => {
    const engine = await engineOf();
    const { cone: cones } = program;
    const { A, b, c, P } = tensorsOf(engine, program);
    const solution = coneProgram({ ...(P && { P }), A, b, c, cones, solver: 'splitting' });
    expectClose(await solution.x.data(), program.x, 1e-4);
    expectClose(await solution.y.data(), program.y, 1e-4);
    expectClose(await solution.s.data(), program.s, 1e-4);
    expect((await solution.certificate()).status).toBe('certified');
    const gradients = await differentiate(engine, program, { solver: 'splitting' });
    for (const name of NAMES) {
      const wanted = program[`grad_${name}`]?.flat();
      if (wanted) expectClose(gradients[name], wanted, 1e-3);
    }
    solution.dispose();
  });
});
