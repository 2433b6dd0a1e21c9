/** Takes pictures of the web app for its documentation: `node bench/run.mjs screenshots` writes demo/screenshots/. */
import { mkdir } from 'node:fs/promises';
import type { Page } from 'puppeteer';
import { waitForText, withWebApp } from './web-app.ts';

const FOLDER = 'demo/screenshots';
const SCREEN = { width: 1280, height: 780 };
const PHONE = { width: 390, height: 844 };

await mkdir(FOLDER, { recursive: true });
await withWebApp('software', async (page, url) => {
  const theme = (name: 'light' | 'dark'): Promise<void> =>
    page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: name }]);
  await page.setViewport(SCREEN);
  await theme('light');
  await page.goto(url);
  await page.waitForSelector('#samples li');
  await page.waitForSelector('#notice:not([hidden])');
  await page.click('#notice-close');
  await train(page);
  await shoot(page, 'train-light', '#view-train .workbench');
  await page.click('#samples li:nth-child(9) button');
  await waitForText(page, 'reach-state', /Reached/);
  await theme('dark');
  await shoot(page, 'fixed-point-dark', '#view-train .looking');
  await page.setViewport(PHONE);
  await shoot(page, 'train-phone-dark', '#view-train .run');
  await theme('light');
  await shoot(page, 'train-phone-light', '.masthead');
  await page.setViewport(SCREEN);
  await show(page, 'lasso');
  await page.waitForSelector('#lasso-knots tr');
  await page.click('#lasso-tune');
  await waitForText(page, 'lasso-state', /Tuned/);
  await shoot(page, 'lasso-light', '#view-lasso .lasso');
  await theme('dark');
  await show(page, 'gradients');
  await waitForText(page, 'cycle-state', /steps of/);
  await page.$eval('#exhibit-lorenz', (exhibit) => exhibit.scrollIntoView());
  await waitForText(page, 'lorenz-state', /3000 steps/);
  await page.setViewport({ ...SCREEN, height: 590 });
  await shoot(page, 'gradients-dark', '#exhibit-cycle');
});

async function train(page: Page): Promise<void> {
  await page.click('#start');
  await waitForText(page, 'state', /Finished|error/);
  await waitForText(page, 'samples-facts', /recognised/);
}

async function show(page: Page, view: string): Promise<void> {
  await page.evaluate((name) => {
    location.hash = name;
  }, view);
}

/** Scrolls until `selector` stands at the top of the screen, below the masthead. */
async function shoot(page: Page, name: string, selector: string): Promise<void> {
  await page.$eval(selector, (element) => {
    scrollTo(0, 0);
    scrollTo(0, element.getBoundingClientRect().top - 80);
    (document.activeElement as HTMLElement | null)?.blur();
  });
  await new Promise((resolve) => setTimeout(resolve, 800)); // waits until the charts have been painted
  await page.screenshot({ path: `${FOLDER}/${name}.png` as const, optimizeForSpeed: false });
}
