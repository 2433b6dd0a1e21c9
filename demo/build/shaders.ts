/** Comments and indentation of WGSL are for those who read the source: the page goes without. Lines stay lines, for messages. */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

export const compactShaders: Plugin = {
  name: 'compact-shaders',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({
      contents: compact(await readFile(path, 'utf8')),
      loader: 'text',
    }));
  },
};

/** @param source without block comments */
export function compact(source: string): string {
  return source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}
