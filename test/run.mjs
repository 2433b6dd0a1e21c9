// Runs every check of the project and prints, as its last line, "N passed, N failed".
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import buildKernels from '../src/backends/wasm/build.mjs';
import { runLong } from './runner/long.mjs';
import { root, run, Tally } from './runner/tally.mjs';
import { load } from './runner/typescript.mjs';

const HELP = `npm test                      every check, ten minutes on two cores
npm test -- test/unit/data    the tests of the files whose paths contain this; other options go to vitest
npm run test:long             what takes longer: other browsers, soak; thirty minutes (test/long/suites.ts)
npm run test:long -- soak     the long suites of these names`;

const filters = process.argv.slice(2).filter((parameter) => parameter !== '--long');
const long = process.argv.includes('--long');
const rooms = ['src', 'kernels', 'bench', 'demo'].filter((folder) => existsSync(join(root, folder)));
const tally = new Tally();

/** A browser is needed by the browser tests and, for its software Vulkan driver, by those that use Dawn in Node. */
async function ensureBrowser() {
  const { findBrowsers, installBrowser } = await load('src/cli/browsers.ts');
  const browser = findBrowsers()[0] ?? installBrowser();
  console.log(`${browser.version}: ${browser.path} (${browser.source})`);
}

async function main() {
  await tally.check('kernels', buildKernels);
  if (!long && filters.length === 0) {
    await tally.check('format and lint', () => run('biome', ['check', '--config-path=test/biome.settings.json', '.']));
    await tally.check('types', () => run('tsc', ['-p', 'test/tsconfig.json']));
    await tally.check('build', () => run('npm', ['run', '--silent', 'build']));
    await tally.check('imports', () => run('depcruise', ['--config', 'test/dependency-cruiser.cjs', ...rooms]));
  }
  await tally.check('browser', ensureBrowser);
  if (long) await runLong(tally, filters);
  else if (filters.length > 0) tally.tests('tests', filters);
  else {
    // Most pages wait for what the clock says: nothing runs beside them. What only computes may share the machine.
    const [computing, pages] = ['', '!'].map(
      (not) => `--exclude=test/browser/${not}(parity|gpujs|gpujs-reference).test.ts`,
    );
    tally.tests('tests of pages', ['test/browser', computing]);
    tally.tests('all other tests', [pages, '--maxWorkers=2']);
  }
  tally.close();
}

if (process.argv.includes('--help')) console.log(HELP);
else await main();
