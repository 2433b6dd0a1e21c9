/** The reference problems of implicit deep learning, on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { contractiveFixedPoint, type Engine, l1BallProjection } from '../../src/index.ts';
import type { Matrix } from '../fixtures/load.ts';
import { loadImplicitNets } from '../fixtures/load-implicit-nets.ts';
import { engineOn } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';

const { deep, conditions, l1_ball_rows: balls } = loadImplicitNets();

const BOUNDS = { float64: { z: 1e-9, gradient: 1e-8 }, float32: { z: 1e-5, gradient: 1e-4 } } as const;

const tensorOf = (engine: Engine, matrix: Matrix) => engine.tensor(matrix.flat(), [matrix.length, matrix[0].length]);

describe.each(['cpu', 'wasm', 'gpujs', 'webgpu'] as const)('on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  const bound = BOUNDS[backend === 'cpu' ? 'float64' : 'float32'];

  test.each(deep)('$name: values, gradients, certificates and error bounds', async (reference) => {
    const e = await engine();
    const tape = new Tape();
    const [A, B, u] = [reference.A, reference.B, reference.u].map((one) => tape.watch(tensorOf(e, one)));
    const { activation } = reference;
    const b = u.matmul(B, { transposeB: true });
    const solution = contractiveFixedPoint(A, b, { activation, tolerance: 16 * e.epsilon });
    const gradients = tape.pullback(solution, [A, B, u], tensorOf(e, reference.v));
    const z = await solution.data();
    const [gradA, gradB, gradU] = await Promise.all(gradients.map((one) => one.data()));
    expect(relativeError(z, reference.z.flat())).toBeLessThanOrEqual(bound.z);
    expect(relativeError(gradA, reference.grad_A.flat())).toBeLessThanOrEqual(bound.gradient);
    expect(relativeError(gradB, reference.grad_B.flat())).toBeLessThanOrEqual(bound.gradient);
    expect(relativeError(gradU, reference.grad_u.flat())).toBeLessThanOrEqual(bound.gradient);
    const { status, argument } = (await solution.solve.backwardReports[0]).certificate;
    expect([status, argument]).toEqual(['certified', 'contraction']);
    expect(await solution.solve.certify()).toMatchObject({ status: 'certified', argument: 'contraction' });
    for (const [sample, report] of (await solution.solve.report).samples.entries()) {
      const own = z.slice(sample * reference.z[0].length, (sample + 1) * reference.z[0].length);
      expect(report.errorBound).toBeGreaterThanOrEqual(relativeError(own, reference.z[sample]));
    }
  });

  test.each(conditions)('$name: no verdict is the opposite of the truth', async (reference) => {
    const e = await engine();
    const tape = new Tape();
    const b = tape.watch(e.tensor(reference.b, [1, reference.b.length]));
    const solution = contractiveFixedPoint(tensorOf(e, reference.A), b, {
      activation: 'relu',
      tolerance: 16 * e.epsilon,
      onFailure: 'report',
    });
    tape.pullback(solution, [b], e.tensor(reference.b, [1, reference.b.length]));
    const { status, argument } = (await solution.solve.backwardReports[0]).certificate;
    const { lambda_pf_absA, monotone_margin } = reference;
    if (lambda_pf_absA < 1) expect([status, argument]).toEqual(['certified', 'contraction']);
    else if (monotone_margin > 0) expect([status, argument]).toEqual(['certified', 'margin']);
    else expect(status).toBe('unknown');
    const [sample] = (await solution.solve.report).samples;
    expect(Number.isNaN(sample.errorBound)).toBe(status === 'unknown');
    if (status !== 'certified') return;
    expect(relativeError(await solution.data(), reference.relu_fixed_points_at_b[0])).toBeLessThanOrEqual(bound.z);
  });

  test('rows are projected on l1 balls', async () => {
    const e = await engine();
    for (const { v, radius, proj } of balls) {
      const found = await l1BallProjection(e.tensor(v, [1, v.length]), { radius }).data();
      expect(relativeError(found, proj)).toBeLessThanOrEqual(bound.z);
    }
    for (const { A, A_before_projection: before, radius } of deep) {
      if (!before) continue;
      const found = await l1BallProjection(tensorOf(e, before), { radius }).data();
      expect(relativeError(found, A.flat())).toBeLessThanOrEqual(bound.z);
    }
  });
});
