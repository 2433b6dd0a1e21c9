/**
 * The inverse for Peaceman-Rachford splitting, by elimination and by Newton-Schulz iterations, and the bound of its
 * norm.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { monotonicityMargin } from '../../src/implicit/margin.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { matrixInverse } from '../../src/solvers/matrix-inverse.ts';
import { probedNorm } from '../../src/solvers/norm.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { matmul, monotoneProblem, normals, relativeError, transpose } from '../support/numbers.ts';

const identity = (n: number): number[] =>
  Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 1 : 0));

/** ‖M‖: its square is the largest eigenvalue of MᵀM, and minus its square the smallest one of I − (I + MᵀM). */
function spectralNorm(M: readonly number[], n: number): number {
  const gram = matmul(transpose(M, n, n), M, n, n, n);
  const trace = gram.reduce((sum, x, at) => sum + (Math.floor(at / n) === at % n ? x : 0), 0);
  const shifted = gram.map((x, at) => x / trace + (Math.floor(at / n) === at % n ? 1 : 0));
  return Math.sqrt(-trace * monotonicityMargin(shifted, n));
}

const backends = { cpu: async () => openCPU(), wasm: openWasm, gpujs: () => openGPUJS({ mode: 'webassembly' }) };

for (const [name, open] of Object.entries(backends)) {
  describe(`the inverse on ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = new Engine(await open());
    });
    afterAll(() => engine.close());

    /** σ_min(M) ≥ smallest, ‖M‖ ≤ largest */
    async function invert(M: readonly number[], n: number, smallest: number, largest: number, wanted?: number) {
      const numbers = [smallest, largest, 1e-6, ...(wanted === undefined ? [] : [wanted])];
      const inputs = [engine.tensor(M, [n, n]), ...numbers.map((number) => engine.tensor([number]))];
      const [X] = engine.run(`inverse ${numbers.length}`, inputs, ([m, s, l, tolerance, flag], tracing) => [
        matrixInverse(tracing, m, { smallest: s, largest: l, tolerance, wanted: flag }),
      ]);
      return X.data();
    }

    test('starts from a nearby inverse, and works as well if the given one is far away or overflows', async () => {
      const n = 24;
      const { W } = monotoneProblem(n, 1, n, 0.5);
      const M = W.map((x, at) => (Math.floor(at / n) === at % n ? 1 : 0) - x);
      const exact = await invert(M, n, 0.5, 1.01 * spectralNorm(M, n));
      const shifted = Array.from(exact, (x, at) => x * (at % 3 === 0 ? 1.01 : 1));
      for (const near of [exact, shifted, new Float32Array(n * n), new Float32Array(n * n).fill(1e30)]) {
        const numbers = [0.5, 1.01 * spectralNorm(M, n), 1e-6].map((number) => engine.tensor([number]));
        const inputs = [engine.tensor(M, [n, n]), engine.tensor(near, [n, n]), ...numbers];
        const [X] = engine.run('inverse from one that is near', inputs, ([m, x, s, l, tolerance], tracing) => [
          matrixInverse(tracing, m, { smallest: s, largest: l, tolerance, near: x }),
        ]);
        expect(relativeError(matmul(M, await X.data(), n, n, n), identity(n))).toBeLessThan(2e-5);
      }
    });

    test('is that of the matrix, whatever its order', async () => {
      for (const n of [1, 2, 31, 32, 33, 70]) {
        const { W } = monotoneProblem(n, 1, n, 0.5);
        const M = W.map((x, at) => (Math.floor(at / n) === at % n ? 1 : 0) - x);
        const X = await invert(M, n, 0.5, 1.01 * spectralNorm(M, n));
        expect(relativeError(matmul(M, X, n, n, n), identity(n))).toBeLessThan(2e-5);
      }
    });

    test('is found where the pivots are 0', async () => {
      const M = [0, 1, -1, 0];
      expect(relativeError(await invert(M, 2, 1, 1), [0, -1, 1, 0])).toBeLessThan(1e-6);
    });

    test('is found where a pivot is so small that elimination loses all digits', async () => {
      const M = [1e-9, 1, 0, -1, 1e-9, 1, 0, -1, 1];
      const X = await invert(M, 3, 0.3, 2);
      expect(relativeError(matmul(M, X, 3, 3, 3), identity(3))).toBeLessThan(1e-5);
    });

    test('is computed only where the flag requests it', async () => {
      expect(relativeError(await invert([2, 0, 0, 4], 2, 2, 4, 1), [0.5, 0, 0, 0.25])).toBeLessThan(1e-6);
      await expect(invert([2, 0, 0, 4], 2, 2, 4, 0)).resolves.toHaveLength(4);
    });

    test('of a singular matrix: the solve that needs it does not converge, and says so', async () => {
      // I + α(I − W) = 0 for α = 1 and W = 2I, which is not monotone.
      const { z } = monotoneFixedPoint(engine.tensor([2, 0, 0, 2], [2, 2]), engine.tensor([1, 2], [1, 2]), {
        activation: 'relu',
        margin: 1,
        step: 1,
        limit: 30,
        checkInputs: false,
      });
      await expect(z.data()).rejects.toThrow('1 of 1 samples did not converge with peaceman-rachford');
    });
  });
}

describe('the norm by probes', () => {
  const engine = new Engine(openCPU());
  afterAll(() => engine.close());

  test('is near ‖I − W‖, and its bound is not below', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5, 31, 60),
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom(1e-6, 1, 1e5),
        async (n, seed, scale) => {
          const M = normals(n * n, seed, scale);
          const W = M.map((x, at) => (Math.floor(at / n) === at % n ? 1 : 0) - x);
          const [bound, estimate] = await Promise.all(
            engine
              .run('probed', [engine.tensor(W, [n, n])], ([w], tracing) => {
                const found = probedNorm(tracing, w);
                return [found.bound, found.estimate];
              })
              .map((tensor) => tensor.data()),
          );
          const exact = spectralNorm(
            W.map((x, at) => (Math.floor(at / n) === at % n ? 1 : 0) - x),
            n,
          );
          expect(bound[0]).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          // The factor is (10·√(2/π)·√Σ‖ωᵢ‖²)^(1/16), and the inner root is about √(8n).
          expect(bound[0]).toBeLessThanOrEqual(exact * (24 * Math.sqrt(n) + 24) ** (1 / 16) * (1 + 1e-9));
          expect(estimate[0]).toBeGreaterThanOrEqual(exact / Math.SQRT2);
        },
      ),
      { numRuns: 40 },
    );
  });
});
