// Builds the web app into demo/dist and serves it on localhost: `node demo/run.mjs [--port 8080] [--build-only]`.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = fileURLToPath(new URL('../dist/demo/main.js', import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL('./build/main.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
  outfile,
});
await import(pathToFileURL(outfile).href);
