/** Random programs through the public functions, as many as leave little to chance. */
import { afterAll, expect, test } from 'vitest';
import { engineOn } from '../support/engines.ts';
import {
  checkDegenerate,
  checkUnsolvable,
  compareGradients,
  gradientsOfArrays,
  gradientsOfTensors,
  rounded,
  seeds,
} from '../support/program-trials.ts';

const MINUTES = 60_000;
const engines = { cpu: engineOn('cpu'), wasm: engineOn('wasm') };
afterAll(() => Promise.all(Object.values(engines).map(({ close }) => close())));

test('1000 programs: gradients of arrays are the central differences', { timeout: 5 * MINUTES }, async () => {
  const engine = await engines.cpu.engine();
  const { compared, blunt } = await compareGradients(seeds(1000), (trial, v) => gradientsOfArrays(engine, trial, v));
  expect(compared).toBe(5000);
  expect(blunt).toBeLessThan(25);
});

test('300 programs by the kernels of wasm', { timeout: 2 * MINUTES }, async () => {
  const engine = await engines.wasm.engine();
  await compareGradients(seeds(300), (trial, v) => gradientsOfArrays(engine, trial, v));
});

test('300 programs by a tape, as tensors', { timeout: 2 * MINUTES }, async () => {
  const engine = await engines.cpu.engine();
  await compareGradients(seeds(300), (trial, v) => gradientsOfTensors(engine, trial, v));
});

test('300 programs by a tape on wasm, in float32', { timeout: 2 * MINUTES }, async () => {
  const engine = await engines.wasm.engine();
  await compareGradients(seeds(300), (trial, v) => gradientsOfTensors(engine, trial, v), rounded, 1e-4);
});

test.each(['cpu', 'wasm'] as const)(
  '300 infeasible and 300 unbounded on %s',
  { timeout: 3 * MINUTES },
  async (backend) => {
    const engine = await engines[backend].engine();
    await checkUnsolvable(engine, 'infeasible', seeds(300));
    await checkUnsolvable(engine, 'unbounded', seeds(300));
  },
);

test.each(['cpu', 'wasm'] as const)('300 degenerate programs on %s', { timeout: 2 * MINUTES }, async (backend) => {
  const { unjudged, failed, certified } = await checkDegenerate(await engines[backend].engine(), seeds(300));
  expect(unjudged).toBeLessThan(backend === 'cpu' ? 3 : 90);
  expect(failed).toBeGreaterThan(200);
  expect(certified).toBeGreaterThan(5);
});
