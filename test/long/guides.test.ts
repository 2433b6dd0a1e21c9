/** The snippets of code in README.md, docs/ and examples/ run, and print what the pages say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackage } from '../support/guides/package.ts';
import { pages, read } from '../support/guides/pages.ts';
import { differenceOf } from '../support/guides/prints.ts';
import { LONGEST, runChain } from '../support/guides/run.ts';
import { chainOf, endsOf, nameOf, type Snippet, snippetsIn } from '../support/guides/snippets.ts';

/** Whether a snippet runs: code and pages do, commands where they are marked. */
const runs = ({ language, file, notRun, run }: Snippet): boolean =>
  notRun === undefined && file === undefined && (language === 'sh' ? run : ['ts', 'js', 'html'].includes(language));

const cases = pages.flatMap((page) => {
  const snippets = snippetsIn(page, read(page));
  const files = snippets.filter(({ file }) => file !== undefined);
  return endsOf(snippets)
    .filter(runs)
    .map((end) => ({ place: `${page}:${end.line}`, end, files }));
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'equilibra-guides-'));
  installPackage(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('snippets', () => {
  test.each(cases)('$place', { timeout: 2 * LONGEST }, async ({ end, files }) => {
    const printed = await runChain(join(folder, nameOf(end)), end, files);
    const said = chainOf(end).map(({ prints }) => prints);
    const differences = said.map((text, index) => text && differenceOf(printed[index], text));
    expect(differences.filter(Boolean)).toEqual([]);
  });
});
