import { build } from 'esbuild';

/** Bundles measurements.ts, once for every environment; returns the file. The package's folder is the working one. */
export async function bundleMeasurements(): Promise<string> {
  const outfile = 'dist/bench/measurements.js';
  await build({
    entryPoints: ['bench/measurements.ts'],
    bundle: true,
    platform: 'neutral',
    format: 'esm',
    target: 'es2022',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['webgpu', 'gpu.js', 'node:*'],
    logLevel: 'warning',
    outfile,
  });
  return outfile;
}
