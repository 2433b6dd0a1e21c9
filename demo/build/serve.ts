/** Serves a folder of static files, on localhost only. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, resolve, sep } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * The content security policy: nothing is loaded from another origin and nothing is sent. The page has it in its head,
 * too; workers obey only the header of their own response.
 */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'";

/** Isolates the page from other origins, so that its workers may share memory and WebAssembly has threads. */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 for any free port */
export async function serve(folder: string, port: number): Promise<Served> {
  const root = resolve(folder);
  const server = createServer((request, response) => {
    const file = findFile(root, new URL(request.url ?? '/', 'http://localhost').pathname);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
      ...ISOLATION,
      'cache-control': 'no-store',
    });
    return createReadStream(file).pipe(response);
  });
  await new Promise<void>((fulfil, reject) => {
    server.once('error', reject);
    server.listen(port, 'localhost', fulfil);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((fulfil) => server.close(fulfil));
    },
  };
}

/** Finds the file of a request's path. Files outside the folder are never found. */
function findFile(root: string, path: string): string | undefined {
  const file = normalize(join(root, decodeURIComponent(path), path.endsWith('/') ? 'index.html' : ''));
  return file.startsWith(root + sep) && existsSync(file) && statSync(file).isFile() ? file : undefined;
}
