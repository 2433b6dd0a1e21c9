/** Quadratic programs as tensors, on every backend: solutions, derivatives, certificates, failures and memory. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  type BackendName,
  CertificateError,
  ConvergenceError,
  jacobianVectorProduct,
  linearProgram,
  NoSolutionError,
  quadraticProgram,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { loadSmallPrograms, type SmallProgram } from '../fixtures/load-programs.ts';
import { engineOn } from '../support/engines.ts';

const CASES = loadSmallPrograms();
const named = (name: string): Required<SmallProgram> =>
  CASES.find((each) => each.name === name) as Required<SmallProgram>;
/** The programs with a derivative, with all that is known of it. */
const DIFFERENTIABLE = CASES.filter((each) => each.grad_q) as readonly Required<SmallProgram>[];

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? Array.from(a).reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0) : Number.NaN;

/** min ½x² − qx over l ≤ x ≤ u, whose solution is q, clipped. */
const clipping = { P: [[1]], A: [[1]] };

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);
  const tolerance = backend === 'cpu' ? 1e-6 : 1e-3;

  test.each(CASES.map((each) => [each.name, each] as const))('%s in float64', async (_, given) => {
    const engine = await engineOf();
    const { P, q, A, l, u, m, expected_certificate } = given;
    const solution = quadraticProgram({ engine, P, q, A, l, u, onFailedCertificate: 'ignore' });
    const { x } = await solution.values();
    const certificate = await solution.certificate();
    expect(certificate.status).toBe(expected_certificate);
    if (given.x && expected_certificate === 'certified') expect(largestDifference(x, given.x)).toBeLessThan(1e-7);
    expect(solution.x.shape).toEqual([q.length]);
    expect(solution.y.shape).toEqual([m]);
    expect(largestDifference(await solution.x.data(), x)).toBeLessThan(engine.epsilon * 1e5);
    solution.dispose();
  });
  test.each(DIFFERENTIABLE.map((each) => [each.name, each] as const))('derivatives of %s', async (_, given) => {
    const engine = await engineOf();
    const { n, m, cotangent, direction } = given;
    const data: Record<string, Tensor> = {
      P: engine.tensor(given.P.flat(), [n, n]),
      q: engine.tensor(given.q),
      A: engine.tensor(given.A.flat(), [m, n]),
      l: engine.tensor(given.l.map((bound) => bound ?? -1e20)),
      u: engine.tensor(given.u.map((bound) => bound ?? 1e20)),
    };
    const names = Object.keys(data);
    const solve = (tensors: readonly Tensor[]) => {
      const [P, q, A, l, u] = tensors;
      return quadraticProgram({ P, q, A, l, u });
    };
    const loss = (...tensors: Tensor[]): Tensor => {
      const { x, y, z } = solve(tensors);
      const part = (tensor: Tensor, v: readonly number[]): Tensor => tensor.mul(engine.tensor(v)).sum();
      return part(x, cotangent.gx).add(part(y, cotangent.gy)).add(part(z, cotangent.gz));
    };
    const [, gradients] = await valueAndGrad(loss, Object.values(data));
    const expected = {
      P: given.grad_P.flat(),
      q: given.grad_q,
      A: given.grad_A.flat(),
      l: given.grad_l,
      u: given.grad_u,
    };
    for (const [index, gradient] of gradients.entries()) {
      const name = names[index] as keyof typeof expected;
      expect(largestDifference(await gradient.data(), expected[name]), name).toBeLessThan(tolerance);
    }
    const tangents = [direction.dP.flat(), direction.dq, direction.dA.flat(), direction.dl, direction.du].map(
      (numbers, index) =>
        engine.tensor(
          numbers.map((value) => value ?? 0),
          data[names[index]].shape,
        ),
    );
    const [, dx] = await jacobianVectorProduct(
      (...tensors: Tensor[]) => solve(tensors).x,
      Object.values(data),
      tangents,
    );
    expect(largestDifference(await dx.data(), given.dx)).toBeLessThan(tolerance);
  });
  test('a batch shares what has no axis for samples, and gradients of it add up', async () => {
    const engine = await engineOf();
    const q = engine.tensor([-0.5, -3, 2], [3, 1]);
    const u = engine.tensor([1]);
    const [, [gradQ, gradU]] = await valueAndGrad(
      (each: Tensor, bound: Tensor) => quadraticProgram({ ...clipping, q: each, l: [0], u: bound }).x.sum(),
      [q, u],
    );
    expect(gradQ.shape).toEqual([3, 1]);
    expect(largestDifference(await gradQ.data(), [-1, 0, 0])).toBeLessThan(1e-6);
    expect(largestDifference(await gradU.data(), [1])).toBeLessThan(1e-6);
  });
  test('data given as arrays stay float64', async () => {
    const engine = await engineOf();
    const exact = 1 + 2 ** -40;
    const solution = linearProgram({ engine, q: [1], A: [[1]], l: [exact], u: [null] });
    expect((await solution.values()).x[0]).toBeCloseTo(exact, 14);
  });
  test('infeasible and unbounded programs are named, and do not disturb their neighbours', async () => {
    const engine = await engineOf();
    // The second asks for x ≥ 3 and x ≤ 2.
    const data = {
      P: [[1]],
      A: [[1], [1]],
      q: [[-0.5], [-0.5], [2]],
      l: [
        [0, 0],
        [3, 0],
        [0, 0],
      ],
      u: [
        [1, 1],
        [4, 2],
        [1, 1],
      ],
    };
    const strict = quadraticProgram({ engine, ...data });
    await expect(strict.x.data()).rejects.toThrow(NoSolutionError);
    await expect(strict.values()).rejects.toThrow('program 1 is infeasible');
    const lenient = quadraticProgram({ engine, ...data, onFailure: 'report' });
    const { samples } = await lenient.report;
    expect(samples.map(({ status }) => status)).toEqual(['converged', 'infeasible', 'converged']);
    expect(Array.from(samples[1].certificate ?? [])).toEqual([expect.closeTo(-1, 9), expect.closeTo(1, 9)]);
    const x = await lenient.x.data();
    expect(largestDifference([x[0], x[2]], [0.5, 0])).toBeLessThan(1e-6);
    expect(x[1]).toBeNaN();
    const unbounded = linearProgram({ engine, q: [-1, 0], A: [[1, 1]], l: [0], u: [null], onFailure: 'report' });
    expect((await unbounded.report).samples[0].status).toBe('unbounded');
  });
  test('a P that is not convex, and one that is not symmetric, are refused by name', async () => {
    const engine = await engineOf();
    const indefinite = quadraticProgram({ P: engine.tensor([1, 0, 0, -1e-3], [2, 2]), q: [0, 0], A: [[1, 1]], u: [1] });
    await expect(indefinite.x.data()).rejects.toThrow(/^P.*convex/);
    await expect(indefinite.report).rejects.toThrow(RangeError);
    const skew = quadraticProgram({ P: engine.tensor([1, 0.5, 0, 1], [2, 2]), q: [0, 0] });
    await expect(skew.x.data()).rejects.toThrow(/^P.*not symmetric/);
    expect(() =>
      quadraticProgram({
        engine,
        P: [
          [1, 0.5],
          [0, 1],
        ],
        q: [0, 0],
      }),
    ).toThrow(/^P.*not symmetric/);
  });
  test('a gradient that the solution does not determine is never a number', async () => {
    const engine = await engineOf();
    const { P, A, l, u } = named('not-unique');
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const q = engine.tensor(named('not-unique').q);
    const [, [gradient]] = await valueAndGrad(
      (each: Tensor) =>
        quadraticProgram({ P, q: each, A, l, u })
          .x.mul(engine.tensor([0, 0, 1]))
          .sum(),
      [q],
    ).catch((error: unknown) => [undefined, [error]] as never);
    await expect(
      (async () => {
        if (gradient instanceof Error) throw gradient;
        await (gradient as Tensor).data();
      })(),
    ).rejects.toThrow(ConvergenceError);
    // What is determined still is a gradient, after a warning.
    const [, [other]] = await valueAndGrad(
      (each: Tensor) =>
        quadraticProgram({ P, q: each, A, l, u })
          .x.mul(engine.tensor([0, 1, 0]))
          .sum(),
      [q],
    );
    expect(largestDifference(await other.data(), [0, -1, 0])).toBeLessThan(1e-6);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('x is not determined along it'));
    warned.mockRestore();
    const refused = valueAndGrad(
      (each: Tensor) => quadraticProgram({ P, q: each, A, l, u, onFailedCertificate: 'throw' }).x.sum(),
      [q],
    ).then(([, [each]]) => each.data());
    await expect(refused).rejects.toThrow(CertificateError);
  });
  test('selections and intervals at weakly active rows', async () => {
    const engine = await engineOf();
    const given = named('weak-2');
    const { P, q, A, l, u, cotangent } = given;
    const [gx, gy, gz] = [cotangent.gx, cotangent.gy, cotangent.gz];
    for (const { active_weak, grad_q } of given.elements) {
      const selection = new Array<number>(given.m).fill(0);
      for (const [place, row] of given.weakly_active.entries()) selection[row] = active_weak[place];
      const solution = quadraticProgram({ engine, P, q, A, l, u, selection });
      const [gradients] = await solution.gradients({ x: gx, y: gy, z: gz });
      expect(largestDifference(gradients.q, grad_q)).toBeLessThan(1e-6);
    }
    const [interval] = await quadraticProgram({ engine, P, q, A, l, u }).gradientIntervals({ x: gx, y: gy, z: gz });
    const lows = q.map((_, j) => Math.min(...given.elements.map(({ grad_q }) => grad_q[j])));
    expect(largestDifference(interval.low?.q ?? [], lows)).toBeLessThan(1e-6);
  });
  test('a row is active whose multiplier is small, and not where its slack is', async () => {
    const engine = await engineOf();
    // x ≤ 1 and its unconstrained minimum at 1 ± 2⁻²⁰, which float32 holds: no kink, though near to one.
    const q = engine.tensor([-1 - 2 ** -20, -1 + 2 ** -20], [2, 1]);
    const [, [gradient]] = await valueAndGrad(
      (each: Tensor) => quadraticProgram({ ...clipping, q: each, u: [1] }).x.sum(),
      [q],
    );
    expect(largestDifference(await gradient.data(), [0, -1])).toBeLessThan(1e-6);
    expect((await quadraticProgram({ ...clipping, q, u: [1] }).certificate()).kinks).toEqual([]);
  });
  test('a warm start, tensors included, takes no more iterations', async () => {
    const engine = await engineOf();
    const { P, q, A, l, u } = named('generic');
    const cold = quadraticProgram({ engine, P, q, A, l, u });
    const { x, y } = await cold.values();
    const near = q.map((value) => value * 1.001);
    const [plain, warm, warmer] = await Promise.all(
      [undefined, { x, y }, { x: cold.x, y: cold.y }].map(
        (initial) => quadraticProgram({ engine, P, q: near, A, l, u, initial }).report,
      ),
    );
    expect(warm.samples[0].status).toBe('converged');
    expect(warm.samples[0].iterations).toBeLessThanOrEqual(plain.samples[0].iterations);
    expect(warmer.samples[0].iterations).toBeLessThanOrEqual(plain.samples[0].iterations);
  });
  test('an abort and a time limit end a solve', async () => {
    const engine = await engineOf();
    const controller = new AbortController();
    const n = 60;
    const identity = { rows: n, columns: n, entries: Array.from({ length: n }, (_, j) => [j, j, 1] as const) };
    const data = {
      P: identity, // as entries, so that the host solves it on every backend
      q: engine.tensor(
        Array.from({ length: 400 * n }, (_, i) => Math.sin(i)),
        [400, n],
      ),
      A: identity,
      l: Array(n).fill(-0.1),
      u: Array(n).fill(0.1),
    };
    const aborted = quadraticProgram({ ...data, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted.x.data()).rejects.toThrow('enough');
    const limited = quadraticProgram({ ...data, timeLimit: 1e-3, onFailure: 'report' });
    const report = await limited.report;
    expect(report.timedOut).toBe(true);
    expect(report.samples.at(-1)?.status).toBe('limit');
    expect(() => quadraticProgram({ ...data, signal: AbortSignal.abort(new Error('before')) })).toThrow('before');
  });
  test('nothing of a solution is left behind', async () => {
    const engine = await engineOf();
    await engine.idle();
    const before = engine.memory();
    await engine.tidy(async (scope) => {
      const q = scope.tensor([-0.5]);
      const [, [gradient]] = await valueAndGrad(
        (each: Tensor) =>
          quadraticProgram({ ...clipping, q: each, l: [0], u: [1] })
            .x.square()
            .sum(),
        [q],
      );
      await gradient.data();
      await quadraticProgram({ ...clipping, q, l: [3], u: [1], onFailure: 'report' }).report;
    });
    const solution = quadraticProgram({ engine, ...clipping, q: [1], l: [0], u: [1] });
    await solution.report;
    solution.dispose();
    await engine.idle();
    expect(engine.memory().buffers).toBe(before.buffers);
    expect(engine.memory().bytes).toBe(before.bytes);
  });
});

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('splitting on %s', (backend) => {
  const { engine: engineOf, close } = engineOn(backend);
  afterAll(close);
  const tolerance = backend === 'cpu' ? 1e-6 : 1e-3;

  test.each(DIFFERENTIABLE.map((each) => [each.name, each] as const))('%s and its gradients', async (_, given) => {
    const engine = await engineOf();
    const { P, A, l, u, cotangent } = given;
    const q = engine.tensor(given.q);
    const data = { P, A, l, u, solver: 'splitting' } as const;
    const solution = quadraticProgram({ ...data, q });
    expect((await solution.report).solver).toBe('splitting');
    expect(largestDifference(await solution.x.data(), given.x)).toBeLessThan(backend === 'cpu' ? 1e-6 : 1e-4);
    expect((await solution.certificate()).status).toBe('certified');
    const [, [gradient]] = await valueAndGrad(
      (each: Tensor) => {
        const { x, y, z } = quadraticProgram({ ...data, q: each });
        const part = (tensor: Tensor, v: readonly number[]): Tensor => tensor.mul(engine.tensor(v)).sum();
        return part(x, cotangent.gx).add(part(y, cotangent.gy)).add(part(z, cotangent.gz));
      },
      [q],
    );
    expect(largestDifference(await gradient.data(), given.grad_q)).toBeLessThan(tolerance);
  });
  test('arrays are prepared in float64, and weakly active rows have a selection each', async () => {
    const engine = await engineOf();
    const given = named('weak-2');
    const { P, A, l, u, cotangent } = given;
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (const { active_weak, grad_q } of given.elements) {
      const selection = new Array<number>(given.m).fill(0);
      for (const [place, row] of given.weakly_active.entries()) selection[row] = active_weak[place];
      const [, [gradient]] = await valueAndGrad(
        (q: Tensor) => {
          const { x, y, z } = quadraticProgram({ P, A, l, u, q, selection, solver: 'splitting' });
          const part = (tensor: Tensor, v: readonly number[]): Tensor => tensor.mul(engine.tensor(v)).sum();
          return part(x, cotangent.gx).add(part(y, cotangent.gy)).add(part(z, cotangent.gz));
        },
        [engine.tensor(given.q)],
      );
      expect(largestDifference(await gradient.data(), grad_q)).toBeLessThan(tolerance);
    }
    warned.mockRestore();
    const all = quadraticProgram({ engine, P, A, l, u, q: given.q, solver: 'splitting' });
    expect(largestDifference(await all.x.data(), given.x)).toBeLessThan(backend === 'cpu' ? 1e-6 : 1e-4);
  });
  test('a batch, with one program that has no solution', async () => {
    const engine = await engineOf();
    const q = engine.tensor([-0.5, -0.5, 2], [3, 1]);
    const data = {
      P: [[1]],
      A: [[1], [1]],
      q,
      l: [
        [0, 0],
        [3, 0],
        [0, 0],
      ],
      u: [
        [1, 1],
        [4, 2],
        [1, 1],
      ],
    };
    const solution = quadraticProgram({ ...data, solver: 'splitting', onFailure: 'report' });
    const { samples } = await solution.report;
    expect(samples.map(({ status }) => status === 'converged' || status === 'stalled')).toEqual([true, false, true]);
    const x = await solution.x.data();
    expect(largestDifference([x[0], x[2]], [0.5, 0])).toBeLessThan(1e-4);
    await expect(quadraticProgram({ ...data, solver: 'splitting' }).x.data()).rejects.toThrow(ConvergenceError);
    solution.dispose();
  });
  test('a P that is not convex is refused by name', async () => {
    const engine = await engineOf();
    const P = engine.tensor([1, 0, 0, -1e-3], [2, 2]);
    const solution = quadraticProgram({ P, q: [0, 0], A: [[1, 1]], l: [-1], u: [1], solver: 'splitting' });
    await expect(solution.x.data()).rejects.toThrow(/^P.*convex/);
  });
});
