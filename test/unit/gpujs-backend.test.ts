import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import type { LibraryLoader } from '../../src/backends/gpujs/options.ts';
import { open } from '../../src/index.ts';
import { createSingleCall, runOn } from '../parity/cases/parity.ts';

const load: LibraryLoader = () => import('gpu.js/dist/gpu-browser.js');
let backend: Backend | undefined;
afterEach(() => backend?.close());

const copy = (size: number) =>
  createSingleCall(
    'copy',
    {
      kernel: 'elementwise',
      operation: 'copy',
      shape: [1, 1, 1, size],
      layouts: [{ offset: 0, strides: [0, 0, 0, 1] }],
      parameters: [],
    },
    [size],
    size,
  );

describe('opening', () => {
  test('by name, with its mode', async () => {
    const engine = await open({ backend: 'gpujs', gpujs: { mode: 'webassembly' } });
    expect(engine.backend).toBe('gpujs');
    expect(engine.reason).toBe('it was asked for');
    expect(engine.adapter).toMatchObject({ architecture: 'float32', software: true });
    engine.close();
  });

  test('an unknown mode is refused', async () => {
    await expect(openGPUJS({ mode: 'vulkan' as never })).rejects.toThrow(
      'open: gpujs.mode is "vulkan"; it must be one of webgl2, webassembly',
    );
  });

  test('without WebGL2 its mode is refused with the reason', async () => {
    await expect(openGPUJS({ mode: 'webgl2' })).rejects.toThrow('there is no WebGL2 here; choose mode "webassembly"');
  });

  test('the loaded module must be gpu.js', async () => {
    await expect(openGPUJS({ load: async () => ({ default: {} }) })).rejects.toThrow('is not gpu.js');
  });

  test.each<[string, (library: unknown) => unknown]>([
    ['the class itself', (library) => library],
    ['its default export', (library) => ({ default: library })],
    ['a named export', (library) => ({ GPU: library })],
    ['a module in a module', (library) => ({ default: { default: { GPU: library } } })],
  ])('%s is found in the loaded module', async (_, wrapped) => {
    const { default: library } = (await load()) as { default: unknown };
    backend = await openGPUJS({ mode: 'webassembly', load: async () => wrapped(library) });
    expect((await runOn(backend, copy(3), [Float32Array.of(1, 2, 3)]))[0]).toEqual(Float64Array.of(1, 2, 3));
  });
});

describe('storage', () => {
  test('is counted while it is held, constants apart', async () => {
    backend = await openGPUJS({ mode: 'webassembly' });
    expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0, programBuffers: 0 });
    const x = backend.upload([1, 2, 3]);
    const [y] = backend.run(copy(3), [x]);
    expect(backend.memory()).toMatchObject({ buffers: 2, bytes: 24 });
    backend.release(x);
    backend.release(x);
    expect(backend.memory()).toMatchObject({ buffers: 1, bytes: 12 });
    expect(await backend.download(y)).toEqual(Float32Array.of(1, 2, 3));
    backend.release(y);
    expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0 });
    await expect(backend.download(y)).rejects.toThrow('it was released');
  });

  test('that is overwritten does not change results computed from it', async () => {
    backend = await openGPUJS({ mode: 'webassembly' });
    const x = backend.upload([1, 2]);
    const [y] = backend.run(copy(2), [x]);
    const earlier = backend.download(x);
    backend.write(x, [3, 4]);
    expect(await backend.download(x)).toEqual(Float32Array.of(3, 4));
    expect(await backend.download(y)).toEqual(Float32Array.of(1, 2));
    expect(await earlier).toEqual(Float32Array.of(1, 2));
    expect(() => backend?.write(x, [1])).toThrow('it holds 1 numbers; it must hold 2');
  });

  test('of more numbers than gpu.js can count is refused', async () => {
    backend = await openGPUJS({ mode: 'webassembly' });
    expect(() => backend?.upload({ length: 2 ** 24 + 1 })).toThrow(
      'a tensor of 16777217 numbers is too large for gpu.js',
    );
  });

  test('of no numbers exists', async () => {
    backend = await openGPUJS({ mode: 'webassembly' });
    expect((await runOn(backend, copy(0), [new Float32Array(0)]))[0]).toHaveLength(0);
  });

  test('is unusable once the engine is closed', async () => {
    const closed = await openGPUJS({ mode: 'webassembly' });
    const x = closed.upload([1]);
    closed.close();
    closed.close();
    expect(closed.memory()).toMatchObject({ buffers: 0, bytes: 0 });
    expect(() => closed.upload([1])).toThrow('the engine is closed');
    await expect(closed.download(x)).rejects.toThrow('the engine is closed');
    closed.release(x);
  });
});

test('all WebAssembly modules share one memory, however many there are', async () => {
  const { Memory } = WebAssembly;
  let made = 0;
  WebAssembly.Memory = class extends Memory {
    constructor(wanted: WebAssembly.MemoryDescriptor) {
      super(wanted);
      // gpu.js creates a shared memory to find out whether there are threads.
      if (!wanted.shared) made += 1;
    }
  };
  try {
    backend = await openGPUJS({ mode: 'webassembly' });
    for (let size = 1; size <= 70; size++) {
      const values = Float32Array.from({ length: size }, (_, index) => index - size);
      expect((await runOn(backend, copy(size), [values]))[0]).toEqual(Float64Array.from(values));
    }
    // Larger than the shared memory.
    const large = Float32Array.from({ length: 9 * 2 ** 20 }, (_, index) => index % 1000);
    const [found] = await runOn(backend, copy(large.length), [large]);
    expect(found.every((value, index) => value === large[index])).toBe(true);
  } finally {
    WebAssembly.Memory = Memory;
  }
  expect(made).toBe(2);
});

/** Parity cases that call shared functions of every file of kernels/shared, bundled as for a page. */
const ENTRY = `
  import { openCPU } from './src/backends/cpu/index.ts';
  import { openGPUJS } from './src/backends/gpujs/index.ts';
  import { elementwiseCases } from './test/parity/cases/elementwise.ts';
  import { reduceCases } from './test/parity/cases/reduce.ts';
  import { rowsCases } from './test/parity/cases/rows.ts';
  import { smallCases } from './test/parity/cases/small.ts';

  export async function check(load) {
    const candidate = await openGPUJS({ mode: 'webassembly', load });
    const cases = [...elementwiseCases, ...reduceCases, ...rowsCases, ...smallCases].filter(({ name }) => !name.includes(':'));
    for (const { run } of cases) await run(openCPU(), candidate);
    candidate.close();
    return cases.length;
  }
`;

test.each([
  ['minified', {}],
  ['minified, with names kept', { keepNames: true }],
])('the kernels survive a bundler: %s', async (_, options) => {
  const folder = mkdtempSync(join(tmpdir(), 'equilibra-bundle-'));
  try {
    const { outputFiles } = await build({
      stdin: { contents: ENTRY, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      minify: true,
      ...options,
      write: false,
    });
    const file = join(folder, 'bundle.mjs');
    writeFileSync(file, outputFiles[0].text);
    const { check } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      check(load: LibraryLoader): Promise<number>;
    };
    expect(await check(load)).toBeGreaterThan(50);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
