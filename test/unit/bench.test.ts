import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CASES, type CaseName, type Outcome, type Work, type Works } from '../../bench/cases.ts';
import { drawBench } from '../../bench/chart.ts';
import { CONTESTANTS, nameOf } from '../../bench/contestants.ts';
import { equilibraWorks, measureImplicitMemory } from '../../bench/equilibra.ts';
import { lassoProblem } from '../../bench/lasso.ts';
import { worstGap } from '../../bench/lasso-gap.ts';
import {
  Contest,
  differenceOf,
  type Limits,
  type Match,
  type Measured,
  median,
  ratioOf,
  spreadOf,
  type Timing,
} from '../../bench/measure.ts';
import { plainWorks } from '../../bench/peers/plain.ts';
import { refereeRounds } from '../../bench/referee.ts';
import { type Entry, fileNameOf, slugOf } from '../../bench/results.ts';
import { tableOf } from '../../bench/table.ts';
import { BACKENDS } from '../../src/backends/open.ts';
import { open } from '../../src/index.ts';
import { dualityGap, objective } from '../support/coordinate-descent.ts';
import { normals } from '../support/numbers.ts';

const card = { vendor: 'acme', architecture: 'one', description: 'Acme One', software: false };
const software = { ...card, description: 'SwiftShader', software: true };
const common = { environment: 'node', library: 'equilibra', version: 'Node 1.2.3', batch: 128, width: 87 } as const;
const quiet = { foreign: 0, repeated: 0 };
const timing = {
  median: 12.345,
  minimum: 9.876,
  maximum: 123.4,
  all: [9.876, 12.345, 123.4],
  units: 1,
  cut: false,
  ...quiet,
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the median', () => {
  test('is in the middle', () => {
    expect(median([5])).toBe(5);
    expect(median([9, 1, 2])).toBe(2);
    expect(median([10, 4, 1, 2])).toBe(3);
    expect(() => median([])).toThrow('values is empty');
  });

  test('has as many numbers above as below', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

/** Works that share a clock: each unit of a work takes the next of its times. */
function clockedWorks(...times: (readonly (number | Error)[])[]): { works: Work<number>[]; log: string[] } {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const log: string[] = [];
  const works = times.map((own, index): Work<number> => {
    let run = 0;
    let given = 0;
    return {
      async prepare(problem) {
        now += 1000; // must not count
        given = problem;
      },
      async run(units) {
        log.push(`${index}: ${units} of ${given}`);
        const time = own[Math.min(run++, own.length - 1)];
        if (time instanceof Error) throw time;
        now += units * time;
        return { answer: [run] };
      },
      dispose() {},
    };
  });
  return { works, log };
}

/** Measures as on a computer on which nobody else works. */
async function runContest<Problem>(
  works: readonly Work<Problem>[],
  match: Match<Problem>,
  limits: Limits,
): Promise<Measured[]> {
  const contest = new Contest(works, match, limits);
  await refereeRounds(contest, limits.repetitions, { share: () => 0 });
  return contest.results();
}

const timingOf = (result: Measured): Timing => {
  if ('error' in result) throw new Error(result.error);
  return result.timing;
};

describe('measuring', () => {
  const match = { problem: (repetition: number) => repetition, maximumUnits: 1 };

  test('warms up, then times every repetition on a problem of its own', async () => {
    // A quarter of the time is for the warm-up: 50 + 10·20.
    const warmUps = Array<number>(20).fill(10);
    const { works, log } = clockedWorks([50, ...warmUps, 1, 4, 2]);
    const [found] = await runContest(works, match, { repetitions: 3, milliseconds: 1000 });
    expect(log).toEqual([0, ...warmUps.map(() => 0), 1, 2, 3].map((problem) => `0: 1 of ${problem}`));
    expect(timingOf(found)).toEqual({
      median: 2,
      minimum: 1,
      maximum: 4,
      all: [1, 4, 2],
      units: 1,
      cut: false,
      ...quiet,
    });
    expect(found).toMatchObject({ outcome: { answer: [22] } });
  });

  test('contestants take turns on the same problem, each round beginning with another one', async () => {
    const { works, log } = clockedWorks([100], [100], [100]);
    await runContest(works, match, { repetitions: 3, milliseconds: 400 });
    expect(log.slice(0, 3)).toEqual(['0: 1 of 0', '1: 1 of 0', '2: 1 of 0']);
    expect(log.slice(3)).toEqual([
      ...['0: 1 of 1', '1: 1 of 1', '2: 1 of 1'],
      ...['1: 1 of 2', '2: 1 of 2', '0: 1 of 2'],
      ...['2: 1 of 3', '0: 1 of 3', '1: 1 of 3'],
    ]);
  });

  test('a slow one leaves the rounds when its time is up, and is marked as cut', async () => {
    const { works } = clockedWorks([10], [300, 400, 700, 600]);
    const [fast, slow] = await runContest(works, match, { repetitions: 4, milliseconds: 1000 });
    expect(timingOf(fast)).toMatchObject({ all: [10, 10, 10, 10], cut: false });
    expect(timingOf(slow)).toMatchObject({ all: [400, 700], median: 550, cut: true });
  });

  test('one repetition is made however long it takes', async () => {
    const { works } = clockedWorks([5000]);
    const [found] = await runContest(works, match, { repetitions: 15, milliseconds: 1000 });
    expect(timingOf(found)).toMatchObject({ all: [5000], median: 5000, cut: true });
  });

  test('short units are timed together', async () => {
    const { works, log } = clockedWorks([50, 25]);
    const [found] = await runContest(works, { ...match, maximumUnits: 10 }, { repetitions: 2, milliseconds: 400 });
    expect(log.map((line) => line.slice(3, 4))).toEqual(['1', '1', '1', '4', '4']);
    expect(timingOf(found)).toMatchObject({ median: 25, units: 4, all: [25, 25], cut: false });
  });

  test('a failed one does not stop the others', async () => {
    const { works } = clockedWorks([new Error('no memory')], [100, 5], [100, 5, new Error('too late')]);
    const [first, second, third] = await runContest(works, match, { repetitions: 2, milliseconds: 400 });
    expect(first).toEqual({ error: 'no memory' });
    expect(timingOf(second).all).toHaveLength(2);
    expect(third).toEqual({ error: 'too late' });
  });

  test('a ratio uses only the repetitions that both made', () => {
    const timingWith = (...all: number[]): Timing => ({ ...timing, all });
    // In the second repetition both took twice as long.
    expect(ratioOf(timingWith(30, 60, 33), timingWith(10, 20, 11, 500, 500))).toBe(3);
    expect(ratioOf(timingWith(10), timingWith(40, 1))).toBe(0.25);
  });

  test('the spread is that of the middle half', () => {
    expect(spreadOf({ all: [1, 2, 3, 4, 5], median: 3 })).toBeCloseTo(2 / 3);
    expect(spreadOf({ all: [10, 20], median: 15 })).toBeCloseTo(1 / 3);
    expect(spreadOf({ all: [7], median: 7 })).toBe(0);
  });

  test('answers are compared as a whole', () => {
    expect(differenceOf([3, 4], [3, 4])).toBe(0);
    expect(differenceOf([3, 5], [3, 4])).toBeCloseTo(0.2);
    expect(differenceOf([3], [3, 4])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('names of files', () => {
  test.each([
    ['SwiftShader driver 5.0.0', 'swiftshader-driver-5-0-0'],
    ['NVIDIA H100 (PCIe)', 'nvidia-h100-pcie'],
    ['  ', 'unnamed'],
    [`${'a'.repeat(59)} b`, 'a'.repeat(59)],
  ])('%j is %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test('come from the adapter of WebGPU where there is one', () => {
    const cpu = { backend: 'cpu', adapter: { ...card, description: 'plain loops' } } as const;
    expect(fileNameOf([cpu, { backend: 'webgpu', adapter: card }])).toBe('bench-acme-one.json');
    expect(fileNameOf([cpu])).toBe('bench-cpu.json');
  });
});

describe('the table', () => {
  const entries: Entry[] = [
    { ...common, backend: 'webgpu', adapter: card, case: 'relu', timing, gigaflops: 1.2345 },
    {
      ...common,
      backend: 'webgpu',
      adapter: software,
      case: 'training',
      timing: { ...timing, units: 10, cut: true, foreign: 2 },
      iterations: { forward: 8.25, backward: 9 },
    },
    { ...common, backend: 'cpu', adapter: card, case: 'solve', error: 'out of memory' },
    { ...common, library: 'tfjs', backend: 'webgpu', case: 'relu', timing: { ...timing, all: [19.752, 24.69] } },
    {
      ...common,
      backend: 'cpu',
      adapter: card,
      case: 'relu',
      threads: 2,
      timing: { ...timing, median: 1, all: [4.938, 6.1725] },
    },
  ];
  const rows = tableOf(entries)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const cells = rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

  test('shows the results', () => {
    const place = ['Node 1.2.3', 'equilibra webgpu', '', '50 relu iterations', '128 × 87'];
    expect(cells[2]).toEqual([...place, '12.3', '460 %', '3', '1.23', '', '1.00', '2.00']);
  });

  test('compares with the library on the same backend, and on its fastest one', () => {
    expect(cells[5][1]).toBe('tfjs webgpu');
    expect(cells[5].slice(10)).toEqual(['2.00', '4.00']);
  });

  test('names a software adapter as such, and marks figures that were cut short or disturbed', () => {
    expect(cells[3][1]).toBe('equilibra webgpu (software)');
    expect(cells[3].slice(7, 10)).toEqual(['3 of 10*, 2 loaded', '', '8.3 / 9.0']);
  });

  test('shows how many threads worked', () => {
    expect(cells[6][2]).toBe('2');
  });

  test('shows what failed', () => {
    expect(cells[4].slice(3)).toEqual(['solve and gradient', '128 × 87', 'failed', '', '', '', '', '', '']);
    expect(tableOf(entries)).toContain(
      '\nfailed: Node 1.2.3, equilibra cpu, solve and gradient, 128 × 87: out of memory\n',
    );
    expect(tableOf(entries.slice(0, 2))).not.toContain('failed');
  });

  test('has aligned columns', () => {
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });
});

describe('who takes part', () => {
  test('are every backend of the library, and the others under names of their own', () => {
    const own = CONTESTANTS.filter(({ library }) => library === 'equilibra').map(({ backend }) => backend);
    expect(new Set(own.map((backend) => backend.replace(/-.*/, '')))).toEqual(new Set(BACKENDS));
    expect(own).toEqual(expect.arrayContaining(['gpujs-webgl2', 'gpujs-webassembly']));
    expect(new Set(CONTESTANTS.map(nameOf)).size).toBe(CONTESTANTS.length);
  });
});

describe('the cases', () => {
  const size = { batch: 6, width: 7 };
  const limits = { repetitions: 2, milliseconds: 1e6 };

  /** The outcome of one case by one library. */
  async function outcomeOf(works: Works, name: CaseName): Promise<Outcome> {
    const work = works[name]?.(size) as Work<unknown>;
    const [found] = await runContest(
      [work],
      { problem: (index) => CASES[name].problem(size, index), maximumUnits: 2 },
      limits,
    );
    work.dispose();
    if ('error' in found) throw new Error(found.error);
    expect(found.timing).toMatchObject({ cut: false });
    expect(found.timing.minimum).toBeGreaterThan(0);
    return found.outcome;
  }

  test.each(Object.keys(CASES) as CaseName[])('%s is done, and leaks nothing', async (name) => {
    const engine = await open({ backend: 'cpu' });
    const { iterations } = await outcomeOf(equilibraWorks(engine), name);
    if (name === 'relu') expect(iterations).toBeUndefined();
    else expect(Math.min(...Object.values(iterations ?? {}))).toBeGreaterThan(0);
    const { buffers } = engine.memory();
    await outcomeOf(equilibraWorks(engine), name);
    expect(engine.memory().buffers).toBe(buffers);
    engine.close();
  });

  test.each(['relu', 'solve'] as const)('%s has the same answer in plain JavaScript', async (name) => {
    const engine = await open({ backend: 'cpu' });
    const ours = await outcomeOf(equilibraWorks(engine), name);
    const { answer = [] } = await outcomeOf(plainWorks, name);
    expect(answer).toHaveLength(size.batch * size.width);
    expect(differenceOf(answer, ours.answer ?? [])).toBeLessThan(CASES[name].agreement);
    engine.close();
  });

  test('training in plain JavaScript iterates both ways', async () => {
    const { iterations } = await outcomeOf(plainWorks, 'training');
    expect(Math.min(...Object.values(iterations ?? {}))).toBeGreaterThan(1);
  });

  test('memory of a solve does not grow with the iterations', async () => {
    const options = { backend: 'cpu' } as const;
    const few = await measureImplicitMemory(options, size, 5);
    expect(few).toBeGreaterThan(0);
    // The size of Programs is an estimate, and includes the limit, which has one digit more here.
    expect(Math.abs((await measureImplicitMemory(options, size, 50)) / few - 1)).toBeLessThan(1e-3);
  });

  test('operations of the product are counted', () => {
    // 2·batch·n² for each of 50 products
    expect(CASES.relu.operations({ batch: 128, width: 87 })).toBe(50 * 2 * 128 * 87 * 87);
  });
});

describe('the Lasso cases', () => {
  test('have the same numbers every time, in proportion', () => {
    const size = { samples: 60, features: 40 };
    const { X, y } = lassoProblem(size);
    expect([X.length, y.length]).toEqual([2400, 60]);
    expect(lassoProblem(size)).toEqual({ X, y });
    const meanSquare = X.reduce((sum, x) => sum + x * x, 0) / X.length;
    expect(meanSquare).toBeGreaterThan(0.8);
    expect(meanSquare).toBeLessThan(1.2);
  });
});

describe('the chart', () => {
  const entries = [
    { ...common, environment: 'chrome', backend: 'webgpu', adapter: software, case: 'relu', timing, ratios: {} },
    { ...common, environment: 'chrome', library: 'plain', backend: 'a<b', case: 'relu', timing, ratios: {} },
    { ...common, environment: 'chrome', backend: 'cpu', case: 'solve', error: 'out of memory', ratios: {} },
  ] as const;

  test('has a bar for each figure, and a curve for each contestant', () => {
    const points = [
      [32, 1],
      [64, 2],
    ] as const;
    const drawn = drawBench({ entries, scaling: [{ of: 'batch', library: 'tfjs', backend: 'wasm', points }] });
    expect(drawn.match(/<rect x=/g)).toHaveLength(2);
    expect(drawn.match(/<polyline/g)).toHaveLength(1);
    expect(drawn).toContain('plain a&lt;b');
    expect(drawn).toContain('SwiftShader (software)');
    expect(drawn).toContain('prefers-color-scheme: dark');
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('is drawn without curves too', () => {
    expect(drawBench({ entries, scaling: [] })).not.toMatch(/NaN|undefined|Infinity|polyline/);
  });
});

describe('the duality gap of Lasso solutions', () => {
  test('is that of the oracle, for each fold by its own rows', () => {
    const [samples, features] = [12, 5];
    const [X, y] = [normals(samples * features, 1), normals(samples, 2)].map((values) => Float32Array.from(values));
    const masks = Uint8Array.from({ length: 2 * samples }, (_, at) => Number(at % 4 !== 1 || at >= samples));
    const logLambda = [-0.5, -1];
    const beta = Float64Array.from(normals(4 * features, 3, 0.01));
    const gaps = [0, 1].flatMap((fold) =>
      logLambda.map((value, index) => {
        const mask = Array.from(masks.subarray(fold * samples, (fold + 1) * samples));
        const problem = { X: Array.from(X), y: Array.from(y), features, mask, logLambda: value };
        const at = (2 * fold + index) * features;
        const fit = { beta: Array.from(beta.subarray(at, at + features)), intercept: 0 };
        const none = { beta: Array<number>(features).fill(0), intercept: 0 };
        // The oracle's dual point is the best multiple of the residual: the largest feasible one, where that is below
        // 1.
        return dualityGap(problem, fit) / objective(problem, none);
      }),
    );
    const found = worstGap({ X, y, samples, features, masks }, logLambda, beta);
    expect(found / Math.max(...gaps)).toBeCloseTo(1, 10);
    expect(worstGap({ X, y, samples, features, masks }, [20], new Float64Array(2 * features))).toBe(0);
  });
});
