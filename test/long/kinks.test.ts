/** Kinks and error bounds of many random layers, on every backend. */
import { afterAll, describe, test } from 'vitest';
import { engineOn } from '../support/engines.ts';
import { checkErrorBounds } from '../support/error-bounds.ts';
import { checkPlantedLayer } from '../support/planted.ts';

const LAYERS = { cpu: 1000, wasm: 50, gpujs: 50, webgpu: 50 } as const;
const BACKENDS = Object.keys(LAYERS) as (keyof typeof LAYERS)[];
const oracle = engineOn('cpu');
afterAll(oracle.close);

describe.each(BACKENDS)('%s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test('planted kinks: every selection gives an element of the true set, and no kink is missed', async () => {
    for (let seed = 1; seed <= LAYERS[backend]; seed++) await checkPlantedLayer(await engine(), seed);
  });

  test('error bounds hold', async () => {
    for (let seed = 1; seed <= LAYERS[backend]; seed++) {
      await checkErrorBounds(await engine(), await oracle.engine(), seed);
    }
  });
});
