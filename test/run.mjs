// Runs every check of the project and prints, as its last line, "N passed, N failed".
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import buildKernels from '../src/backends/wasm/build.mjs';
import { runLong } from './runner/long.mjs';
import { quietly, root, Tally } from './runner/tally.mjs';
import { load } from './runner/typescript.mjs';

const HELP = `npm test                      every check; takes twenty minutes on two cores
npm test -- --quick           checks for work in progress; two minutes: types, lint, imports, every kernel of WebAssembly and
                              gpu.js against the CPU, and the unit tests except the slowest and those of built programs
npm test -- test/unit/data    the test files whose paths contain this; other options are passed to vitest
npm run test:long             the long suites of test/long/suites.ts, such as other browsers; up to 30 minutes
npm run test:long -- soak     the long suites with these names`;

const MODES = ['--help', '--long', '--quick'];
/** These tests depend on the clock or wait for events, so nothing may run beside them. */
const ALONE = 'test/browser/demo*.test.ts';
/** Unit tests that only the whole run includes: the slowest ones, and those that build programs or run built ones. */
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

/** The browser tests need a browser, and the tests of Dawn in Node need its software Vulkan driver. */
async function ensureBrowser() {
  const { findBrowsers, installBrowser } = await load('src/cli/browsers.ts');
  const browser = findBrowsers()[0] ?? installBrowser();
  return `${browser.version}: ${browser.path} (${browser.source})`;
}

/** The checks that need no test runner, in two rows side by side. Built programs are checked only by the whole run. */
async function checkFiles() {
  const rooms = ['src', 'kernels', 'bench', 'demo', 'examples'].filter((folder) => existsSync(join(root, folder)));
  const row = async (...checks) => {
    for (const [name, ...command] of checks) await tally.check(name, () => quietly(...command));
  };
  const imports = ['imports', 'depcruise', ['--config', 'test/dependency-cruiser.cjs', ...rooms]];
  const lint = ['format and lint', 'biome', ['check', '--config-path=test/biome.settings.json', '.']];
  const build = ['build', 'npm', ['run', '--silent', 'build']];
  // The declarations that the build has written must hold where neither the web nor Node nor WebGPU is known.
  const published = ['published types', 'tsc', ['-p', 'test/published.tsconfig.json']];
  await Promise.all([
    row(['types', 'tsc', ['-p', 'test/tsconfig.json']]),
    row(imports, lint, ...(quick ? [] : [build, published])),
  ]);
}

async function main() {
  await tally.check('kernels', buildKernels);
  if (!long && filters.length === 0) await checkFiles();
  await tally.check('browser', ensureBrowser);
  if (long) await runLong(tally, filters);
  else if (filters.length > 0) await tally.tests('tests', filters);
  else if (quick) {
    const without = LEFT_OUT.map((name) => `--exclude=test/unit/${name}.test.ts`);
    await tally.tests('quick tests', ['test/unit', 'test/parity/kernels.test.ts', ...without, '--maxWorkers=2']);
  } else {
    await tally.tests('tests of the web app', ['test/browser/demo', '--maxWorkers=1']);
    await tally.tests('all other tests', [`--exclude=${ALONE}`, '--maxWorkers=2']);
  }
  if (filters.length > 0) tally.close();
  else tally.close(long ? 30 : quick ? 2 : 20);
}

if (given.includes('--help')) console.log(HELP);
else await main();
