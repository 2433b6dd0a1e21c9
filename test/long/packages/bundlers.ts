/** How people bring the package into a page: each way is as its tool does it without any configuration. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, run, tools } from './tools.ts';

export interface Bundler {
  readonly name: string;
  /** Whether it makes one file of everything, so that nothing can be fetched later. */
  readonly single?: true;
  /** The page, relative to the folder of the project. */
  readonly page: string;
  /** Builds the page with the tool, where there is one. */
  build(folder: string): Promise<Ended | undefined>;
}

export const bundlers: readonly Bundler[] = [
  {
    name: 'webpack',
    page: 'dist/index.html',
    build: async (folder) => {
      const ended = await run('webpack', ['--mode', 'production'], folder);
      writePage(folder, 'dist/index.html', '<script defer src="main.js"></script>');
      return ended;
    },
  },
  { name: 'Vite', page: 'dist/index.html', build: (folder) => run('vite', ['build', '--base', './'], folder) },
  {
    name: 'rollup',
    page: 'index.html',
    build: async (folder) => {
      const resolve = join(tools, 'node_modules/@rollup/plugin-node-resolve');
      const ended = await run('rollup', ['src/index.js', '--plugin', resolve, '--dir', 'dist'], folder);
      writePage(folder, 'index.html', '<script type="module" src="./dist/index.js"></script>');
      return ended;
    },
  },
  {
    name: 'esbuild',
    single: true,
    page: 'index.html',
    build: async (folder) => {
      const ended = await run('esbuild', ['src/index.js', '--bundle', '--outfile=dist/index.js'], folder);
      writePage(folder, 'index.html', '<script defer src="./dist/index.js"></script>');
      return ended;
    },
  },
  {
    name: 'esbuild with splitting',
    page: 'index.html',
    build: async (folder) => {
      const options = ['--bundle', '--splitting', '--minify', '--format=esm', '--outdir=dist'];
      const ended = await run('esbuild', ['src/index.js', ...options], folder);
      writePage(folder, 'index.html', '<script type="module" src="./dist/index.js"></script>');
      return ended;
    },
  },
  {
    name: 'no bundler',
    page: 'index.html',
    build: async (folder) => {
      const imports = {
        equilibra: './node_modules/equilibra/dist/index.js',
        'equilibra/data': './node_modules/equilibra/dist/data/index.js',
      };
      const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
      writePage(folder, 'index.html', `${map}<script type="module" src="./src/index.js"></script>`);
      return undefined;
    },
  },
];

/** Writes the page of the project with other script elements. */
function writePage(folder: string, path: string, scripts: string): void {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  writeFileSync(
    join(folder, path),
    page.replace(/<script.*<\/script>/, () => scripts),
  );
}
