/** Measurements in headless Chrome, in pages served from localhost. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import puppeteer, { type Page } from 'puppeteer';
import { browserFlags } from '../src/cli/browser-flags.ts';
import type { Browser } from '../src/cli/browsers.ts';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';

const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,"></html>';

/** Pages that are isolated from other origins get a clock of 5 µs instead of 100 µs. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export async function openChrome(
  bundle: string,
  { path, version }: Browser,
  adapter: 'software' | 'hardware',
): Promise<Environment> {
  const server = await startServer(await readFile(bundle, 'utf8'));
  const { port } = server.address() as AddressInfo;
  const closeServer = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const browser = await puppeteer
    .launch({ executablePath: path, headless: true, args: browserFlags(adapter), protocolTimeout: CALL_LIMIT })
    .catch((error: unknown) => {
      closeServer();
      throw error;
    });
  return {
    name: 'chrome',
    version: version === 'unknown' ? await browser.version() : version,
    openSession: async () => sessionOf(await browser.newPage(), `http://localhost:${port}/`),
    async close() {
      await browser.close();
      closeServer();
    },
  };
}

async function sessionOf(page: Page, address: string): Promise<Session> {
  await page.goto(address);
  const crash = new Promise<never>((_, reject) => page.once('error', reject));
  crash.catch(() => {}); // it is told by the call under way
  return {
    async call<Result>(exportName: string, ...values: unknown[]) {
      // As text, so that no bundler rewrites the import.
      const parameters = values.map((value) => JSON.stringify(value)).join(', ');
      const result = page.evaluate(`import('/bundle.js').then((module) => module.${exportName}(${parameters}))`);
      return (await Promise.race([result, crash])) as Result;
    },
    close: () => page.close().catch(() => {}), // one that crashed may be gone
  };
}

function startServer(script: string): Promise<Server> {
  const files: Record<string, [type: string, text: string]> = {
    '/': ['text/html', PAGE],
    '/bundle.js': ['text/javascript', script],
  };
  const server = createServer(({ url = '/' }, response) => {
    const file = files[url];
    if (!file) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': file[0], ...ISOLATED }).end(file[1]);
  });
  return new Promise((fulfil, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', () => fulfil(server));
  });
}
