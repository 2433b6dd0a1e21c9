/** Temporary folders for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Creates a folder that is removed after the tests of the file, or of the suite in which this is called. */
export function createFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `equilibra-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
