/** Bundles the web app into static files with relative addresses, which any host can serve. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { minify } from 'terser';
import { checkLibrarySize, type LibraryPart, measureLibrary } from './library-size.ts';
import { compactShaders } from './shaders.ts';

export interface BuiltDemo {
  readonly folder: string;
  readonly library: readonly LibraryPart[];
}

/**
 * Entries that are bundled together share their common files, and every entry loads a shared file whole. The exhibits,
 * the Lasso, Sudoku and models of images need large parts of the library that training does not, and the page needs few, so
 * they are bundled on their own.
 */
const GROUPS: readonly Readonly<Record<string, string>>[] = [
  { page: 'demo/page/main.ts', style: 'demo/style.css' },
  { 'training-worker': 'demo/train/worker.ts', 'model-worker': 'demo/model/worker.ts' },
  { 'image-training-worker': 'demo/train/image-worker.ts', 'image-model-worker': 'demo/model/image-worker.ts' },
  { 'gradients-worker': 'demo/gradients/worker.ts' },
  { 'lasso-worker': 'demo/lasso/worker.ts' },
  { 'sudoku-worker': 'demo/sudoku/worker.ts' },
];

interface BuildOptions {
  readonly tell?: (sentence: string) => void;
  readonly minified?: boolean;
}

/**
 * @param folder the target, which is emptied first
 * @param root the folder of the package
 * @param options.tell called with what is being done, since it takes some time
 * @param options.minified false is quicker, and does not measure the library. Default true
 * @throws Error where the library's share of the page exceeds the limit
 */
export async function buildDemo(
  folder = 'demo/dist',
  root = process.cwd(),
  { tell = () => {}, minified = true }: BuildOptions = {},
): Promise<BuiltDemo> {
  const outdir = join(root, folder);
  await rm(outdir, { recursive: true, force: true });
  const outputs: Metafile['outputs'] = {};
  for (const [index, entryPoints] of GROUPS.entries()) {
    tell(`bundling ${index + 1} of ${GROUPS.length}: ${Object.keys(entryPoints).join(', ')}`);
    Object.assign(outputs, await bundle(entryPoints, root, outdir, minified));
  }
  for (const file of ['index.html', 'icon.svg']) await cp(join(root, 'demo', file), join(outdir, file));
  if (!minified) return { folder, library: [] };
  const library = await measureLibrary(root, outputs);
  checkLibrarySize(library);
  return { folder, library };
}

async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  root: string,
  outdir: string,
  minified: boolean,
): Promise<Metafile['outputs']> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    minify: minified,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    chunkNames: '[name]-[hash]', // beside the entries, where the scripts look for their workers
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['webgpu', 'gpu.js', 'node:*'],
    plugins: [compactShaders(join(root, 'shaders'))],
    metafile: true,
    logLevel: 'warning',
  });
  if (!minified) return metafile.outputs;
  const scripts = Object.keys(metafile.outputs).filter((path) => path.endsWith('.js'));
  await Promise.all(scripts.map((path) => minifyFile(join(root, path))));
  return metafile.outputs;
}

/** Minifies a file further with terser, since esbuild's minifier looks at one expression at a time. */
async function minifyFile(path: string): Promise<void> {
  const { code } = await minify(await readFile(path, 'utf8'), { module: true, compress: { passes: 3 } });
  if (code === undefined) throw new Error(`${path} could not be minified`);
  await writeFile(path, code);
}
