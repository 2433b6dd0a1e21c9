import { type BuildOptions, build } from 'esbuild';
import { missingPeers } from './peers/install.ts';

/** Two folders, each with a measurements.js in it. */
export interface Bundles {
  readonly chrome: string;
  readonly node: string;
}

/**
 * Bundles a file of this folder that measures, as measurements.js, for a page and for Node. Each peer is a chunk of its
 * own that is loaded when it is opened; a peer that is not installed is left out, and opening it fails. Expects the
 * package's folder as the working folder.
 */
export async function bundleMeasurements(name = 'measurements'): Promise<Bundles> {
  const common: BuildOptions = {
    entryPoints: [{ in: `bench/${name}.ts`, out: 'measurements' }],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    loader: { '.wgsl': 'text', '.csv': 'text', '.wasm': 'binary' },
    logLevel: 'warning',
    logOverride: { 'direct-eval': 'silent', 'commonjs-variable-in-esm': 'silent' }, // raised by code of the peers
  };
  const missing = missingPeers();
  const bundles = { chrome: `dist/bench/${name}/chrome`, node: `dist/bench/${name}/node` };
  await build({
    ...common,
    platform: 'browser',
    outdir: bundles.chrome,
    alias: { 'gpu.js': 'gpu.js/dist/gpu-browser.js' },
    external: ['webgpu', 'node:*', 'fs', 'path', 'worker_threads', 'perf_hooks', 'os', 'crypto', ...missing],
  });
  await build({
    ...common,
    platform: 'node',
    outdir: bundles.node,
    external: ['webgpu', 'gpu.js', ...missing],
  });
  return bundles;
}

/** Bundles one file of this folder for Node, with chunks for what it imports late. @returns the file that was written */
export async function bundleForNode(name: string): Promise<string> {
  const outdir = `dist/bench/${name}`;
  await build({
    entryPoints: [`bench/${name}.ts`],
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    packages: 'external',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    logLevel: 'warning',
    outdir,
  });
  return `${outdir}/${name}.js`;
}
