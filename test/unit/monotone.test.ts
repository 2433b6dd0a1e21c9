/** The monotone fixed point on the oracle: solvers, gradients, properties, and misuse. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { monotonicityMargin } from '../../src/implicit/margin.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../src/implicit/options.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { computeCheckedMargin } from '../../src/implicit/smallest-eigenvalue.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../src/solvers/index.ts';
import { matrixInverse } from '../../src/solvers/matrix-inverse.ts';
import { spectralNormBound } from '../../src/solvers/norm.ts';
import { ConvergenceError, isSolved } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { ACTIVATION_DEFINITIONS } from '../support/activations.ts';
import {
  centralDifferences,
  denseSolve,
  gradientError,
  type MonotoneProblem,
  matmul,
  monotoneProblem,
  norm,
  normals,
  relativeError,
  transpose,
} from '../support/numbers.ts';
import { REPETITIONS } from '../support/solvers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const ACTIVATIONS = ACTIVATION_DEFINITIONS.map(({ option }) => option);
const FORWARD = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];
const LINEAR = Object.keys(LINEAR_SOLVERS) as LinearSolverName[];
/** A problem that the solver can solve: ‖W‖ < 1 for plain repetition. */
const problemFor = (solver: string, n: number, batch: number, seed: number, margin = 0.5): MonotoneProblem =>
  REPETITIONS.includes(solver) ? monotoneProblem(n, batch, seed, 1, 0.25) : monotoneProblem(n, batch, seed, margin);

async function solve(problem: MonotoneProblem, options: Partial<MonotoneOptions>) {
  const { n, batch, margin } = problem;
  const tape = new Tape();
  const W = tape.watch(engine.tensor(problem.W, [n, n]));
  const b = tape.watch(engine.tensor(problem.b, [batch, n]));
  const solution = monotoneFixedPoint(W, b, { activation: 'relu', margin, tolerance: 1e-12, limit: 20000, ...options });
  const [gradW, gradB] = tape.pullback(solution.z, [W, b], engine.tensor(problem.v, [batch, n]));
  const [z, dW, dB] = await Promise.all([solution.z.data(), gradW.data(), gradB.data()]);
  return { z, gradW: dW, gradB: dB, report: await solution.report, backward: await solution.backwardReports[0] };
}

