// Bundles the library, its data and the command line into dist/, with source maps. `npm run bundle` runs this file.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import buildKernels from './src/backends/wasm/build.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const LINK = /\/\/# sourceMappingURL=.*\n/;

await buildKernels();
const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/index.ts', 'src/data/index.ts', 'src/cli/main.ts'],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  charset: 'utf8',
  loader: { '.wgsl': 'text', '.csv': 'text' },
  external: ['webgpu', 'gpu.js', 'node:*'],
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: 'linked',
  metafile: true,
  write: false,
  logLevel: 'warning',
});
for (const { path, contents, text } of outputFiles) {
  const name = relative(root, path).replaceAll('\\', '/');
  const isMapped = holdsCode(name.replace(/\.map$/, ''));
  if (!isMapped && name.endsWith('.map')) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, isMapped ? contents : text.replace(LINK, ''));
}

/** Whether there is code in the output: a map of nothing but a table, a shader or compiled kernels would only repeat it. */
function holdsCode(name) {
  return Object.keys(metafile.outputs[name].inputs).some((input) => /(?<!\.generated)\.ts$/.test(input));
}
