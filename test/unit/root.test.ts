/** A user's own equations: solutions, gradients compared with finite differences and the dense formula, and misuse. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { jacobianVectorProduct, valueAndGrad } from '../../src/autodiff/gradient.ts';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { fixedPoint, root } from '../../src/implicit/root.ts';
import type { OwnSolver } from '../../src/implicit/root-options.ts';
import type { ImplicitSelection } from '../../src/implicit/selections.ts';
import { GENERAL_SOLVERS, type GeneralSolverName } from '../../src/solvers/index.ts';
import { ConvergenceError } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { zerosOn } from '../support/engines.ts';
import {
  centralDifferences,
  denseSolve,
  dot,
  gradientError,
  matmul,
  monotoneProblem,
  normals,
  relativeError,
  transpose,
} from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());
const LINEAR = Object.keys(GENERAL_SOLVERS) as GeneralSolverName[];
const zeros = zerosOn(engine);

/** f is a contraction: ‖W‖ is well below 1. */
const layer = (z: Tensor, W: Tensor, b: Tensor): Tensor => z.matmul(W, { transposeB: true }).add(b).tanh();
const contraction = (n: number, seed: number): number[] => normals(n * n, seed, 0.4 / Math.sqrt(n));

describe('fixedPoint', () => {
  const problem = monotoneProblem(9, 4, 3, 1, 0.4);
  const { n, batch } = problem;

  for (const solver of ['anderson', 'picard'] as const) {
    for (const linearSolver of LINEAR) {
      test(`of a monotone layer is what the layer has: ${solver}, ${linearSolver}`, async () => {
        for (const [activation, f] of [
          ['tanh', layer],
          ['relu', (z: Tensor, W: Tensor, b: Tensor) => z.matmul(W, { transposeB: true }).add(b).relu()],
        ] as const) {
          const tape = new Tape();
          const W = tape.watch(engine.tensor(problem.W, [n, n]));
          const b = tape.watch(engine.tensor(problem.b, [batch, n]));
          const v = engine.tensor(problem.v, [batch, n]);
          const exact = monotoneFixedPoint(W, b, { activation, margin: 1, tolerance: 1e-13 });
          const expected = tape.pullback(exact.z, [W, b], v);
          const z = fixedPoint(f, {
            unknown: zeros(batch, n),
            inputs: [W, b],
            tolerance: 1e-13,
            limit: 5000,
            solver,
            linearSolver,
          });
          const found = tape.pullback(z, [W, b], v);
          expect(relativeError(await z.data(), await exact.z.data())).toBeLessThan(1e-11);
          for (const [index, gradient] of found.entries()) {
            expect(relativeError(await gradient.data(), await expected[index].data())).toBeLessThan(1e-10);
          }
          const { samples, solver: named } = await z.solve.report;
          expect(named).toBe(solver);
          expect(samples).toHaveLength(batch);
          expect((await z.solve.backwardReports[0]).solver).toBe(linearSolver);
        }
      });
    }
  }

  test('gradients of random smooth systems against central differences', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3, 5),
        fc.constantFrom(1, 2),
        fc.integer({ min: 1, max: 999 }),
        async (m, rows, seed) => {
          const arrays = [contraction(m, seed), normals(rows * m, seed + 1)];
          const shapes = [
            [m, m],
            [rows, m],
          ];
          const weights = engine.tensor(normals(rows * m, seed + 2), [rows, m]);
          const lossOf = (W: Tensor, b: Tensor): Tensor =>
            fixedPoint((z, w, c) => layer(z, w, c).add(z.square().mul(0.1).sigmoid().mul(0.2)), {
              unknown: zeros(rows, m),
              inputs: [W, b],
              tolerance: 1e-13,
            })
              .mul(weights)
              .sum();
          const tensors = (values: readonly number[][]): Tensor[] =>
            values.map((array, index) => engine.tensor(array, shapes[index]));
          const [, gradients] = await valueAndGrad((W, b) => lossOf(W, b), tensors(arrays));
          for (const [index, gradient] of gradients.entries()) {
            const lossAt = async (values: number[][]): Promise<number> => {
              const [W, b] = tensors(values);
              return (await lossOf(W, b).data())[0];
            };
            const differences = await centralDifferences(lossAt, arrays, index);
            expect(gradientError(await gradient.data(), differences)).toBeLessThan(1e-6);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test('samples stop one by one, and a batch has the results of its samples alone', async () => {
    const W = engine.tensor(contraction(6, 1), [6, 6]);
    const b = normals(18, 2);
    b.fill(0, 0, 6);
    const solved = (values: number[]) =>
      fixedPoint(layer, {
        unknown: zeros(values.length / 6, 6),
        inputs: [W, engine.tensor(values, [values.length / 6, 6])],
        tolerance: 1e-8,
      });
    const together = solved(b);
    const { samples } = await together.solve.report;
    expect(new Set(samples.map(({ iterations }) => iterations)).size).toBeGreaterThan(1);
    for (let s = 0; s < 3; s++) {
      const alone = solved(b.slice(6 * s, 6 * s + 6));
      expect(Array.from(await together.data()).slice(6 * s, 6 * s + 6)).toEqual(Array.from(await alone.data()));
    }
  });
});

describe('root', () => {
  /** F(z, M, x) = zMᵀ + z³ − x, whose root is unique for a monotone M; solved by Newton steps on the host. */
  const F = (z: Tensor, M: Tensor, x: Tensor): Tensor =>
    z.matmul(M, { transposeB: true }).add(z.square().mul(z)).sub(x);
  const newton = (M: readonly number[], x: readonly number[], n: number): number[] => {
    let z = new Array<number>(n).fill(0);
    for (let step = 0; step < 60; step++) {
      const value = matmul(M, z, n, n, 1).map((y, i) => y + z[i] ** 3 - x[i]);
      const B = M.map((y, at) => y + (Math.floor(at / n) === at % n ? 3 * z[at % n] ** 2 : 0));
      const change = denseSolve(B, value, n);
      z = z.map((y, i) => y - change[i]);
    }
    return z;
  };
  const [n, rows] = [5, 3];
  const M = normals(n * n, 4, 0.3).map((y, at) => y + (Math.floor(at / n) === at % n ? 2 : 0));
  const x = normals(rows * n, 5);
  const z = Array.from({ length: rows }, (_, s) => newton(M, x.slice(s * n, (s + 1) * n), n)).flat();
  const v = normals(rows * n, 6);
  const gradientOf = async (more: object): Promise<ArrayLike<number>[]> => {
    const tape = new Tape();
    const inputs = [tape.watch(engine.tensor(M, [n, n])), tape.watch(engine.tensor(x, [rows, n]))];
    const options = {
      unknown: engine.tensor(z, [rows, n]),
      inputs,
      solver: 'given',
      tolerance: 1e-12,
      ...more,
    } as const;
    const gradients = tape.pullback(root(F, options), inputs, engine.tensor(v, [rows, n]));
    return Promise.all(gradients.map((gradient) => gradient.data()));
  };

  for (const linearSolver of LINEAR) {
    test(`gradients agree with the dense formula: ${linearSolver}`, async () => {
      const [gradM, gradX] = await gradientOf({ linearSolver });
      const expectedM = new Array<number>(n * n).fill(0);
      for (let s = 0; s < rows; s++) {
        const part = (values: ArrayLike<number>): number[] => Array.from(values).slice(s * n, (s + 1) * n);
        const own = part(z);
        const B = M.map((y, at) => y + (Math.floor(at / n) === at % n ? 3 * own[at % n] ** 2 : 0));
        const u = denseSolve(transpose(B, n, n), part(v), n);
        expect(relativeError(part(gradX), u)).toBeLessThan(1e-10);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expectedM[i * n + j] -= u[i] * own[j];
      }
      expect(relativeError(gradM, expectedM)).toBeLessThan(1e-10);
    });
  }

  test('the report bounds the smallest singular value of B from above', async () => {
    // B = diag(2, ¼): the cotangent along the second axis is divided by exactly ¼.
    const tape = new Tape();
    const input = tape.watch(engine.tensor([1, 1, 1, 1, 1, 1], [3, 2]));
    const D = engine.tensor([2, 0, 0, 0.25], [2, 2]);
    const solution = root((y, given, A) => y.matmul(A).sub(given), {
      unknown: engine.tensor([0.5, 4, 0.5, 4, 0.5, 4], [3, 2]),
      inputs: [input, D],
      solver: 'given',
    });
    tape.pullback(solution, [input], engine.tensor([0, 3, 1, 0, 0, 0], [3, 2]));
    const { samples } = await solution.solve.backwardReports[0];
    expect(samples.map(({ singularValueBound }) => singularValueBound)).toEqual([
      expect.closeTo(0.25, 12),
      expect.closeTo(2, 12),
      undefined,
    ]);
  });

  test('a caller’s own solver, whose steps no tape follows', async () => {
    const solver: OwnSolver = (_start, ...inputs) => {
      expect(inputs.every((input) => input.node === undefined)).toBe(true);
      return engine.tensor(z, [rows, n]);
    };
    const expected = await gradientOf({});
    for (const [index, gradient] of (await gradientOf({ unknown: zeros(rows, n), solver })).entries()) {
      expect(relativeError(gradient, expected[index])).toBeLessThan(1e-12);
    }
  });

  test('newton-krylov finds the root from zeros', async () => {
    const tape = new Tape();
    const inputs = [tape.watch(engine.tensor(M, [n, n])), tape.watch(engine.tensor(x, [rows, n]))];
    const found = root(F, { unknown: zeros(rows, n), inputs, tolerance: 1e-12 });
    expect(relativeError(await found.data(), z)).toBeLessThan(1e-11);
    const { samples, solver } = await found.solve.report;
    expect(solver).toBe('newton-krylov');
    expect(Math.max(...samples.map(({ iterations }) => iterations))).toBeLessThan(12);
    const expected = await gradientOf({});
    for (const [index, gradient] of tape.pullback(found, inputs, engine.tensor(v, [rows, n])).entries()) {
      expect(relativeError(await gradient.data(), expected[index])).toBeLessThan(1e-9);
    }
  });

  test('auto is the default', async () => {
    const options = { unknown: zeros(2, 1), inputs: [engine.tensor([3, -1], [2, 1])], tolerance: 1e-10 };
    const tape = new Tape();
    const given = tape.watch(options.inputs[0]);
    const automatic = { ...options, inputs: [given], solver: 'auto', linearSolver: 'auto' } as const;
    const repeated = (y: Tensor, shift: Tensor): Tensor => y.mul(0.25).add(shift);
    for (const [found, plain, solver] of [
      [fixedPoint(repeated, automatic), fixedPoint(repeated, options), 'anderson+newton-krylov'],
      [
        root((y, x) => repeated(y, x).sub(y), automatic),
        root((y, x) => repeated(y, x).sub(y), options),
        'newton-krylov',
      ],
    ] as const) {
      expect((await found.solve.report).solver).toBe(solver);
      expect((await plain.solve.report).solver).toBe(solver);
      expect(await found.data()).toEqual(await plain.data());
      tape.pullback(found, [given], engine.tensor([1, 1], [2, 1]));
      expect((await found.solve.backwardReports[0]).solver).toBe('gmres');
    }
  });

  test('newton-krylov from where full steps diverge: arctan, from 3', async () => {
    const found = root((y, shift) => y.sub(shift).arctan(), {
      unknown: engine.tensor([3, -8, 0.5, 40], [4, 1]),
      inputs: [engine.tensor([1, 1, 1, 1], [4, 1])],
      tolerance: 1e-10,
    });
    expect(Array.from(await found.data())).toEqual([1, 1, 1, 1].map((y) => expect.closeTo(y, 8)));
  });

  test('newton-krylov through a kink', async () => {
    // 1.5y + ½|y| − x: the slope is 2 to the right of 0, where the root is x/2, and 1 to the left.
    const found = root((y, given) => y.mul(1.5).add(y.abs().mul(0.5)).sub(given), {
      unknown: engine.tensor([-3, 5, 0], [3, 1]),
      inputs: [engine.tensor([4, -2, 1], [3, 1])],
      tolerance: 1e-12,
    });
    expect(Array.from(await found.data())).toEqual([2, -2, 0.5].map((y) => expect.closeTo(y, 10)));
  });

  test('Newton steps solve what plain repetition does not', async () => {
    // Plain repetition of z = x − 3z + ½·tanh z moves away from its fixed point.
    const options = { unknown: zeros(3, 1), inputs: [engine.tensor([1, -2, 8], [3, 1])], tolerance: 1e-10 };
    const f = (y: Tensor, given: Tensor): Tensor => given.sub(y.mul(3)).add(y.tanh().mul(0.5)).add(y.square().mul(0.3));
    await expect(fixedPoint(f, { ...options, solver: 'picard' }).data()).rejects.toThrow(ConvergenceError);
    const solution = fixedPoint(f, options);
    const found = Array.from(await solution.data());
    expect((await solution.solve.report).solver).toBe('anderson+newton-krylov');
    for (const [index, x] of [1, -2, 8].entries()) {
      const y = found[index];
      expect(x - 3 * y + 0.5 * Math.tanh(y) + 0.3 * y * y).toBeCloseTo(y, 8);
    }
  });

  test('at a kink the selection counts, for all operations or by name', async () => {
    // z = relu(x) + |x|/4 at x = 0: the derivative is q + (2p − 1)/4.
    const gradient = async (selection?: number | { relu?: number; abs?: number }): Promise<number> => {
      const tape = new Tape();
      const input = tape.watch(engine.tensor([0], [1, 1]));
      const solution = fixedPoint((y, given) => given.relu().add(given.abs().mul(0.25)).add(y.mul(0)), {
        unknown: zeros(1, 1),
        inputs: [input],
        selection,
      });
      const [slope] = tape.pullback(solution, [input], engine.tensor([1], [1, 1]));
      return (await slope.data())[0];
    };
    expect(await gradient()).toBe(0);
    expect(await gradient(0.5)).toBe(0.5);
    expect(await gradient(1)).toBe(1.25);
    expect(await gradient({ relu: 1 })).toBe(1);
    expect(await gradient({ abs: 0 })).toBe(-0.25);
    // Inside the unknown, where the selection changes B: z = relu(z)/2 at 0 has B = 1 − q/2.
    for (const q of [0, 0.5, 1]) {
      const tape = new Tape();
      const input = tape.watch(engine.tensor([0], [1, 1]));
      const solution = fixedPoint((y, given) => y.relu().mul(0.5).add(given), {
        unknown: zeros(1, 1),
        inputs: [input],
        selection: q,
      });
      const [slope] = tape.pullback(solution, [input], engine.tensor([1], [1, 1]));
      expect((await slope.data())[0]).toBeCloseTo(1 / (1 - q / 2), 12);
    }
  });

  test('a selection by place, and a random one, are the same in the solve and in the gradient', async () => {
    // z = relu(z)/2 + relu(x) at 0: with q for the first and p for the second the slope is p/(1 − q/2).
    const slope = async (selection: ImplicitSelection): Promise<number> => {
      const tape = new Tape();
      const input = tape.watch(engine.tensor([0], [1, 1]));
      const solution = fixedPoint((y, given) => y.relu().mul(0.5).add(given.relu()), {
        unknown: zeros(1, 1),
        inputs: [input],
        selection,
        tolerance: 1e-12,
      });
      const [gradient] = tape.pullback(solution, [input], engine.tensor([1], [1, 1]));
      const [tangent] = pushforward(tape, [input], [engine.tensor([1], [1, 1])], [solution]);
      expect((await tangent.data())[0]).toBeCloseTo((await gradient.data())[0], 12);
      return (await gradient.data())[0];
    };
    expect(await slope(({ place }) => (place === 0 ? 0.5 : 0.25))).toBeCloseTo(0.25 / 0.75, 12);
    expect(await slope(({ operation, index }) => (operation === 'relu' ? 1 - index : 0))).toBeCloseTo(2, 12);
    const samples = await Promise.all([1, 2, 3, 4].map((seed) => slope({ random: seed })));
    expect(new Set(samples).size).toBe(4);
    for (const sample of samples) expect(sample > 0 && sample < 2).toBe(true);
    expect(await slope({ random: 1 })).toBe(samples[0]);
    await expect(slope(() => 2)).rejects.toThrow(
      'selection: for relu, place 0, index 0, it gave 2; it must be a number',
    );
    expect(() => fixedPoint(layer, { unknown: zeros(1, 1), inputs: [], selection: { random: -1 } })).toThrow(
      'seed is -1',
    );
  });

  test('dense is for few unknowns', async () => {
    const tape = new Tape();
    const input = tape.watch(zeros(1, 17));
    const z = fixedPoint((y, given) => y.mul(0.5).add(given), {
      unknown: zeros(1, 17),
      inputs: [input],
      linearSolver: 'dense',
    });
    expect(() => tape.pullback(z, [input], zeros(1, 17))).toThrow(
      'linearSolver: dense is for at most 16 unknowns, there are 17; take another one',
    );
  });

  test('all rows as one system have the same result where they are independent', async () => {
    const expected = await gradientOf({});
    for (const [index, gradient] of (await gradientOf({ coupled: true })).entries()) {
      expect(relativeError(gradient, expected[index])).toBeLessThan(1e-9);
    }
  });

  test('rows that depend on one another: a mean over the batch', async () => {
    // z = x/2 + mean(z)/2 over rows, so that z = (x + mean x)/2.
    const tape = new Tape();
    const input = tape.watch(engine.tensor([1, 2, 3, 6], [4, 1]));
    const solution = fixedPoint((y, given) => given.mul(0.5).add(y.mean(0, { keepAxes: true }).mul(0.5)), {
      unknown: zeros(4, 1),
      inputs: [input],
      coupled: true,
      tolerance: 1e-12,
    });
    expect(Array.from(await solution.data())).toEqual([2, 2.5, 3, 4.5].map((y) => expect.closeTo(y, 9)));
    const [gradient] = tape.pullback(solution, [input], engine.tensor([1, 0, 0, 0], [4, 1]));
    expect(Array.from(await gradient.data())).toEqual([0.625, 0.125, 0.125, 0.125].map((y) => expect.closeTo(y, 9)));
  });

  test('unknowns with one axis, and with three', async () => {
    for (const shape of [[6], [2, 3, 1], [1, 2, 3]]) {
      const tape = new Tape();
      const input = tape.watch(engine.tensor([1, 2, 3, 4, 5, 6], shape));
      const solution = fixedPoint((y, given) => y.mul(0.5).add(given), {
        unknown: zeros(...shape),
        inputs: [input],
        tolerance: 1e-12,
      });
      expect(solution.shape).toEqual(shape);
      expect(relativeError(await solution.data(), [2, 4, 6, 8, 10, 12])).toBeLessThan(1e-11);
      const [gradient] = tape.pullback(solution, [input], engine.tensor([1, 1, 1, 1, 1, 1], shape));
      expect(gradient.shape).toEqual(shape);
      expect(relativeError(await gradient.data(), new Array(6).fill(2))).toBeLessThan(1e-11);
    }
  });

  test('a turn by a right angle, on which GMRES without its safeguard would stand still', async () => {
    const tape = new Tape();
    const input = tape.watch(engine.tensor([1, 2], [1, 2]));
    const turn = engine.tensor([0, 1, -1, 0], [2, 2]);
    const solution = root((y, given, R) => y.matmul(R, { transposeB: true }).sub(given), {
      unknown: engine.tensor([-2, 1], [1, 2]),
      inputs: [input, turn],
      solver: 'given',
    });
    const [gradient] = tape.pullback(solution, [input], engine.tensor([1, 3], [1, 2]));
    expect(Array.from(await gradient.data())).toEqual([3, -1].map((y) => expect.closeTo(y, 12)));
  });
});

describe('forward mode', () => {
  const { n, batch, W, b } = monotoneProblem(6, 3, 4, 1, 0.5);
  const tensors = (): [Tensor, Tensor] => [engine.tensor(W, [n, n]), engine.tensor(b, [batch, n])];
  const [dW, db] = [normals(n * n, 1), normals(batch * n, 2)];
  const u = normals(batch * n, 3);
  const solutions: [string, (w: Tensor, c: Tensor) => Tensor][] = [
    ...(['tanh', 'relu', 'softmax'] as const).flatMap((activation) =>
      (['peaceman-rachford', 'anderson-picard'] as const).map((solver): [string, (w: Tensor, c: Tensor) => Tensor] => [
        `monotoneFixedPoint, ${activation}, ${solver}`,
        (w, c) => monotoneFixedPoint(w, c, { activation, margin: 1, tolerance: 1e-13, solver, selection: 0.5 }).z,
      ]),
    ),
    ...LINEAR.map((linearSolver): [string, (w: Tensor, c: Tensor) => Tensor] => [
      `fixedPoint, ${linearSolver}`,
      (w, c) => fixedPoint(layer, { unknown: zeros(batch, n), inputs: [w, c], tolerance: 1e-13, linearSolver }),
    ]),
  ];
  test.each(solutions)('%s: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩, also of each input alone', async (_, solve) => {
    const tape = new Tape();
    const [w, c] = tensors().map((tensor) => tape.watch(tensor));
    const z = solve(w, c);
    const gradients = await Promise.all(
      tape.pullback(z, [w, c], engine.tensor(u, [batch, n])).map((gradient) => gradient.data()),
    );
    const tangents = [engine.tensor(dW, [n, n]), engine.tensor(db, [batch, n])];
    for (const [watched, moved, expected] of [
      [[w, c], tangents, dot(gradients[0], dW) + dot(gradients[1], db)],
      [[w], [tangents[0]], dot(gradients[0], dW)],
      [[c], [tangents[1]], dot(gradients[1], db)],
    ] as const) {
      const [tangent] = pushforward(tape, watched, moved, [z]);
      expect(dot(await tangent.data(), u)).toBeCloseTo(expected, 8);
    }
  });
  test('jacobianVectorProduct through a solve', async () => {
    const [w, c] = tensors();
    const solve = (weights: Tensor, bias: Tensor): Tensor =>
      monotoneFixedPoint(weights, bias, { activation: 'tanh', margin: 1, tolerance: 1e-13 }).z.square();
    const [value, tangent] = await jacobianVectorProduct(
      solve,
      [w, c],
      [engine.tensor(dW, [n, n]), engine.tensor(db, [batch, n])],
    );
    expect(value.shape).toEqual([batch, n]);
    const at = async (h: number): Promise<ArrayLike<number>> => {
      const moved = (x: number[], dx: number[]): number[] => x.map((y, i) => y + h * dx[i]);
      const options = { activation: 'tanh', margin: 1, tolerance: 1e-14, checkInputs: false } as const;
      return monotoneFixedPoint(engine.tensor(moved(W, dW), [n, n]), engine.tensor(moved(b, db), [batch, n]), options)
        .z.square()
        .data();
    };
    const [above, below] = [await at(1e-5), await at(-1e-5)];
    const difference = Array.from(above, (y, i) => (y - below[i]) / 2e-5);
    expect(relativeError(await tangent.data(), difference)).toBeLessThan(1e-7);
  });
  test('a failed solve has no tangent', async () => {
    const [w, c] = tensors();
    const failing = jacobianVectorProduct(
      (bias) =>
        monotoneFixedPoint(w, bias, { activation: 'tanh', margin: 1, backwardLimit: 1, linearSolver: 'cgnr' }).z,
      [c],
      [engine.tensor(db, [batch, n])],
    );
    await expect(failing).rejects.toThrow('monotone, tangent: 3 of 3 samples did not converge with cgnr');
  });
});

describe('a function that contains a solve', () => {
  /** z = ½·tanh(y), where y = relu(Wy + z + b) is a monotone layer. */
  const { n, batch, W, b } = monotoneProblem(4, 2, 9, 1, 0.5);
  const inner = (z: Tensor, w: Tensor, c: Tensor): Tensor =>
    monotoneFixedPoint(w, z.add(c), { activation: 'tanh', margin: 1, tolerance: 1e-13, checkInputs: false }).z;
  const nested = (w: Tensor, c: Tensor): Tensor =>
    fixedPoint((z, ...more) => inner(z, more[0], more[1]).mul(0.5), {
      unknown: zeros(batch, n),
      inputs: [w, c],
      tolerance: 1e-11,
      onFailure: 'throw',
    });

  test('gradients against central differences', async () => {
    const arrays = [W, b];
    const shapes = [
      [n, n],
      [batch, n],
    ];
    const weights = engine.tensor(normals(batch * n, 1), [batch, n]);
    const lossOf = (w: Tensor, c: Tensor): Tensor => nested(w, c).mul(weights).sum();
    const tensors = (values: readonly number[][]): Tensor[] =>
      values.map((array, index) => engine.tensor(array, shapes[index]));
    const [, gradients] = await valueAndGrad((w, c) => lossOf(w, c), tensors(arrays));
    for (const [index, gradient] of gradients.entries()) {
      const lossAt = async (values: number[][]): Promise<number> => {
        const [w, c] = tensors(values);
        return (await lossOf(w, c).data())[0];
      };
      const differences = await centralDifferences(lossAt, arrays, index);
      expect(gradientError(await gradient.data(), differences)).toBeLessThan(1e-6);
    }
  });

  test('is freed with everything that it created', async () => {
    const own = new Engine(openCPU());
    const inputs = [own.tensor(W, [n, n]), own.tensor(b, [batch, n])];
    const step = async (): Promise<number> => {
      const unknown = own.tensor(new Float64Array(batch * n), [batch, n]);
      const [, gradients] = await valueAndGrad(
        (w, c) =>
          fixedPoint((z, ...more) => inner(z, more[0], more[1]).mul(0.5), {
            unknown,
            inputs: [w, c],
            tolerance: 1e-8,
          }).sum(),
        inputs,
      );
      for (const tensor of [unknown, ...gradients]) tensor.dispose();
      return own.memory().buffers;
    };
    const first = await step();
    expect(await step()).toBe(first);
    own.close();
  });

  test('the failure of an inner solve is reported with the outer one', async () => {
    const failing = fixedPoint(
      (z, w, c) =>
        monotoneFixedPoint(w, z.add(c), { activation: 'tanh', margin: 1, limit: 1, solver: 'picard' }).z.mul(0.5),
      { unknown: zeros(batch, n), inputs: [engine.tensor(W, [n, n]), engine.tensor(b, [batch, n])] },
    );
    await expect(failing.data()).rejects.toThrow('monotone, forward');
  });
});

describe('failures are never silent', () => {
  test('a given solution that does not solve the equation', async () => {
    const z = root((y, x) => y.sub(x), {
      unknown: zeros(1, 2),
      inputs: [engine.tensor([1, 1], [1, 2])],
      solver: 'given',
    });
    await expect(z.data()).rejects.toThrow(ConvergenceError);
    await expect(z.data()).rejects.toThrow('root, forward: 1 of 1 samples did not converge with given');
  });
  test('plain repetition that diverges', async () => {
    const z = fixedPoint((y) => y.mul(3).add(1), { unknown: zeros(1, 2), inputs: [], solver: 'picard' });
    await expect(z.data()).rejects.toThrow('fixedPoint, forward: 1 of 1 samples did not converge with picard');
  });
  test('a singular backward system gives no gradient', async () => {
    const x = engine.tensor([0, 0], [1, 2]);
    const gradient = valueAndGrad(
      (input) =>
        root((y, given) => y.mul(0).add(given), { unknown: zeros(1, 2), inputs: [input], solver: 'given' }).sum(),
      [x],
    );
    await expect(gradient).rejects.toThrow('root, backward: 1 of 1 samples did not converge with gmres');
  });
  test('numbers that are not finite', async () => {
    const z = fixedPoint((y) => y.sub(1).log(), { unknown: zeros(1, 1), inputs: [] });
    await expect(z.data()).rejects.toThrow();
  });
  test('with a request for the report, the failure is reported instead', async () => {
    const z = fixedPoint((y) => y.mul(3).add(1), {
      unknown: zeros(2, 2),
      inputs: [],
      solver: 'picard',
      limit: 5,
      onFailure: 'report',
    });
    const { samples } = await z.solve.report;
    expect(samples.map(({ status, iterations }) => [status, iterations])).toEqual([
      ['limit', 5],
      ['limit', 5],
    ]);
    expect(samples.every(({ errorBound }) => Number.isNaN(errorBound))).toBe(true);
  });
});

describe('details that users should not notice', () => {
  test('a function that depends on an outer variable uses its value at the call', async () => {
    for (const factor of [0.25, 0.5, 0.75]) {
      const z = fixedPoint((y) => y.mul(factor).add(1), { unknown: zeros(1, 1), inputs: [], tolerance: 1e-12 });
      expect((await z.data())[0]).toBeCloseTo(1 / (1 - factor), 9);
    }
  });
  test('memory is given back', async () => {
    const own = new Engine(openCPU());
    const inputs = [own.tensor(contraction(4, 7), [4, 4]), own.tensor(normals(8, 8), [2, 4])];
    const step = async (): Promise<number> => {
      const unknown = own.tensor(new Float64Array(8), [2, 4]);
      const [, gradients] = await valueAndGrad((W, b) => fixedPoint(layer, { unknown, inputs: [W, b] }).sum(), inputs);
      for (const tensor of [unknown, ...gradients]) tensor.dispose();
      return own.memory().buffers;
    };
    const first = await step();
    for (let index = 0; index < 3; index++) expect(await step()).toBe(first);
    own.close();
  });
});

describe('wrong arguments are refused, naming the argument', () => {
  const good = { unknown: zeros(2, 3), inputs: [zeros(2, 3)] };
  const f = (z: Tensor, x: Tensor): Tensor => z.mul(0.5).add(x);
  test.each<[string, object, string]>([
    ['tolerance', { tolerance: 0 }, 'tolerance: it is 0; it must be a finite number > 0'],
    ['limit', { limit: 0 }, 'limit: it is 0; it must be a positive integer'],
    [
      'solver',
      { solver: 'newton' },
      'solver: it is "newton"; it must be one of anderson+newton-krylov, anderson, broyden, picard, picard+anderson, auto, newton-krylov, given',
    ],
    ['linearSolver', { linearSolver: 'cg' }, 'linearSolver: it is "cg"; it must be one of auto, gmres, bicgstab'],
    ['selection', { selection: 2 }, 'selection is 2; it must be a number from 0 to 1'],
    ['a name in the selection', { selection: { tanh: 1 } }, 'selection names tanh; the operations with kinks are'],
    ['a scalar', { unknown: zeros(3).sum() }, 'fixedPoint: unknown is a scalar; it must have an axis'],
  ])('%s', (_, wrong, message) => {
    expect(() => fixedPoint(f, { ...good, ...wrong })).toThrow(message);
  });
  test('a function that returns another shape', () => {
    expect(() => fixedPoint((z) => z.sum(0), { ...good })).toThrow(
      'fixedPoint: the function returned the shape [3]; it must return that of the unknown, [2, 3]',
    );
  });
  test('a solver that returns another shape', () => {
    expect(() => root(f, { ...good, solver: () => zeros(3) })).toThrow(
      'solver: it returned the shape [3]; it must return that of the unknown, [2, 3]',
    );
  });
  test('a tensor from outside in the function', () => {
    const outside = zeros(2, 3);
    expect(() => fixedPoint((z) => z.add(outside), good)).toThrow(
      'a tensor [2, 3] from outside was used; pass it as an input',
    );
  });
});
