// Node 20 does not read TypeScript: the runner bundles what it needs of it.
import { join } from 'node:path';
import { root } from './tally.mjs';

/** Imports a TypeScript file, its path relative to the root; it and what it imports may import of packages only Node's own. */
export async function load(path) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(root, path)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}
