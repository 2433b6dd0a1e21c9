// Node 20 cannot read TypeScript, so the runner bundles the files that it needs.
import { join } from 'node:path';
import { root } from './tally.mjs';

/**
 * Imports a TypeScript file by its path relative to the root. The file and its imports may use only Node's own
 * packages.
 */
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
