/** What the published package says of itself. The long suite `packages` tries it with real tools. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('tools that do not know "exports" find both entry points too', () => {
  const { main, types, exports } = manifest;
  expect({ types, default: main }).toEqual(exports['.']);
  const data = JSON.parse(readFileSync(join(root, 'data/package.json'), 'utf8'));
  const asSeenFromRoot = (path: string): string => `./${join('data', path).replaceAll('\\', '/')}`;
  expect({ types: asSeenFromRoot(data.types), default: asSeenFromRoot(data.main) }).toEqual(exports['./data']);
  expect(data.type).toBe(manifest.type);
  expect(manifest.files).toContain('data');
});

test('it says where its source, its documentation and its issues are', () => {
  expect(manifest.repository).toEqual({ type: 'git', url: expect.stringMatching(/^git\+https:.*\.git$/) });
  for (const field of ['homepage', 'bugs']) expect(manifest[field]).toMatch(/^https:/);
});
