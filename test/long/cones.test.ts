/**
 * Random cone programs through `coneProgram`: with EQUILIBRA_TEST_LOAD=1 500 regular ones of each family, and 200
 * infeasible, unbounded and degenerate ones. That is a factor of these numbers, by default 0.3.
 */
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FAMILIES, regularBatches } from '../support/cone-batches.ts';
import { checkDegenerate, checkRefusals } from '../support/cone-degenerate-trials.ts';
import { compareDevice } from '../support/cone-devices.ts';
import { type Counts, checkRegular } from '../support/cone-trials.ts';
import { checkUnsolvable, checkUnsolvableOn } from '../support/cone-unsolvable.ts';
import { engineOn } from '../support/engines.ts';

const LOAD = Number(process.env.EQUILIBRA_TEST_LOAD ?? 0.3);
const PROGRAMS = Math.ceil(500 * LOAD);
const CASES = Math.ceil(200 * LOAD);
const MINUTES = 60_000;

const engines = { cpu: engineOn('cpu'), wasm: engineOn('wasm'), webgpu: engineOn('webgpu') };
afterAll(() => Promise.all(Object.values(engines).map(({ close }) => close())));

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // that a gradient is of few digits
});

const seeds = Array.from({ length: CASES }, (_, seed) => seed);

/** What a series came to, for whoever reads the output. */
function show(name: string, counts: Counts): void {
  console.info(`${name}: ${JSON.stringify(counts)}`);
}

const IN_FLOAT64 = [
  ...FAMILIES.map((family) => ['cpu', family] as const),
  // Those of which kernels solve most.
  ...(['zero', 'nonneg', 'soc', 'psd', 'mixture'] as const).map((family) => ['wasm', family] as const),
];

test.each(IN_FLOAT64)(
  `on %s, ${PROGRAMS} programs of %s in float64`,
  { timeout: 5 * MINUTES },
  async (backend, family) => {
    const counts = await checkRegular(await engines[backend].engine(), regularBatches(family, PROGRAMS, 4));
    show(`${family} in float64 on ${backend}`, counts);
    expect(counts.converged).toBe(PROGRAMS);
    expect(counts.certified).toBeGreaterThanOrEqual(0.99 * PROGRAMS);
    expect(counts.blunt ?? 0).toBeLessThan(0.02 * PROGRAMS);
  },
);

describe.each(['wasm', 'webgpu'] as const)('by splitting on %s', (backend) => {
  // On a software adapter a batch costs as much as its shaders, however large it is.
  const size = backend === 'wasm' ? 25 : Math.ceil(PROGRAMS / 2);

  test.each(FAMILIES)(`${PROGRAMS} programs of %s`, { timeout: 5 * MINUTES }, async (family) => {
    const [device, oracle] = await Promise.all([engines[backend].engine(), engines.cpu.engine()]);
    const counts = await compareDevice(device, oracle, regularBatches(family, PROGRAMS, size, ['none', 'full']));
    show(`${family} on ${backend}`, counts);
    expect(counts['well converged']).toBeGreaterThan(PROGRAMS / 4);
    expect(counts.certified).toBeGreaterThanOrEqual(0.99 * counts['well converged']);
  });
});

describe.each(['infeasible', 'unbounded'] as const)(`${CASES} %s programs`, (kind) => {
  test.each(['cpu', 'wasm'] as const)('in float64 on %s', { timeout: 3 * MINUTES }, async (backend) => {
    const counts = await checkUnsolvable(await engines[backend].engine(), kind, seeds);
    show(`${kind} in float64 on ${backend}`, counts);
    expect((counts.infeasible ?? 0) + (counts.unbounded ?? 0)).toBeGreaterThanOrEqual(0.98 * CASES);
  });

  test('by splitting on wasm', { timeout: 3 * MINUTES }, async () => {
    show(`${kind} on wasm`, await checkUnsolvableOn(await engines.wasm.engine(), kind, seeds));
  });

  test('by splitting on webgpu', { timeout: 3 * MINUTES }, async () => {
    const some = seeds.slice(0, Math.ceil(CASES / 20));
    show(`${kind} on webgpu`, await checkUnsolvableOn(await engines.webgpu.engine(), kind, some));
  });
});

test.each(['cpu', 'wasm'] as const)(`${CASES} degenerate programs on %s`, { timeout: 3 * MINUTES }, async (backend) => {
  const counts = await checkDegenerate(await engines[backend].engine(), seeds);
  show(`degenerate on ${backend}`, counts);
  expect(counts.failed).toBeGreaterThan(CASES / 3);
  expect(counts.certified).toBeGreaterThan(CASES / 4);
  expect(counts['in part']).toBeGreaterThan(CASES / 10);
  expect(counts.unknown ?? 0).toBeLessThan(CASES / 20);
});

test.each([
  ['cpu', 'interior-point'],
  ['wasm', 'interior-point'],
  ['wasm', 'splitting'],
] as const)(
  `${CASES} degenerate programs by a tape, on %s by %s`,
  { timeout: 3 * MINUTES },
  async (backend, solver) => {
    const counts = await checkRefusals(await engines[backend].engine(), seeds, solver);
    show(`degenerate by a tape on ${backend}`, counts);
    expect(counts['certified: numbers']).toBeGreaterThan(CASES / 5);
  },
);
