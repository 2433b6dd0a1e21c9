/** Kinks that the accuracy of a solve cannot see are looked for with a better one, or said to be undecided; bounds of errors hold. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { type ImplicitSolution, fixedPoint, root } from '../../src/implicit/root.ts';
import type { ImplicitSelection } from '../../src/implicit/selections.ts';
import { type BackendName, type Engine, monotoneFixedPoint, type Tensor } from '../../src/index.ts';
import { loadKinks } from '../fixtures/load.ts';
import { engineOn } from '../support/engines.ts';
import { relativeError } from '../support/numbers.ts';
import { BENT, gradientErrorOf, type PlantedLayer, plantedLayer, solvedLayer } from '../support/planted.ts';

const BACKENDS = ['cpu', 'wasm', 'gpujs', 'webgpu'] as const;
const ACTIVATIONS = Object.keys(BENT) as (keyof typeof BENT)[];
const engines = Object.fromEntries(BACKENDS.map((backend) => [backend, engineOn(backend)]));
const engineOf = (backend: BackendName): Promise<Engine> => engines[backend].engine();
afterAll(async () => {
  for (const { close } of Object.values(engines)) await close();
});

const places = (kinks: readonly { sample: number | undefined; index: number }[]): (number | undefined)[][] =>
  kinks.map(({ sample, index }) => [sample, index]);
const planted = (layer: PlantedLayer): number[][] =>
  layer.kinks.flatMap((own, sample) => own.map((unit) => [sample, unit]));

describe('a layer with two coordinates exactly at their kinks', () => {
  for (const each of loadKinks()) {
    test.each([1e-2, 1e-3, 1e-11])(`${each.activation}, tolerance %d: each selection has its gradient`, async (tolerance) => {
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
    });
  }
});

describe.each(BACKENDS)('planted kinks of a monotone layer on %s', (backend) => {
  test.each([1e-2, 1e-3, 1e-6, 1e-11])('every selection gives its element at tolerance %d', async (tolerance) => {
    const engine = await engineOf(backend);
    for (const activation of ACTIVATIONS) {
      const layer = plantedLayer({ n: 6, batch: 3, seed: 5, activation });
      for (const selection of [0, 0.5, 1]) {
        const { gradient, certificate } = await solvedLayer(engine, layer, { tolerance, selection });
        expect(gradientErrorOf(layer, selection, gradient)).toBeLessThan(1e4 * engine.epsilon);
        expect(places(certificate.kinks)).toEqual(planted(layer));
      }
    }
  });

  test('without a selection they keep the derivative of their side, and are counted; reading the kinks resolves them', async () => {
    const engine = await engineOf(backend);
    const layer = plantedLayer({ n: 6, batch: 3, seed: 5, activation: 'softThreshold' });
    const { certificate, solution } = await solvedLayer(engine, layer, { tolerance: 1e-3 });
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

/** z = σ(Wz + b) as a user writes it. */
function written(
  engine: Engine,
  layer: PlantedLayer,
  { kind, ...options }: { kind: 'fixed point' | 'root'; tolerance: number; selection?: ImplicitSelection; certify?: boolean },
  called: { selection?: number } = {},
) {
  const { n, batch, activation, W, b, v } = layer;
  const tape = new Tape();
  const weights = tape.watch(engine.tensor(W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const image = (z: Tensor, matrix: Tensor, c: Tensor): Tensor =>
    activation.written(z.matmul(matrix.transpose()).add(c), called);
  const common = {
    ...{ unknown: engine.tensor(new Float64Array(batch * n), [batch, n]), inputs: [weights, bias] },
    ...{ backwardTolerance: 1e3 * engine.epsilon, onFailure: 'report' as const, ...options },
  };
  const z: ImplicitSolution =
    kind === 'root'
      ? root((at, matrix, c) => at.sub(image(at, matrix, c)), common)
      : fixedPoint(image, common);
  const gradient = async (): Promise<ArrayLike<number>> =>
    tape.pullback(z, [bias], engine.tensor(v, [batch, n]))[0].data();
  return { z, gradient };
}

describe.each(BACKENDS)('planted kinks of an equation on %s', (backend) => {
  for (const kind of ['fixed point', 'root'] as const) {
    test.each([1e-2, 1e-4, 1e-8])(`${kind}: every selection gives its element at tolerance %d`, async (tolerance) => {
      const engine = await engineOf(backend);
      const layer = plantedLayer({ n: 5, batch: 2, seed: 9, activation: 'softThreshold', spread: 0.5 });
      for (const q of [0, 0.5, 1]) {
        const { z, gradient } = written(engine, layer, { kind, tolerance, selection: q });
        expect(gradientErrorOf(layer, q, await gradient())).toBeLessThan(1e5 * engine.epsilon);
        const { certificate } = await z.solve.backwardReports[0];
        expect(places(certificate.kinks)).toEqual(planted(layer));
      }
      // Named where the function calls its operation.
      const { gradient } = written(engine, layer, { kind, tolerance }, { selection: 0.5 });
      expect(gradientErrorOf(layer, 0.5, await gradient())).toBeLessThan(1e5 * engine.epsilon);
    });

    test(`${kind}: certify, select and the certificate of a gradient see them`, async () => {
      const engine = await engineOf(backend);
      const layer = plantedLayer({ n: 5, batch: 2, seed: 9, activation: 'clip', spread: 0.5 });
      const { z } = written(engine, layer, { kind, tolerance: 1e-3 });
      expect(places((await z.solve.certify()).kinks)).toEqual(planted(layer));
      expect(places((await z.solve.certify({ radius: 0 })).kinks)).toEqual(planted(layer));
      const selected = written(engine, layer, { kind, tolerance: 1e-3 });
      await selected.z.solve.select(() => 1);
      expect(gradientErrorOf(layer, 1, await selected.gradient())).toBeLessThan(1e5 * engine.epsilon);
      const certified = written(engine, layer, { kind, tolerance: 1e-3, certify: true });
      await certified.gradient();
      const { certificate } = await certified.z.solve.backwardReports[0];
      expect(places(certificate.kinks)).toEqual(planted(layer));
    });
  }

  test('the interval of a gradient reaches over what a loose tolerance leaves undecided', async () => {
    const engine = await engineOf(backend);
    const ends = async (tolerance: number): Promise<number[]> => {
      const z = fixedPoint((at, c) => at.mul(0.5).add(c).sub(1).relu(), {
        ...{ unknown: engine.tensor([[3]].flat(), [1, 1]), inputs: [engine.tensor([1])], tolerance },
      });
      const { low, high } = await z.solve.gradientInterval(engine.tensor([1], [1, 1]));
      return [low, high];
    };
    for (const tolerance of [1e-2, 1e-5]) {
      const [low, high] = await ends(tolerance);
      expect(low).toBeCloseTo(0, 5);
      expect(high).toBeCloseTo(2, 5);
    }
  });
});

describe.each(BACKENDS)('bounds of errors on %s', (backend) => {
  test('a residual of 0 says nothing of what rounding hides', async () => {
    const engine = await engineOf(backend);
    for (const distance of [1e-2, 1e-4, 1e-5]) {
      const solution = monotoneFixedPoint(engine.tensor([1 - distance], [1, 1]), engine.tensor([1], [1, 1]), {
        ...{ activation: 'relu', margin: distance, tolerance: 1e-12, onFailure: 'report', checkInputs: false },
      });
      const [z] = await solution.z.data();
      const [{ errorBound }] = (await solution.report).samples;
      const exact = 1 / (1 - (1 - distance));
      expect(Math.abs(z - exact) / z).toBeLessThanOrEqual(errorBound);
      expect(errorBound).toBeLessThan(1e4 * (engine.epsilon / distance) + 1e-9);
    }
  });
});
