/** bench/gpu.sh: the report that it writes of its steps' results, and the small runner of its parity tests. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AdapterPart, LayerResult, ProductResult, TorchLine } from '../../bench/gpu/parts.ts';
import { peakOf } from '../../bench/gpu/peaks.ts';
import { nameOf, type Parts, reportOf, resultsOf } from '../../bench/gpu/results.ts';

const card = { vendor: 'nvidia', architecture: 'hopper', description: 'NVIDIA H200', software: false };
const swiftshader = {
  vendor: 'google',
  architecture: 'swiftshader',
  description: 'SwiftShader driver 5.0.0',
  software: true,
};
const adapter: AdapterPart = { adapter: card, limits: {}, small: false, driver: 'NVIDIA H200, 580.1' };
const timing = { median: 2, minimum: 1, maximum: 3, all: [1, 2, 3], units: 1, cut: false, foreign: 1, repeated: 0 };
const size = { batch: 128, width: 87 };
const iterations = { forward: 9, backward: 10 };
const layers: LayerResult[] = [
  { case: 'relu', ...size, timing },
  { case: 'solve', ...size, timing, iterations },
  { case: 'solve', batch: 256, width: 512, error: 'the device was lost' },
];
const line = { kind: 'layer' as const, ...size, case: 'solve' as const };
const lines: TorchLine[] = [
  { kind: 'about', text: 'PyTorch 2.11.0' },
  { kind: 'product', size: 4096, milliseconds: 2.5, gigaflops: 50_000 },
  { ...line, mode: 'eager', all: [7, 9, 8], difference: 1e-6 },
  { ...line, mode: 'graph', all: [1, 1, 1], difference: 0.5 },
  { ...line, mode: 'graph-linalg', error: 'operation not permitted when stream is capturing' },
];
const product: ProductResult = {
  form: 'wide tiles',
  transposeB: true,
  size: 4096,
  milliseconds: 4.1,
  gigaflops: 33_500,
};
const parts: Parts = {
  adapter,
  steps: [
    { step: 'parity', code: 1, seconds: 9 },
    { step: 'layers', code: 124, seconds: 110 },
  ],
  parity: [
    { title: 'webgpu > product', seconds: 1 },
    { title: 'webgpu > reduce', seconds: 1, error: 'output 0[3] is 1' },
  ],
  products: [product, { form: 'registers', transposeB: false, size: 4096, error: 'no memory' }],
  layers: { load: { share: 0.1, milliseconds: 250, tries: 3, watched: true }, results: layers },
  pytorch: { lines },
};
const run = {
  date: '2030-01-02T03:04:05Z',
  equilibra: '1.0.0',
  node: '24.0.0',
  processor: { name: 'Acme', cores: 16 },
};
const cellsOf = (text: string, row: RegExp): string[] =>
  (text.split('\n').find((each) => row.test(each)) ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('the peak of float32', () => {
  test.each([
    ['NVIDIA H200 NVIDIA H200, 580.1', 67],
    ['NVIDIA H100 PCIe', 51],
    ['NVIDIA H100 80GB HBM3', 67],
    ['NVIDIA A100-SXM4-80GB', 19.5],
    ['NVIDIA L40S', 91.6],
    ['NVIDIA L4', 30.3],
    ['NVIDIA GeForce RTX 4090', 82.6],
  ])('of %s is %d TFLOP/s', (name, teraflops) => {
    expect(peakOf(name)?.teraflops).toBe(teraflops);
  });

  test('is unknown for other cards, and can be given', () => {
    expect(peakOf('Intel Arc A770')).toBeUndefined();
    expect(peakOf('NVIDIA A1000')).toBeUndefined();
    expect(peakOf('Intel Arc A770', 17.2)).toEqual({ teraflops: 17.2, source: 'given with --peak' });
    expect(peakOf('NVIDIA H200', 60)?.teraflops).toBe(60);
  });
});

describe('results of a GPU', () => {
  const results = resultsOf(parts, peakOf('NVIDIA H200'), run);
  const report = reportOf(results);

  test('are named after it', () => {
    expect(nameOf(results)).toBe('gpu-nvidia-h200');
    expect(report).toContain('# NVIDIA H200, 2030-01-02');
    expect(report).not.toContain('No figure here is one of a GPU');
  });

  test('count the parity tests and name those that failed', () => {
    expect(results.parity).toMatchObject({ passed: 1, complete: true, failed: [{ title: 'webgpu > reduce' }] });
    expect(report).toContain('1 tests passed, 1 failed.\n- webgpu > reduce: output 0[3] is 1');
    const cut = resultsOf({ ...parts, steps: [{ step: 'parity', code: 124, seconds: 210 }] }, undefined, run);
    expect(cut.parity.complete).toBe(false);
    expect(reportOf(cut)).toContain('1 failed; the time was up before the end.');
    expect(reportOf(resultsOf({ ...parts, steps: [], parity: [] }, undefined, run))).toContain('were not run.');
  });

  test('name the steps that failed', () => {
    expect(report).toContain('Not all ended well: parity (exit code 1), layers (exit code 124).');
  });

  test('state the peak, and the share of it', () => {
    expect(report).toContain('## Products, against 67 TFLOP/s');
    expect(cellsOf(report, /wide tiles/)).toEqual(['wide tiles, A·Bᵀ', '4096', '4.10', '33500', '50 %']);
    expect(cellsOf(report, /registers/)).toEqual(['registers, A·B', '4096', 'failed: no memory', '', '']);
    expect(cellsOf(report, /PyTorch, A·B/)).toEqual(['PyTorch, A·B', '4096', '2.50', '50000', '75 %']);
    expect(reportOf(resultsOf(parts, undefined, run))).toContain('## Products\n');
  });

  test('compare layers with PyTorch, whose wrong answers do not count', () => {
    const common = ['solve and gradient', '128 × 87', '2.00', '50 %', '1 of 3', '9 / 10'];
    expect(cellsOf(report, /solve.*128 × 87/)).toEqual([...common, '8.00 (4.00 ×)', 'differs by 5.0e-1', 'failed']);
    expect(cellsOf(report, /50 relu/).slice(-3)).toEqual(['', '', '']);
    expect(cellsOf(report, /256 × 512/)[2]).toBe('failed: the device was lost');
  });

  test('say why PyTorch is missing', () => {
    const without = resultsOf(
      { ...parts, pytorch: { skipped: 'PyTorch 1.13 finds no CUDA here', lines: [] } },
      undefined,
      run,
    );
    expect(reportOf(without)).toContain('not compared: PyTorch 1.13 finds no CUDA here.');
    expect(reportOf(resultsOf({ ...parts, pytorch: undefined }, undefined, run))).toContain('the step left nothing');
  });
});

test('results of a software adapter are not called those of a GPU, and have no share of a peak', () => {
  const software = { ...parts, adapter: { adapter: swiftshader, limits: {}, small: true } };
  const results = resultsOf(software, { teraflops: 1, source: 'given with --peak' }, run);
  expect(nameOf(results)).toBe('software-swiftshader-driver-5-0-0');
  expect(results.software).toBe(true);
  expect(results.peak).toBeUndefined();
  expect(results.products[0].shareOfPeak).toBeUndefined();
  expect(reportOf(results)).toContain('No figure here is one of a GPU');
  expect(reportOf(results)).toContain('# SwiftShader driver 5.0.0 (software)');
});

describe('bench/gpu.sh', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const gpu = (...options: string[]) =>
    spawnSync('bash', ['bench/gpu.sh', ...options], { cwd: root, encoding: 'utf8' });

  test('is a script that the shell understands', () => {
    expect(spawnSync('bash', ['-n', 'bench/gpu.sh'], { cwd: root }).status).toBe(0);
  });

  test.each([
    [['--fast'], '--fast: it must be --output, --peak, --small, --software or --only'],
    [['--peak'], '--peak: a number must follow'],
    [['--peak', 'much'], '--peak: it is much; it must be a number'],
    [['--only', 'all'], '--only: it is all; it must be one of parity, products'],
  ])('%j is refused', (options, message) => {
    const { status, stderr } = gpu(...options);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
