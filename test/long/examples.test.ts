/** Every example runs to its end by the one command that its README states. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MINUTES = 60_000;
const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const names = readdirSync(examples, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));
const run = (...parameters: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [join(examples, 'run.mjs'), ...parameters], { cwd: folder });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'equilibra-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(names)('%s', { timeout: 10 * MINUTES }, async (name) => {
  expect(readFileSync(join(examples, name, 'README.md'), 'utf8')).toContain(`\nnpm run example -- ${name}\n`);
  const { stdout } = await run(name);
  expect(stdout).not.toBe('');
  // A page that it says to have written is there.
  for (const [, page] of stdout.matchAll(/^wrote (\S+)$/gm)) expect(existsSync(join(folder, page)), page).toBe(true);
});

test('without a name all are listed, and an unknown one is refused', async () => {
  const { stdout } = await run();
  expect(Array.from(stdout.matchAll(/^npm run example -- (\S+) +\S/gm), ([, name]) => name)).toEqual(names);
  await expect(run('nonesuch')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no example nonesuch'),
  });
});
