/** The certificate that comes with every gradient by default: what it must and must not state. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import type { ImplicitCertificate, LinearReport } from '../../src/implicit/certificate.ts';
import type { FailurePolicy } from '../../src/implicit/failure-policy.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMap } from '../../src/implicit/parametrisation.ts';
import { l1BallProjection, simplexProjection } from '../../src/implicit/projections/simplex.ts';
import { fixedPoint, type ImplicitSolution, root } from '../../src/implicit/root.ts';
import type { FixedPointOptions } from '../../src/implicit/root-options.ts';
import type { ImplicitFunction } from '../../src/implicit/system.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadKinks } from '../fixtures/load.ts';
import { denseSolve, monotoneProblem, norm, normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const ones = (shape: readonly number[]): Tensor =>
  engine.tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 1),
    shape,
  );

/** The report of the backward solve of Σ z with respect to the single input. */
async function backwardOf(solutionOf: (x: Tensor) => ImplicitSolution, x: Tensor): Promise<LinearReport> {
  const tape = new Tape();
  const input = tape.watch(x);
  const z = solutionOf(input);
  tape.pullback(z, [input], ones(z.shape));
  return z.solve.backwardReports[0];
}

const at = (
  f: ImplicitFunction,
  values: readonly number[],
  shape: readonly number[],
  more: Partial<FixedPointOptions> = {},
): Promise<LinearReport> =>
  backwardOf(
    (input) =>
      fixedPoint(f, {
        unknown: engine.tensor(values, shape),
        inputs: [input],
        solver: 'given',
        tolerance: 1e-9,
        ...more,
      }),
    engine.tensor(new Float64Array(values.length), shape),
  );

