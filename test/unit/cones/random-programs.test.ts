/** Random cone programs through `coneProgram`: some of those that the long suite runs. */
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { FAMILIES, regularBatch, regularBatches } from '../../support/cone-batches.ts';
import { checkDegenerate, checkRefusals } from '../../support/cone-degenerate-trials.ts';
import { compareDevice } from '../../support/cone-devices.ts';
import { checkRegular } from '../../support/cone-trials.ts';
import { checkUnsolvable, checkUnsolvableOn } from '../../support/cone-unsolvable.ts';
import { engineOn } from '../../support/engines.ts';

const engines = { cpu: engineOn('cpu'), wasm: engineOn('wasm'), webgpu: engineOn('webgpu') };
afterAll(() => Promise.all(Object.values(engines).map(({ close }) => close())));

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // that a gradient is of few digits
});

/** Those of which kernels of wasm solve most. */
const SYMMETRIC = ['zero', 'nonneg', 'soc', 'psd', 'mixture'] as const;
const seeds = Array.from({ length: 24 }, (_, seed) => seed);

test.each(FAMILIES)('20 programs of %s in float64', async (family) => {
  const counts = await checkRegular(await engines.cpu.engine(), regularBatches(family, 20, 5));
  expect(counts).toMatchObject({ converged: 20, certified: 20 });
  expect(counts.blunt ?? 0).toBeLessThan(2);
});

test.each(SYMMETRIC)('20 programs of %s in float64 on wasm', async (family) => {
  const counts = await checkRegular(await engines.wasm.engine(), regularBatches(family, 20, 5));
  expect(counts).toMatchObject({ converged: 20, certified: 20 });
  expect(counts.blunt ?? 0).toBeLessThan(2);
});

test.each(FAMILIES)('10 programs of %s by splitting on wasm', async (family) => {
  const [device, oracle] = await Promise.all([engines.wasm.engine(), engines.cpu.engine()]);
  const counts = await compareDevice(device, oracle, regularBatches(family, 10, 10, ['none', 'full']));
  expect(counts['well converged']).toBeGreaterThan(3);
});

test('20 programs of soc by splitting on webgpu', async () => {
  const [device, oracle] = await Promise.all([engines.webgpu.engine(), engines.cpu.engine()]);
  const counts = await compareDevice(device, oracle, [regularBatch('soc', 1, 20, ['full'])]);
  expect(counts['well converged']).toBeGreaterThan(8);
});

test.each(['infeasible', 'unbounded'] as const)('24 %s programs', async (kind) => {
  const counts = await checkUnsolvable(await engines.cpu.engine(), kind, seeds);
  expect((counts.infeasible ?? 0) + (counts.unbounded ?? 0)).toBe(24);
  expect(await checkUnsolvable(await engines.wasm.engine(), kind, seeds)).toEqual(counts);
  await checkUnsolvableOn(await engines.wasm.engine(), kind, seeds.slice(0, 9));
});

test.each(['cpu', 'wasm'] as const)('24 degenerate programs on %s', async (backend) => {
  const counts = await checkDegenerate(await engines[backend].engine(), seeds);
  expect(counts.failed).toBeGreaterThan(8);
  expect(counts.certified).toBeGreaterThan(6);
  expect(counts['in part']).toBeGreaterThan(3);
});

test('a kink is found where one of its sides is 300 times as sensitive as the middle', async () => {
  expect(await checkDegenerate(await engines.cpu.engine(), [74])).toMatchObject({ certified: 1, sides: 2 });
});

test.each([
  ['cpu', 'interior-point'],
  ['wasm', 'interior-point'],
  ['wasm', 'splitting'],
] as const)('16 degenerate programs by a tape, on %s by %s', async (backend, solver) => {
  const counts = await checkRefusals(await engines[backend].engine(), seeds.slice(0, 16), solver);
  expect(counts['certified: numbers']).toBeGreaterThan(4);
});

test('a gradient whose system came to the tolerance of the report, and not to that of the device, is one of numbers', async () => {
  expect(await checkRefusals(await engines.wasm.engine(), [36], 'splitting')).toEqual({ 'certified: numbers': 1 });
});
