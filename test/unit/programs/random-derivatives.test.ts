/** Random programs through the public functions; the long suite `programs` has ten times as many. */
import { afterAll, expect, test } from 'vitest';
import { engineOn } from '../../support/engines.ts';
import {
  checkDegenerate,
  checkUnsolvable,
  compareGradients,
  gradientsOfArrays,
  gradientsOfTensors,
  rounded,
  seeds,
} from '../../support/program-trials.ts';

const engines = { cpu: engineOn('cpu'), wasm: engineOn('wasm') };
afterAll(() => Promise.all(Object.values(engines).map(({ close }) => close())));

test.each(['cpu', 'wasm'] as const)('gradients of arrays are the central differences, on %s', async (backend) => {
  const engine = await engines[backend].engine();
  const { compared, blunt } = await compareGradients(seeds(60), (trial, v) => gradientsOfArrays(engine, trial, v));
  expect(compared).toBe(300);
  expect(blunt).toBeLessThan(6);
});

test('so are gradients of tensors', async () => {
  const engine = await engines.cpu.engine();
  await compareGradients(seeds(30), (trial, v) => gradientsOfTensors(engine, trial, v));
});

test('and those in float32', async () => {
  const engine = await engines.wasm.engine();
  await compareGradients(seeds(30), (trial, v) => gradientsOfTensors(engine, trial, v), rounded, 1e-4);
});

test.each(['cpu', 'wasm'] as const)('programs without a solution are named, on %s', async (backend) => {
  const engine = await engines[backend].engine();
  await checkUnsolvable(engine, 'infeasible', seeds(30));
  await checkUnsolvable(engine, 'unbounded', seeds(30));
});

test.each(['cpu', 'wasm'] as const)('certificates agree with enumeration, on %s', async (backend) => {
  const { failed, certified } = await checkDegenerate(await engines[backend].engine(), seeds(100));
  expect(failed).toBeGreaterThan(50);
  expect(certified).toBeGreaterThan(0);
});