describe('the fixed point and its gradient', () => {
  for (const { title, option: activation, value, slope } of ACTIVATION_DEFINITIONS) {
    for (const solver of FORWARD) {
      test(`${title}, ${solver}: z solves the equation, gradients agree with the dense formula`, async () => {
        const problem = problemFor(solver, 7, 3, 11);
        const { n, batch, W, b, v } = problem;
        const { z, gradB, gradW } = await solve(problem, { activation, solver });
        const expectedW = new Array<number>(n * n).fill(0);
        for (let s = 0; s < batch; s++) {
          const row = Array.from(z).slice(s * n, (s + 1) * n);
          const p = matmul(W, row, n, n, 1).map((x, i) => x + b[s * n + i]);
          expect(relativeError(row, p.map(value))).toBeLessThan(1e-11);
          // (I − JW)ᵀ u = v
          const d = p.map(slope);
          const matrix = Array.from({ length: n * n }, (_, at) => {
            const [i, j] = [Math.floor(at / n), at % n];
            return (i === j ? 1 : 0) - d[j] * W[j * n + i];
          });
          const u = denseSolve(matrix, v.slice(s * n, (s + 1) * n), n);
          const weighted = u.map((x, i) => d[i] * x);
          expect(relativeError(Array.from(gradB).slice(s * n, (s + 1) * n), weighted)).toBeLessThan(1e-9);
          for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expectedW[i * n + j] += weighted[i] * row[j];
        }
        expect(relativeError(gradW, expectedW)).toBeLessThan(1e-9);
      });
    }
  }

  describe('softmax over the layer, whose J = diag(s) − ssᵀ is not diagonal', () => {
    for (const [solver, linearSolver] of [
      ...FORWARD.map((name) => [name, 'cgnr'] as const),
      ...LINEAR.map((name) => ['peaceman-rachford', name] as const),
    ]) {
      test(`${solver}, ${linearSolver}`, async () => {
        const repeats = [solver, linearSolver].find((name) => REPETITIONS.includes(name));
        const problem = problemFor(repeats ?? solver, 7, 3, 12);
        const { n, batch, W, b, v } = problem;
        const found = await solve(problem, { activation: 'softmax', solver, linearSolver, backwardLimit: 5000 });
        for (let s = 0; s < batch; s++) {
          const part = (x: ArrayLike<number>): number[] => Array.from(x).slice(s * n, (s + 1) * n);
          const z = part(found.z);
          const powers = matmul(W, z, n, n, 1).map((x, i) => Math.exp(x + b[s * n + i]));
          const total = powers.reduce((sum, x) => sum + x, 0);
          expect(
            relativeError(
              z,
              powers.map((x) => x / total),
            ),
          ).toBeLessThan(1e-11);
          const J = (i: number, j: number): number => (i === j ? z[i] : 0) - z[i] * z[j];
          const indices = Array.from({ length: n }, (_, i) => i);
          // (I − JW)ᵀ u = v
          const JW = (i: number, j: number): number => indices.reduce((sum, k) => sum + J(i, k) * W[k * n + j], 0);
          const matrix = indices.flatMap((i) => indices.map((j) => (i === j ? 1 : 0) - JW(j, i)));
          const u = denseSolve(matrix, part(v), n);
          const weighted = indices.map((i) => indices.reduce((sum, k) => sum + J(i, k) * u[k], 0));
          expect(relativeError(part(found.gradB), weighted)).toBeLessThan(1e-9);
          expect(norm(part(found.gradB))).toBeLessThanOrEqual(norm(part(v)) / problem.margin);
        }
      });
    }
  });

  test('every linear solver gives the same gradient, also for fractional J', async () => {
    for (const activation of ACTIVATIONS) {
      for (const linearSolver of LINEAR) {
        const problem = problemFor(linearSolver, 20, 4, 3);
        const reference = await solve(problem, { activation, linearSolver: 'bicgstab+cgnr' });
        const options = { activation, linearSolver, backwardLimit: 5000 };
        expect(relativeError((await solve(problem, options)).gradB, reference.gradB)).toBeLessThan(1e-9);
      }
    }
  });

  test('a step of another size changes the path, not the solution (prox of αf, not σ)', async () => {
    const problem = monotoneProblem(12, 3, 8);
    for (const activation of ACTIVATIONS) {
      const reference = await solve(problem, { activation });
      for (const step of [0.05, 0.4, 1, 2.5]) {
        const other = await solve(problem, { activation, step, solver: 'peaceman-rachford' });
        expect(relativeError(other.z, reference.z)).toBeLessThan(1e-10);
      }
    }
  });

  test('‖∂ℓ/∂b‖ ≤ ‖v‖/m for every sample, W, activation and selection', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          n: fc.constantFrom(1, 3, 16),
          batch: fc.constantFrom(1, 4),
          seed: fc.integer({ min: 1, max: 9999 }),
          margin: fc.constantFrom(0.05, 0.5, 1, 3),
          activation: fc.constantFrom(...ACTIVATIONS),
          selection: fc.constantFrom(0, 0.5, 1),
        }),
        async ({ n, batch, seed, margin, activation, selection }) => {
          const problem = monotoneProblem(n, batch, seed, margin);
          const { gradB } = await solve(problem, { activation, selection });
          for (let s = 0; s < batch; s++) {
            const part = (x: ArrayLike<number>): number => norm(Array.from(x).slice(s * n, (s + 1) * n));
            expect(part(gradB)).toBeLessThanOrEqual((part(problem.v) / margin) * (1 + 1e-6));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  // No pre-activation lies near a kink here.
  const each = ACTIVATION_DEFINITIONS.map(({ title, option }) => [title, option] as const);
  test.each(each)('%s: gradients of A, B, m and b against central differences', async (_, activation) => {
    const { n, batch, A, B, b, v } = monotoneProblem(4, 2, 21);
    const arrays = [A, B, [0.7], b];
    const shapes = [[n, n], [n, n], [1], [batch, n]];
    const lossOf = async (values: number[][]): Promise<{ loss: number; gradients: ArrayLike<number>[] }> => {
      const tape = new Tape();
      const tensors = values.map((array, index) => tape.watch(engine.tensor(array, shapes[index])));
      const W = monotoneMatrix(tensors[0], tensors[1], tensors[2]);
      const { z } = monotoneFixedPoint(W, tensors[3], {
        activation,
        margin: values[2][0],
        tolerance: 1e-15,
        backwardTolerance: 1e-13,
      });
      const loss = z.mul(engine.tensor(v, [batch, n])).sum();
      const gradients = await Promise.all(tape.pullback(loss, tensors).map((gradient) => gradient.data()));
      return { loss: (await loss.data())[0], gradients };
    };
    const { gradients } = await lossOf(arrays);
    for (const [index, gradient] of gradients.entries()) {
      const differences = await centralDifferences(async (values) => (await lossOf(values)).loss, arrays, index);
      expect(gradientError(gradient, differences)).toBeLessThan(1e-7);
    }
  });

  for (const [solver, linearSolver] of [
    ...FORWARD.map((name) => [name, 'bicgstab'] as const),
    ...LINEAR.map((name) => ['peaceman-rachford', name] as const),
  ]) {
    test(`samples stop one by one, and a batch gives what each sample alone gives: ${solver}, ${linearSolver}`, async () => {
      const repeats = [solver, linearSolver].find((name) => REPETITIONS.includes(name));
      const problem = problemFor(repeats ?? solver, 16, 5, 4);
      problem.b.fill(0, 0, 16); // easy: solved at the start
      for (let i = 32; i < 48; i++) problem.b[i] *= 1e-3;
      problem.v.fill(0, 16, 32);
      const options = { tolerance: 1e-6, solver, linearSolver, backwardLimit: 5000 };
      const together = await solve(problem, options);
      const iterations = together.report.samples.map((sample) => sample.iterations);
      expect(new Set(iterations).size).toBeGreaterThan(1);
      expect(new Set(together.backward.samples.map((sample) => sample.iterations)).size).toBeGreaterThan(1);
      for (let s = 0; s < 5; s++) {
        const part = (x: ArrayLike<number>): number[] => Array.from(x).slice(s * 16, (s + 1) * 16);
        const alone = await solve({ ...problem, batch: 1, b: part(problem.b), v: part(problem.v) }, options);
        expect(part(together.z)).toEqual(Array.from(alone.z));
        expect(part(together.gradB)).toEqual(Array.from(alone.gradB));
        expect(alone.report.samples[0].iterations).toBe(iterations[s]);
        expect(alone.backward.samples[0].iterations).toBe(together.backward.samples[s].iterations);
      }
    });
  }

  test('auto chooses by the batch, and the report names the choice', async () => {
    const findSolvers = async (batch: number, options: Partial<MonotoneOptions>): Promise<string[]> => {
      const { report, backward } = await solve(monotoneProblem(16, batch, 1), options);
      return [report.solver, backward.solver];
    };
    expect(await findSolvers(4, {})).toEqual(['peaceman-rachford', 'peaceman-rachford+bicgstab+cgnr']);
    expect(await findSolvers(3, {})).toEqual(['anderson-picard+peaceman-rachford', 'bicgstab+cgnr']);
    expect(await findSolvers(1, { step: 1 })).toEqual(['peaceman-rachford', 'peaceman-rachford+bicgstab+cgnr']);
    expect(await findSolvers(1, { solver: 'forward-backward' })).toEqual(['forward-backward', 'bicgstab+cgnr']);
    expect(await findSolvers(4, { linearSolver: 'gmres' })).toEqual(['peaceman-rachford', 'gmres']);
  });

  test('samples that one method does not solve are solved by the next', async () => {
    // Picard's iteration and its acceleration fail here for some of the samples.
    const problem = monotoneProblem(24, 6, 5, 1, 3);
    const failing = await solve(problem, { solver: 'anderson-picard', onFailure: 'report', linearSolver: 'cgnr' });
    expect(failing.report.samples.every(isSolved)).toBe(false);
    const reference = await solve(problem, { solver: 'peaceman-rachford', linearSolver: 'cgnr' });
    const both = await solve(problem, { solver: 'anderson-picard+peaceman-rachford' });
    expect(relativeError(both.z, reference.z)).toBeLessThan(1e-10);
    expect(relativeError(both.gradB, reference.gradB)).toBeLessThan(1e-9);
  });

  test('Anderson acceleration takes fewer iterations than the iteration that it accelerates', async () => {
    const total = async (problem: MonotoneProblem, solver: ForwardSolverName): Promise<number> => {
      const { report } = await solve(problem, { solver, tolerance: 1e-8 });
      return report.samples.reduce((sum, { iterations }) => sum + iterations, 0);
    };
    for (const [accelerated, base] of [
      ['anderson', 'forward-backward'],
      ['anderson-picard', 'picard'],
      ['anderson-peaceman-rachford', 'peaceman-rachford'],
    ] as const) {
      for (const seed of [1, 2, 3]) {
        const problem = problemFor(base, 40, 8, seed);
        expect(await total(problem, accelerated)).toBeLessThan(await total(problem, base));
      }
    }
  });

  test('a warm start at the solution is recognised at once', async () => {
    for (const solver of FORWARD) {
      const problem = problemFor(solver, 10, 3, 5);
      const { z } = await solve(problem, {});
      const again = await solve(problem, { solver, tolerance: 1e-10, initial: engine.tensor(z, [3, 10]) });
      for (const sample of again.report.samples) expect(sample.iterations).toBe(1);
    }
  });

  test('a tiny cotangent is scaled, not lost; a zero one gives zero', async () => {
    const problem = monotoneProblem(10, 2, 6);
    const unit = await solve(problem, {});
    const tiny = await solve({ ...problem, v: problem.v.map((x, i) => (i < 10 ? 1e-200 * x : 0)) }, {});
    const scaledUp = Array.from(tiny.gradB).map((x) => x * 1e200);
    expect(relativeError(scaledUp.slice(0, 10), Array.from(unit.gradB).slice(0, 10))).toBeLessThan(1e-9);
    expect(Array.from(tiny.gradB).slice(10)).toEqual(new Array(10).fill(0));
  });
});

describe('the report', () => {
  test('bounds the error of the solution and of the gradient, at any tolerance', async () => {
    for (const solver of FORWARD) {
      const problem = problemFor(solver, 12, 4, 13, 0.3);
      const exact = await solve(problem, { tolerance: 1e-14 });
      for (const tolerance of [1e-2, 1e-5, 1e-9]) {
        const { z, report } = await solve(problem, { solver, tolerance });
        const gradient = await solve(problem, { tolerance: 1e-14, backwardTolerance: tolerance });
        for (let s = 0; s < 4; s++) {
          const part = (x: ArrayLike<number>): number[] => Array.from(x).slice(s * 12, (s + 1) * 12);
          expect(report.samples[s].residual).toBeLessThanOrEqual(tolerance);
          const error = norm(part(z).map((x, i) => x - part(exact.z)[i]));
          expect(error).toBeLessThanOrEqual(
            (report.samples[s].errorBound + exact.report.samples[s].errorBound) * norm(part(z)) + 1e-15,
          );
          const gradientError = norm(part(gradient.gradB).map((x, i) => x - part(exact.gradB)[i]));
          const { errorBound } = gradient.backward.samples[s];
          expect(gradientError).toBeLessThanOrEqual(errorBound * norm(part(problem.v)) + 1e-13);
        }
      }
    }
  });
});

describe('parts of the solvers', () => {
  test('the norm bound is never below ‖M‖ and at most n^(1/32) above', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5, 31),
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom(1e-6, 1, 1e5),
        async (n, seed, scale) => {
          const M = normals(n * n, seed, scale);
          const [bound] = await engine
            .run('bound', [engine.tensor(M, [n, n])], ([m]) => [spectralNormBound(m)])[0]
            .data();
          // ‖M‖² is the largest eigenvalue of MᵀM, so −‖M‖² is the smallest one of −MᵀM = I − (I + MᵀM).
          const unit = M.map((x) => x / scale);
          const gram = matmul(transpose(unit, n, n), unit, n, n, n);
          // Divided by its trace, so that adding the identity costs no digits.
          const trace = gram.reduce((sum, x, at) => sum + (Math.floor(at / n) === at % n ? x : 0), 0);
          const shifted = gram.map((x, at) => x / trace + (Math.floor(at / n) === at % n ? 1 : 0));
          const exact = scale * Math.sqrt(-trace * monotonicityMargin(shifted, n)) * (1 - 1e-13);
          expect(bound).toBeGreaterThanOrEqual(exact);
          expect(bound).toBeLessThanOrEqual(exact * n ** (1 / 32) * (1 + 1e-9));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('Newton-Schulz inverts to the precision', async () => {
    const { n, W } = monotoneProblem(30, 1, 9);
    const M = W.map((x, at) => (Math.floor(at / n) === at % n ? 1 : 0) - x);
    const scalar = (x: number) => engine.tensor([x]);
    const [X] = engine.run(
      'inverse',
      [engine.tensor(M, [n, n]), scalar(0.5), scalar(20), scalar(1e-15)],
      (inputs, tracing) => {
        const [m, smallest, largest, tolerance] = inputs;
        return [matrixInverse(tracing, m, { smallest, largest, tolerance })];
      },
    );
    const identity = Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 1 : 0));
    expect(relativeError(matmul(M, await X.data(), n, n, n), identity)).toBeLessThan(1e-13);
  });

  test('the margin of a W given directly agrees with its construction', () => {
    // With A = 0, W = (1 − m)I + B − Bᵀ, whose margin is exactly m.
    const n = 9;
    const B = normals(n * n, 2);
    const W = Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return (i === j ? 0.75 : 0) + B[at] - B[j * n + i];
    });
    expect(monotonicityMargin(W, n)).toBeCloseTo(0.25, 12);
    expect(monotonicityMargin([0.5], 1)).toBe(0.5);
    expect(monotonicityMargin([0, 3, 0, 0], 2)).toBeCloseTo(-0.5, 12);
    expect(() => runUninterrupted(computeCheckedMargin([1, 0, 0, 1], 2))).toThrow(
      'the smallest eigenvalue of I − (W + Wᵀ)/2 is 0',
    );
  });
});

