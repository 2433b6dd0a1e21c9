/**
 * Measures the longest times that the page's main thread is busy while people use the web app: `node bench/run.mjs
 * long-tasks [--hardware]`.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from 'puppeteer';
import { type Busy, LONG_TASK, measureBusy, watchPage } from './busy.ts';
import { LOADED_SHARE, LoadWatch } from './load.ts';
import { waitForText, withWebApp } from './web-app.ts';

const FILE = 'bench/results/long-tasks.json';
const EPOCHS = 12;
const SCREEN = { width: 1280, height: 780 };

/** What people do, one scene after the other in the same page. */
const SCENES: Readonly<Record<string, (page: Page, url: string) => Promise<unknown>>> = {
  async opening(page, url) {
    await page.goto(url);
    await page.waitForSelector('#samples li');
  },
  async training(page) {
    await press(page, 'start');
    await waitForText(page, 'state', /Finished|error/);
  },
  async drawing(page) {
    await page.$eval('.looking', (panels) => panels.scrollIntoView());
    const { x, y, width, height } = await boxOf(page, '#pad');
    await page.mouse.move(x + 0.5 * width, y + 0.15 * height); // draws the digit one
    await page.mouse.down();
    await page.mouse.move(x + 0.5 * width, y + 0.85 * height, { steps: 40 });
    await page.mouse.up();
    await waitForText(page, 'reach-state', /[Rr]eached/);
  },
  async 'pause, continue and stop'(page) {
    await page.$eval('.workbench', (panels) => panels.scrollIntoView());
    await chooseEpochs(page, 1000); // long enough that there is something to stop
    await press(page, 'start');
    await waitForText(page, 'state', /epoch \d+ of/);
    await press(page, 'pause');
    await waitForText(page, 'state', /Paused/);
    await wait(500);
    await press(page, 'pause');
    await waitForText(page, 'state', /epoch \d+ of/);
    await wait(500);
    await press(page, 'stop');
    await waitForText(page, 'state', /Stopped/);
  },
  async 'the Lasso path'(page) {
    await page.click('nav a[href="#lasso"]');
    await page.waitForSelector('#lasso-knots tr');
    const { x, y, width, height } = await boxOf(page, '#lasso-lambda');
    await page.mouse.move(x + 0.6 * width, y + height / 2);
    await page.mouse.down();
    for (let step = 0; step < 60; step++) {
      await page.mouse.move(x + (0.6 - step / 150) * width, y + height / 2);
      await wait(16);
    }
    await page.mouse.up();
    await press(page, 'lasso-tune');
    await waitForText(page, 'lasso-state', /Tuned/);
  },
  async 'when gradients lie'(page) {
    await page.click('nav a[href="#gradients"]');
    await waitForText(page, 'cycle-state', /steps of/);
    await page.$eval('#exhibit-lorenz', (exhibit) => exhibit.scrollIntoView());
    await waitForText(page, 'lorenz-state', /3000 steps/);
    await page.$eval('#exhibit-clarke', (exhibit) => exhibit.scrollIntoView());
    await wait(500);
  },
};

/** Other work on the computer makes every task longer. */
const [load] = loadavg();
const { values } = parseArgs({ options: { hardware: { type: 'boolean', default: false } } });
await withWebApp(values.hardware ? 'hardware' : 'software', async (page, url, browser) => {
  await page.setViewport(SCREEN);
  const session = await watchPage(page);
  const scenes: (Busy & { readonly scene: string; readonly others?: number })[] = [];
  const processors = new LoadWatch();
  for (const [scene, act] of Object.entries(SCENES)) {
    processors.share();
    const busy = await measureBusy(page, session, () => act(page, url));
    const others = processors.share();
    scenes.push({ scene, ...busy, ...(others !== undefined && { others }) });
    const loaded = others !== undefined && others > LOADED_SHARE;
    console.log(
      `${formatLine(scene, busy)}${loaded ? `; other programs had ${(100 * others).toFixed(0)} % of the processors` : ''}`,
    );
    for (const { at, milliseconds, what } of busy.longTasks) console.log(`  at ${at} ms: ${milliseconds} ms, ${what}`);
    if (scene === 'opening') {
      await page.$eval('.workbench', (panels) => panels.scrollIntoView()); // scrolls the charts into view
      await chooseEpochs(page, EPOCHS);
    }
  }
  const device = await page.$eval('#device-text', (element) => element.textContent);
  const [{ model: processor }] = cpus();
  const result = { browser: browser.version, cores: cpus().length, processor, load, device, epochs: EPOCHS, scenes };
  await writeFile(FILE, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`on ${device}, load before ${load.toFixed(1)} on ${cpus().length} cores; wrote ${FILE}`);
});

async function chooseEpochs(page: Page, epochs: number): Promise<void> {
  await page.$eval(
    '#settings [name=epochs]',
    (field, count) => {
      (field as HTMLInputElement).value = String(count);
    },
    epochs,
  );
}

/** Clicks from within the page, because puppeteer's mouse would wait for frames. */
function press(page: Page, id: string): Promise<void> {
  return page.$eval(`#${id}`, (button) => (button as HTMLButtonElement).click());
}

async function boxOf(page: Page, selector: string): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await (await page.$(selector))?.boundingBox();
  if (!box) throw new Error(`the page has no ${selector}`);
  return box;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function formatLine(scene: string, { seconds, processorSeconds, longTasks, longestGap }: Busy): string {
  const longest = Math.max(0, ...longTasks.map(({ milliseconds }) => milliseconds));
  return [
    `${scene}: ${seconds.toFixed(1)} s, of which the page's thread computed ${processorSeconds.toFixed(2)} s`,
    `tasks over ${LONG_TASK} ms: ${longTasks.length}${longest > 0 ? `, the longest ${longest} ms` : ''}`,
    `longest time without an answer: ${longestGap.toFixed(0)} ms`,
  ].join('; ');
}
