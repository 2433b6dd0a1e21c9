// Counts and times of checks and tests. Everything that did not run and pass counts as a failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** How many test files the closing table names, slowest first. */
const SLOWEST = 12;

const shell = process.platform === 'win32';

/** The path of npm, or of a program in node_modules/.bin. */
const pathOf = (program) => (program === 'npm' ? 'npm' : join(root, 'node_modules', '.bin', program));

/**
 * Runs a program, and resolves to its exit code and, if that is held back until the program has ended, its output.
 *
 * @param limit milliseconds after which it is stopped
 */
function runProgram(program, parameters, { holds, limit }) {
  return new Promise((resolve, reject) => {
    const stdio = holds ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(pathOf(program), parameters, { cwd: root, stdio, shell, timeout: limit });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString().trimEnd() }));
  });
}

/** Runs a program whose output is held back until it has ended; throws, with the output, if it did not succeed. */
export async function quietly(program, parameters) {
  const { code, output } = await runProgram(program, parameters, { holds: true });
  if (code === 0) return output;
  throw new Error(`${output}\n${program} ended with code ${code}`);
}

export class Tally {
  #suites = [];
  #files = [];
  #started = performance.now();

  /** A check that counts as one test. It has failed if it throws; its result is printed. */
  async check(name, body) {
    const start = performance.now();
    let output;
    let failed = 0;
    try {
      output = await body();
    } catch (error) {
      failed = 1;
      output = error instanceof Error ? error.message : error;
    }
    // The checks may run side by side.
    console.log(`\n── ${name}`);
    if (output) console.log(output);
    this.#end(name, start, 1 - failed, failed);
  }

  /**
   * Runs vitest with these parameters, and counts the tests from its report.
   *
   * @param options.holds whether to print its output only when it has ended, because others run beside it
   * @param options.limit milliseconds after which it is stopped
   */
  async tests(name, parameters, { config = 'test/vitest.config.ts', holds = false, limit } = {}) {
    const start = performance.now();
    if (!holds) console.log(`\n── ${name}`);
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-test-'));
    const file = join(folder, 'report.json');
    try {
      const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
      const all = ['run', `--config=${config}`, ...reports, ...parameters];
      const { code, output } = await runProgram('vitest', all, { holds, limit });
      if (holds) console.log(`\n── ${name}\n${output}`);
      const { passed, failed } = this.#read(JSON.parse(readFileSync(file, 'utf8')), code === 0);
      this.#end(name, start, passed, failed);
    } catch (error) {
      console.error(`the test runner left no report: ${error instanceof Error ? error.message : error}`);
      this.#end(name, start, 0, 1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Prints the times and, as the last line, the counts. Sets exit code 0 if nothing has failed.
   *
   * @param minutes the time that everything may take on two otherwise idle cores
   */
  close(minutes) {
    console.log('\n── times');
    for (const { name, seconds, passed, failed } of this.#suites)
      console.log(`${time(seconds)}  ${name}: ${passed} passed, ${failed} failed`);
    this.#files.sort((a, b) => b.seconds - a.seconds);
    if (this.#files.length > 0) console.log('the slowest files, without their imports:');
    for (const { name, seconds } of this.#files.slice(0, SLOWEST)) console.log(`${time(seconds)}  ${name}`);
    const allowed = minutes === undefined ? '' : `; on two quiet cores ${minutes} min are allowed`;
    console.log(`${time((performance.now() - this.#started) / 1000)}  together${allowed}`);
    const sum = (of) => this.#suites.reduce((total, suite) => total + suite[of], 0);
    console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
    process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
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
    // A file that cannot be loaded, or whose clean-up throws, has failed even if none of its tests has.
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
    // A crash or an unhandled error must not pass, even without a failed test.
    return { passed, failed: bad === 0 && (!succeeded || tests.length === 0) ? 1 : bad };
  }
}

function time(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes > 0 ? `${minutes} min ` : ''}${(seconds - 60 * minutes).toFixed(1)} s`.padStart(12);
}