describe('failures are never silent', () => {
  const problem = monotoneProblem(8, 2, 1);
  test('a limit that is too small throws, with the report', async () => {
    const failing = solve(problem, { limit: 2 });
    await expect(failing).rejects.toThrow(ConvergenceError);
    await expect(failing).rejects.toThrow('2 of 2 samples did not converge with peaceman-rachford on cpu');
  });
  test('a backward solve that fails throws from the gradient', async () => {
    await expect(solve(problem, { backwardLimit: 1, linearSolver: 'cgnr' })).rejects.toThrow('monotone, backward');
  });
  test('a caller who requests the report gets it instead', async () => {
    const { report, backward } = await solve(problem, {
      limit: 2,
      backwardLimit: 1,
      linearSolver: 'cgnr',
      onFailure: 'report',
    });
    expect(report.samples.map(({ status }) => status)).toEqual(['limit', 'limit']);
    expect(backward.samples.every(({ status }) => status === 'limit')).toBe(true);
  });
  test('below the floor of the precision samples are stalled, which counts as solved', async () => {
    const { report } = await solve(problem, { tolerance: 1e-30 });
    expect(report.samples.map(({ status }) => status)).toEqual(['stalled', 'stalled']);
    for (const { residual } of report.samples) expect(residual).toBeLessThan(1e-14);
  });
  test('NaN that arises on the device is found', async () => {
    const W = engine.tensor(problem.W, [8, 8]);
    const b = engine.tensor(problem.b, [2, 8]).sub(1e6).log();
    await expect(monotoneFixedPoint(W, b, { activation: 'relu', margin: 0.5 }).z.data()).rejects.toThrow(
      'holds NaN or an infinity',
    );
  });
});

