/** Runs measurements in headless Chrome, in pages served from localhost. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import puppeteer, { type Page } from 'puppeteer';
import { listBrowserFlags } from '../src/cli/browser-flags.ts';
import type { Browser } from '../src/cli/browsers.ts';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';
import { PEERS } from './peers/install.ts';

const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,"></html>';

/** Pages that are isolated from other origins get a clock of 5 µs instead of 100 µs, and threads for WebAssembly. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** @param folders further ones that are served, each below a prefix of the address, such as `/data/` */
export async function openChrome(
  bundle: string,
  { path, version }: Browser,
  adapter: 'software' | 'hardware',
  folders: Readonly<Record<string, string>> = {},
): Promise<Environment> {
  const server = await startServer({
    ...folders,
    '/bundle/': bundle,
    '/peers/tfjs-backend-wasm/': join(PEERS, 'node_modules/@tensorflow/tfjs-backend-wasm/dist'),
  });
  const { port } = server.address() as AddressInfo;
  const closeServer = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const browser = await puppeteer
    .launch({ executablePath: path, headless: true, args: listBrowserFlags(adapter), protocolTimeout: CALL_LIMIT })
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
  crash.catch(() => {}); // the call under way rejects with it
  return {
    async call<Result>(exportName: string, ...values: unknown[]) {
      // The call is passed as text, so that no bundler rewrites the import.
      const parameters = values.map((value) => JSON.stringify(value)).join(', ');
      const script = `import('/bundle/measurements.js').then((module) => module.${exportName}(${parameters}))`;
      return (await Promise.race([page.evaluate(script), crash])) as Result;
    },
    close: () => page.close().catch(() => {}), // a page that crashed may be gone
  };
}

/** @param folders the folder that is served below each prefix of the address */
function startServer(folders: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html', ...ISOLATED }).end(PAGE);
      return;
    }
    const file = fileOf(folders, pathname);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...ISOLATED });
    response.end(await readFile(file));
  });
  return new Promise((fulfil, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', () => fulfil(server));
  });
}

function fileOf(folders: Readonly<Record<string, string>>, pathname: string): string | undefined {
  const prefix = Object.keys(folders).find((start) => pathname.startsWith(start));
  if (prefix === undefined) return undefined;
  const file = join(folders[prefix], normalize(`/${pathname.slice(prefix.length)}`));
  return existsSync(file) && statSync(file).isFile() ? file : undefined;
}
