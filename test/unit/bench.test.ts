import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CASES, type CaseName } from '../../bench/cases.ts';
import { measured, median, type Work } from '../../bench/measure.ts';
import { openNode } from '../../bench/node.ts';
import { readOptions } from '../../bench/options.ts';
import { type Entry, fileNameOf, type Results, slugOf } from '../../bench/results.ts';
import { tableOf } from '../../bench/table.ts';
import { BACKENDS } from '../../src/backends/open.ts';
import { open } from '../../src/index.ts';

const card = { vendor: 'acme', architecture: 'one', description: 'Acme One', software: false };
const software = { ...card, description: 'SwiftShader', software: true };
const common = { environment: 'node', version: 'Node 1.2.3', batch: 128, width: 87 } as const;
const timing = { median: 12.345, minimum: 9.876, maximum: 123.4, repetitions: 7, units: 1, cut: false };

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

/** Work on a clock of its own: each unit of a run takes as long as the next of the times says. */
function clockedWork(times: readonly number[], most = 1): { work: Work<number>; prepared: number[]; units: number[] } {
  let now = 0;
  let run = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const prepared: number[] = [];
  const units: number[] = [];
  const work: Work<number> = {
    most,
    async prepare(repetition) {
      now += 1000; // not to be counted
      prepared.push(repetition);
    },
    async run(count) {
      units.push(count);
      now += count * times[Math.min(run++, times.length - 1)];
      return run;
    },
    dispose() {},
  };
  return { work, prepared, units };
}

describe('measuring', () => {
  test('warms up, then times every repetition on inputs of its own', async () => {
    const { work, prepared } = clockedWork([50, 10, 10, 1, 4, 2]);
    const { timing: found, outcome } = await measured(work, { repetitions: 3, milliseconds: 1000 });
    expect(prepared).toEqual([0, 0, 0, 1, 2, 3]);
    expect(found).toEqual({ median: 2, minimum: 1, maximum: 4, repetitions: 3, units: 1, cut: false });
    expect(outcome).toBe(4);
  });

  test('stops when the time is up, and says so', async () => {
    const { work, prepared } = clockedWork([300, 400, 700, 600]);
    const { timing: found } = await measured(work, { repetitions: 15, milliseconds: 1000 });
    expect(prepared).toEqual([0, 1, 2]);
    expect(found).toMatchObject({ repetitions: 2, median: 550, cut: true });
  });

  test('one repetition is made however long it takes', async () => {
    const { work } = clockedWork([5000]);
    const { timing: found } = await measured(work, { repetitions: 15, milliseconds: 1000 });
    expect(found).toMatchObject({ repetitions: 1, median: 5000, cut: true });
  });

  test('short units are timed together', async () => {
    const { work, units } = clockedWork([50, 25], 10);
    const { timing: found } = await measured(work, { repetitions: 2, milliseconds: 400 });
    expect(units).toEqual([1, 1, 1, 4, 4]);
    expect(found).toMatchObject({ median: 25, units: 4, repetitions: 2, cut: false });
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
    expect(fileNameOf([cpu])).toBe('bench-plain-loops.json');
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
      timing: { ...timing, units: 10, cut: true },
      iterations: { forward: 8.25, backward: 9 },
    },
    { ...common, backend: 'cpu', adapter: card, case: 'solve', error: 'out of memory' },
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

  test('tells what was found', () => {
    expect(cells[2]).toEqual([
      'Node 1.2.3',
      'webgpu',
      'Acme One',
      '50 relu iterations',
      '128 × 87',
      '12.3',
      '9.88–123',
      '7',
      '1.23',
      '',
    ]);
  });

  test('calls a software adapter one, and marks what was cut short', () => {
    expect(cells[3][2]).toBe('SwiftShader (software)');
    expect(cells[3].slice(7)).toEqual(['7 of 10*', '', '8.3 / 9.0']);
  });

  test('shows what failed', () => {
    expect(cells[4].slice(3)).toEqual(['solve and gradient', '128 × 87', 'failed', '', '', '', '']);
    expect(tableOf(entries)).toContain('\nfailed: Node 1.2.3, cpu, solve and gradient, 128 × 87: out of memory\n');
    expect(tableOf(entries.slice(0, 2))).not.toContain('failed');
  });

  test('stands straight', () => {
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });
});

describe('options', () => {
  test('by default everything is measured, on every backend of the library', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ environments: ['chrome', 'node'], backends: BACKENDS, complete: true });
    expect(options?.sizes).toHaveLength(5);
  });

  test('narrow it down', () => {
    const options = readOptions([
      '--quick',
      '--only',
      'node',
      '--backend=cpu',
      '--size',
      '128x87',
      '--output',
      'a.json',
    ]);
    expect(options).toMatchObject({
      environments: ['node'],
      backends: ['cpu'],
      sizes: [{ batch: 128, width: 87 }],
      complete: false,
      output: 'a.json',
    });
    expect(readOptions(['--quick'])).toMatchObject({ complete: false });
    expect(readOptions(['--quick'])?.sizes).toHaveLength(3);
    expect(readOptions(['--help'])).toBeUndefined();
  });

  test.each([
    [['--size', '128'], '--size: it is "128"; it must be batch x width'],
    [['--size', '0x3'], '--size: it is "0x3"'],
    [['--only', 'firefox'], '--only: it is "firefox"; it must be one of chrome, node'],
    [['--backend', 'cuda'], '--backend: it is "cuda"; it must be one of webgpu, wasm, gpujs, cpu'],
    [['--fast'], '--fast: bench has no such option'],
    [['32x64'], '"32x64": bench takes options only'],
  ])('%j is refused', (argv, message) => {
    expect(() => readOptions(argv)).toThrow(message);
  });
});

