/** The package, packed as for npm, in fresh folders: in pages of every bundler, under every TypeScript, in Node and Deno. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OpenPage, openPage } from '../browser/harness.ts';
import { bundlers } from './packages/bundlers.ts';
import { type Projects, packProject } from './packages/pack.ts';
import { type Ended, installTools, root, run, runOrThrow } from './packages/tools.ts';
import { checkTypes, environments, resolutions } from './packages/types.ts';

/** What the program of the projects reports. */
interface Outcome {
  readonly z: readonly number[];
  readonly losses: readonly number[];
}

/** A page that has been loaded, with the scripts that it fetched. */
interface Visit {
  readonly outcome: Outcome;
  readonly scripts: readonly string[];
  /** Errors and warnings in the console, and failed requests. */
  readonly complaints: readonly string[];
}

const MINUTES = 60_000;
// A computer may be busy with other work.
vi.setConfig({ testTimeout: 5 * MINUTES });
let projects: Projects;
let open: OpenPage;
let isolated: OpenPage;
/** What the program reports in Node on the CPU, in float64. */
let expected: Outcome;

beforeAll(async () => {
  [projects] = await Promise.all([packProject(), installTools()]);
  const reported = await runOrThrow('node', ['src/program.js'], projects.create('node'));
  expected = (JSON.parse(reported) as { cpu: Outcome }).cpu;
  open = await openPage({ site: projects.folder });
  isolated = await openPage({ site: projects.folder, isolated: true });
}, 10 * MINUTES);

afterAll(async () => {
  await open?.close();
  await isolated?.close();
  if (projects) rmSync(projects.folder, { recursive: true, force: true });
});

function expectSame({ z, losses }: Outcome): void {
  expect(z.map((value) => value.toFixed(4))).toEqual(['1.6000', '1.2000']);
  expect(losses).toHaveLength(2);
  losses.forEach((loss, step) => void expect(loss).toBeCloseTo(expected.losses[step], 4));
  expect(losses[1]).toBeLessThan(losses[0]);
}

/** Opens a page of the projects in a new tab, and waits until its program has reported. */
async function visit({ page: first, url }: OpenPage, path: string): Promise<Visit> {
  const page = await first.browser().newPage();
  const [scripts, complaints]: string[][] = [[], []];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
  page.on('request', (request) => {
    const { pathname, protocol } = new URL(request.url());
    if (protocol === 'http:' && pathname.endsWith('.js')) scripts.push(decodeURIComponent(pathname));
  });
  try {
    await page.goto(`${url}/${encodeURI(path)}`);
    const handle = await page.waitForFunction('globalThis.outcome', { timeout: 2 * MINUTES });
    return { outcome: (await handle.jsonValue()) as Outcome, scripts, complaints };
  } finally {
    await page.close();
  }
}

/** The compiled modules among the scripts, by the names that they have in the package. */
function modulesAmong(scripts: readonly string[]): string[] {
  const chunks = join(projects.folder, 'first/node_modules/equilibra/dist/chunks');
  const compiled = readdirSync(chunks).filter((name) => /\.generated-.*\.js$/.test(name));
  const texts = scripts.map((path) => readFileSync(join(projects.folder, path), 'utf8'));
  return compiled
    .filter((name) => {
      const [binary] = /AGFzbQ[A-Za-z0-9+/=]+/.exec(readFileSync(join(chunks, name), 'utf8')) ?? [''];
      return texts.some((text) => text.includes(binary));
    })
    .map((name) => name.replace(/\.generated.*/, ''));
}

