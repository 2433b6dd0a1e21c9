/** The snippets of code in README.md, docs/ and examples/: their types, their data, their commands. The long suite `snippets` runs them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsOf, findCommandErrors } from '../../support/guides/commands.ts';
import { installPackage } from '../../support/guides/package.ts';
import { pages, read } from '../../support/guides/pages.ts';
import { differenceOf } from '../../support/guides/prints.ts';
import { chainOf, endsOf, type Snippet, snippetsIn } from '../../support/guides/snippets.ts';
import { findTypeErrors } from '../../support/guides/types.ts';

const snippets = pages.flatMap((page) => snippetsIn(page, read(page)));
const inLanguage = (language: string): readonly Snippet[] =>
  snippets.filter((snippet) => snippet.language === language);

function inProject<Result>(body: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'equilibra-snippets-'));
  try {
    installPackage(folder, (path) => path.endsWith('.d.ts'));
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the snippets of all pages', () => {
  test('pass the strict checks of TypeScript, against the types that are published', { timeout: 600_000 }, () => {
    expect(inLanguage('ts').length).toBeGreaterThan(10);
    expect(inProject((folder) => findTypeErrors(folder, snippets))).toEqual([]);
  });

  test('JSON is JSON', () => {
    for (const { page, line, code } of inLanguage('json'))
      expect(() => JSON.parse(code), `${page}:${line}`).not.toThrow();
  });

  test('commands name scripts, files, examples and options that exist', async () => {
    const errors = await Promise.all(inLanguage('sh').map(findCommandErrors));
    expect(errors.flat()).toEqual([]);
  });
});

describe('what is found in a page', () => {
  const page = (...parts: readonly string[]): string => parts.join('\n');
  const fence = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\``;
  const find = (text: string): Snippet[] => snippetsIn('page.md', text);

  test('snippets with their places, what they continue, and what they print', () => {
    const [first, second, third] = find(
      page(
        '# Title',
        fence('ts', 'const a = 1;'),
        '<!-- snippet: continues; in a page -->',
        fence('ts', 'console.log(a);'),
        '<!-- snippet: prints -->',
        fence('text', '1'),
        '<!-- snippet: not run: it needs a printer -->',
        fence('sh', 'npm run print'),
      ),
    );
    expect(first).toMatchObject({ page: 'page.md', line: 2, language: 'ts', code: 'const a = 1;\n', run: false });
    expect(second).toMatchObject({ line: 6, browser: 'page', prints: '1\n' });
    expect(chainOf(second).map(({ line }) => line)).toEqual([2, 6]);
    expect(third).toMatchObject({ line: 14, notRun: 'it needs a printer' });
    expect(endsOf([first, second, third])).toEqual([second, third]);
  });

  test.each([
    [
      'an unknown marker',
      page('<!-- snippet: contiues -->', fence('ts', '')),
      'page.md:2: there is no marker "contiues"',
    ],
    ['an unknown language', fence('rust', ''), 'page.md:1: the language "rust" must be one of ts, js'],
    ['no language', fence('', ''), 'the language "" must be'],
    ['a reason that is missing', page('<!-- snippet: not run: -->', fence('ts', '')), 'no marker "not run:"'],
    [
      'nothing to continue',
      page('<!-- snippet: continues -->', fence('ts', '')),
      'continues: there is no snippet before it',
    ],
    [
      'nothing that prints',
      page('<!-- snippet: prints -->', fence('text', '')),
      'prints: it marks a text after a snippet',
    ],
    [
      'a marker that stands apart',
      page('<!-- snippet: run -->', '', fence('sh', 'ls')),
      'a marker does not stand on the line',
    ],
    ['a page that runs nowhere', fence('html', ''), 'a page runs in a browser'],
    ['Python without a reason', fence('python', ''), 'Python is not run here: say why'],
    ['a fence that is not closed', '```ts\nconst a = 1;\n', 'fences do not pair up'],
  ])('%s is an error', (_, text, message) => {
    expect(() => find(text)).toThrow(message);
  });

  test('errors of types stand where the page has them, in continued code too', { timeout: 120_000 }, () => {
    const wrong = find(
      page(
        fence('ts', "import { open } from 'equilibra';\nconst engine = await open({ bakend: 'cpu' });"),
        '<!-- snippet: continues -->',
        fence('ts', 'const n: number = engine.backend;'),
      ),
    );
    const errors = inProject((folder) => findTypeErrors(folder, wrong));
    expect(errors.filter((each) => each.startsWith('page.md:3: ') && each.includes('bakend'))).not.toEqual([]);
    expect(errors.filter((each) => each.startsWith('page.md:7: ') && each.includes('number'))).not.toEqual([]);
  });

  test('commands', async () => {
    const code =
      'npm run nonesuch # no\necho \'{"a|b"}\' |\n  npx equilibra sole - && npx equilibra train --bogus 1\nnode nowhere.mjs; make\n';
    expect(commandsOf(code)).toEqual([
      'npm run nonesuch',
      'echo \'{"a|b"}\'',
      'npx equilibra sole -',
      'npx equilibra train --bogus 1',
      'node nowhere.mjs',
      'make',
    ]);
    const [snippet] = find(fence('sh', code));
    const errors = (await findCommandErrors(snippet)).map((each) => each.replace('page.md:1: ', ''));
    expect(errors).toHaveLength(5);
    expect(errors[0]).toBe('npm run nonesuch: there is no script nonesuch');
    expect(errors[1]).toContain('"sole" is not a command');
    expect(errors[2]).toContain('--bogus: train has no such option');
    expect(errors[3]).toContain('there is no file nowhere.mjs');
    expect(errors[4]).toContain('it is no command');
  });
});

test.each([
  ['a 1.234\nb', 'a 1.2\nb', true],
  ['a 1.4', 'a 1.2', false],
  ['a 1.24', 'a 1.23', true],
  ['a 1.25', 'a 1.23', false],
  ['loss 1.0e-5', 'loss 1e-5', true],
  ['12 of 13', '12 of 14', false],
  ['first\nsecond\nthird', 'first\n…\nthird', true],
  ['first\nthird', 'first\n…\nthird', true],
  ['first\nsecond', 'first\n…', true],
  ['first\nsecond\nfourth', 'first\n…\nthird', false],
  ['one\ntwo', 'one', false],
])('%j is as the page says, %j: %s', (printed, said, same) => {
  expect(differenceOf(printed, said) === undefined).toBe(same);
});
