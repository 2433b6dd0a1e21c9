/** The web app with a model of images: training a convolution, its feature maps, and its checkpoint. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElementHandle } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDemoFor, openDemo, setFields, textIn, waitForText } from './demo-page.ts';
import type { OpenPage } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'equilibra-demo-images-'));
const checkpoint = join(folder, 'digits.equilibra');
let opened: OpenPage;

beforeAll(async () => {
  opened = await openDemo(await buildDemoFor('dist/demo-images-test'), 'train', { removeWebGPU: true });
});

afterAll(async () => {
  await opened?.close();
  rmSync(folder, { recursive: true, force: true });
});

const isVisible = (id: string): Promise<boolean> => opened.page.$eval(`#${id}`, (element) => element.checkVisibility());

const modelField = (): Promise<string> =>
  opened.page.$eval('[name=model]', (field) => (field as HTMLSelectElement).value);

async function upload(selector: string, path: string): Promise<void> {
  await ((await opened.page.$(selector)) as ElementHandle<HTMLInputElement>).uploadFile(path);
}

test('a convolution learns the digits, and its feature maps are drawn where they reach their fixed point', async () => {
  const { page } = opened;
  await setFields(opened, { model: 'convolution', channels: '4', epochs: '3', batch: '32' });
  expect([await isVisible('width-label'), await isVisible('channels-label')]).toEqual([false, true]);
  await page.click('#start');
  const ended = await waitForText(opened, 'state', /Finished|error/);
  expect(Number(/accuracy ([\d.]+) %/.exec(ended)?.[1])).toBeGreaterThan(85);
  await page.click('#samples li button');
  await waitForText(opened, 'reach-state', /^Reached/);
  expect(await textIn(opened, 'title-state')).toBe('z, 4 feature maps');
  const picture = await page.$eval('#z', (canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height) ?? {};
    const colours = new Uint32Array(data?.buffer ?? new ArrayBuffer());
    return { width, height, colours: new Set(colours).size, line: colours[8] };
  });
  // 2 × 2 maps of 8 × 8 with a transparent line between them.
  expect(picture).toMatchObject({ width: 17, height: 17, line: 0 });
  expect(picture.colours).toBeGreaterThan(20);
  expect(await page.evaluate(() => location.hash)).toContain('model=convolution&channels=4');
});

test('its checkpoint is loaded by a page that has met no model of images, and goes on', async () => {
  const { page } = opened;
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  const recognised = await textIn(opened, 'samples-facts');
  await page.click('#download');
  await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toContain('digits.equilibra');
  await setFields(opened, { model: 'monotone' });
  await page.reload();
  await page.waitForSelector('#samples li');
  expect(await modelField()).toBe('monotone');
  await upload('#checkpoint', checkpoint);
  expect(await waitForText(opened, 'state', /digits.equilibra/)).toContain(
    'a convolution of 4 channels, after 3 epochs',
  );
  expect([await modelField(), await isVisible('channels-label')]).toEqual(['convolution', true]);
  expect(await waitForText(opened, 'samples-facts', /\d+ of these 60 are recognised/)).toBe(recognised);
  await setFields(opened, { epochs: '4' });
  expect(await textIn(opened, 'start')).toBe('Resume training');
  await page.click('#start');
  expect(await waitForText(opened, 'state', /Finished|error/)).toContain('in 4 epochs');
});

test('a table has no images: the layer over rows takes its place', async () => {
  const table = join(folder, 'points.csv');
  writeFileSync(
    table,
    `x,y,side\n${Array.from({ length: 40 }, (_, row) => `${row},${row ** 2},${row % 2}`).join('\n')}\n`,
  );
  await upload('#files', table);
  await waitForText(opened, 'data-facts', /2 classes/);
  expect([await isVisible('model-label'), await isVisible('width-label'), await modelField()]).toEqual([
    false,
    true,
    'monotone',
  ]);
});

test('the page had no errors and sent no requests elsewhere', () => {
  expect(opened.errors).toEqual([]);
  expect(opened.externalRequests).toEqual([]);
});
