/** The margin that counts is that of the matrix with its present numbers. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { SolveOptions } from '../../src/implicit/options.ts';
import { monotoneMap, monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import { matrixMap } from '../../src/solvers/maps/matrix.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const t = (values: number[], shape: number[]): Tensor => engine.tensor(values, shape);
const zero = (): Tensor => t([0], [1, 1]);
/** W = 1 − m. */
const matrixOf = (m: number): Tensor => monotoneMatrix(zero(), zero(), t([m], [1]));
const RELU = { activation: 'relu', margin: 0.5, tolerance: 1e-10 } as const;

describe('a margin that the matrix does not have', () => {
  test('z = relu(2z − 1) at −1 has two solutions, and neither is certified', async () => {
    for (const options of [
      {},
      { checkInputs: false },
      { onFailedCertificate: 'ignore' },
      { onFailure: 'report' },
    ] as const) {
      for (const start of [0, 1]) {
        const solution = monotoneFixedPoint(matrixOf(-1), t([-1], [1, 1]), {
          ...RELU,
          ...options,
          initial: t([start], [1, 1]),
        });
        await expect(solution.z.data()).rejects.toThrow('margin: it is -1; it must be a finite number > 0');
      }
    }
  });

  test('errors are bounded by the true margin of the matrix, or not at all', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (const [options, bounded] of [
      [{ checkInputs: false }, false],
      [{ onFailedCertificate: 'warn' }, false],
      [{ margin: 0.01 }, true],
      [{ margin: 0.01, checkInputs: false }, false],
    ] as [Partial<SolveOptions & { margin: number }>, boolean][]) {
      const W = matrixOf(0.01);
      const solution = monotoneFixedPoint(W, t([1], [1, 1]), {
        ...RELU,
        solver: 'picard',
        limit: 5000,
        onFailure: 'report',
        ...options,
      });
      const { samples } = await solution.report;
      const [z] = await solution.z.data();
      const error = Math.abs(z - 100) / z;
      if (bounded) expect(samples[0].errorBound).toBeGreaterThan(error);
      else expect(samples[0].errorBound).toBeNaN();
      expect((await solution.certificate()).status).toBe(bounded ? 'certified' : 'unknown');
    }
    await expect(monotoneFixedPoint(matrixOf(0.01), t([1], [1, 1]), RELU).z.data()).rejects.toThrow(
      'margin: it is 0.5',
    );
    vi.restoreAllMocks();
  });

  test('a learnt margin is an error at the step at which it falls to 0', async () => {
    let m = 0.75;
    const steps: number[] = [];
    const step = async (): Promise<void> => {
      const [, [gradient]] = await valueAndGrad(
        (margin) =>
          monotoneFixedPoint(monotoneMatrix(t([2], [1, 1]), zero(), margin), t([1], [1, 1]), RELU)
            .z.sum()
            .neg(),
        [t([m], [1])],
      );
      steps.push(m);
      m -= 4 * (await gradient.data())[0];
      m = Math.round(4 * m - 2) / 4;
    };
    // With A = 2 the matrix is still monotone at m = −¼, but not by construction.
    await expect(
      (async () => {
        for (;;) await step();
      })(),
    ).rejects.toThrow('margin: it is ');
    expect(m).toBeLessThanOrEqual(0);
    expect(steps.every((each) => each > 0)).toBe(true);
    expect(() => monotoneMatrix(zero(), zero(), engine.scalar(-1))).toThrow(
      'margin: it is -1; it must be a finite number > 0',
    );
    await expect(monotoneMatrix(zero(), zero(), t([0], [1])).data()).rejects.toThrow('margin: it is 0');
    expect(Array.from(await monotoneMatrix(zero(), zero(), t([0.25], [1])).data())).toEqual([0.75]);
  });
});

