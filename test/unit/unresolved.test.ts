/**
 * Kinks that the accuracy of a solve cannot resolve are searched for with a higher accuracy, or reported as undecided;
 * error bounds hold.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { pushforward } from '../../src/autodiff/jacobian-products.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { fixedPoint, type ImplicitSolution, root } from '../../src/implicit/root.ts';
import type { ImplicitSelection } from '../../src/implicit/selections.ts';
import { type BackendName, concat, type Engine, lasso, monotoneFixedPoint, type Tensor } from '../../src/index.ts';
import { loadKinks } from '../fixtures/load.ts';
import { engineOn } from '../support/engines.ts';
import { checkErrorBounds } from '../support/error-bounds.ts';
import { denseSolve, dot, matmul, normals, relativeError } from '../support/numbers.ts';
import {
  BENT,
  checkPlantedLayer,
  createPlantedLayer,
  gradientErrorOf,
  type PlantedLayer,
  kinkPlaces as places,
  plantedPlaces as planted,
  solveLayer,
} from '../support/planted.ts';

const BACKENDS = ['cpu', 'wasm', 'gpujs', 'webgpu'] as const;
const ACTIVATIONS = Object.keys(BENT) as (keyof typeof BENT)[];
const engines = Object.fromEntries(BACKENDS.map((backend) => [backend, engineOn(backend)]));
const engineOf = (backend: BackendName): Promise<Engine> => engines[backend].engine();
afterAll(async () => {
  for (const { close } of Object.values(engines)) await close();
});

describe('a layer with two coordinates exactly at their kinks', () => {
  for (const each of loadKinks()) {
    test.each([1e-2, 1e-3, 1e-11])(
      `${each.activation}, tolerance %d: each selection has its gradient`,
      async (tolerance) => {
        const engine = await engineOf('cpu');
        const { n, W, b, v, m: margin, tau } = each;
        const activation = tau === undefined ? ('relu' as const) : ({ name: 'softThreshold', threshold: tau } as const);
        for (const q of [0, 0.5, 1]) {
          const tape = new Tape();
          const weights = tape.watch(engine.tensor(W.flat(), [n, n]));
          const bias = tape.watch(engine.tensor(b, [1, n]));
          const options = { activation, margin, tolerance, backwardTolerance: 1e-12, selection: q };
          const solution = monotoneFixedPoint(weights, bias, options);
          const gradients = tape.pullback(solution.z, [weights, bias], engine.tensor(v, [1, n]));
          const [gradW, gradB] = await Promise.all(gradients.map((gradient) => gradient.data()));
          const expected = each.admissible.find((one) => one.q.every((own) => own === q));
          expect(relativeError(gradB, expected?.grad_b ?? [])).toBeLessThan(1e-10);
          expect(relativeError(gradW, expected?.grad_W.flat() ?? [])).toBeLessThan(1e-10);
          const { certificate } = await solution.backwardReports[0];
          expect(places(certificate.kinks)).toEqual(each.kink_coords.map((unit) => [0, unit]));
          expect(certificate.samples[0]).toMatchObject({ kinks: 2, unresolved: 0 });
        }
      },
    );
  }
});

describe.each(BACKENDS)('planted kinks of a monotone layer on %s', (backend) => {
  test.each([1e-2, 1e-3, 1e-6, 1e-11])('every selection gives its element at tolerance %d', async (tolerance) => {
    const engine = await engineOf(backend);
    for (const activation of ACTIVATIONS) {
      const layer = createPlantedLayer({ n: 6, batch: 3, seed: 5, activation });
      for (const selection of [0, 0.5, 1]) {
        const { gradient, certificate } = await solveLayer(engine, layer, { tolerance, selection });
        expect(gradientErrorOf(layer, selection, gradient)).toBeLessThan(1e4 * engine.epsilon);
        expect(places(certificate.kinks)).toEqual(planted(layer));
      }
    }
  });

  test('every selection gives its element in random layers too', async () => {
    for (let seed = 1; seed <= (backend === 'cpu' ? 40 : 4); seed++)
      await checkPlantedLayer(await engineOf(backend), seed);
  });

  test('without a selection they keep the derivative of their side, and are counted; reading the kinks resolves them', async () => {
    const engine = await engineOf(backend);
    const layer = createPlantedLayer({ n: 6, batch: 3, seed: 5, activation: 'softThreshold' });
    const { certificate, solution } = await solveLayer(engine, layer, { tolerance: 1e-3 });
    const { samples } = certificate;
    for (const [sample, own] of layer.kinks.entries()) {
      const { kinks, unresolved = 0 } = samples[sample];
      expect(kinks + unresolved).toBeGreaterThanOrEqual(own.length);
    }
    expect(samples.reduce((sum, { unresolved = 0 }) => sum + unresolved, 0)).toBeGreaterThan(0);
    const read = await solution.certificate();
    expect(places(read.kinks)).toEqual(planted(layer));
  });
});

test('coordinates that the precision cannot decide count among the kinks, and are marked', async () => {
  // The stated margin is far below that of W, so the error bound is far above the error.
  const layer = { ...createPlantedLayer({ n: 12, batch: 2, seed: 3 }), margin: 1e-6 };
  const { certificate, solution } = await solveLayer(await engineOf('wasm'), layer, { tolerance: 1e-3, selection: 1 });
  for (const { samples } of [certificate, await solution.certificate()]) {
    for (const [sample, { kinks, unresolved = 0, kinkTolerance }] of samples.entries()) {
      const near = layer.preActivation
        .slice(sample * layer.n, (sample + 1) * layer.n)
        .filter((p) => Math.abs(p) < kinkTolerance);
      expect(unresolved).toBeGreaterThan(0);
      expect(kinks).toBe(layer.kinks[sample].length + unresolved);
      expect(kinks).toBe(near.length);
    }
  }
});

test('a gradient with a selection is computed at the kinks, and so is a tangent', async () => {
  const engine = await engineOf('cpu');
  const { n, batch, W, b, v, margin, activation } = createPlantedLayer({ n: 6, batch: 3, seed: 8, activation: 'clip' });
  const tape = new Tape();
  const inputs = [tape.watch(engine.tensor(W, [n, n])), tape.watch(engine.tensor(b, [batch, n]))];
  const options = { activation: activation.option, margin, tolerance: 1e-2, backwardTolerance: 1e-13, selection: 0.5 };
  const { z } = monotoneFixedPoint(inputs[0], inputs[1], options);
  const cotangent = engine.tensor(v, [batch, n]);
  const gradients = await Promise.all(tape.pullback(z, inputs, cotangent).map((gradient) => gradient.data()));
  const directions = [engine.tensor([...W].reverse(), [n, n]), engine.tensor([...b].reverse(), [batch, n])];
  const [moved] = pushforward(tape, inputs, directions, [z]);
  const forwards = dot(v, await moved.data());
  expect(dot(gradients[0], [...W].reverse()) + dot(gradients[1], [...b].reverse())).toBeCloseTo(forwards, 9);
});

/** z = σ(Wz + b) as a user writes it. */
function solveWritten(
  engine: Engine,
  layer: PlantedLayer,
  {
    kind,
    ...options
  }: { kind: 'fixed point' | 'root'; tolerance: number; selection?: ImplicitSelection; certify?: boolean },
  called: { selection?: number } = {},
) {
  const { n, batch, activation, W, b, v } = layer;
  const tape = new Tape();
  const weights = tape.watch(engine.tensor(W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const image = (z: Tensor, matrix: Tensor, c: Tensor): Tensor =>
    activation.apply(z.matmul(matrix.transpose()).add(c), called);
  const common = {
    ...{ unknown: engine.tensor(new Float64Array(batch * n), [batch, n]), inputs: [weights, bias] },
    ...{ backwardTolerance: 1e3 * engine.epsilon, onFailure: 'report' as const, ...options },
  };
  const z: ImplicitSolution =
    kind === 'root' ? root((at, matrix, c) => at.sub(image(at, matrix, c)), common) : fixedPoint(image, common);
  const gradient = async (): Promise<ArrayLike<number>> =>
    tape.pullback(z, [bias], engine.tensor(v, [batch, n]))[0].data();
  return { z, gradient };
}

describe.each(BACKENDS)('planted kinks of an equation on %s', (backend) => {
  for (const kind of ['fixed point', 'root'] as const) {
    test.each([1e-2, 1e-4, 1e-8])(`${kind}: every selection gives its element at tolerance %d`, async (tolerance) => {
      const engine = await engineOf(backend);
      const layer = createPlantedLayer({ n: 5, batch: 2, seed: 9, activation: 'softThreshold', spread: 0.5 });
      for (const q of [0, 0.5, 1]) {
        const { z, gradient } = solveWritten(engine, layer, { kind, tolerance, selection: q });
        expect(gradientErrorOf(layer, q, await gradient())).toBeLessThan(1e5 * engine.epsilon);
        const { certificate } = await z.solve.backwardReports[0];
        expect(places(certificate.kinks)).toEqual(planted(layer));
      }
      // Kinks are named at the operation that the function calls.
      const { gradient } = solveWritten(engine, layer, { kind, tolerance }, { selection: 0.5 });
      expect(gradientErrorOf(layer, 0.5, await gradient())).toBeLessThan(1e5 * engine.epsilon);
    });

    test(`${kind}: certify, select and the certificate of a gradient see them`, async () => {
      const engine = await engineOf(backend);
      const layer = createPlantedLayer({ n: 5, batch: 2, seed: 9, activation: 'clip', spread: 0.5 });
      const { z } = solveWritten(engine, layer, { kind, tolerance: 1e-3 });
      expect(places((await z.solve.certify()).kinks)).toEqual(planted(layer));
      expect(places((await z.solve.certify({ radius: 0 })).kinks)).toEqual(planted(layer));
      const selected = solveWritten(engine, layer, { kind, tolerance: 1e-3 });
      await selected.z.solve.select(() => 1);
      expect(gradientErrorOf(layer, 1, await selected.gradient())).toBeLessThan(1e5 * engine.epsilon);
      const certified = solveWritten(engine, layer, { kind, tolerance: 1e-3, certify: true });
      await certified.gradient();
      const { certificate } = await certified.z.solve.backwardReports[0];
      expect(places(certificate.kinks)).toEqual(planted(layer));
    });
  }

  test('the interval of a gradient includes what a loose tolerance leaves undecided', async () => {
    const engine = await engineOf(backend);
    const solveTo = async (tolerance: number): Promise<number[]> => {
      const z = fixedPoint((at, c) => at.mul(0.5).add(c).sub(1).relu(), {
        ...{ unknown: engine.tensor([[3]].flat(), [1, 1]), inputs: [engine.tensor([1])], tolerance },
      });
      const { low, high } = await z.solve.gradientInterval(engine.tensor([1], [1, 1]));
      return [low, high];
    };
    for (const tolerance of [1e-2, 1e-5]) {
      const [low, high] = await solveTo(tolerance);
      expect(low).toBeCloseTo(0, 5);
      expect(high).toBeCloseTo(2, 5);
    }
  });
});

test('a system that fails only at an undecided kink is unknown, and its interval is not exact', async () => {
  const engine = await engineOf('cpu');
  const [slow, away] = [2 ** -30, 2 ** -24];
  // z₀ = 1 is known to rounding/slow, which exceeds the distance `away` of z₁'s kink. With the slope ½ there, B is
  // singular.
  const z = fixedPoint(
    (at, c) => {
      const [first, second] = [at.slice([0, 0], [1, 1]), at.slice([0, 1], [1, 1])];
      const toOne = first.mul(1 - slow).add(c.mul(slow));
      return concat([toOne, second.add(first).sub(c).sub(away).relu().mul(2)], 1);
    },
    { unknown: engine.tensor([1, 0], [1, 2]), inputs: [engine.tensor([1])], solver: 'given', tolerance: 1e-6 },
  );
  const certificate = await z.solve.certify();
  expect(certificate).toMatchObject({ status: 'unknown', samples: [{ kinks: 1, unresolved: 1 }] });
  expect(certificate.reason).toMatch(/could not be told/);
});

describe('the Lasso at a loose tolerance', () => {
  // β = (1, 0) with both features at the penalty 1: the second is exactly at its knot.
  const X = [1, 0.5, 0.5, 1, 0.25, -0.5];
  const y = [1, 2, 1.25];
  test.each(['fista', 'ista', 'coordinate-descent', 'homotopy'] as const)('%s', async (solver) => {
    const engine = await engineOf('cpu');
    const gram = { H00: 1.3125, H01: 0.875, H11: 1.5 };
    const determinant = gram.H00 * gram.H11 - gram.H01 ** 2;
    for (const tolerance of [0.3, 1e-2, 1e-4, 1e-8]) {
      for (const [selection, expected] of [
        [0, -1 / gram.H00],
        [1, -(gram.H11 - gram.H01) / determinant],
      ] as const) {
        const tape = new Tape();
        const logLambda = tape.watch(engine.tensor([0]));
        const options = { X: engine.tensor(X, [3, 2]), y: engine.tensor(y), logLambda, tolerance, solver };
        const solution = lasso({ ...options, selection, backwardTolerance: 1e-12 });
        const [gradient] = tape.pullback(solution.beta, [logLambda], engine.tensor([1, 0], [1, 2]));
        expect((await gradient.data())[0]).toBeCloseTo(expected, 8);
        const certificate = await solution.certificate();
        expect(places(certificate.kinks)).toEqual([[0, 1]]);
        expect(certificate.samples[0]).toMatchObject({ support: [0], equicorrelation: [0, 1] });
        const [{ low, high }] = await solution.gradientInterval(engine.tensor([1, 0], [1, 2]));
        expect(low).toBeCloseTo(Math.min(-1 / gram.H00, -(gram.H11 - gram.H01) / determinant), 8);
        expect(high).toBeCloseTo(Math.max(-1 / gram.H00, -(gram.H11 - gram.H01) / determinant), 8);
        solution.dispose();
      }
    }
  });
});

describe.each(['cpu', 'wasm', 'webgpu'] as const)('features planted at a knot, on %s', (backend) => {
  const [rows, features] = [24, 16];
  /** Features 0 to 5 are in the support, 6 and 7 exactly at the penalty 1, the others below it. */
  function plantedKnot(seed: number): { X: number[]; y: number[] } {
    const X = normals(rows * features, seed).map((x, at) => (at % features < 8 ? x : x / 16));
    const beta = Array.from({ length: features }, (_, j) => (j < 6 ? (j % 2 ? -1 : 1) * (0.5 + j / 10) : 0));
    const tied = Array.from({ length: 8 }, (_, j) => j);
    const column = (j: number): number[] => Array.from({ length: rows }, (_, row) => X[row * features + j]);
    const gram = tied.flatMap((i) => tied.map((j) => matmul(column(i), column(j), 1, rows, 1)[0]));
    const signs = tied.map((j) => (j < 6 ? Math.sign(beta[j]) : 1));
    const shares = denseSolve(gram, signs, 8);
    const residual = matmul(X, [...shares, ...new Array<number>(8).fill(0)], rows, features, 1);
    const fitted = matmul(X, beta, rows, features, 1);
    return { X, y: fitted.map((value, row) => value + residual[row]) };
  }

  test.each(['fista', 'ista'] as const)('%s, at a loose tolerance', async (solver) => {
    const engine = await engineOf(backend);
    for (const seed of [4, 6]) {
      const { X, y } = plantedKnot(seed);
      for (const tolerance of [0.3, 1e-3]) {
        const given = { X: engine.tensor(X, [rows, features]), y: engine.tensor(y), logLambda: 0, tolerance, solver };
        const solution = lasso(given);
        const { kinks, samples } = await solution.certificate();
        expect([...kinks.map(({ index }) => index), ...samples[0].support]).toEqual([6, 7, 0, 1, 2, 3, 4, 5]);
        solution.dispose();
      }
    }
  });
});

describe.each(BACKENDS)('error bounds on %s', (backend) => {
  test('hold for random layers', async () => {
    const [engine, oracle] = [await engineOf(backend), await engineOf('cpu')];
    for (let seed = 1; seed <= (backend === 'cpu' ? 40 : 3); seed++) await checkErrorBounds(engine, oracle, seed);
  });

  test('a residual of 0 does not hide rounding', async () => {
    const engine = await engineOf(backend);
    for (const distance of [1e-2, 1e-4, 1e-5]) {
      const solution = monotoneFixedPoint(engine.tensor([1 - distance], [1, 1]), engine.tensor([1], [1, 1]), {
        ...{ activation: 'relu', margin: distance, tolerance: 1e-12, onFailure: 'report' },
      });
      const [z] = await solution.z.data();
      const [{ errorBound }] = (await solution.report).samples;
      const exact = 1 / (1 - (1 - distance));
      expect(Math.abs(z - exact) / z).toBeLessThanOrEqual(errorBound);
      expect(errorBound).toBeLessThan(1e4 * (engine.epsilon / distance) + 1e-9);
    }
  });
});
