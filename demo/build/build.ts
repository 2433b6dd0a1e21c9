/** Bundles the web app: static files with relative addresses, which any host can serve. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { checkLibrarySize, type LibraryPart, librarySizes } from './library-size.ts';
import { compactShaders } from './shaders.ts';

export interface BuiltDemo {
  readonly folder: string;
  readonly library: readonly LibraryPart[];
}

/**
 * @param folder is emptied first
 * @param root of the package
 * @throws Error where the library's part of the page is above the limit
 */
export async function buildDemo(folder = 'demo/dist', root = process.cwd()): Promise<BuiltDemo> {
  const outdir = join(root, folder);
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      page: 'demo/page/main.ts',
      'training-worker': 'demo/train/worker.ts',
      'model-worker': 'demo/model/worker.ts',
      'gradients-worker': 'demo/gradients/worker.ts',
      style: 'demo/style.css',
    },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    chunkNames: '[name]-[hash]', // beside the entries, so that workers are found next to whatever starts them
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['webgpu', 'gpu.js', 'node:*'],
    plugins: [compactShaders],
    metafile: true,
    logLevel: 'warning',
  });
  await cp(join(root, 'demo/index.html'), join(outdir, 'index.html'));
  await cp(join(root, 'demo/icon.svg'), join(outdir, 'icon.svg'));
  const library = await librarySizes(root, metafile);
  checkLibrarySize(library);
  return { folder, library };
}
