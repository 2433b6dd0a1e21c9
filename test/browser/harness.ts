import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import puppeteer, { type LaunchOptions, type Page } from 'puppeteer';
import { listBrowserFlags } from '../../src/cli/browser-flags.ts';
import { findBrowsers } from '../../src/cli/browsers.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

const contentTypes: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const ISOLATION: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** WebGPU on Linux, on any driver, and in workers. */
const FIREFOX_PREFERENCES = {
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  'dom.webgpu.workers.enabled': true,
};

/** An open page in a real browser, together with all errors that occur in it. */
export interface OpenPage {
  readonly page: Page;
  /** The server's address without a closing slash; `${url}/dist/…` serves the built package. */
  readonly url: string;
  /** Console errors, uncaught errors, failed requests and answers of 400 and above. */
  readonly errors: string[];
  /** Requests to anywhere but this server. There should be none. */
  readonly externalRequests: string[];
  /** Bundles a TypeScript file for the page and returns the address of the module. */
  bundle(entryFile: string): Promise<string>;
  /**
   * Imports the module at `moduleUrl` in the page, calls one of its exports with JSON-like values, and returns the
   * result.
   */
  call<T>(moduleUrl: string, exportName: string, ...values: unknown[]): Promise<T>;
  close(): Promise<void>;
}

/** How to open a page. */
export interface PageOptions {
  /** Hides navigator.gpu from the page and from the workers of a site, as in a browser without WebGPU. */
  readonly removeWebGPU?: boolean;
  /** A folder that is served instead of the empty page. */
  readonly site?: string;
  /** Isolates the page from other origins, so that it may share memory with workers. */
  readonly isolated?: boolean;
  /** The path of a Firefox that opens the page instead of Chromium, over the system's Vulkan driver. */
  readonly firefox?: string;
}

/**
 * Starts a server on localhost and a browser that shows an empty page from it. The adapter is SwiftShader, a software
 * one, unless the environment variable EQUILIBRA_TEST_ADAPTER is "hardware".
 *
 * @throws Error when there is no browser on this computer.
 */
export async function openPage(options: PageOptions = {}): Promise<OpenPage> {
  const launching = launchOptions(options);
  const bundles = new Map<string, string>();
  const server = await startServer(bundles, options);
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const browser = await puppeteer
    .launch({ ...launching, headless: true, protocolTimeout: 600_000 })
    .catch((error: unknown) => {
      server.close();
      throw error;
    });
  const close = async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    const externalRequests: string[] = [];
    watch(page, url, errors, externalRequests);
    if (options.removeWebGPU) {
      await page.evaluateOnNewDocument('delete Navigator.prototype.gpu');
    }
    await page.goto(`${url}/`);
    return { page, url, errors, externalRequests, bundle, call, close };

    async function bundle(entryFile: string): Promise<string> {
      const path = `/bundles/${bundles.size}.js`;
      bundles.set(path, await bundleOnce(entryFile));
      return url + path;
    }

    function call<T>(moduleUrl: string, exportName: string, ...values: unknown[]): Promise<T> {
      // The code is passed as text: a test runner rewrites the `import()` in a function's source, and its helper does
      // not exist in the page.
      const parameters = values.map((value) => JSON.stringify(value) ?? 'undefined').join(', ');
      const expression = `import(${JSON.stringify(moduleUrl)}).then((m) => m[${JSON.stringify(exportName)}](${parameters}))`;
      return page.evaluate(expression) as Promise<T>;
    }
  } catch (error) {
    await close();
    throw error;
  }
}

function launchOptions({ firefox }: PageOptions): LaunchOptions {
  if (firefox) return { browser: 'firefox', executablePath: firefox, extraPrefsFirefox: FIREFOX_PREFERENCES };
  const executable = findBrowsers()[0];
  if (!executable) throw new Error('no browser was found: install Chromium or Chrome, or set CHROME_PATH');
  const adapter = process.env.EQUILIBRA_TEST_ADAPTER === 'hardware' ? 'hardware' : 'software';
  return { executablePath: executable.path, args: listBrowserFlags(adapter) };
}

function watch(page: Page, url: string, errors: string[], externalRequests: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => errors.push(`page: ${error instanceof Error ? error.message : String(error)}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // Firefox reports requests as failed that a reload has cancelled.
    if (why !== 'NS_BINDING_ABORTED') errors.push(`request: ${request.url()} ${why}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) errors.push(`response: ${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== url) externalRequests.push(request.url());
  });
}

/** The bundles of this process, by entry file. */
const bundlesByEntry = new Map<string, Promise<string>>();

/** Bundles each entry file once, however many pages load it. */
function bundleOnce(entryFile: string): Promise<string> {
  const known = bundlesByEntry.get(entryFile) ?? bundleForPage(entryFile);
  bundlesByEntry.set(entryFile, known);
  return known;
}

export async function bundleForPage(entryFile: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryFile],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: 'inline',
    loader: { '.wgsl': 'text', '.csv': 'text' },
    external: ['webgpu', 'node:*'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

function startServer(
  bundles: ReadonlyMap<string, string>,
  { site, removeWebGPU, isolated }: PageOptions,
): Promise<Server> {
  const headers: Readonly<Record<string, string>> = isolated ? ISOLATION : {};
  const emptyPage =
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"></html>';
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('cache-control', 'no-store'); // what the browser keeps on its disk only costs time here
    const script = bundles.get(pathname);
    const ofSite = site && fileIn(site, pathname === '/' ? '/index.html' : pathname);
    if (ofSite) {
      response.setHeader('content-type', contentTypes[extname(ofSite)] ?? 'application/octet-stream');
      // Workers do not run the scripts that a page evaluates on new documents.
      const first =
        removeWebGPU && extname(ofSite) === '.js' ? 'delete globalThis.WorkerNavigator?.prototype.gpu;\n' : '';
      return response.end(Buffer.concat([Buffer.from(first), readFileSync(ofSite)]));
    }
    if (pathname === '/') return response.setHeader('content-type', 'text/html').end(emptyPage);
    if (script !== undefined) return response.setHeader('content-type', 'text/javascript').end(script);
    const file = builtFile(pathname);
    if (!file) return response.writeHead(404).end();
    response.setHeader('content-type', contentTypes[extname(file)] ?? 'application/octet-stream');
    return response.end(readFileSync(file));
  });
  // A connection that closes after a pause may do so while the browser sends its next request on it, which then waits.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', () => resolve(server));
  });
}

/** The file of dist/ that the path /dist/… names, if it exists; never a file outside of dist/. */
function builtFile(pathname: string): string | undefined {
  return pathname.startsWith('/dist/') ? fileIn(dist, pathname.slice('/dist'.length)) : undefined;
}

function fileIn(folder: string, pathname: string): string | undefined {
  const file = normalize(join(folder, decodeURIComponent(pathname)));
  return file.startsWith(normalize(folder)) && existsSync(file) && statSync(file).isFile() ? file : undefined;
}