describe('numbers that were overwritten', () => {
  test('a margin by construction follows the overwritten numbers', async () => {
    const map = monotoneMap(zero(), zero(), 0.5);
    const [W] = map.parameters;
    const b = t([-1], [1, 1]);
    const options = { activation: 'relu' } as const;
    expect((await monotoneFixedPoint(map, b, options).certificate()).status).toBe('certified');
    engine.write(W, [2]);
    await expect(monotoneFixedPoint(map, b, options).z.data()).rejects.toThrow('the layer is not monotone');
    const unchecked = monotoneFixedPoint(map, b, { ...options, checkInputs: false });
    expect((await unchecked.certificate()).status).toBe('unknown');
    expect((await unchecked.report).samples[0].errorBound).toBeNaN();
    engine.write(W, [0.25]);
    expect(await monotoneFixedPoint(map, b, options).certificate()).toMatchObject({
      status: 'certified',
      reason: expect.stringContaining('by the eigenvalues'),
    });
    // Before its first use, and through an alias.
    const fresh = monotoneMap(zero(), zero(), 0.5);
    engine.write(fresh.parameters[0].reshape([1]), [2]);
    await expect(monotoneFixedPoint(fresh, b, options).z.data()).rejects.toThrow('the layer is not monotone');
  });

  test('a user’s own map that claims to have been checked', async () => {
    const W = t([0.5], [1, 1]);
    const own = { ...matrixMap(W, { value: 0.5, by: 'checked', reason: 'by hand' }), key: 'own' };
    const certified = async (): Promise<string> =>
      (await monotoneFixedPoint(own, t([1], [1, 1]), { activation: 'relu' }).certificate()).status;
    expect(await certified()).toBe('certified');
    engine.write(W, [0.75]);
    expect(await certified()).toBe('unknown');
  });

  test('a solution for the old numbers has neither a gradient nor a certificate', async () => {
    const tape = new Tape();
    const [W, b] = [t([0.5], [1, 1]), tape.watch(t([1], [1, 1]))];
    const solution = monotoneFixedPoint(W, b, RELU);
    await solution.z.data();
    engine.write(W, [0.25]);
    expect(() => tape.pullback(solution.z, [b], t([1], [1, 1]))).toThrow('monotone: W was overwritten after the solve');
    expect(() => pushforward(tape, [b], [t([1], [1, 1])], [solution.z])).toThrow('W was overwritten');
    expect(await solution.certificate()).toMatchObject({
      status: 'unknown',
      reason: 'W was overwritten after the solve',
    });
    const x = tape.watch(t([1], [1, 1]));
    const z = fixedPoint((y, given, w) => y.mul(w).add(given), { unknown: zero(), inputs: [x, W] });
    await z.data();
    engine.write(W, [0.5]);
    const message = 'fixedPoint: inputs[1] was overwritten after the solve';
    expect(() => tape.pullback(z, [x], t([1], [1, 1]))).toThrow(message);
    await expect(z.solve.certify()).rejects.toThrow(message);
    await expect(z.solve.select(() => 0)).rejects.toThrow(message);
    await expect(z.solve.gradientInterval(t([1], [1, 1]))).rejects.toThrow(message);
  });

  test('a scalar that the engine keeps no longer counts as known once it was overwritten', async () => {
    const own = new Engine(openCPU());
    const kept = own.scalar(0.5);
    own.write(kept, [-1]);
    const A = own.tensor([0], [1, 1]);
    await expect(monotoneMatrix(A, A, kept).data()).rejects.toThrow('margin: it is -1');
    own.close();
  });

  test('if creating the matrix fails, the margin leaves no unhandled rejection', async () => {
    const rejected: unknown[] = [];
    const note = (reason: unknown): void => {
      rejected.push(reason);
    };
    process.on('unhandledRejection', note);
    const A = zero();
    // A and B come from outside of the function: creating the matrix throws, after its margin was read.
    const F = (z: Tensor, m: Tensor): Tensor => z.sub(monotoneMatrix(A, A, m));
    expect(() => root(F, { unknown: zero(), inputs: [t([0.5], [1])] })).toThrow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(rejected).toEqual([]);
  });
});
