/** The site: it is built without a warning, has a page for every public name and every guide, and no dead link. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guides, read, root } from '../support/guides/pages.ts';
import { ENTRIES, exportsOf } from '../support/guides/public-names.ts';

let site: string;
beforeAll(async () => {
  site = mkdtempSync(join(tmpdir(), 'equilibra-site-'));
  await promisify(execFile)('npm', ['run', '--silent', 'site', '--', '--out', site], { cwd: root });
}, 600_000);
afterAll(() => rmSync(site, { recursive: true, force: true }));

const pagesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.html'));
const textOf = (path: string): string => readFileSync(path, 'utf8');

test.each(ENTRIES.map((entry, at) => [entry, ['equilibra.html', 'equilibra_data.html'][at] as string]))(
  'every public name of %s is on its page %s',
  (entry, page) => {
    // Long names may be broken, by <wbr/>.
    const words = new Set(
      textOf(join(site, 'modules', page))
        .replaceAll(/<wbr ?\/?>/g, '')
        .match(/\w+/g),
    );
    expect([...exportsOf(entry).keys()].filter((name) => !words.has(name))).toEqual([]);
  },
);

test('every guide is a page', () => {
  const titles = guides.map((path) => read(path).match(/^# (.+)$/m)?.[1]);
  const text =
    textOf(join(site, 'index.html')) +
    pagesOf(join(site, 'documents'))
      .map((name) => textOf(join(site, 'documents', name)))
      .join('');
  expect(titles.filter((title) => title === undefined || !text.includes(title))).toEqual([]);
});

/** The file that a link of a page leads to: a server answers the address of a folder with its index.html. */
function fileOf(path: string, target: string): string {
  const place = target === '' ? path : join(dirname(path), decodeURIComponent(target.replace(/\?.*/, '')));
  return existsSync(place) && statSync(place).isDirectory() ? join(place, 'index.html') : place;
}

test('no link is dead, and links to elsewhere are well-formed', () => {
  const files = new Map(pagesOf(site).map((name) => [join(site, name), textOf(join(site, name))]));
  expect(files.size).toBeGreaterThan(100);
  const isDead = (path: string, link: string): boolean => {
    if (/^(https:|mailto:|data:)/.test(link)) return !URL.canParse(link);
    const [target, anchor] = link.split('#');
    const file = fileOf(path, target);
    if (!anchor || !file.endsWith('.html')) return !existsSync(file);
    return !files.get(file)?.includes(`id="${decodeURIComponent(anchor)}"`);
  };
  const dead = [...files].flatMap(([path, text]) =>
    Array.from(text.matchAll(/(?:href|src)="([^"]*)"/g), ([, link]) => link.replaceAll('&amp;', '&'))
      .filter((link) => isDead(path, link))
      .map((link) => `${path}: ${link}`),
  );
  expect(dead).toEqual([]);
});
