/** `npm run bench` as a command: its options, a run of it, and the processes in which it measures. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CASES } from '../../bench/cases.ts';
import { openNode, TimeLimitError } from '../../bench/node.ts';
import { readOptions } from '../../bench/options.ts';
import type { Results } from '../../bench/results.ts';

describe('options', () => {
  test('by default everything is measured, with the peers installed for it', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ environments: ['chrome', 'node', 'python'], peers: 'install', complete: true });
    expect(options).toMatchObject({ library: undefined, backend: undefined, scaling: true });
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
      backend: 'cpu',
      scaling: false,
      sizes: [{ batch: 128, width: 87 }],
      complete: false,
      output: 'a.json',
    });
    const quick = { environments: ['chrome', 'node'], peers: 'present', complete: false, scaling: false };
    expect(readOptions(['--quick'])).toMatchObject(quick);
    expect(readOptions(['--quick', '--scaling', '--peers', 'none'])).toMatchObject({ scaling: true, peers: 'none' });
    expect(readOptions(['--quick'])?.sizes).toHaveLength(3);
    expect(readOptions(['--help'])).toBeUndefined();
  });

  test.each([
    [['--size', '128'], '--size: it is "128"; it must be batch x width'],
    [['--size', '0x3'], '--size: it is "0x3"'],
    [['--only', 'firefox'], '--only: it is "firefox"; it must be one of chrome, node, python'],
    [
      ['--backend', 'cuda'],
      '--backend: it is "cuda"; it must be one of webgpu, wasm, gpujs-webgl2, gpujs-webassembly, cpu',
    ],
    [['--library', 'numpy'], '--library: it is "numpy"; it must be one of equilibra, jax-js'],
    [['--peers', 'all'], '--peers: it is "all"; it must be one of install, present, none'],
    [['--fast'], '--fast: bench has no such option'],
    [['32x64'], '"32x64": bench takes options only'],
  ])('%j is refused', (argv, message) => {
    expect(() => readOptions(argv)).toThrow(message);
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
      const where = ['--only', 'node', '--backend', 'cpu', '--size', '32x64'];
      const options = ['--quick', '--peers', 'none', ...where, '--output', file];
      const { status, stdout, stderr } = bench(...options);
      expect(status, stderr).toBe(0);
      expect(stdout.match(/^\| Node .*\| equilibra cpu .*\| 32 × 64 /gm)).toHaveLength(3);
      expect(readFileSync(join(folder, 'results', 'one.svg'), 'utf8')).toMatch(/^<svg /);
      const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
      expect(results).toMatchObject({ node: process.versions.node });
      expect(results.notes).toBeInstanceOf(Array);
      expect(results.load).toMatchObject({ share: 0.1, tries: 3 });
      expect(Number.isNaN(Date.parse(results.date))).toBe(false);
      expect(results.entries.map((entry) => entry.case)).toEqual(Object.keys(CASES));
      for (const { timing: found, threads, gigaflops, iterations, case: name, ratios } of results.entries) {
        expect(ratios).toEqual({ sameBackend: 1, best: 1 });
        expect(found?.median).toBeGreaterThan(0);
        expect(found?.foreign).toBeLessThanOrEqual(found?.all.length ?? 0);
        expect(threads).toBe(1);
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
  test('returns results and errors, and reports a process that ended', async () => {
    const module =
      "export const add = async (a, b) => a + b; export const fail = async () => { throw new Error('no'); };";
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-session-'));
    const file = join(folder, 'module.mjs');
    writeFileSync(
      file,
      `${module} export const end = () => process.exit(7); export const wait = () => new Promise(() => {});`,
    );
    const session = await openNode(file, {}).openSession();
    try {
      expect(await session.call('add', 2, 3)).toBe(5);
      await expect(session.call('fail')).rejects.toThrow('no');
      expect(await session.call('add', 1, 1)).toBe(2);
      await expect(session.call('end')).rejects.toThrow('the process ended: exit code 7');
      const hasty = await openNode(file, {}, 2000).openSession();
      await expect(hasty.call('wait')).rejects.toThrow(TimeLimitError);
      await hasty.close();
    } finally {
      await session.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
