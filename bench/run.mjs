// Bundles bench/NAME.ts and runs it with the remaining arguments: `node bench/run.mjs NAME …`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import buildKernels from '../src/backends/wasm/build.mjs';

await buildKernels();
const [name, ...parameters] = process.argv.slice(2);
const outfile = fileURLToPath(new URL(`../dist/bench/${name}.js`, import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  loader: { '.wgsl': 'text', '.csv': 'text' },
  logLevel: 'warning',
  outfile,
});
process.exitCode = spawnSync(process.execPath, [outfile, ...parameters], { stdio: 'inherit' }).status ?? 1;
