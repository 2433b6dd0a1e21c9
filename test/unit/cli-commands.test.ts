import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '../../src/index.ts';
import { run } from '../fixtures/cli/run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']]])('equilibra %j lists the commands', async (argv) => {
    const { code, out, error } = await run(argv);
    expect(out).toMatch(/^Usage: equilibra <command>/);
    for (const name of ['train', 'predict', 'solve', 'gallery', 'doctor'])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(error).toBe('');
    expect(code).toBe(0);
  });

  test.each([
    [
      'train',
      ['data', 'target', 'held-out', 'missing', 'width', 'margin', 'epochs', 'batch', 'rate', 'seed', 'report'],
    ],
    ['train', ['optimiser', 'schedule', 'warm-up', 'theorem3', 'early-stopping', 'checkpoint', 'resume']],
    ['predict', ['target', 'labels', 'probabilities', 'output', 'batch', 'backend']],
    ['solve', ['backend', 'solver', 'linear-solver', 'tolerance', 'limit']],
    ['gallery', ['output', 'backend']],
    ['doctor', ['json']],
  ])('equilibra %s --help explains its options', async (command, names) => {
    const { code, out, error } = await run([command, '--help']);
    expect(out).toMatch(new RegExp(`^Usage: equilibra ${command} `));
    for (const name of [...names, 'help']) expect(out).toMatch(new RegExp(`^ {2}--${name} `, 'm'));
    expect(error).toBe('');
    expect(code).toBe(0);
  });

  test('--version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: `${version}\n`, error: '' });
  });
});

describe('the bundled program', () => {
  let folder: string;
  let program: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'equilibra-cli-'));
    program = join(folder, 'dist/cli/main.js');
    copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
    await build({
      absWorkingDir: root,
      entryPoints: ['src/cli/main.ts'],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      loader: { '.wgsl': 'text', '.csv': 'text' },
      external: ['webgpu', 'gpu.js', 'node:*'],
      outbase: 'src',
      outdir: join(folder, 'dist'),
      chunkNames: 'chunks/[name]-[hash]',
    });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  interface Ended {
    readonly code: number | null;
    readonly out: string;
    readonly error: string;
  }

  const start = (argv: string[], input = ''): { child: ChildProcess; ended: Promise<Ended> } => {
    let settle: (ended: Ended) => void;
    const ended = new Promise<Ended>((resolve) => {
      settle = resolve;
    });
    const child = execFile(process.execPath, [program, ...argv], (_error, out, error) => {
      settle({ code: child.exitCode, out, error });
    });
    child.stdin?.end(input);
    return { child, ended };
  };

  test('runs, and knows its version', async () => {
    expect(await start(['--version']).ended).toEqual({ code: 0, out: `${version}\n`, error: '' });
    expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('solves a problem from standard input', async () => {
    const problem = { kind: 'monotone', activation: 'tanh', W: [[0.5]], b: [0.25], v: [1] };
    const { code, out, error } = await start(['solve', '-'], JSON.stringify(problem)).ended;
    expect(error).toBe('');
    expect(code).toBe(0);
    const { z, grad_b } = JSON.parse(out);
    expect(Math.abs(z[0][0] - Math.tanh(0.5 * z[0][0] + 0.25))).toBeLessThan(1e-15);
    // dz/db = s/(1 − s/2) with s = 1 − z²
    const slope = 1 - z[0][0] ** 2;
    expect(Math.abs(grad_b[0][0] - slope / (1 - slope / 2))).toBeLessThan(1e-14);
  });

  test('without a GPU, requesting webgpu by name is bad input: one line, nothing solved', async () => {
    // The bundle is in a folder without the package webgpu.
    const problem = { kind: 'monotone', activation: 'tanh', W: [[0.5]], b: [0.25] };
    for (const argv of [
      ['solve', '-', '--backend', 'webgpu'],
      ['train', '--backend', 'webgpu', '--epochs', '1'],
    ]) {
      const { code, out, error } = await start(argv, JSON.stringify(problem)).ended;
      expect([code, out]).toEqual([2, '']);
      expect(error).toMatch(/^equilibra: --backend webgpu: the package webgpu .* is not installed; .*doctor.*\n$/);
    }
  });

  test('writes large answers to a pipe whole', async () => {
    const n = 60;
    const W = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Math.sin(i + 2 * j) / n));
    const b = Array.from({ length: 20 }, (_, i) => W[i]);
    const file = join(folder, 'problem.json');
    writeFileSync(file, JSON.stringify({ kind: 'monotone', activation: 'relu', W, b, v: b }));
    const { code, out } = await start(['solve', file]).ended;
    expect(code).toBe(0);
    expect(JSON.parse(out).grad_W).toHaveLength(n);
  });

  test('refuses bad input in one line', async () => {
    const { code, out, error } = await start(['solve', '-'], '{"kind": "monotone"').ended;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/^equilibra: standard input: it is not JSON: [^\n]+\n$/);
  });

  test('tolerates a reader that closes the pipe', async () => {
    const child = spawn(process.execPath, [program, 'solve', join(folder, 'problem.json')]);
    child.stdout.destroy();
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(error).toBe('');
  });

  test('Ctrl-C ends training with exit code 130', async () => {
    const { child, ended } = start(['train', '--backend', 'cpu', '--width', '8', '--epochs', '10000']);
    child.stdout?.once('data', () => setTimeout(() => child.kill('SIGINT'), 300));
    const { code, out, error } = await ended;
    expect(code).toBe(130);
    expect(error).toBe('interrupted\n');
    expect(out).toMatch(/^data /);
    // No control characters of the line that a terminal redraws.
    expect(out).not.toContain('\r');
  });

  test('a run that Ctrl-C stopped resumes from its checkpoint', async () => {
    const checkpoint = join(folder, 'run');
    const begin = ['train', '--backend', 'cpu', '--width', '8', '--epochs', '10000', '--checkpoint', checkpoint];
    const { child, ended } = start(begin);
    child.stdout?.on('data', (text) => {
      if (String(text).includes('epoch ')) child.kill('SIGINT');
    });
    const { code, error } = await ended;
    expect(code).toBe(130);
    expect(error).toBe(`interrupted\ngo on with: equilibra train --resume ${checkpoint}\n`);
    const last = (loadCheckpoint(readFileSync(checkpoint)).training?.epoch ?? 0) + 1;
    const { out, ...rest } = await start(['train', '--resume', checkpoint, '--epochs', String(last)]).ended;
    expect(rest).toEqual({ code: 0, error: '' });
    expect(out.match(/^epoch .*/gm)).toEqual([expect.stringContaining(`epoch ${last}/${last} `)]);
  });

  test('doctor runs in the bundle too', async () => {
    const { code, out } = await start(['doctor', '--json']).ended;
    expect(code).toBe(0);
    // No package is installed beside this copy.
    expect(JSON.parse(out).backends.webgpu).toMatchObject({
      available: false,
      problem: 'the package webgpu (Dawn) is not installed',
    });
  });
});