describe('monotone layers', () => {
  test('certified by their margin, with kinks, residual and ‖v‖/‖u‖ of every sample', async () => {
    for (const { n, W, b, z, activation, tau, m } of loadKinks()) {
      const tape = new Tape();
      const weights = tape.watch(engine.tensor(W.flat(), [n, n]));
      const bias = tape.watch(engine.tensor(b, [1, n]));
      const option =
        activation === 'relu' ? ('relu' as const) : { name: 'softThreshold' as const, threshold: tau ?? 1 };
      const solution = monotoneFixedPoint(weights, bias, {
        activation: option,
        margin: m * (1 - 1e-6),
        tolerance: 1e-13,
        initial: engine.tensor(z, [1, n]),
        kinkUnits: 4096,
      });
      const [gradW, gradB] = tape.pullback(solution.z, [weights, bias], ones([1, n]));
      await Promise.all([gradW.data(), gradB.data()]);
      const { certificate, samples } = await solution.backwardReports[0];
      expect(certificate).toMatchObject({ status: 'certified', argument: 'margin' });
      expect(certificate.kinks.length).toBeGreaterThan(0);
      const [sample] = certificate.samples;
      expect(sample.kinks).toBe(certificate.kinks.length);
      expect(sample.residual).toBe(samples[0].residual);
      expect(sample.residual).toBeLessThan(1e-12);
      expect(sample.singularValueBound).toBeGreaterThan(0);
      expect(sample.nearlySingular).toBe(false);
      for (const { distance, value, sample: row, operation } of certificate.kinks) {
        expect(distance).toBeLessThanOrEqual(sample.kinkTolerance);
        const kink = activation === 'relu' ? 0 : (tau ?? 1);
        expect(Math.abs(Math.abs(value) - kink)).toBeCloseTo(distance, 12);
        expect([row, operation]).toEqual([0, activation === 'relu' ? 'relu' : 'softThreshold']);
      }
      const alone = await solution.certificate();
      expect(alone.kinks).toEqual(certificate.kinks);
      expect(alone).toMatchObject({ status: 'certified', argument: 'margin' });
    }
  });

  test('‖v‖/‖u‖ is that of the dense formula, and bounds σ_min', async () => {
    const { n, batch, W, b, v } = monotoneProblem(5, 1, 3, 1, 0.6);
    const tape = new Tape();
    const bias = tape.watch(engine.tensor(b, [batch, n]));
    const options = { activation: 'relu', margin: 1, tolerance: 1e-13 } as const;
    const solution = monotoneFixedPoint(engine.tensor(W, [n, n]), bias, options);
    tape.pullback(solution.z, [bias], engine.tensor(v, [batch, n]));
    const z = await solution.z.data();
    // (I − JW)ᵀu = v
    const transposed = W.map((_, at) => {
      const [i, j] = [at % n, Math.floor(at / n)];
      return (i === j ? 1 : 0) - (z[i] > 0 ? W[i * n + j] : 0);
    });
    const u = denseSolve(transposed, v, n);
    const { certificate } = await solution.backwardReports[0];
    expect(certificate.samples[0].singularValueBound).toBeCloseTo(norm(v) / norm(u), 9);
  });

  test('a margin that is stated and not checked certifies nothing; one by construction does', async () => {
    const bias = engine.tensor([1, 2], [1, 2]);
    const options = { activation: 'relu', margin: 0.5, checkInputs: false } as const;
    const stated = await monotoneFixedPoint(engine.tensor([0, 0, 0, 0], [2, 2]), bias, options).certificate();
    expect(stated).toMatchObject({ status: 'unknown', argument: 'not examined' });
    const A = engine.tensor([1, 0, 0, 1], [2, 2]);
    const { margin, ...own } = options;
    const made = await monotoneFixedPoint(monotoneMap(A, A, margin), bias, own).certificate();
    expect(made).toMatchObject({
      status: 'certified',
      argument: 'margin',
      reason: expect.stringContaining('construction'),
    });
    // W = 2I is not monotone: there is neither a gradient nor a certificate.
    const wrong = monotoneFixedPoint(engine.tensor([2, 0, 0, 2], [2, 2]), bias, {
      activation: 'relu',
      margin: 0.5,
      onFailure: 'report',
    });
    await expect(wrong.certificate()).rejects.toThrow('the layer is not monotone');
  });

  test('a margin that does not hold is treated as onFailedCertificate says', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    // The true margin is ½; z = relu(½z + b) is 2b in spite of the wrong one.
    const solveWith = async (onFailedCertificate: FailurePolicy, margin = 0.9) => {
      const tape = new Tape();
      const W = engine.tensor([0.5, 0, 0, 0.5], [2, 2]);
      const b = tape.watch(engine.tensor([1, 2], [1, 2]));
      const solution = monotoneFixedPoint(W, b, { activation: 'relu', margin, tolerance: 1e-10, onFailedCertificate });
      const [gradient] = tape.pullback(solution.z, [b], engine.tensor([1, 1], [1, 2]));
      const [db, z] = await Promise.all([gradient.data(), solution.z.data()]);
      const { certificate, samples } = await solution.backwardReports[0];
      return {
        db,
        z,
        certificate,
        own: await solution.certificate(),
        bounds: [(await solution.report).samples, samples],
      };
    };
    await expect(solveWith('throw')).rejects.toThrow('margin: it is 0.9, but the smallest eigenvalue');
    expect(warn).toHaveBeenCalledTimes(0);
    for (const [policy, warnings] of [
      ['warn', 1],
      ['ignore', 1],
    ] as const) {
      const { db, z, certificate, own, bounds } = await solveWith(policy);
      expect([...z, ...db].map((x) => Number(x.toFixed(8)))).toEqual([2, 4, 2, 2]);
      for (const known of [certificate, own]) {
        expect(known).toMatchObject({ status: 'unknown', reason: expect.stringContaining('the margin does not hold') });
      }
      for (const [{ errorBound }] of bounds) expect(errorBound).toBeNaN();
      expect(warn).toHaveBeenCalledTimes(warnings);
    }
    const { certificate, bounds } = await solveWith('ignore', 0.5);
    expect(certificate.status).toBe('certified');
    for (const [{ errorBound }] of bounds) expect(errorBound).toBeLessThan(1e-8);
    warn.mockRestore();
  });
});

