/** A Lasso problem in other units has the same solution in those units: no number is small or large by itself. */
import { afterAll, describe, expect, test } from 'vitest';
import { type BackendName, largestPenalty, lasso } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

/** Units of X and of y. */
const UNITS = [
  [1, 1],
  [1, 1e-20],
  [1, 1e-25],
  [1, 1e-30],
  [1, 1e25],
  [1e10, 1],
  [1e12, 1],
  [1e15, 1],
  [1e-12, 1],
] as const;

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('%s', (backend) => {
  const { engine: opened, close } = engineOn(backend);
  afterAll(close);
  const solvers =
    backend === 'cpu' || backend === 'wasm'
      ? (['fista', 'ista', 'homotopy', 'coordinate-descent'] as const)
      : (['fista', 'ista'] as const);

  test.each(UNITS)('X in units of %d and y in units of %d', async (unit, length) => {
    const engine = await opened();
    const X = engine.tensor(
      [1, 1, 0, 1].map((x) => x * unit),
      [2, 2],
    );
    for (const solver of solvers) {
      const y = engine.tensor([length, -2 * length], [2]);
      const logLambda = Math.log(0.25 * unit * length);
      const { beta, report } = lasso({ X, y, logLambda, solver });
      // XᵀXβ = Xᵀy − λ·sign β, with XᵀX = [[1, 1], [1, 2]], Xᵀy = (1, −1) and the signs + and −.
      const found = Array.from(await beta.data(), (value) => (value / length) * unit);
      expect([...found], solver).toEqual([expect.closeTo(2.25, 4), expect.closeTo(-1.5, 4)]);
      expect((await report).samples[0].status).toBe('converged');
    }
    // Without a penalty β₁ = y₁, and (0, −2) remains.
    const options = { X, y: engine.tensor([length, -2 * length], [2]), weights: engine.tensor([0, 1], [2]) };
    expect((await largestPenalty(options))[0]).toBeCloseTo(Math.log(2 * unit) + Math.log(length), 4);
  });

  test('y of 0 has the solution 0', async () => {
    const engine = await opened();
    const X = engine.tensor([1, 1, 0, 1], [2, 2]);
    for (const solver of solvers) {
      const initial = engine.tensor([1, -1], [1, 2]);
      const { beta } = lasso({ X, y: engine.tensor([0, 0], [2]), logLambda: 0, solver, initial });
      expect(Array.from(await beta.data(), Math.abs), solver).toEqual([0, 0]);
    }
  });
});
