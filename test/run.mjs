// Runs every check of the project and prints, as its last line, "N passed, N failed".
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import buildKernels from '../src/backends/wasm/build.mjs';
import { runLong } from './runner/long.mjs';
import { quietly, root, Tally } from './runner/tally.mjs';
import { load } from './runner/typescript.mjs';

const HELP = `npm test                      every check: ten minutes on two cores
npm test -- --quick           for work in progress, two minutes: types, lint, imports, the unit tests but the slowest and those
                              of built programs, and every kernel of WebAssembly and gpu.js against the CPU
npm test -- test/unit/data    the tests of the files whose paths contain this; other options go to vitest
npm run test:long             what takes longer: other browsers, soak; thirty minutes (test/long/suites.ts)
npm run test:long -- soak     the long suites of these names`;

const MODES = ['--help', '--long', '--quick'];
/** What the clock decides in them, or what they wait for, nothing may run beside. */
const ALONE = 'test/browser/demo*.test.ts';
/** Unit tests that are left to the whole run: the slowest, and those that build programs or run the built ones. */
const LEFT_OUT = [
  'theorem3',
  'wasm-multiply-add',
  'cli-gallery',
  'lasso-objective',
  'hypothesis',
  'bench*',
  'program-memory',
  'batched',
  'worker',
  'cli-commands',
  'composed-*',
];

const given = process.argv.slice(2);
const filters = given.filter((parameter) => !MODES.includes(parameter));
const long = given.includes('--long');
const quick = given.includes('--quick');
const tally = new Tally();

/** A browser is needed by the browser tests and, for its software Vulkan driver, by those that use Dawn in Node. */
async function ensureBrowser() {
  const { findBrowsers, installBrowser } = await load('src/cli/browsers.ts');
  const browser = findBrowsers()[0] ?? installBrowser();
  return `${browser.version}: ${browser.path} (${browser.source})`;
}

/** What needs no test runner, in two rows side by side; built programs are for the whole run. */
async function checkFiles() {
  const rooms = ['src', 'kernels', 'bench', 'demo'].filter((folder) => existsSync(join(root, folder)));
  const row = async (...checks) => {
    for (const [name, ...command] of checks) await tally.check(name, () => quietly(...command));
  };
  const imports = ['imports', 'depcruise', ['--config', 'test/dependency-cruiser.cjs', ...rooms]];
  const lint = ['format and lint', 'biome', ['check', '--config-path=test/biome.settings.json', '.']];
  const build = ['build', 'npm', ['run', '--silent', 'build']];
  await Promise.all([
    row(['types', 'tsc', ['-p', 'test/tsconfig.json']]),
    row(imports, lint, ...(quick ? [] : [build])),
  ]);
}

async function main() {
  await tally.check('kernels', buildKernels);
  if (!long && filters.length === 0) await checkFiles();
  await tally.check('browser', ensureBrowser);
  if (long) await runLong(tally, filters);
  else if (filters.length > 0) tally.tests('tests', filters);
  else if (quick) {
    const without = LEFT_OUT.map((name) => `--exclude=test/unit/${name}.test.ts`);
    tally.tests('quick tests', ['test/unit', 'test/parity/kernels.test.ts', ...without, '--maxWorkers=2']);
  } else {
    tally.tests('tests of the web app', ['test/browser/demo', '--maxWorkers=1']);
    tally.tests('all other tests', [`--exclude=${ALONE}`, '--maxWorkers=2']);
  }
  if (filters.length > 0) tally.close();
  else tally.close(long ? 30 : quick ? 2 : 10);
}

if (given.includes('--help')) console.log(HELP);
else await main();
