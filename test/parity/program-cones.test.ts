/** Programs given over cones, as l ≤ Ax ≤ u: a linear program with its derivatives, and programs without a solution. */
import { afterAll, describe, expect, test } from 'vitest';
import { type BackendName, NoSolutionError, quadraticProgram, type Tensor, valueAndGrad } from '../../src/index.ts';
import { boundedForm, loadConePrograms, loadUnsolvable } from '../fixtures/load-programs.ts';
import { engineOn } from '../support/engines.ts';
import { certificateError } from '../support/program-solutions.ts';
import { programData } from '../support/programs.ts';

const { lp, degenerate } = loadConePrograms();
const { cotangent } = lp as Required<typeof lp>;
const UNSOLVABLE = loadUnsolvable();

/** Of u of the rows Ax ≤ u, s = u − Ax: a cotangent of s is one of u, and the opposite of one of z. */
const expected = {
  A: lp.grad_A.flat(),
  q: lp.grad_c,
  u: lp.grad_b,
};

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs(actual[i] - wanted[i])).toBeLessThan(tolerance * Math.max(1, Math.abs(wanted[i])));
  }
}

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);

  test('a linear program and its derivatives', async () => {
    const engine = await engineOf();
    const { P, q, A, l, u } = boundedForm(lp);
    const solution = quadraticProgram({ engine, P, q, A, l, u });
    const { x, y, z } = await solution.values();
    for (const [actual, wanted] of [
      [x, lp.x],
      [y, lp.y],
      [z.map((value, row) => (u[row] as number) - value), lp.s],
    ]) {
      expectClose(actual, wanted, 1e-7);
    }
    expect((await solution.certificate()).status).toBe('certified');
    const { gx, gy, gs } = cotangent;
    const [gradients] = await solution.gradients({ x: gx, y: gy, z: gs.map((value) => -value) });
    expectClose(gradients.A, expected.A, 1e-6);
    expectClose(gradients.q, expected.q, 1e-6);
    expectClose(
      gradients.u.map((value, row) => value + gs[row]),
      expected.u,
      1e-6,
    );
    const [tangent] = await solution.tangents({ q: lp.dc, A: lp.dA, u: lp.db });
    expectClose(tangent.x, lp.dx, 1e-6);
    expectClose(tangent.y, lp.dy, 1e-6);
    expectClose(
      tangent.z.map((value, row) => lp.db[row] - value),
      lp.ds,
      1e-6,
    );
    solution.dispose();
  });
  test('the same as tensors, by a tape', async () => {
    const engine = await engineOf();
    const data = [engine.tensor(lp.A.flat(), [lp.m, lp.n]), engine.tensor(lp.c), engine.tensor(lp.b)];
    const { gx, gy, gs } = cotangent;
    const loss = (...tensors: Tensor[]): Tensor => {
      const [A, q, u] = tensors;
      const { x, y, z } = quadraticProgram({ P: boundedForm(lp).P, q, A, u });
      const part = (tensor: Tensor, v: readonly number[]): Tensor => tensor.mul(engine.tensor(v)).sum();
      return part(x, gx)
        .add(part(y, gy))
        .add(part(u.sub(z), gs));
    };
    const [, gradients] = await valueAndGrad(loss, data);
    const tolerance = backend === 'cpu' ? 1e-6 : 1e-3;
    for (const [index, name] of (['A', 'q', 'u'] as const).entries()) {
      expectClose(await gradients[index].data(), expected[name], tolerance);
    }
  });
  test.each(degenerate.map((each) => [each.name, each] as const))('%s', async (_, given) => {
    const engine = await engineOf();
    const solution = quadraticProgram({ engine, ...boundedForm(given), onFailedCertificate: 'ignore' });
    expect((await solution.certificate()).status).toBe(given.expected);
    solution.dispose();
  });
  test.each(UNSOLVABLE.map((each) => [each.name, each] as const))('%s has no solution', async (_, given) => {
    const engine = await engineOf();
    const program = boundedForm(given);
    const error = await quadraticProgram({ engine, ...program })
      .x.data()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NoSolutionError);
    const { status, certificate } = error as NoSolutionError;
    expect(status).toBe(given.status);
    const found = { status, certificate } as Parameters<typeof certificateError>[1];
    expect(certificateError(programData(program), found)).toBeLessThan(1e-9);
  });
});