describe('fixed points', () => {
  test('a contraction is certified for every choice at the kinks, whatever the operations', async () => {
    const n = 3;
    const W = normals(n * n, 1, 0.2);
    const functions: [string, ImplicitFunction][] = [
      ['tanh', (z, x) => z.mul(0.9).tanh().add(x)],
      [
        'relu of a product',
        (z, x) =>
          z
            .matmul(z.context.upload(W, [n, n], z))
            .add(x)
            .relu(),
      ],
      [
        'a normalised weight',
        (z, x) => {
          const w = z.context.upload(normals(n * n, 2, 5), [n, n], z);
          return z
            .matmul(w.div(w.square().sum().sqrt().add(1)))
            .add(x)
            .tanh();
        },
      ],
      ['chained kinks', (z, x) => z.mul(0.3).relu().abs().sub(z.mul(0.3).leakyRelu(0.2)).add(x)],
      ['projections', (z, x) => simplexProjection(z).mul(0.5).add(l1BallProjection(z.neg()).mul(0.4)).add(x)],
      ['maximum', (z, x) => z.mul(0.4).maximum(z.neg().mul(0.5)).add(x)],
      [
        'softmax and mean',
        (z, x) =>
          z
            .softmax()
            .add(z.mean(-1, { keepAxes: true }).mul(0.1))
            .add(x),
      ],
    ];
    for (const [name, f] of functions) {
      const z = fixedPoint(f, {
        unknown: engine.tensor([0, 0, 0], [1, n]),
        inputs: [engine.tensor([0, 0, 0], [1, n])],
        tolerance: 1e-10,
      });
      const { certificate } = await at(f, Array.from(await z.data()), [1, n]);
      expect([name, certificate.status, certificate.argument]).toEqual([name, 'certified', 'contraction']);
      expect([name, (await z.solve.certify()).status]).toEqual([name, 'certified']);
    }
  });

  test('a function that is not known to be a contraction is left unknown', async () => {
    const functions: [string, ImplicitFunction][] = [
      ['a slope of 1', (z, x) => z.tanh().add(x)],
      ['singular at a kink', (z, x) => z.mul(2).relu().add(x)],
      ['a slope that has no bound', (z, x) => z.square().mul(0.1).add(x)],
      [
        'repeated',
        (z, x) =>
          z
            .mul(0.9)
            .matmul(z.context.upload([1, 1, 0, 0], [2, 2], z))
            .add(x),
      ],
    ];
    for (const [name, f] of functions) {
      const { certificate } = await at(f, [0, 0], [1, 2]);
      expect([name, certificate.status, certificate.argument]).toEqual([name, 'unknown', 'not examined']);
    }
  });

  test('solving a system proves nothing, since v may lie in the range of a singular matrix', async () => {
    // B = diag(1, 0), v = (1, 0).
    const tape = new Tape();
    const input = tape.watch(engine.tensor([2, 0], [1, 2]));
    const D = engine.tensor([1, 0, 0, 0], [2, 2]);
    const z = root((y, x, d) => y.matmul(d).sub(x), {
      unknown: engine.tensor([2, 5], [1, 2]),
      inputs: [input, D],
      solver: 'given',
    });
    const [gradient] = tape.pullback(z, [input], engine.tensor([1, 0], [1, 2]));
    expect(Array.from(await gradient.data())).toEqual([1, 0]);
    const { certificate } = await z.solve.backwardReports[0];
    expect(certificate).toMatchObject({ status: 'unknown', argument: 'not examined' });
    expect((await z.solve.certify()).status).toBe('failed');
  });

  test('the kinks of every sample: their number, places and distances', async () => {
    const f: ImplicitFunction = (z, x) => z.mul(0.25).abs().sub(z.sub(1).relu().mul(0.25)).add(x.mul(0));
    const solution = await at((z, x) => f(z, x).add(z).sub(f(z, x)), [0, 3, 3, 1 + 1e-14, -2, 5], [3, 2]);
    const { kinks, samples } = solution.certificate;
    expect(samples.map((sample) => sample.kinks)).toEqual([2, 2, 0]);
    expect(kinks.map(({ sample, operation, place, index }) => [sample, operation, place, index])).toEqual(
      expect.arrayContaining([
        [0, 'abs', 0, 0],
        [0, 'abs', 2, 0],
        [1, 'relu', 1, 1],
        [1, 'relu', 3, 1],
      ]),
    );
    expect(kinks).toHaveLength(4);
    expect(Math.max(...kinks.map(({ distance }) => distance))).toBeCloseTo(1e-14, 15);
    for (const sample of samples) expect(sample.kinkTolerance).toBeGreaterThan(0);
  });

  test('a kink of a value that all samples share is one kink, and counts in each sample', async () => {
    const tape = new Tape();
    const w = tape.watch(engine.tensor([0]));
    const z = fixedPoint((y, weight) => y.mul(0.5).add(weight.relu()), {
      unknown: engine.tensor([0, 0, 0], [3, 1]),
      inputs: [w],
      solver: 'given',
    });
    tape.pullback(z, [w], ones([3, 1]));
    const { certificate } = await z.solve.backwardReports[0];
    expect(certificate.kinks).toEqual([
      { sample: undefined, operation: 'relu', place: 0, index: 0, value: 0, distance: 0 },
    ]);
    expect(certificate.samples.map(({ kinks }) => kinks)).toEqual([1, 1, 1]);
  });

  test('tangents have one too, and nested solves have their own', async () => {
    const reports: (readonly Promise<LinearReport>[])[] = [];
    const tape = new Tape();
    const x = tape.watch(engine.tensor([0.5], [1, 1]));
    const z = fixedPoint(
      (y, given) => {
        const inner = fixedPoint((u, c) => u.mul(0.5).add(c).relu(), {
          unknown: y.mul(0),
          inputs: [y.mul(0.1).add(given)],
        });
        reports.push(inner.solve.backwardReports);
        return inner.mul(0.25);
      },
      { unknown: engine.tensor([0], [1, 1]), inputs: [x], tolerance: 1e-9 },
    );
    pushforward(tape, [x], [engine.tensor([1], [1, 1])], [z]);
    const { certificate } = await z.solve.backwardReports[0];
    expect(certificate.status).toBe('unknown'); // nothing is known of the slope of a solve
    const inner: ImplicitCertificate[] = [];
    for (const list of reports) for (const report of list) inner.push((await report).certificate);
    expect(inner.length).toBeGreaterThan(0);
    for (const { status, argument } of inner) expect([status, argument]).toEqual(['certified', 'contraction']);
  });

  test('a nearly singular matrix is reported, with a single warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const slope = (c: number, more: Partial<FixedPointOptions> = {}) =>
      at((z, x) => z.mul(c).add(x), [0, 0], [2, 1], { linearSolver: 'dense', ...more });
    const near = await slope(1 - 1e-14);
    expect(near.certificate.samples.map(({ nearlySingular }) => nearlySingular)).toEqual([true, true]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain(
      'fixedPoint: ∂F/∂z of sample 0 is nearly singular (σ_min is at most about 1.0e-14)',
    );
    await slope(1 - 1e-14, { onFailedCertificate: 'ignore' });
    expect((await slope(0.5)).certificate.samples[0].nearlySingular).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  test('a solve that misses its tolerance gives no gradient, but a report that says so', async () => {
    const n = 12;
    const f: ImplicitFunction = (z, x, w) => z.matmul(w).add(x);
    const W = engine.tensor(normals(n * n, 4, 0.9 / Math.sqrt(n)), [n, n]);
    const x = engine.tensor(normals(n, 5), [1, n]);
    const solved = fixedPoint(f, {
      unknown: engine.tensor(new Float64Array(n), [1, n]),
      inputs: [x, W],
      tolerance: 1e-12,
    });
    const z = engine.tensor(await solved.data(), [1, n]);
    const solutions: ImplicitSolution[] = [];
    const gradient = (more: Partial<FixedPointOptions>) =>
      valueAndGrad(
        (input) => {
          const solution = fixedPoint(f, {
            unknown: z,
            inputs: [input, W],
            solver: 'given',
            tolerance: 1e-9,
            linearSolver: 'cgnr',
            backwardLimit: 2,
            ...more,
          });
          solutions.push(solution);
          return solution.sum();
        },
        [x],
      );
    await expect(gradient({})).rejects.toThrow('fixedPoint, backward: 1 of 1 samples did not converge with cgnr');
    const [, [reported]] = await gradient({ onFailure: 'report' });
    expect(reported.size).toBe(n);
    const { certificate, samples } = await (solutions.at(-1) as ImplicitSolution).solve.backwardReports[0];
    expect(samples[0].status).toBe('limit');
    expect(certificate.status).toBe('unknown');
    expect(certificate.reason).toMatch(/^the linear solve was left at the residual .* the matrix may be singular$/);
  });
});

describe('selections computed from the kinks', () => {
  const solve = (x: Tensor, more: Partial<FixedPointOptions> = {}): ImplicitSolution =>
    fixedPoint((y, given) => y.relu().mul(0.5).add(given.relu()).add(given.mul(0)), {
      unknown: engine.tensor([0, 0], [2, 1]),
      inputs: [x],
      solver: 'given',
      ...more,
    });

  test('select reads the kinks and chooses, in a loss function too', async () => {
    const seen: unknown[] = [];
    const [, [gradient]] = await valueAndGrad(
      async (x) => {
        const z = solve(x);
        await z.solve.select((kink) => {
          seen.push([kink.sample, kink.operation, kink.place, kink.index, kink.value, kink.distance]);
          return kink.place === 0 ? 0.5 : kink.sample === 0 ? 0.25 : 1;
        });
        return z.sum();
      },
      [engine.tensor([0, 0], [2, 1])],
    );
    // The slope is p/(1 − q/2) with q for relu(y), p for relu(x).
    expect(relativeError(await gradient.data(), [0.25 / 0.75, 1 / 0.75])).toBeLessThan(1e-4);
    expect(seen).toHaveLength(4);
    expect(seen).toContainEqual([1, 'relu', 1, 0, 0, 0]);
  });

  test('an invalid number is refused at once, and by place when the gradient is requested', async () => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([0, 0], [2, 1]));
    await expect(solve(x).solve.select(() => 2)).rejects.toThrow('select: choose returned 2; it must return a number');
    const z = solve(x, { selection: () => 2 });
    expect(() => tape.pullback(z, [x], ones([2, 1]))).toThrow('selection: for relu, place 0, index 0, it gave 2');
  });

  test('a function of the place tells samples apart', async () => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([0, 0], [2, 1]));
    const z = solve(x, { selection: ({ place, sample }) => (place === 0 ? 0 : sample === 0 ? 1 : 0.5) });
    const [gradient] = tape.pullback(z, [x], ones([2, 1]));
    expect(Array.from(await gradient.data())).toEqual([1, 0.5]);
  });
});

