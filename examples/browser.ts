/** Runs a module of an example in Chrome or Chromium with WebGPU, on whose software adapter every computer can run it. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { build } from 'esbuild';
import puppeteer from 'puppeteer';
import { listBrowserFlags } from '../src/cli/browser-flags.ts';
import { findBrowsers } from '../src/cli/browsers.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Bundles the module and calls its export `run` in a page.
 * @param module the path of the module
 * @param files further files that the page may fetch: their paths, by the path in the address
 * @param external modules that are among these files, and are not bundled
 */
export async function runInBrowser<Result>(
  module: string,
  files: Readonly<Record<string, string>> = {},
  external: readonly string[] = [],
): Promise<Result> {
  const [browserFound] = findBrowsers();
  if (!browserFound) throw new Error('there is no Chrome or Chromium; install one, or say where it is by CHROME_PATH');
  const bundle = await bundleForPage(module, external);
  const server = createServer(async ({ url = '/' }, response) => {
    const path = files[url];
    const content = url === '/page.js' ? bundle : path === undefined ? undefined : await readFile(path);
    const type = url === '/' ? 'text/html' : (TYPES[extname(url)] ?? 'application/octet-stream');
    response.writeHead(content === undefined && url !== '/' ? 404 : 200, { 'content-type': type });
    response.end(content ?? '<!doctype html><title>example</title><link rel="icon" href="data:,">');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const browser = await puppeteer.launch({
    executablePath: browserFound.path,
    headless: true,
    args: listBrowserFlags('software'),
    protocolTimeout: 600_000,
  });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    return await page.evaluate(async () => {
      const path = '/page.js'; // in a variable, so that no bundler follows it
      return ((await import(path)) as { run(): Promise<Result> }).run();
    });
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundleForPage(module: string, external: readonly string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [module],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['node:*', ...external],
    logLevel: 'error',
    write: false,
  });
  return outputFiles[0].contents;
}
