import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAtomically } from '../../src/cli/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'equilibra-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('the new content replaces the old, and no other file is left', async () => {
  const path = join(folder, 'model.equilibra');
  await writeFile(path, 'old');
  await writeAtomically(path, Uint8Array.of(1, 2, 3));
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  expect(await readdir(folder)).toEqual(['model.equilibra']);
});

test('after a failure the old file is unchanged, and no partial file is left', async () => {
  const path = join(folder, 'file');
  await writeFile(path, 'old');
  await expect(writeAtomically(path, 5 as unknown as Uint8Array)).rejects.toThrow();
  await expect(writeAtomically(join(folder, 'no', 'such'), new Uint8Array(1))).rejects.toThrow('ENOENT');
  await expect(writeAtomically(folder, new Uint8Array(1))).rejects.toThrow();
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['file']);
});
