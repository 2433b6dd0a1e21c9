/** Each view of the web app: what axe-core complains of, on a screen and on a phone, and what a browser without WebGPU is told. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuiltDemo } from '../../demo/build/build.ts';
import { builtDemo, choose, openDemo, said, textIn } from './demo-page.ts';
import type { OpenPage } from './harness.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let built: BuiltDemo;
let opened: OpenPage;

beforeAll(async () => {
  built = await builtDemo('dist/demo-views-test');
  opened = await openDemo(built, 'train', { removeWebGPU: true });
});

afterAll(() => opened?.close());

/** What is wrong, and where. */
async function complaints(): Promise<string[]> {
  const { page } = opened;
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

async function show(view: string): Promise<void> {
  await opened.page.evaluate((name) => {
    location.hash = name;
  }, view);
  await opened.page.waitForSelector(`#view-${view}:not([hidden])`);
}

test('without WebGPU the page says so, says what to do, and trains', async () => {
  expect(await said(opened, 'notice-title', /./)).toBe('There is no WebGPU here.');
  expect(await textIn(opened, 'notice')).toMatch(/chrome:\/\/flags.*this browser does not offer it/s);
  await choose(opened, { width: '20', epochs: '2' });
  await opened.page.click('#start');
  expect(await said(opened, 'state', /Finished/)).toMatch(/accuracy \d/);
  await opened.page.click('#samples li button');
  await said(opened, 'reach-state', /[Rr]eached/);
});

describe('when gradients lie', () => {
  test('the cycle: a click sets the start, and the light turns red near the line', async () => {
    await show('gradients');
    const { page } = opened;
    await said(opened, 'cycle-state', /Descending/);
    const box = await (await page.$('#cycle-figure .pane'))?.boundingBox();
    if (!box) throw new Error('there is no picture');
    // x = 3.8, y = 0.72 on axes from −1.2 to 4.8 and from −0.6 to 6
    await page.mouse.click(box.x + (5 / 6) * box.width, box.y + 0.8 * box.height);
    expect(Number(await page.$eval('#cycle-x', (field) => (field as HTMLInputElement).value))).toBeCloseTo(3.8, 1);
    expect(Number(await page.$eval('#cycle-y', (field) => (field as HTMLInputElement).value))).toBeCloseTo(0.72, 1);
    await page.waitForSelector('#cycle-light[data-status=certified]');
    await page.waitForSelector('#cycle-light[data-status=failed]');
    const failed = /420 steps of 0.01; at (\d+) of them/.exec(await said(opened, 'cycle-state', /steps of/));
    expect(Number(failed?.[1])).toBeGreaterThan(40);
  });

  test('on the calm line descent ends where the certificate holds', async () => {
    await opened.page.select('#cycle-line', 'calm');
    await said(opened, 'cycle-state', /Descending/);
    await said(opened, 'cycle-state', /steps of/);
    expect(await opened.page.$eval('#cycle-light', (light) => (light as HTMLElement).dataset.status)).toBe('certified');
  });

  test('Lorenz: refused at the exact inner solution, certified beside it', async () => {
    await opened.page.$eval('#exhibit-lorenz', (exhibit) => exhibit.scrollIntoView());
    const answers = await said(opened, 'lorenz-answers', /true gradient/);
    expect(answers).toContain('inner solution exact (failed)refused: the system is singular');
    expect(answers).toMatch(/off by 0.01 \(certified\)\(−23.99, 186.01, −106.66\)/);
    await said(opened, 'lorenz-state', /\d{2,} steps on the attractor/);
  });

  test('Clarke: certified at slope 2, failed at 1', async () => {
    const { page } = opened;
    await page.$eval('#exhibit-clarke', (exhibit) => exhibit.scrollIntoView());
    await page.waitForSelector('#clarke-light[data-status=certified]');
    await page.focus('#clarke-slope');
    for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('#clarke-light[data-status=failed]');
    expect(await textIn(opened, 'clarke-slope-text')).toBe('1');
  });
});

describe.each(['light', 'dark'])('axe-core finds nothing in the %s theme', (theme) => {
  test.each(['train', 'lasso', 'gradients'])('%s', async (view) => {
    await opened.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    await show(view);
    expect(await complaints()).toEqual([]);
  });
});

test.each(['train', 'lasso', 'gradients'])('on a phone %s is as wide as the screen', async (view) => {
  await opened.page.setViewport({ width: 390, height: 844 });
  await show(view);
  expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(await complaints()).toEqual([]);
});

test('nothing went wrong in the page, and it asked nobody else', () => {
  expect(opened.errors).toEqual([]);
  expect(opened.externalRequests).toEqual([]);
});
