/** Opens the web app in a headless browser, built and served by its own command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import puppeteer, { type Page } from 'puppeteer';
import { listBrowserFlags } from '../src/cli/browser-flags.ts';
import { type Browser, findBrowsers } from '../src/cli/browsers.ts';

/** Opens the app, calls `use` with the page, and closes both the browser and the server. */
export async function withWebApp(
  adapter: 'software' | 'hardware',
  use: (page: Page, url: string, browser: Browser) => Promise<void>,
): Promise<void> {
  const server = spawn(process.execPath, ['demo/run.mjs', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await addressOf(server.stdout);
    const [found] = findBrowsers();
    if (!found) throw new Error('no browser was found: install Chromium or Chrome, or set CHROME_PATH');
    const args = [...listBrowserFlags(adapter), '--hide-scrollbars'];
    const browser = await puppeteer.launch({
      executablePath: found.path,
      headless: true,
      args,
      protocolTimeout: 600_000,
    });
    try {
      await use(await browser.newPage(), url, found);
    } finally {
      await browser.close();
    }
  } finally {
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  }
}

/** Waits until the text of the element with this id matches. */
export async function waitForText(page: Page, id: string, pattern: RegExp): Promise<void> {
  const hasText = (name: string, source: string): boolean =>
    new RegExp(source).test(document.getElementById(name)?.textContent ?? '');
  await page.waitForFunction(hasText, { polling: 100, timeout: 300_000 }, id, pattern.source);
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [url] = /http:\/\/localhost:\d+\//.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('the web app was not built');
}