describe('a W given directly', () => {
  const b = engine.tensor([1, 2], [1, 2]);
  const solveWith = (W: number[], margin: number) =>
    monotoneFixedPoint(engine.tensor(W, [2, 2]), b, { activation: 'relu', margin });
  test('that is not monotone is refused, by name', async () => {
    const { z, report } = solveWith([1.5, 0, 0, 0], 0.5);
    await expect(z.data()).rejects.toThrow(
      'W: the layer is not monotone: the smallest eigenvalue of I − (W + Wᵀ)/2 is -0.5',
    );
    await expect(report).rejects.toThrow('W: the layer is not monotone');
  });
  test('with a margin below the stated one is refused, with the true margin', async () => {
    await expect(solveWith([0.75, 0, 0, 0], 0.5).z.data()).rejects.toThrow(
      'margin: it is 0.5, but the smallest eigenvalue',
    );
    expect(Array.from(await solveWith([0.75, 0, 0, 0], 0.25).z.data())[0]).toBeCloseTo(4, 2);
  });
  test('is not checked when checks are off', async () => {
    const W = engine.tensor([0.75, 0, 0, 0], [2, 2]);
    const { z } = monotoneFixedPoint(W, b, { activation: 'relu', margin: 0.5, tolerance: 1e-6, checkInputs: false });
    expect(Array.from(await z.data())[0]).toBeCloseTo(4, 4);
  });
});

