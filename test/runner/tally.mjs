// Counts and times of checks and tests. Whatever did not run and pass counts as a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** How many test files the closing table names, slowest first. */
const SLOWEST = 12;

/** Runs a program of node_modules/.bin, or npm itself, with its output shown; it is stopped after `limit` milliseconds. */
export function run(program, parameters, limit) {
  const shell = process.platform === 'win32';
  const path = program === 'npm' ? 'npm' : join(root, 'node_modules', '.bin', program);
  return spawnSync(path, parameters, { cwd: root, stdio: 'inherit', shell, timeout: limit }).status === 0;
}

export class Tally {
  #suites = [];
  #files = [];
  #started = performance.now();

  /** One check that counts as one test. */
  async check(name, body) {
    const start = this.#begin(name);
    let succeeded = false;
    try {
      succeeded = (await body()) !== false;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
    this.#end(name, start, succeeded ? 1 : 0, succeeded ? 0 : 1);
  }

  /** The tests that vitest finds with these parameters, counted from its own report; `limit` in milliseconds. */
  tests(name, parameters, { config = 'test/vitest.config.ts', limit } = {}) {
    const start = this.#begin(name);
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-test-'));
    const file = join(folder, 'report.json');
    try {
      const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const succeeded = run('vitest', ['run', `--config=${config}`, ...reports, ...parameters], limit);
      const { passed, failed } = this.#read(JSON.parse(readFileSync(file, 'utf8')), succeeded);
      this.#end(name, start, passed, failed);
    } catch (error) {
      console.error(`the test runner left no report: ${error instanceof Error ? error.message : error}`);
      this.#end(name, start, 0, 1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Prints the times and, as the last line, the counts; the process then ends with 0 if nothing failed. */
  close() {
    console.log('\n── times');
    for (const { name, seconds, passed, failed } of this.#suites)
      console.log(`${time(seconds)}  ${name}: ${passed} passed, ${failed} failed`);
    this.#files.sort((a, b) => b.seconds - a.seconds);
    if (this.#files.length > 0) console.log('the slowest files, without their imports:');
    for (const { name, seconds } of this.#files.slice(0, SLOWEST)) console.log(`${time(seconds)}  ${name}`);
    console.log(`${time((performance.now() - this.#started) / 1000)}  together`);
    const sum = (of) => this.#suites.reduce((total, suite) => total + suite[of], 0);
    console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
    process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
  }

  #begin(name) {
    console.log(`\n── ${name}`);
    return performance.now();
  }

  #end(name, start, passed, failed) {
    const seconds = (performance.now() - start) / 1000;
    this.#suites.push({ name, seconds, passed, failed });
    console.log(`${failed === 0 ? 'passed' : 'FAILED'}: ${name}, ${time(seconds).trim()}`);
  }

  #read(report, succeeded) {
    const tests = report.testResults.flatMap((result) => result.assertionResults);
    const passed = tests.filter((test) => test.status === 'passed').length;
    const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').length;
    // A file that does not load, or whose clean-up throws, has failed without a test in it that did.
    const broken = report.testResults.filter(
      (result) => result.status === 'failed' && result.assertionResults.every((test) => test.status === 'passed'),
    ).length;
    if (skipped > 0) console.error(`${skipped} tests were skipped; a skipped test counts as failed`);
    if (tests.length === 0) console.error('no test ran; that counts as a failure');
    const bad = tests.length - passed + broken;
    for (const { name, startTime, endTime } of report.testResults) {
      const seconds = (endTime - startTime) / 1000;
      this.#files.push({ name: name.slice(root.length).replaceAll('\\', '/'), seconds });
    }
    // Without a failed test a crash or an unhandled error still must not pass.
    return { passed, failed: bad === 0 && (!succeeded || tests.length === 0) ? 1 : bad };
  }
}

function time(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes > 0 ? `${minutes} min ` : ''}${(seconds - 60 * minutes).toFixed(1)} s`.padStart(12);
}
