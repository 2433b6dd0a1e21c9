/** Comments and space in WGSL are for those who read the source: the page goes without. */
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

/** Space around an operator that stands between a name, a number or a bracket on either side: no two tokens can run together. */
const BETWEEN_OPERANDS = /(?<=[\w)\]]) ([-+*/%<>&|^]=?|[<>=!]=|&&|\|\||=|<<|>>|->) (?=[\w(])/g;

/** @param source without block comments */
export function compact(source: string): string {
  return source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/\s*([{}()[\];,:])\s*/g, '$1')
    .replace(BETWEEN_OPERANDS, '$1');
}