describe('a selection reaches nested solves', () => {
  const outer = (
    x: Tensor,
    more: Partial<FixedPointOptions>,
    inner: Partial<FixedPointOptions> = {},
  ): ImplicitSolution =>
    fixedPoint(
      (y, given) =>
        fixedPoint((u, c) => u.mul(0).add(c.relu()), {
          unknown: y.mul(0),
          inputs: [given],
          solver: 'given',
          ...inner,
        }).add(y.mul(0)),
      { unknown: engine.tensor([0], [1, 1]), inputs: [x], solver: 'given', ...more },
    );
  const slope = async (more: Partial<FixedPointOptions>, inner: Partial<FixedPointOptions> = {}): Promise<number> => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([0], [1, 1]));
    const [gradient] = tape.pullback(outer(x, more, inner), [x], ones([1, 1]));
    return (await gradient.data())[0];
  };

  test('one number, and numbers by operation', async () => {
    expect(await slope({})).toBe(0);
    expect(await slope({ selection: 0.5 })).toBe(0.5);
    expect(await slope({ selection: { relu: 0.25, abs: 1 } })).toBe(0.25);
    expect(await slope({}, { selection: 0.75 })).toBe(0.75);
    // As for operations in general, the outer selection counts.
    expect(await slope({ selection: 1 }, { selection: 0.75 })).toBe(1);
  });

  test('monotone layers too', async () => {
    const tape = new Tape();
    const x = tape.watch(engine.tensor([0], [1, 1]));
    const zero = engine.tensor([0], [1, 1]);
    const z = fixedPoint(
      (y, given, W) =>
        monotoneFixedPoint(W, given, { activation: 'relu', margin: 1, backwardTolerance: 1e-14 }).z.add(y.mul(0)),
      { unknown: zero, inputs: [x, zero], solver: 'given', selection: 0.5 },
    );
    const [gradient] = tape.pullback(z, [x], ones([1, 1]));
    expect((await gradient.data())[0]).toBeCloseTo(0.5, 12);
  });

  test('one by place does not, and is refused unless the inner solve has its own', async () => {
    const message = 'a selection by place does not reach fixedPoint, which the function calls';
    await expect(slope({ selection: () => 0.5 })).rejects.toThrow(message);
    await expect(slope({ selection: { random: 1 } })).rejects.toThrow(message);
    expect(await slope({ selection: () => 0.5 }, { selection: 0.75 })).toBe(0.75);
  });
});
