/** The pages that people read: the README, the guides, and what stands beside an example. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The guides of docs/, by their paths relative to the root. */
export const guides: readonly string[] = readdirSync(join(root, 'docs'), { recursive: true })
  .map((name) => `docs/${name}`.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.md'))
  .sort();

const ofExamples = readdirSync(join(root, 'examples'))
  .map((name) => `examples/${name}/README.md`)
  .filter((path) => existsSync(join(root, path)));

/** The pages whose snippets of code are checked. */
export const pages: readonly string[] = ['README.md', ...guides, ...ofExamples];
