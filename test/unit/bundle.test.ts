import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** An entry point with everything that it loads at once: the size in bytes, and its external imports. */
interface Eager {
  bytes: number;
  externals: string[];
  sources: string[];
}

let outputs: Metafile['outputs'];

beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts', 'src/data/index.ts'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['webgpu', 'gpu.js', 'node:*'],
    outbase: 'src',
    outdir: 'dist',
    metafile: true,
    write: false,
  });
  outputs = metafile.outputs;
});

/** Follows static imports only; modules named in `import()` are fetched later, if ever. */
function eager(entry: string): Eager {
  const seen = new Set<string>();
  const result: Eager = { bytes: 0, externals: [], sources: [] };
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    result.bytes += outputs[path].bytes;
    result.sources.push(...Object.keys(outputs[path].inputs));
    for (const each of outputs[path].imports) {
      if (each.kind === 'dynamic-import') continue;
      if (each.external) result.externals.push(each.path);
      else visit(each.path);
    }
  };
  visit(entry);
  return result;
}

describe('what a page loads', () => {
  test.each(['dist/index.js', 'dist/data/index.js'])('%s needs no built-in of Node and no package', (entry) => {
    expect(eager(entry).externals).toEqual([]);
  });

  test('no file names a built-in of Node or a package, since bundlers look for what is named', () => {
    const named = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  test('a backend is fetched when it is opened', () => {
    // What takes buffers of others on WebGPU acts at once. It is small, and bundlers leave it out where it is not used.
    const others = /backends\/webgpu\/(device|device-storage|foreign-buffers)\.ts$/;
    const own = eager('dist/index.js').sources.filter((source) => !others.test(source));
    expect(own.filter((source) => /backends\/\w+\/|^kernels\//.test(source))).toEqual([]);
    const variants = ['', '-shared', '-fused', '-fused-shared'];
    for (const build of ['kernels', 'second', 'program', 'cones', 'conic', 'spectra'].flatMap((module) =>
      variants.map((variant) => `${module}${variant}`),
    )) {
      const source = `src/backends/wasm/${build}.generated.ts`;
      const files = Object.values(outputs).filter(({ inputs }) => Object.keys(inputs).includes(source));
      expect(files.map(({ inputs }) => Object.keys(inputs))).toEqual([[source]]);
    }
  });

  test('a kernel that training does not need is fetched when a Program first contains it', () => {
    for (const shader of ['proximal-gradient', 'splitting', 'batched-product', 'cholesky', 'triangular-solve'].map(
      (name) => `shaders/${name}.wgsl`,
    )) {
      const files = Object.values(outputs).filter(({ inputs }) => Object.keys(inputs).includes(shader));
      expect(files.map(({ inputs }) => Object.keys(inputs))).toEqual([[shader]]);
    }
  });

  test('cones: the shaders are one chunk, and the lowering of late kernels another', () => {
    const filesWith = (source: string): string[][] =>
      Object.values(outputs)
        .map(({ inputs }) => Object.keys(inputs))
        .filter((inputs) => inputs.includes(source));
    const [shaders, ...copies] = filesWith('shaders/cones.wgsl');
    expect(copies).toEqual([]);
    expect(shaders.every((source) => /^shaders\/.*cone|cone-sources\.ts$/.test(source))).toBe(true);
    expect(shaders).toContain('shaders/cones-workgroup.wgsl');
    for (const source of ['src/backends/webgpu/lower-cones.ts', 'src/backends/webgpu/lower-batched.ts']) {
      const [lowering, ...more] = filesWith(source);
      expect(more).toEqual([]);
      expect(lowering).toContain('src/backends/webgpu/lower-late.ts');
      expect(lowering).not.toContain('src/backends/webgpu/lower.ts');
    }
  });

  test('the data sets are files of their own', () => {
    // Not minified; includes the readers of tables, of images as IDX and of CIFAR, of graphs, of arrays of NumPy, and their checks.
    expect(eager('dist/data/index.js').bytes).toBeLessThan(185_000);
    const tables = Object.entries(outputs).filter(([, { inputs }]) =>
      Object.keys(inputs).some((input) => input.endsWith('.csv')),
    );
    expect(tables.length).toBeGreaterThan(0);
    for (const [path, { inputs }] of tables) {
      expect(path).not.toMatch(/index[.]js$/);
      expect(outputs[path].bytes).toBeLessThan(244 * 1024); // webpack warns of more
      expect(Object.keys(inputs)).toHaveLength(1);
    }
  });
});
