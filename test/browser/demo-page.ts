/** The web app in a real browser, built once for all tests of a file. */
import { fileURLToPath } from 'node:url';
import { type BuiltDemo, buildDemo } from '../../demo/build/build.ts';
import { type OpenPage, openPage, type PageOptions } from './harness.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param folder where the app is built; each test file has its own, since files may run at the same time
 * @param minified whether as for its users, which takes longer
 */
export function buildDemoFor(folder: string, minified = false): Promise<BuiltDemo> {
  return buildDemo(folder, root, { minified });
}

export async function openDemo({ folder }: BuiltDemo, view = 'train', options: PageOptions = {}): Promise<OpenPage> {
  const opened = await openPage({ ...options, site: fileURLToPath(new URL(`../../${folder}`, import.meta.url)) });
  await opened.page.setViewport({ width: 1280, height: 900 });
  await opened.page.goto(`${opened.url}/#${view}`);
  await opened.page.reload(); // a change of the fragment alone loads nothing
  if (view === 'train') await opened.page.waitForSelector('#samples li');
  return opened;
}

/** The text of an element. */
export function textIn({ page }: OpenPage, id: string): Promise<string> {
  return page.$eval(`#${id}`, (element) => element.textContent ?? '');
}

/** Waits until the text of an element matches. */
export async function waitForText(opened: OpenPage, id: string, pattern: RegExp, timeout = 60_000): Promise<string> {
  await opened.page
    .waitForFunction(
      (name, source) => new RegExp(source).test(document.getElementById(name)?.textContent ?? ''),
      { timeout, polling: 50 },
      id,
      pattern.source,
    )
    .catch(async () => {
      const errors = opened.errors.length > 0 ? `; errors of the page: ${opened.errors.join('; ')}` : '';
      throw new Error(`#${id} says ${JSON.stringify(await textIn(opened, id))}, not ${pattern}${errors}`);
    });
  return textIn(opened, id);
}

/** Sets fields of the form as a person does. */
export async function setFields({ page }: OpenPage, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const selector = `#settings [name=${name}]`;
    if ((await page.$eval(selector, (field) => field.tagName)) === 'SELECT') await page.select(selector, value);
    else {
      await page.click(selector, { count: 3 });
      await page.type(selector, value);
    }
  }
}
