/** Kinks that the accuracy of a solve cannot see are looked for with a better one, or said to be undecided; bounds of errors hold. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { engineOn } from '../support/engines.ts';
import { gradientErrorOf, type PlantedLayer, plantedLayer } from '../support/planted.ts';

const BACKENDS = ['cpu', 'wasm', 'gpujs'] as const;
const engines = Object.fromEntries(BACKENDS.map((backend) => [backend, engineOn(backend)]));
afterAll(async () => {
  for (const { close } of Object.values(engines)) await close();
});

async function solved(engine: Engine, layer: PlantedLayer, tolerance: number, selection: number | undefined) {
  const { n, batch, W, b, v, margin, activation } = layer;
  const tape = new Tape();
  const weights = tape.watch(engine.tensor(W, [n, n]));
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const solution = monotoneFixedPoint(weights, bias, {
    ...{
      activation: activation.option,
      margin,
      tolerance,
      backwardTolerance: engine.epsilon * 100,
      onFailure: 'report',
    },
    ...(selection !== undefined && { selection }),
  });
  const [gradient] = tape.pullback(solution.z, [bias], engine.tensor(v, [batch, n]));
  const found = await gradient.data();
  const [{ certificate }] = await Promise.all(solution.backwardReports);
  return { solution, gradient: found, certificate };
}

describe.each(BACKENDS)('%s', (backend) => {
  test.each([1e-2, 1e-3, 1e-6, 1e-11])(
    'every selection gives its element of the true set at tolerance %d',
    async (tolerance) => {
      const engine = await engines[backend].engine();
      for (const activation of ['relu', 'softThreshold', 'clip', 'leakyRelu'] as const) {
        const layer = plantedLayer({ n: 6, batch: 3, seed: 5, activation });
        for (const selection of [0, 0.5, 1]) {
          const { gradient, certificate } = await solved(engine, layer, tolerance, selection);
          expect(gradientErrorOf(layer, selection, gradient)).toBeLessThan(1e5 * engine.epsilon);
          const units = certificate.kinks.map(({ sample, index }) => [sample, index]);
          expect(units).toEqual(layer.kinks.flatMap((own, sample) => own.map((unit) => [sample, unit])));
        }
      }
    },
  );
});
