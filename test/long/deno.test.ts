/**
 * The kernels in Deno, whose WebGPU is wgpu outside of a browser: the suites with variants that the adapters of the
 * other long suites do not compile.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleForPage } from '../browser/harness.ts';
import { webgpuSuites } from '../parity/cases/webgpu.ts';
import { find } from './programs.ts';

const suites = webgpuSuites.filter(({ name }) => name !== 'variants in registers'); // for software adapters
const TIMEOUT = 600_000;
const folder = mkdtempSync(join(tmpdir(), 'equilibra-deno-'));
const outcomes = new Map<string, string>();
let ending = '';

beforeAll(async () => {
  const script = join(folder, 'kernels.js');
  writeFileSync(script, await bundleForPage(fileURLToPath(new URL('./deno-main.ts', import.meta.url))));
  const deno = spawn(find('deno'), [
    'run',
    '--no-prompt',
    '--unstable-webgpu',
    script,
    ...suites.map(({ name }) => name),
  ]);
  let [output, errors] = ['', ''];
  deno.stdout.on('data', (data) => {
    output += data;
  });
  deno.stderr.on('data', (data) => {
    errors += data;
  });
  const code = await new Promise((resolve, reject) => deno.on('error', reject).on('close', resolve));
  ending = code === 0 ? '' : `Deno ended with ${code}: ${errors}`;
  for (const line of output.split('\n')) {
    if (!line.startsWith('[')) continue;
    const [suite, name, failure] = JSON.parse(line) as [string, string, string];
    outcomes.set(`${suite}: ${name}`, failure);
  }
}, TIMEOUT);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(suites)('WebGPU of Deno, $name', ({ name: suite, cases }) => {
  test.each(cases.map(({ name }) => name))('%s', (name) => {
    expect(outcomes.get(`${suite}: ${name}`) ?? `did not run. ${ending}`).toBe('');
  });
});

test('Deno ended normally', () => {
  expect(ending).toBe('');
});
