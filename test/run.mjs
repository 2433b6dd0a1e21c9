// Runs every check of the project and prints, as its last line, "N passed, N failed".
// With parameters (`npm test -- test/unit/data`) it runs the tests of the matching files only.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import buildKernels from '../src/backends/wasm/build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const filters = process.argv.slice(2);
const rooms = ['src', 'kernels', 'bench', 'demo'].filter((folder) => existsSync(join(root, folder)));
let passed = 0;
let failed = 0;

/** Runs a program of node_modules/.bin, or npm itself, with its output shown. */
function run(program, parameters) {
  const shell = process.platform === 'win32';
  const path = program === 'npm' ? 'npm' : join(root, 'node_modules', '.bin', program);
  return spawnSync(path, parameters, { cwd: root, stdio: 'inherit', shell }).status === 0;
}

/** One check that counts as one test. */
async function check(name, body) {
  console.log(`\n── ${name}`);
  let succeeded = false;
  try {
    succeeded = (await body()) !== false;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  if (succeeded) passed++;
  else failed++;
  console.log(`${succeeded ? 'passed' : 'FAILED'}: ${name}`);
}

/** A browser is needed by the browser tests and, for its software Vulkan driver, by those that use Dawn in Node. */
async function ensureBrowser() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src/cli/browsers.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  const { findBrowsers, installBrowser } = await import(`data:text/javascript;base64,${code}`);
  const browser = findBrowsers()[0] ?? installBrowser();
  console.log(`${browser.version}: ${browser.path} (${browser.source})`);
}

/** Counts from vitest's own report; whatever did not run and pass counts as a failure. */
function runTests(name, parameters) {
  console.log(`\n── ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'equilibra-test-'));
  const file = join(folder, 'report.json');
  try {
    const succeeded = run('vitest', [
      'run',
      '--config=test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...parameters,
    ]);
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const tests = report.testResults.flatMap((result) => result.assertionResults);
    const good = tests.filter((test) => test.status === 'passed').length;
    const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').length;
    // A file that does not load, or whose clean-up throws, has failed without a test in it that did.
    const broken = report.testResults.filter(
      (result) => result.status === 'failed' && result.assertionResults.every((test) => test.status === 'passed'),
    ).length;
    const bad = tests.length - good + broken;
    if (skipped > 0) console.error(`${skipped} tests were skipped; a skipped test counts as failed`);
    if (tests.length === 0) console.error('no test ran; that counts as a failure');
    passed += good;
    // Without a failed test a crash or an unhandled error still must not pass.
    failed += bad === 0 && (!succeeded || tests.length === 0) ? 1 : bad;
  } catch (error) {
    console.error(`the test runner left no report: ${error instanceof Error ? error.message : error}`);
    failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await check('kernels', buildKernels);
if (filters.length === 0) {
  await check('format and lint', () => run('biome', ['check', '--config-path=test/biome.settings.json', '.']));
  await check('types', () => run('tsc', ['-p', 'test/tsconfig.json']));
  await check('build', () => run('npm', ['run', '--silent', 'build']));
  await check('imports', () => run('depcruise', ['--config', 'test/dependency-cruiser.cjs', ...rooms]));
}
await check('browser', ensureBrowser);
if (filters.length > 0) runTests('tests', filters);
else {
  // Most pages wait for what the clock says: nothing runs beside them. What only computes may share the machine.
  const [computing, pages] = ['', '!'].map(
    (not) => `--exclude=test/browser/${not}(parity|gpujs|gpujs-reference).test.ts`,
  );
  runTests('tests of pages', ['test/browser', computing]);
  runTests('all other tests', [pages, '--maxWorkers=2']);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
