/** How long the page is ever busy while the web app trains: `node bench/run.mjs long-tasks [--hardware]`. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from 'puppeteer';
import { withWebApp } from './web-app.ts';

const FILE = 'bench/results/long-tasks.json';
const EPOCHS = 12;
/** What a browser calls a long task, in milliseconds. */
const LONG = 50;

interface Busy {
  /** Of each task above LONG on the page's own thread, in milliseconds. */
  readonly longTasks: readonly number[];
  /** The longest time between two moments at which the page could have answered. */
  readonly longestGap: number;
  readonly seconds: number;
  readonly ending: string;
}

const { values } = parseArgs({ options: { hardware: { type: 'boolean', default: false } } });
await withWebApp(values.hardware ? 'hardware' : 'software', async (page, url, browser) => {
  await page.goto(url);
  await page.waitForSelector('#samples li');
  const busy = await trained(page);
  const device = await page.$eval('#device-text', (element) => element.textContent);
  const [{ model: processor }] = cpus();
  const result = { browser: browser.version, cores: cpus().length, processor, device, epochs: EPOCHS, ...busy };
  await writeFile(FILE, `${JSON.stringify(result, null, 2)}\n`);
  const longest = Math.max(0, ...busy.longTasks);
  console.log(`${busy.ending}\n${busy.seconds.toFixed(1)} s on ${device}`);
  console.log(
    `tasks over ${LONG} ms: ${busy.longTasks.length}${longest > 0 ? `, the longest ${longest.toFixed(0)} ms` : ''}`,
  );
  console.log(`longest time without an answer: ${busy.longestGap.toFixed(0)} ms\nwrote ${FILE}`);
});

/** Trains from the press of Start to the end. */
async function trained(page: Page): Promise<Busy> {
  return page.evaluate(async (epochs) => {
    const field = document.querySelector<HTMLInputElement>('#settings [name=epochs]');
    const start = document.querySelector<HTMLButtonElement>('#start');
    const state = document.querySelector('#state');
    if (!field || !start || !state) throw new Error('the page is another one');
    field.value = String(epochs);
    const longTasks: number[] = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    let longestGap = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      const now = performance.now();
      longestGap = Math.max(longestGap, now - last);
      last = now;
    }, 4);
    const began = performance.now();
    start.click();
    while (!/Finished|error/.test(state.textContent ?? '')) await new Promise((resolve) => setTimeout(resolve, 100));
    clearInterval(beat);
    return { longTasks, longestGap, seconds: (performance.now() - began) / 1000, ending: state.textContent ?? '' };
  }, EPOCHS);
}