describe('a cotangent that is not finite', () => {
  test('is reported for its sample', async () => {
    const problem = monotoneProblem(4, 3, 2);
    const tape = new Tape();
    const b = tape.watch(engine.tensor(problem.b, [3, 4]));
    const { z } = monotoneFixedPoint(engine.tensor(problem.W, [4, 4]), b, { activation: 'relu', margin: 0.5 });
    const cotangent = engine
      .tensor(
        problem.v.map((x, i) => (i === 6 ? -1 : Math.abs(x) + 1)),
        [3, 4],
      )
      .log();
    const [gradient] = tape.pullback(z, [b], cotangent);
    await expect(gradient.data()).rejects.toThrow('monotone, backward: the cotangent, sample 1, holds NaN');
  });
});

describe('wrong arguments are refused, naming the argument', () => {
  const W = engine.tensor(new Float64Array(9), [3, 3]);
  const b = engine.tensor(new Float64Array(6), [2, 3]);
  const options = { activation: 'relu', margin: 1 } as const;
  test.each<[string, object, string]>([
    ['margin 0', { margin: 0 }, 'margin: it is 0; it must be a finite number > 0'],
    ['margin NaN', { margin: Number.NaN }, 'margin: it is NaN'],
    ['tolerance', { tolerance: -1 }, 'tolerance: it is -1'],
    ['step', { step: 0 }, 'step: it is 0'],
    ['limit', { limit: 1.5 }, 'limit: it is 1.5; it must be a positive integer'],
    [
      'solver',
      { solver: 'newton' },
      'solver: it is "newton"; it must be one of auto, peaceman-rachford, forward-backward',
    ],
    ['linear solver', { linearSolver: 'cg' }, 'linearSolver: it is "cg"'],
    ['selection', { selection: 2 }, 'selection is 2'],
    [
      'unknown activation',
      { activation: 'spline' },
      'activation: "spline" is unknown; it must be one of relu, tanh, sigmoid, softThreshold',
    ],
    ['GELU', { activation: 'gelu' }, 'a proximal operator is nondecreasing'],
    ['swish', { activation: 'Swish' }, 'a proximal operator is nondecreasing'],
    ['selu', { activation: 'selu' }, 'its slope reaches 1.758'],
    ['sin', { activation: 'sin' }, 'it decreases on half of its period'],
    ['threshold', { activation: { name: 'softThreshold', threshold: -1 } }, 'the threshold of softThreshold is -1'],
    ['initial', { initial: W }, 'initial: the shape is [3, 3]; it must be that of b, [2, 3]'],
  ])('%s', (_, wrong, message) => {
    expect(() => monotoneFixedPoint(W, b, { ...options, ...wrong })).toThrow(message);
  });
  test('shapes', () => {
    expect(() => monotoneFixedPoint(b, b, options)).toThrow('W: the shape is [2, 3]; b of shape [2, 3] needs [3, 3]');
    expect(() => monotoneFixedPoint(W, engine.tensor([1, 2, 3]), options)).toThrow(
      'b: the shape is [3]; it must be [batch, n]',
    );
  });
});
