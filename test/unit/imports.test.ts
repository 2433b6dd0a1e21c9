import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { afterEach, describe, expect, test } from 'vitest';

const rules = createRequire(import.meta.url)('../dependency-cruiser.cjs') as IFlattenedRuleSet;
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The names of the rules that a project of these files violates. */
async function findViolations(files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'equilibra-imports-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { output } = await cruise(['.'], {
    ruleSet: { forbidden: rules.forbidden },
    validate: true,
    baseDir: folder,
    tsPreCompilationDeps: true,
  });
  return (output as ICruiseResult).summary.violations.map((violation) => violation.rule.name).sort();
}

describe('the rules on imports', () => {
  test('correct imports break no rule', async () => {
    const files = {
      'src/index.ts': "export { a } from './tensor/a.ts';",
      'src/tensor/a.ts': "export { b as a } from '../backends/cpu/b.ts';",
      'src/backends/cpu/b.ts': "import type { C } from '../c.ts';\nexport const b: C = 1;",
      'src/backends/c.ts': 'export type C = number;',
      'src/backends/webgpu/d.ts': "export { default as d } from '../../../shaders/d.wgsl';",
      'shaders/d.wgsl': '',
    };
    expect(await findViolations(files)).toEqual([]);
  });

  test.each([
    ['data to train', 'src/data/a.ts', 'src/train/b.ts', 'data-imports-downwards'],
    ['tensor to the public face', 'src/tensor/a.ts', 'src/index.ts', 'tensor-imports-downwards'],
    ['the public face to cli', 'src/index.ts', 'src/cli/b.ts', 'public-face-imports-downwards'],
    ['solvers to autodiff', 'src/solvers/a.ts', 'src/autodiff/b.ts', 'solvers-imports-downwards'],
    ['cli to bench', 'src/cli/a.ts', 'bench/b.ts', 'cli-imports-downwards'],
    ['bench to demo', 'bench/a.ts', 'demo/b.ts', 'bench-imports-downwards'],
    ['demo to bench', 'demo/a.ts', 'bench/b.ts', 'demo-imports-downwards'],
    ['cpu to webgpu', 'src/backends/cpu/a.ts', 'src/backends/webgpu/b.ts', 'webgpu-is-private'],
    ['webgpu to cpu', 'src/backends/webgpu/a.ts', 'src/backends/cpu/b.ts', 'oracle-stands-alone'],
    ['wasm to webgpu', 'src/backends/wasm/a.ts', 'src/backends/webgpu/b.ts', 'webgpu-is-private'],
    ['train to a test', 'src/train/a.ts', 'test/b.ts', 'product-knows-no-tests'],
    ['train to a file without a room', 'src/train/a.ts', 'src/helpers/b.ts', 'no-file-without-a-room'],
    ['a file without a room to train', 'src/helpers/a.ts', 'src/train/b.ts', 'every-file-has-a-room'],
  ])('%s is caught', async (_, from, to, rule) => {
    const path = `${'../'.repeat(from.split('/').length - 1)}${to}`;
    const specifier = path.startsWith('.') ? path : `./${path}`;
    const value = { [from]: `export { b } from '${specifier}';`, [to]: 'export const b = 1;' };
    expect(await findViolations(value)).toContain(rule);
    // A type is an import too: it ties the rooms together as a value does.
    const type = { [from]: `export type { B } from '${specifier}';`, [to]: 'export type B = 1;' };
    expect(await findViolations(type)).toContain(rule);
  });

  test('a shader read outside the WebGPU backend is caught', async () => {
    const files = {
      'src/program/a.ts': "export { default } from '../../shaders/a.wgsl';",
      'shaders/a.wgsl': '',
    };
    expect(await findViolations(files)).toEqual(['shaders-only-by-webgpu']);
  });

  test('a kernel read outside the gpu.js backend is caught', async () => {
    const files = {
      'src/backends/cpu/a.ts': "import text from '../../../kernels/a.js' with { type: 'text' };\nexport default text;",
      'kernels/a.js': 'function a() {}',
    };
    expect(await findViolations(files)).toEqual(['kernels-only-by-gpujs']);
  });

  test('a circle is caught', async () => {
    const files = {
      'src/tensor/a.ts': "export { b } from './b.ts';",
      'src/tensor/b.ts': "export { a as b } from './a.ts';",
    };
    expect(await findViolations(files)).toContain('no-circles');
  });

  test('a circle through types only is allowed', async () => {
    const files = {
      'src/tensor/a.ts': "export { b } from './b.ts';\nexport type A = 1;",
      'src/tensor/b.ts': "import type { A } from './a.ts';\nexport const b: A = 1;",
    };
    expect(await findViolations(files)).toEqual([]);
  });

  test('an import of a missing file is caught, an optional package is not', async () => {
    expect(await findViolations({ 'src/tensor/a.ts': "export { b } from './missing.ts';" })).toEqual([
      'every-import-resolves',
    ]);
    expect(await findViolations({ 'src/tensor/a.ts': "export const a = () => import('gpu.js');" })).toEqual([]);
  });
});
