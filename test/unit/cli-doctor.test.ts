import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adviseOnWebGPU, chooseBackend, type Diagnosis } from '../../src/cli/diagnosis.ts';
import { formatDiagnosis } from '../../src/cli/doctor.ts';
import { LIMITS, probeWebGPU } from '../../src/cli/probe.ts';
import { findVulkan } from '../../src/cli/vulkan.ts';
import { run } from '../fixtures/cli/run.ts';

const hardware = { vendor: 'acme', architecture: 'one', description: 'Acme One', software: false };
const software = { ...hardware, description: 'SwiftShader', software: true };
const browser = {
  path: '/opt/browser/chrome',
  version: 'Chromium 1.0',
  source: 'system',
  swiftshaderIcd: '/opt/browser/vk_swiftshader_icd.json',
};

describe('equilibra doctor', () => {
  test('reports what works on this computer', async () => {
    const { code, out, error } = await run(['doctor'], { environment: process.env });
    expect(error).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/^equilibra \d+\.\d+\.\d+\n✓ Node \d+/);
    expect(out).toContain('✓ cpu');
    expect(out).toMatch(/[✓✗] webgpu/);
    expect(out).toContain('✓ wasm');
    expect(out).toMatch(/open\(\) chooses (webgpu|wasm): /);
  });

  test('reports the same as JSON', async () => {
    const { code, out } = await run(['doctor', '--json'], { environment: process.env });
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found.node).toMatchObject({ version: process.versions.node, platform: process.platform, supported: true });
    expect(found.backends.cpu.available).toBe(true);
    expect(found.backends.wasm).toEqual({ available: true });
    expect(found.backends.webgpu.package).toMatch(/webgpu/);
    // The configuration of the tests provides a driver.
    expect(found.backends.webgpu.available).toBe(true);
    expect(found.choice.backend).toBe(found.backends.webgpu.adapter.software ? 'wasm' : 'webgpu');
    expect(found.browsers[0].version).toMatch(/\d+\.\d+/);
    expect(found.advice).toBeInstanceOf(Array);
  });

  test('reports a wrong CHROME_PATH and continues', async () => {
    const { code, out } = await run(['doctor'], { environment: { ...process.env, CHROME_PATH: '/absent' } });
    expect(code).toBe(0);
    expect(out).toContain('✗ CHROME_PATH is /absent');
  });
});

describe('the probe', () => {
  test('asks for the adapter in another process', async () => {
    const probe = await probeWebGPU();
    expect(probe.problem).toBeUndefined();
    expect(probe.adapter?.description).toBeTruthy();
    for (const name of LIMITS) expect(probe.limits?.[name]).toBeGreaterThan(0);
  });

  test('gives up in time', async () => {
    const probe = await probeWebGPU(1);
    expect(probe).toMatchObject({ problem: 'asking for an adapter took more than 0.001 s' });
    expect(probe.adapter).toBeUndefined();
  });

  test('finds the loader and the drivers that were chosen', () => {
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-vulkan-'));
    try {
      const loader = join(folder, 'libvulkan.so.1');
      const driver = join(folder, 'driver.json');
      for (const file of [loader, driver]) {
        writeFileSync(file, '');
        chmodSync(file, 0o755);
      }
      const environment = { LD_LIBRARY_PATH: `/absent:${folder}`, VK_ICD_FILENAMES: `${driver}:/absent.json` };
      expect(findVulkan(environment)).toEqual({ loader, drivers: [driver] });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('conclusions', () => {
  test('the choice is that of open()', async () => {
    expect(await chooseBackend({ adapter: hardware })).toEqual({
      backend: 'webgpu',
      reason: 'there is a hardware adapter',
    });
    expect(await chooseBackend({ adapter: software })).toMatchObject({ backend: 'wasm' });
    expect(await chooseBackend({ problem: 'there is no adapter' })).toEqual({
      backend: 'wasm',
      reason: 'webgpu is not available',
    });
  });

  test('there is no advice where everything works', () => {
    expect(adviseOnWebGPU({ package: 'p', adapter: hardware }, { drivers: [] }, [])).toEqual([]);
  });

  test('each missing thing is named, with what to do', () => {
    const advice = adviseOnWebGPU({ problem: 'x' }, { drivers: [] }, [browser]).join('\n');
    expect(advice).toContain('npm install webgpu');
    expect(advice).toContain('install libvulkan1');
    expect(advice).toContain('VK_ICD_FILENAMES=/opt/browser/vk_swiftshader_icd.json LD_LIBRARY_PATH=/opt/browser ');
  });

  test('the loader of the system is used where there is one', () => {
    const advice = adviseOnWebGPU({ package: 'p', problem: 'x' }, { loader: 'l', drivers: [] }, [browser]).join('\n');
    expect(advice).not.toContain('libvulkan1');
    expect(advice).not.toContain('LD_LIBRARY_PATH');
  });

  test('the text of a computer without anything says so', () => {
    const bare: Diagnosis & { equilibra: string } = {
      equilibra: '1.2.3',
      node: { version: '18.0.0', platform: 'linux', architecture: 'x64', supported: false },
      backends: {
        cpu: { available: true },
        wasm: { available: false, problem: 'no SIMD' },
        gpujs: { available: false, problem: 'not installed' },
        webgpu: { available: false, problem: 'nothing there' },
      },
      choice: { backend: 'cpu', reason: 'webgpu is not available; of gpujs, cpu only cpu works here' },
      browsers: [],
      advice: ['install Node 20 or newer'],
    };
    expect(formatDiagnosis(bare)).toMatchInlineSnapshot(`
      "equilibra 1.2.3
      ✗ Node 18.0.0 on linux, x64

      Backends
      ✓ cpu     float64, always there
      ✗ wasm    no SIMD
      ✗ gpujs   not installed
      ✗ webgpu  nothing there
          package webgpu: not installed
        open() chooses cpu: webgpu is not available; of gpujs, cpu only cpu works here

      Browsers
      ✗ none was found

      What to do
        install Node 20 or newer
      "
    `);
  });
});