describe.each(bundlers)('a page of $name', ({ name, page, single, build }) => {
  let built: Ended | undefined;

  beforeAll(async () => {
    built = await build(projects.create(name));
  }, 10 * MINUTES);

  if (name !== 'no bundler') {
    test('is built without warnings', () => {
      expect(built?.output).not.toMatch(/\bwarn(ing)?\b|\(!\)|\[plugin|externalized/i);
      expect(built?.output).not.toMatch(/\bERROR\b/);
      expect(built?.code).toBe(0);
    });
  }

  test.each(['wasm', 'webgpu'])('solves and trains on %s, and complains of nothing', async (backend) => {
    const { outcome, scripts, complaints } = await visit(open, `${name}/${page}?backend=${backend}`);
    expect(complaints).toEqual([]);
    expectSame(outcome);
    if (single) return;
    expect(modulesAmong(scripts)).toEqual(backend === 'wasm' ? ['kernels-fused'] : []);
  });
});

test('a page that is isolated from other origins fetches the kernels for several threads, and no others', async () => {
  const { outcome, scripts, complaints } = await visit(isolated, 'no bundler/index.html?backend=wasm');
  expect(complaints).toEqual([]);
  expectSame(outcome);
  expect(modulesAmong(scripts)).toEqual(['kernels-fused-shared']);
});

test.each([
  ['WebGPU', 'webgpu'],
  ['WebAssembly', 'wasm'],
])('the README says how much a page fetches on %s', async (title, backend) => {
  const { scripts } = await visit(open, `esbuild with splitting/index.html?backend=${backend}`);
  const bytes = scripts
    .filter((path) => !/\/(rows-\d|split-)/.test(path)) // the digits
    .reduce((sum, path) => sum + gzipSync(readFileSync(join(projects.folder, path)), { level: 9 }).length, 0);
  const said = new RegExp(`(\\d+) kB on ${title}`).exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1];
  expect(Math.abs(Number(said) - bytes / 1000), `it is ${bytes} bytes`).toBeLessThan(0.05 * Number(said));
});

describe('programs', () => {
  test.each([
    ['Node', 'node', ['src/program.js']],
    ['Deno', 'deno', ['run', '--no-prompt', '--allow-read', '--allow-sys', '--allow-env', 'src/program.js']],
  ])('of %s solve and train', async (name, command, parameters) => {
    const { code, output } = await run(command, parameters, projects.create(`a program of ${name}`));
    expect(code, output).toBe(0);
    const outcomes = JSON.parse(output) as Readonly<Record<string, Outcome>>;
    expect(Object.keys(outcomes)).toEqual(['wasm', 'cpu']);
    Object.values(outcomes).forEach(expectSame);
  });

  test('of Node may require the package, and start its command', async () => {
    const folder = projects.create('required');
    const script =
      "const { open } = require('equilibra'); require('equilibra/data').digits().then(({ name }) => console.log(name, typeof open))";
    expect(await runOrThrow('node', ['--no-warnings', '--input-type=commonjs', '--eval', script], folder)).toBe(
      'digits function\n',
    );
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await runOrThrow('npx', ['equilibra', '--version'], folder)).toContain(version);
  });
});

describe.each(['5.9', '7'] as const)('the types under TypeScript %s', (version) => {
  describe.each(resolutions)('with the resolution %s', (resolution) => {
    test.concurrent.each(environments)('hold with $name', async (environment) => {
      expect(await checkTypes(projects, version, resolution, environment)).toBe('');
    });
  });
});

describe('the package', () => {
  test('satisfies publint', async () => {
    const output = await runOrThrow('publint', ['--strict', projects.tarball], projects.folder);
    expect(output).toContain('All good!');
  });

  test('is found with the right types by every resolution', async () => {
    // It consists of modules, which CommonJS can require since Node 20.19.
    const parameters = [projects.tarball, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'json'];
    const { analysis, problems } = JSON.parse(await runOrThrow('attw', parameters, projects.folder));
    expect(Object.keys(analysis.entrypoints)).toEqual(['.', './data', './package.json']);
    expect(Object.keys(problems).filter((kind) => kind !== 'CJSResolvesToESM')).toEqual([]);
  });

  test('has a source map for every file with code', () => {
    const dist = join(projects.folder, 'first/node_modules/equilibra/dist');
    const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    const mapped = scripts.filter((script) =>
      /^\/\/ src\/.*(?<!\.generated)\.ts$/m.test(readFileSync(join(dist, script), 'utf8')),
    );
    expect(mapped).toContain('cli/main.js');
    for (const script of mapped) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(dist, `${script}.map`), 'utf8'));
      expect(sourcesContent).toHaveLength(sources.length);
      expect(sourcesContent.every((source: unknown) => typeof source === 'string')).toBe(true);
    }
  });
});