describe('the cases', () => {
  const limits = { repetitions: 2, milliseconds: 1e6 };

  test.each(Object.keys(CASES) as CaseName[])('%s runs, and leaves nothing behind', async (name) => {
    const engine = await open({ backend: 'cpu' });
    const memoryAfter = async (): Promise<number> => {
      const work = CASES[name].work(engine, { batch: 5, width: 7 });
      const { timing: found, outcome } = await measured<unknown>(work, limits);
      work.dispose();
      expect(found).toMatchObject({ repetitions: 2, cut: false });
      expect(found.minimum).toBeGreaterThan(0);
      if (name === 'relu') expect(outcome).toBeUndefined();
      else expect(Math.min(...Object.values(outcome as object))).toBeGreaterThan(0);
      return engine.memory().buffers;
    };
    const first = await memoryAfter();
    expect(await memoryAfter()).toBe(first);
    engine.close();
  });

  test('operations of the product are counted', () => {
    // 2·batch·n² of each of 50 products
    expect(CASES.relu.operations({ batch: 128, width: 87 })).toBe(50 * 2 * 128 * 87 * 87);
  });
});

describe('npm run bench', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const bench = (...options: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['bench/run.mjs', 'main', ...options], { cwd: root, encoding: 'utf8' });

  test('prints a table and writes JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-bench-'));
    try {
      const file = join(folder, 'results', 'one.json');
      const options = ['--quick', '--only', 'node', '--backend', 'cpu', '--size', '32x64', '--output', file];
      const { status, stdout, stderr } = bench(...options);
      expect(status, stderr).toBe(0);
      expect(stdout.match(/^\| Node .*\| cpu .*\| 32 × 64 /gm)).toHaveLength(3);
      const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
      expect(results).toMatchObject({ node: process.versions.node });
      expect(results.notes).toBeInstanceOf(Array);
      expect(Number.isNaN(Date.parse(results.date))).toBe(false);
      expect(results.entries.map((entry) => entry.case)).toEqual(Object.keys(CASES));
      for (const { timing: found, gigaflops, iterations, case: name } of results.entries) {
        expect(found?.median).toBeGreaterThan(0);
        expect(gigaflops !== undefined).toBe(name === 'relu');
        expect(iterations !== undefined).toBe(name !== 'relu');
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a wrong option is one line and exit code 2', () => {
    const { status, stdout, stderr } = bench('--size', 'large');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^--size: it is "large"[^\n]*\n$/);
  });
});

describe('a session in Node', () => {
  test('gives back results and errors, and tells of a process that ended', async () => {
    const module =
      "export const add = async (a, b) => a + b; export const fail = async () => { throw new Error('no'); };";
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-session-'));
    const file = join(folder, 'module.mjs');
    writeFileSync(file, `${module} export const end = () => process.exit(7);`);
    const session = await openNode(file, {}).openSession();
    try {
      expect(await session.call('add', 2, 3)).toBe(5);
      await expect(session.call('fail')).rejects.toThrow('no');
      expect(await session.call('add', 1, 1)).toBe(2);
      await expect(session.call('end')).rejects.toThrow('the process ended: exit code 7');
    } finally {
      await session.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
